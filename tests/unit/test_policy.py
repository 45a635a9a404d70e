"""What follows from an outcome, row by row."""

from __future__ import annotations

import pytest

from farm.model.causes import LIMITS, NEEDS_PERSON, REFUSALS, Cause
from farm.model.outcomes import Outcome
from farm.model.policy import (
    Decision,
    JobMove,
    Policy,
    SessionMove,
    Situation,
    backoff,
    decide,
)

POLICY = Policy()


def least(low: float, _high: float) -> float:
    return low


def after(cause: Cause, *earlier: Cause, **facts: float) -> Decision:
    outcome = Outcome(cause=cause, message="", reset_at=facts.pop("reset_at", None))
    situation = Situation(outcome=outcome, earlier=earlier, **facts)  # type: ignore[arg-type]
    return decide(situation, POLICY, least)


@pytest.mark.parametrize(
    ("cause", "earlier", "job", "session"),
    [
        (Cause.STOPPED, (), JobMove.RETRY, SessionMove.PACE),
        (Cause.DROPPED, (), JobMove.RETRY, SessionMove.PACE),
        (Cause.TIMEOUT, (), JobMove.RETRY, SessionMove.PACE),
        (Cause.TRANSIENT, (), JobMove.RETRY, SessionMove.PACE),
        (Cause.CRASHED, (), JobMove.RETRY, SessionMove.PACE),
        (Cause.NOT_ACCEPTED, (), JobMove.AGAIN, SessionMove.PACE),
        (Cause.NOT_ACCEPTED, (Cause.NOT_ACCEPTED,), JobMove.AGAIN, SessionMove.PACE),
        (Cause.NOT_ACCEPTED, (Cause.NOT_ACCEPTED,) * 2, JobMove.RETRY, SessionMove.PACE),
        (Cause.TEXT_ONLY, (), JobMove.RETRY, SessionMove.PACE),
        (Cause.TEXT_ONLY, (Cause.TEXT_ONLY,), JobMove.FAIL, SessionMove.PACE),
        (Cause.TEXT_ONLY, (Cause.STOPPED,), JobMove.RETRY, SessionMove.PACE),
        (Cause.PREVIEW_ONLY, (), JobMove.RETRY, SessionMove.PACE),
        (Cause.PREVIEW_ONLY, (Cause.PREVIEW_ONLY,), JobMove.REVIEW, SessionMove.PACE),
        (Cause.DUPLICATE, (Cause.DUPLICATE,), JobMove.REVIEW, SessionMove.PACE),
        (Cause.MISMATCH, (Cause.MISMATCH,), JobMove.REVIEW, SessionMove.PACE),
        (Cause.WRONG_ORIENTATION, (), JobMove.REVIEW, SessionMove.PACE),
        (Cause.AMBIGUOUS, (), JobMove.REVIEW, SessionMove.PACE),
        (Cause.CANCELLED, (), JobMove.FAIL, SessionMove.PACE),
        (Cause.DRIFT, (), JobMove.AGAIN, SessionMove.STOP),
        (Cause.BROWSER_GONE, (), JobMove.AGAIN, SessionMove.RELAUNCH),
        (Cause.LIMITED_QUOTA, (), JobMove.AGAIN, SessionMove.REST),
        (Cause.LIMITED_THROTTLE, (), JobMove.AGAIN, SessionMove.REST),
        (Cause.LIMITED_IP, (), JobMove.AGAIN, SessionMove.REST),
    ],
)
def test_each_cause_moves_job_and_session(
    cause: Cause, earlier: tuple[Cause, ...], job: JobMove, session: SessionMove
) -> None:
    decision = after(cause, *earlier)

    assert (decision.job, decision.session) == (job, session)


@pytest.mark.parametrize("cause", sorted(REFUSALS))
def test_a_refusal_fails_the_job_and_not_the_session(cause: Cause) -> None:
    assert after(cause) == Decision(job=JobMove.FAIL, session=SessionMove.PACE)


@pytest.mark.parametrize("cause", sorted(NEEDS_PERSON))
def test_what_needs_a_person_costs_the_job_nothing(cause: Cause) -> None:
    assert after(cause) == Decision(job=JobMove.AGAIN, session=SessionMove.CALL_PERSON)


@pytest.mark.parametrize("cause", sorted(LIMITS))
def test_a_limit_never_costs_an_attempt(cause: Cause) -> None:
    assert after(cause).job is JobMove.AGAIN


def test_retry_waits_double_with_each_failure_of_the_same_kind_up_to_the_cap() -> None:
    waits = [after(Cause.STOPPED, *(Cause.STOPPED,) * n).job_wait_seconds for n in range(6)]

    assert waits == [30, 60, 120, 240, 300, 300]


def test_jitter_only_lengthens_a_wait() -> None:
    assert backoff(30, 300, 0, lambda _low, high: high) == 37.5


def test_a_quota_rests_until_the_time_the_page_named() -> None:
    decision = after(Cause.LIMITED_QUOTA, now=1000.0, reset_at=4600.0)

    assert decision.session_wait_seconds == 3600


@pytest.mark.parametrize("reset_at", [None, 900.0, 1000.0 + 30 * 24 * 3600])
def test_a_reset_that_is_missing_past_or_absurd_gives_the_default_rest(
    reset_at: float | None,
) -> None:
    outcome = Outcome(cause=Cause.LIMITED_QUOTA, message="", reset_at=reset_at)

    decision = decide(Situation(outcome=outcome, now=1000.0), POLICY, least)

    assert decision.session_wait_seconds == POLICY.quota_default


def test_throttles_in_a_row_double_the_rest() -> None:
    rests = [after(Cause.LIMITED_THROTTLE, throttles=n).session_wait_seconds for n in range(5)]

    assert rests == [300, 600, 1200, 2400, 3600]


def test_the_third_transient_error_in_a_row_is_a_throttle() -> None:
    moves = [after(Cause.TRANSIENT, transients=n).session for n in range(3)]

    assert moves == [SessionMove.PACE, SessionMove.PACE, SessionMove.REST]


def test_a_scaled_policy_shortens_guesses_and_keeps_what_the_page_said() -> None:
    quick = POLICY.scaled(0.1)
    said = Outcome(cause=Cause.LIMITED_QUOTA, message="", reset_at=4600.0)

    guess = decide(
        Situation(outcome=Outcome(cause=Cause.LIMITED_THROTTLE, message="")), quick, least
    )
    told = decide(Situation(outcome=said, now=1000.0), quick, least)

    assert guess.session_wait_seconds == 30
    assert told.session_wait_seconds == 3600


def test_a_throttle_that_says_when_to_come_back_is_believed() -> None:
    decision = after(Cause.LIMITED_THROTTLE, reset_at=1042.0, now=1000.0, throttles=5)

    assert (decision.session, decision.session_wait_seconds) == (SessionMove.REST, 42.0)
    assert decision.told


@pytest.mark.parametrize("reset_at", [999.0, 1000.0 + 8 * 24 * 3600])
def test_a_throttle_that_names_an_absurd_moment_backs_off_as_ever(reset_at: float) -> None:
    decision = after(Cause.LIMITED_THROTTLE, reset_at=reset_at, now=1000.0)

    assert decision.session_wait_seconds == POLICY.throttle_first
    assert not decision.told
