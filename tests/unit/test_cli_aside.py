"""What a one-shot command waits for, on standard error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.cli.aside import Aside
from farm.model.causes import Cause
from farm.model.events import AttemptEnded, SessionChanged
from farm.model.jobs import Job, JobState
from farm.model.outcomes import Outcome
from farm.model.prompts import Prompt
from farm.model.sessions import Session, SessionState
from farm.testing.clock import FakeClock

BUSY = Outcome(cause=Cause.TRANSIENT, message="Gemini answered 503.")
JOB = Job(
    id=1, queue="generate", prompt=Prompt(id="7", filename="a.png", description="a mill"),
    version=1, state=JobState.DELAYED, lane="once:1", priority=0, not_before=1030.0, attempts=1,
    max_attempts=3, crashes=0, cause=Cause.TRANSIENT, message=BUSY.message, image_path="",
    session="once-1-gemini-1", updated_at=0.0, completed_at=None, source="", row=1,
)  # fmt: skip
RESTING = SessionChanged(
    session=Session(
        name="once-1-gemini-1",
        state=SessionState.RESTING,
        message=BUSY.message,
        next_ready_at=1300.0,
    )
)


@pytest.fixture
def aside() -> Aside:
    return Aside(FakeClock(time=1000.0))


def ended(job: Job) -> AttemptEnded:
    return AttemptEnded(
        job=job, session=job.session, number=1, outcome=BUSY, images=(), text="", seconds=1.0
    )


def test_a_try_that_is_not_the_last_is_told_with_its_wait(
    aside: Aside, capsys: pytest.CaptureFixture[str]
) -> None:
    aside.on_event(ended(JOB))
    aside.on_event(ended(JOB))

    out, err = capsys.readouterr()
    assert out == ""
    assert err == "generate/7, try 1 (transient): Gemini answered 503. Tried again in 0:30.\n"


def test_what_a_session_rests_for_is_told_once_and_not_again_of_its_job(
    aside: Aside, capsys: pytest.CaptureFixture[str]
) -> None:
    for event in (RESTING, RESTING, ended(replace(JOB, not_before=None))):
        aside.on_event(event)

    assert capsys.readouterr().err == "Resting: Gemini answered 503. Goes on in 5:00.\n"


def test_what_is_asked_again_at_once_is_told(
    aside: Aside, capsys: pytest.CaptureFixture[str]
) -> None:
    aside.on_event(ended(replace(JOB, state=JobState.PENDING, not_before=None)))

    assert capsys.readouterr().err == "generate/7, try 1 (transient): Gemini answered 503.\n"


def test_the_last_try_is_left_to_the_result(
    aside: Aside, capsys: pytest.CaptureFixture[str]
) -> None:
    aside.on_event(ended(replace(JOB, state=JobState.FAILED, not_before=None)))

    assert capsys.readouterr().err == ""
