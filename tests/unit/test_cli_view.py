"""What a display shows at a moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from farm.cli.view import Progress, RunView, clock_text, countdown, progress_text
from farm.model.causes import Cause
from farm.model.events import CountsChanged, Notice, RunStarted, SessionChanged
from farm.model.jobs import JobState, Phase
from farm.model.sessions import Session, SessionState

START = 1_000_000.0
ALICE = Session(name="alice", state=SessionState.READY, since=START)


def counts(**numbers: int) -> dict[JobState, int]:
    return dict.fromkeys(JobState, 0) | {JobState(k): n for k, n in numbers.items()}


@pytest.fixture
def view() -> RunView:
    """Two sessions about to work on ten jobs; two more were completed before this run."""
    started = RunStarted(sessions=("alice", "bob"), counts=counts(pending=10, completed=2))
    return RunView(started_at=START).after(started)


def test_every_announced_session_has_a_row_at_once(view: RunView) -> None:
    rows = view.rows(START + 5)

    assert [(r.name, r.state_text, r.seconds) for r in rows] == [
        ("alice", "starting", "0:05"),
        ("bob", "starting", "0:05"),
    ]


def test_a_working_session_shows_its_phase_and_job(view: RunView) -> None:
    busy = replace(ALICE, state=SessionState.BUSY, since=START + 3)

    row = view.after(SessionChanged(session=busy, job_label="heroes/12", phase=Phase.SENT)).rows(
        START + 10
    )[0]

    assert (row.state_text, row.job, row.seconds, row.next_ready) == (
        "sent",
        "heroes/12",
        "0:07",
        "",
    )


def test_a_resting_session_counts_down_and_names_its_cause(view: RunView) -> None:
    resting = replace(
        ALICE,
        state=SessionState.RESTING,
        cause=Cause.LIMITED_QUOTA,
        next_ready_at=START + 3700,
    )

    row = view.after(SessionChanged(session=resting)).rows(START + 100)[0]

    assert (row.state_text, row.next_ready) == ("resting: limited.quota", "1:00:00")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (60, "1:00"),
        (3600, "1:00:00"),
        (4325, "1:12:05 (07:12)"),
        (86400, "24:00:00 (tomorrow 06:00)"),
    ],
)
def test_a_long_wait_is_told_with_the_time_it_ends_at(seconds: float, text: str) -> None:
    now = datetime(2026, 11, 21, 6, tzinfo=UTC).timestamp()
    resting = replace(ALICE, state=SessionState.RESTING, next_ready_at=now + seconds)
    view = RunView(started_at=now, zone=UTC).after(SessionChanged(session=resting))

    assert countdown(view.rows(now)[0]) == text


def test_a_pacing_session_does_not_show_the_cause_of_its_last_job(view: RunView) -> None:
    pacing = replace(ALICE, state=SessionState.PACING, cause=Cause.STOPPED, next_ready_at=START + 9)

    row = view.after(SessionChanged(session=pacing)).rows(START)[0]

    assert (row.state_text, row.next_ready) == ("pacing", "0:09")


def test_a_session_that_waits_has_no_job_in_hand(view: RunView) -> None:
    pacing = replace(ALICE, state=SessionState.PACING, next_ready_at=START + 9)

    row = view.after(SessionChanged(session=pacing, job_label="heroes/12")).rows(START)[0]

    assert row.job == ""


def test_a_countdown_that_has_ended_is_not_shown(view: RunView) -> None:
    pacing = replace(ALICE, state=SessionState.PACING, next_ready_at=START + 9)

    row = view.after(SessionChanged(session=pacing)).rows(START + 10)[0]

    assert row.next_ready == ""


def test_only_what_this_run_made_counts_for_the_rate(view: RunView) -> None:
    after = view.after(CountsChanged(counts=counts(pending=6, completed=5, failed=1)))

    progress = after.progress(START + 360)

    assert progress == Progress(
        done=6, total=12, made=3, per_hour=30.0, eta_seconds=540.0, failed=1, review=0
    )


def test_nothing_is_forecast_before_the_first_job_has_ended(view: RunView) -> None:
    progress = view.progress(START + 60)

    assert (progress.per_hour, progress.eta_seconds) == (None, None)


def test_failures_alone_promise_an_end_but_no_images(view: RunView) -> None:
    after = view.after(CountsChanged(counts=counts(pending=7, completed=2, failed=3)))

    progress = after.progress(START + 30)

    assert (progress.per_hour, progress.eta_seconds) == (None, 70.0)


@pytest.mark.parametrize(
    ("sessions", "ended", "seconds"),
    [(2, 2, 60), (2, 3, 9), (8, 7, 60)],
    ids=["too few jobs", "too short", "not one a session"],
)
def test_nothing_is_forecast_from_the_first_jobs_alone(
    sessions: int, ended: int, seconds: float
) -> None:
    names = tuple(f"account{n}" for n in range(sessions))
    started = RunStarted(sessions=names, counts=counts(pending=100))
    view = RunView(started_at=START).after(started)

    progress = view.after(CountsChanged(counts=counts(pending=90, completed=ended))).progress(
        START + seconds
    )

    assert (progress.per_hour, progress.eta_seconds) == (None, None)


def test_a_run_that_is_done_has_no_time_left(view: RunView) -> None:
    after = view.after(CountsChanged(counts=counts(completed=12)))

    assert after.progress(START + 60).eta_seconds is None


def test_a_retried_job_never_makes_the_counts_negative(view: RunView) -> None:
    progress = view.after(CountsChanged(counts=counts(pending=12))).progress(START + 10)

    assert (progress.made, progress.eta_seconds) == (0, None)


def test_a_notice_changes_nothing_in_the_picture(view: RunView) -> None:
    assert view.after(Notice(level="info", text="hello")) == view


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0:00"), (0.4, "0:00"), (59.6, "1:00"), (3599, "59:59"), (7300, "2:01:40")],
)
def test_durations_read_like_a_clock(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


def test_the_bar_says_only_what_is_known() -> None:
    known = Progress(done=7, total=12, made=7, per_hour=240.4, eta_seconds=75, failed=1, review=2)
    unknown = replace(known, per_hour=None, eta_seconds=None, failed=0, review=0)

    assert progress_text(known) == "7/12 · 240 images/h · 1:15 left · 1 failed · 2 to review"
    assert progress_text(unknown) == "7/12"
