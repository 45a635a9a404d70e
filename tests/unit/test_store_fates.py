"""What becomes of a job when an attempt ends, as a table."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from farm.model.causes import Cause
from farm.model.jobs import TRANSITIONS, JobState, Phase
from farm.store.fates import (
    Ending,
    Standing,
    adopted,
    completed,
    expired,
    failed,
    given_back,
    pin_expired,
    to_review,
)

FRESH = Standing(
    job_id=1,
    attempt_id=1,
    phase=Phase.CLAIMED,
    session="alice",
    conversation="",
    version=1,
    drawn_version=1,
    attempts=0,
    max_attempts=3,
    crashes=0,
    cancel_requested=False,
)
BEFORE_SENDING = (Phase.CLAIMED, Phase.TYPING)
AFTER_SENDING = (Phase.SENDING, Phase.SENT, Phase.READY, Phase.SAVED)


def endings_of(standing: Standing) -> list[Ending]:
    """Every ending a standing can come to."""
    found = [
        completed(standing, (), ""),
        given_back(standing, Cause.DRIFT, "", 0),
        given_back(standing, Cause.DRIFT, "", 5),
        failed(standing, Cause.TRANSIENT, "", None),
        failed(standing, Cause.TRANSIENT, "", 5),
        to_review(Cause.AMBIGUOUS, ""),
        pin_expired(standing),
        expired(standing),
        adopted(standing),
    ]
    return [ending for ending in found if ending is not None]


@pytest.mark.parametrize(("phase", "cancel"), [*product(Phase, [False, True])])
def test_every_ending_is_a_move_that_the_states_allow(phase: Phase, cancel: bool) -> None:
    standing = replace(FRESH, phase=phase, cancel_requested=cancel, attempts=2, crashes=11)

    states = {ending.state for ending in endings_of(standing)}

    assert states <= TRANSITIONS[JobState.IN_PROGRESS]


@pytest.mark.parametrize(
    ("attempts", "wait", "state"),
    [
        (0, None, JobState.FAILED),
        (0, 0.0, JobState.PENDING),
        (1, 30.0, JobState.DELAYED),
        (2, 30.0, JobState.FAILED),
        (7, 0.0, JobState.FAILED),
    ],
)
def test_a_failure_is_tried_again_while_attempts_are_left(
    attempts: int, wait: float | None, state: JobState
) -> None:
    ending = failed(replace(FRESH, attempts=attempts), Cause.TRANSIENT, "card", wait)

    assert (ending.state, ending.counted) == (state, True)


@pytest.mark.parametrize("phase", BEFORE_SENDING)
@pytest.mark.parametrize(
    ("attempts", "crashes", "state"),
    [(0, 0, JobState.PENDING), (2, 0, JobState.FAILED), (0, 2, JobState.FAILED)],
)
def test_silence_before_sending_costs_an_attempt_and_then_the_job(
    phase: Phase, attempts: int, crashes: int, state: JobState
) -> None:
    ending = expired(replace(FRESH, phase=phase, attempts=attempts, crashes=crashes))

    assert ending is not None
    assert (ending.state, ending.cause) == (state, Cause.LEASE_EXPIRED)
    assert (ending.counted, ending.crashed) == (True, True)


@pytest.mark.parametrize("phase", AFTER_SENDING)
@pytest.mark.parametrize("judge", [expired, adopted])
def test_what_may_have_been_sent_is_left_open_until_the_twelfth_death(
    phase: Phase, judge: object
) -> None:
    assert callable(judge)
    patient = judge(replace(FRESH, phase=phase, attempts=2, crashes=10))
    ending = judge(replace(FRESH, phase=phase, attempts=2, crashes=11))

    assert patient is None
    assert (ending.state, ending.cause) == (JobState.REVIEW, Cause.AMBIGUOUS)


@pytest.mark.parametrize(("crashes", "ends"), [(0, False), (1, False), (2, True)])
def test_the_third_death_before_sending_ends_a_job_as_crashed(crashes: int, ends: bool) -> None:
    ending = adopted(replace(FRESH, phase=Phase.TYPING, crashes=crashes))

    assert (ending is not None) == ends
    assert ending is None or (ending.state, ending.cause) == (JobState.FAILED, Cause.CRASHED)


@pytest.mark.parametrize("phase", [Phase.SAVED, Phase.SETTLED])
def test_a_wish_to_cancel_comes_too_late_once_the_file_is_saved(phase: Phase) -> None:
    standing = replace(FRESH, phase=phase, cancel_requested=True)

    assert given_back(standing, Cause.BROWSER_GONE, "", 0).state is JobState.PENDING
    assert expired(standing) is None


def test_a_cancelled_job_says_so_and_its_attempt_keeps_its_own_cause() -> None:
    ending = failed(replace(FRESH, cancel_requested=True), Cause.TIMEOUT, "", 30)

    assert (ending.cause, ending.job_cause) == (Cause.TIMEOUT, Cause.CANCELLED)


def test_a_stale_pin_names_session_and_conversation() -> None:
    ending = pin_expired(replace(FRESH, phase=Phase.SENT, conversation="c42"))

    assert "Session alice" in ending.message
    assert "conversation c42" in ending.message


def test_a_stale_pin_without_a_conversation_says_where_to_look() -> None:
    ending = pin_expired(replace(FRESH, phase=Phase.SENDING))

    assert "its newest conversations" in ending.message
