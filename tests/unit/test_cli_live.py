"""The three ways a run is shown."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from farm.cli.live import Display, JsonDisplay, LineDisplay, LiveDisplay, choose_display
from farm.clock import LocalZone
from farm.model.causes import Cause
from farm.model.events import (
    CountsChanged,
    JobChanged,
    Notice,
    RunEnded,
    RunEvent,
    RunReport,
    RunStarted,
    SessionChanged,
)
from farm.model.jobs import Job, JobState, Phase
from farm.model.moments import clock_time
from farm.model.prompts import Prompt
from farm.model.sessions import Session, SessionState
from farm.testing.clock import FakeClock


class StoppedClock:
    """It is always the same moment."""

    def now(self) -> float:
        return 1_000_000.0

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"a display waits for nothing, not {seconds} s")


CLOCK = StoppedClock()
COUNTS = dict.fromkeys(JobState, 0) | {JobState.PENDING: 2}
JOB = Job(
    id=7,
    queue="heroes",
    prompt=Prompt(id="12", filename="mill.png", description="a mill"),
    version=1,
    state=JobState.COMPLETED,
    lane="any",
    priority=0,
    not_before=None,
    attempts=1,
    max_attempts=3,
    crashes=0,
    cause=Cause.MADE,
    message="",
    image_path="2026-11-21/mill.png",
    session="alice",
    updated_at=0,
    completed_at=0,
    source="heroes.csv",
    row=1,
)
REFUSED = replace(JOB, state=JobState.FAILED, cause=Cause.REFUSED_POLICY, message="Gemini refused.")
BUSY = SessionChanged(
    session=Session(name="alice", state=SessionState.BUSY, since=999_990.0),
    job_label="heroes/12",
    phase=Phase.SENT,
)
RESTING = SessionChanged(
    session=Session(
        name="bob",
        state=SessionState.RESTING,
        cause=Cause.LIMITED_QUOTA,
        message="Limit resets at 3 PM.",
        next_ready_at=1_007_300.0,
        since=999_999.0,
    ),
    last_result="completed mill.png",
)
THEN = clock_time(RESTING.session.next_ready_at, CLOCK.now(), LocalZone())
REPORT = RunReport(
    counts=COUNTS,
    made=1,
    failed=1,
    review=0,
    left=0,
    stopped_because="The queue is empty.",
    exit_code=1,
    seconds=12.5,
    results=(Path("heroes-completed.csv"),),
)
STORY: tuple[RunEvent, ...] = (
    RunStarted(sessions=("alice", "bob"), counts=COUNTS),
    BUSY,
    RESTING,
    JobChanged(job=JOB),
    CountsChanged(counts=COUNTS | {JobState.PENDING: 1, JobState.COMPLETED: 1}),
    JobChanged(job=REFUSED),
    CountsChanged(counts=COUNTS | {JobState.PENDING: 0, JobState.COMPLETED: 1, JobState.FAILED: 1}),
    Notice(level="warning", text="bob rests."),
    RunEnded(report=REPORT),
)


def play(display: Display, *events: RunEvent) -> None:
    with display:
        for event in events:
            display.on_event(event)
        display.tick()


def terminal(width: int) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=True, width=width, height=24, color_system=None
    )


def screen(display: LiveDisplay, width: int) -> str:
    """What the live region shows now, without cursor movements."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as capture:
        console.print(display.picture())
    return capture.get()


def test_json_is_one_object_per_event_and_nothing_else() -> None:
    out = io.StringIO()

    play(JsonDisplay(out), *STORY)

    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [e["event"] for e in events] == [
        "run_started",
        "session_changed",
        "session_changed",
        "job_changed",
        "counts_changed",
        "job_changed",
        "counts_changed",
        "notice",
        "run_ended",
    ]


def test_json_carries_plain_values_under_stable_keys() -> None:
    out = io.StringIO()

    play(JsonDisplay(out), JobChanged(job=REFUSED), RunEnded(report=REPORT))

    job, ended = (json.loads(line) for line in out.getvalue().splitlines())
    assert job["job"]["label"] == "heroes/12"
    assert (job["job"]["state"], job["job"]["status"]) == ("failed", "FAILED")
    assert job["job"]["cause"] == "refused.policy"
    assert job["job"]["prompt"]["description"] == "a mill"
    assert ended["report"]["results"] == ["heroes-completed.csv"]
    assert ended["report"]["counts"]["pending"] == 2


