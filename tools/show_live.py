"""Play a made-up run through farm's display: python tools/show_live.py [json|lines]."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from farm.cli.live import Display, JsonDisplay, LineDisplay, choose_display
from farm.cli.render import say_report
from farm.cli.running import watch
from farm.clock import SystemClock
from farm.config import Settings, load_settings
from farm.model.causes import Cause
from farm.model.events import (
    CountsChanged,
    JobChanged,
    Notice,
    RunEnded,
    RunEvent,
    RunOptions,
    RunReport,
    RunStarted,
    SessionChanged,
)
from farm.model.jobs import Job, JobState, Phase
from farm.model.prompts import Prompt
from farm.model.sessions import Session, SessionState

TOTAL = 12
CLOCK = SystemClock()


def job(number: int, state: JobState, cause: Cause, message: str) -> Job:
    """A job with a number."""
    name = f"the-mill-by-the-river-{number:03}"
    return Job(
        id=number,
        queue="spring-heroes",
        prompt=Prompt(id=f"H{number:03}", filename=f"{name}.png", description="a mill"),
        version=1,
        state=state,
        lane="any",
        priority=0,
        not_before=None,
        attempts=1,
        max_attempts=3,
        crashes=0,
        cause=cause,
        message=message,
        image_path=f"2026-11-21/{name}.png" if state is JobState.COMPLETED else "",
        session="alice",
        updated_at=CLOCK.now(),
        completed_at=None,
        source="prompts.csv",
        row=number,
    )


async def made_up_run(
    _settings: Settings,
    _options: RunOptions,
    *,
    on_event: Callable[[RunEvent], None],
    stop: asyncio.Event,
) -> RunReport:
    """Two sessions, one refusal, one limit, one session that needs a person."""
    counts = dict.fromkeys(JobState, 0) | {JobState.PENDING: TOTAL}
    on_event(RunStarted(sessions=("alice", "bob-with-a-long-name", "carol"), counts=dict(counts)))
    started = CLOCK.monotonic()
    red = Session(
        name="carol",
        state=SessionState.NEEDS_PERSON,
        cause=Cause.SIGNED_OUT,
        message="Sign in again: farm login carol",
        since=CLOCK.now(),
    )
    on_event(SessionChanged(session=red))
    on_event(Notice(level="error", text="carol is signed out. Sign in again: farm login carol"))
    for number in range(1, TOTAL + 1):
        if stop.is_set():
            break
        name = ("alice", "bob-with-a-long-name")[number % 2]
        session = Session(name=name, state=SessionState.BUSY, job_id=number, since=CLOCK.now())
        for phase in (Phase.TYPING, Phase.SENDING, Phase.SENT, Phase.READY, Phase.SAVED):
            label = f"spring-heroes/H{number:03}"
            on_event(SessionChanged(session=session, job_label=label, phase=phase))
            await CLOCK.sleep(random.uniform(0.1, 0.5))  # noqa: S311  # no secret
        state, cause, message = JobState.COMPLETED, Cause.MADE, ""
        rest = replace(session, state=SessionState.PACING, next_ready_at=CLOCK.now() + 90)
        if number == 5:  # noqa: PLR2004  # the fifth of twelve
            state, cause = JobState.FAILED, Cause.REFUSED_POLICY
            message = "Gemini refused: the prompt goes against its policy."
        if number == 8:  # noqa: PLR2004  # the eighth of twelve
            rest = replace(
                rest,
                state=SessionState.RESTING,
                cause=Cause.LIMITED_QUOTA,
                next_ready_at=CLOCK.now() + 7300,
            )
        counts[JobState.PENDING] -= 1
        counts[state] += 1
        on_event(JobChanged(job=job(number, state, cause, message)))
        on_event(CountsChanged(counts=dict(counts)))
        result = f"{state.value} the-mill-by-the-river-{number:03}.png"
        on_event(SessionChanged(session=rest, last_result=result))
        await CLOCK.sleep(0.4)
    report = RunReport(
        counts=counts,
        made=counts[JobState.COMPLETED],
        failed=counts[JobState.FAILED],
        review=0,
        left=counts[JobState.PENDING],
        stopped_because="You stopped it." if stop.is_set() else "The queue is empty.",
        exit_code=1,
        seconds=CLOCK.monotonic() - started,
        results=(Path("prompts-completed.csv"),),
        contact_sheet=Path("downloads/2026-11-21/contact-sheet.html"),
    )
    on_event(RunEnded(report=report))
    return report


def main() -> int:
    """Play it on the display asked for."""
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    displays: dict[str, Callable[[], Display]] = {
        "json": lambda: JsonDisplay(sys.stdout),
        "lines": lambda: LineDisplay(sys.stdout, CLOCK),
        "": lambda: choose_display(as_json=False, clock=CLOCK),
    }
    settings = load_settings()
    playing = watch(made_up_run, settings, RunOptions(), displays[asked](), clock=CLOCK)
    ending = asyncio.run(playing)
    if ending.report is not None and asked != "json":
        say_report(ending.report, settings)
    return ending.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
