"""Exit codes are computed from counts and sessions alone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from farm.model.causes import Cause
from farm.model.jobs import JobState
from farm.model.sessions import Session, SessionState
from farm.model.verdict import judge

DONE, FAILED, REVIEW, WAITING = (
    JobState.COMPLETED,
    JobState.FAILED,
    JobState.REVIEW,
    JobState.PENDING,
)


@pytest.mark.parametrize(
    ("counts", "limit_reached", "code"),
    [
        ({}, False, 0),
        ({DONE: 12}, False, 0),
        ({DONE: 11, FAILED: 1}, False, 1),
        ({DONE: 11, REVIEW: 1}, False, 1),
        ({DONE: 11, JobState.CANCELLED: 1}, False, 0),
        ({DONE: 5, WAITING: 7}, False, 3),
        ({DONE: 5, FAILED: 1, WAITING: 6}, False, 3),
        ({JobState.DELAYED: 1}, False, 3),
        ({JobState.IN_PROGRESS: 1}, False, 3),
        ({DONE: 5, WAITING: 7}, True, 0),
        ({DONE: 5, FAILED: 1, WAITING: 6}, True, 1),
    ],
)
def test_the_exit_code_tells_done_failed_and_left(
    counts: Mapping[JobState, int], limit_reached: bool, code: int
) -> None:
    verdict = judge(counts, (), limit_reached=limit_reached, stopped="", now=0)

    assert verdict.exit_code == code


def test_work_that_is_left_is_explained_by_each_session() -> None:
    sessions = [
        Session(
            name="alice",
            state=SessionState.NEEDS_PERSON,
            cause=Cause.SIGNED_OUT,
            message="Nobody is signed in.",
        ),
        Session(
            name="bob",
            state=SessionState.RESTING,
            cause=Cause.LIMITED_QUOTA,
            next_ready_at=7200,
        ),
    ]

    verdict = judge({WAITING: 3}, sessions, limit_reached=False, stopped="", now=0)

    assert verdict.sentence == (
        "3 jobs are left. alice needs you (signed_out): Nobody is signed in. "
        "Sign in again: farm login alice "
        "bob rests for about 120 min (limited.quota)."
    )


def test_a_stop_by_the_user_is_called_that() -> None:
    verdict = judge({WAITING: 3}, (), limit_reached=False, stopped="Stopped by you", now=0)

    assert verdict.sentence.startswith("Stopped by you")


@pytest.mark.parametrize(
    ("counts", "limit_reached", "sentence"),
    [
        ({WAITING: 1}, False, "1 job is left."),
        ({WAITING: 1}, True, "The limit was reached; 1 job is left."),
        ({WAITING: 2}, True, "The limit was reached; 2 jobs are left."),
        ({JobState.FAILED: 1}, False, "The queue is done; 1 job failed or needs a look."),
        ({JobState.FAILED: 2}, False, "The queue is done; 2 jobs failed or need a look."),
    ],
)
def test_one_job_is_spoken_of_as_one(
    counts: dict[JobState, int], limit_reached: bool, sentence: str
) -> None:
    verdict = judge(counts, (), limit_reached=limit_reached, stopped="", now=0)

    assert verdict.sentence == sentence