def test_lines_tell_news_with_its_time() -> None:
    out = io.StringIO()

    play(LineDisplay(out, CLOCK), *STORY)

    lines = [line[9:] for line in out.getvalue().splitlines()]
    assert lines == [
        "2 jobs, sessions: alice, bob",
        "alice  working on heroes/12",
        f"bob  resting: limited.quota, ready in 2:01:40 ({THEN}): Limit resets at 3 PM.",
        "heroes/12  completed: 2026-11-21/mill.png",
        "progress  1/2",
        "heroes/12  failed (refused.policy): Gemini refused.",
        "progress  2/2 · 1 failed",
        "warning: bob rests.",
    ]


def test_what_was_read_and_asked_before_the_run_is_no_work() -> None:
    out, clock = io.StringIO(), FakeClock()
    display = LineDisplay(out, clock)
    clock.time += 300

    display.on_event(RunStarted(sessions=("alice",), counts={JobState.PENDING: 9}))
    clock.time += 30
    made = {JobState.PENDING: 6, JobState.COMPLETED: 3}
    display.on_event(CountsChanged(counts=made))

    assert out.getvalue().endswith("progress  3/9 · 360 images/h · 1:00 left\n")


def test_lines_do_not_repeat_a_state_that_goes_on() -> None:
    out = io.StringIO()

    play(LineDisplay(out, CLOCK), BUSY, replace(BUSY, phase=Phase.READY), BUSY)

    assert len(out.getvalue().splitlines()) == 1


def test_lines_hold_no_control_characters() -> None:
    out = io.StringIO()

    play(LineDisplay(out, CLOCK), *STORY)

    assert "\x1b" not in out.getvalue()


def test_a_wide_table_has_a_column_for_everything() -> None:
    display = LiveDisplay(terminal(120), CLOCK)
    play(display, *STORY[:5])

    head, alice, bob, bar = screen(display, 120).splitlines()

    assert head.split() == ["session", "state", "time", "next", "job", "last", "result"]
    assert alice.split() == ["alice", "sent", "0:10", "heroes/12"]
    assert bob.split()[:5] == ["bob", "resting:", "limited.quota", "0:01", "2:01:40"]
    assert f"({THEN})" in bob
    assert bob.endswith("completed mill.png" + " " * (len(bob) - len(bob.rstrip())))
    assert "1/2 · 0:00" in bar


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_the_picture_fits_its_terminal_in_one_line_per_session(width: int) -> None:
    display = LiveDisplay(terminal(width), CLOCK)
    play(display, *STORY)

    lines = screen(display, width).splitlines()

    assert len(lines) == 4
    assert max(map(len, lines)) <= width


def test_eighty_columns_are_enough_for_state_and_countdown() -> None:
    display = LiveDisplay(terminal(80), CLOCK)
    play(display, *STORY)

    assert "resting: limited.quota  0:01  2:01:40  completed mill.png" in screen(display, 80)


def test_the_last_line_leaves_room_for_the_echo_of_two_interrupts() -> None:
    display = LiveDisplay(terminal(80), CLOCK)
    play(display, *STORY)

    assert len(screen(display, 80).splitlines()[-1].rstrip()) <= 76


def test_bad_news_stays_on_the_screen_above_the_table() -> None:
    console = terminal(100)

    play(LiveDisplay(console, CLOCK), *STORY)

    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert "heroes/12  failed (refused.policy): Gemini refused." in shown
    assert "bob rests." in shown
    assert shown.count("bob: Limit resets at 3 PM.") == 1
    assert "heroes/12  completed" not in shown


def test_text_of_the_page_is_never_taken_for_markup() -> None:
    console = terminal(100)

    play(LiveDisplay(console, CLOCK), Notice(level="info", text="[bold]as it is[/bold]"))

    assert isinstance(console.file, io.StringIO)
    assert "[bold]as it is[/bold]" in console.file.getvalue()


def test_a_pipe_gets_lines_and_a_program_json() -> None:
    pipe = io.StringIO()

    assert isinstance(choose_display(as_json=False, clock=CLOCK, stream=pipe), LineDisplay)
    assert isinstance(choose_display(as_json=True, clock=CLOCK, stream=pipe), JsonDisplay)


def test_a_terminal_gets_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")

    assert isinstance(choose_display(as_json=False, clock=CLOCK, stream=Terminal()), LiveDisplay)
