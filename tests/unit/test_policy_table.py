"""The policy as one table: every cause at every attempt, none forgotten."""

from __future__ import annotations

from itertools import product

import pytest

from farm.model.causes import LIMITS, NEEDS_PERSON, REFUSALS, Cause
from farm.model.outcomes import Outcome
from farm.model.policy import Decision, JobMove, Policy, SessionMove, Situation, decide

POLICY = Policy()
TRIES = (0, 1, 2)  # how often the job ended by the same cause before
RETRY, AGAIN, FAIL, REVIEW = JobMove.RETRY, JobMove.AGAIN, JobMove.FAIL, JobMove.REVIEW
PACE, REST, RED, STOP = (
    SessionMove.PACE,
    SessionMove.REST,
    SessionMove.CALL_PERSON,
    SessionMove.STOP,
)

# What becomes of the job at its first, second and third such ending, and what the session does.
TABLE: dict[Cause, tuple[tuple[JobMove, JobMove, JobMove], SessionMove]] = {
    Cause.STOPPED: ((RETRY, RETRY, RETRY), PACE),
    Cause.NOT_ACCEPTED: ((AGAIN, AGAIN, RETRY), PACE),
    Cause.DROPPED: ((RETRY, RETRY, RETRY), PACE),
    Cause.TEXT_ONLY: ((RETRY, FAIL, FAIL), PACE),
    Cause.TRANSIENT: ((RETRY, RETRY, RETRY), PACE),
    Cause.DRIFT: ((AGAIN, AGAIN, AGAIN), STOP),
    Cause.PREVIEW_ONLY: ((RETRY, REVIEW, REVIEW), PACE),
    Cause.PLACEHOLDER: ((RETRY, REVIEW, REVIEW), PACE),
    Cause.WRONG_ORIENTATION: ((REVIEW, REVIEW, REVIEW), PACE),
    Cause.TOO_SMALL: ((RETRY, REVIEW, REVIEW), PACE),
    Cause.UNREADABLE: ((RETRY, REVIEW, REVIEW), PACE),
    Cause.MISMATCH: ((RETRY, REVIEW, REVIEW), PACE),
    Cause.DUPLICATE: ((RETRY, REVIEW, REVIEW), PACE),
    Cause.TIMEOUT: ((RETRY, RETRY, RETRY), PACE),
    Cause.BROWSER_GONE: ((AGAIN, AGAIN, AGAIN), SessionMove.RELAUNCH),
    Cause.AMBIGUOUS: ((REVIEW, REVIEW, REVIEW), PACE),
    Cause.NOT_SAVED: ((AGAIN, AGAIN, AGAIN), SessionMove.REST_ALL),
    Cause.CRASHED: ((RETRY, RETRY, RETRY), PACE),
    Cause.LEASE_EXPIRED: ((RETRY, RETRY, RETRY), PACE),
    Cause.CANCELLED: ((FAIL, FAIL, FAIL), PACE),
    Cause.UNSUPPORTED: ((FAIL, FAIL, FAIL), PACE),
    **dict.fromkeys(REFUSALS, ((FAIL, FAIL, FAIL), PACE)),
    **dict.fromkeys(LIMITS, ((AGAIN, AGAIN, AGAIN), REST)),
    **dict.fromkeys(NEEDS_PERSON, ((AGAIN, AGAIN, AGAIN), RED)),
}


def after(cause: Cause, tries: int) -> Decision:
    situation = Situation(outcome=Outcome(cause=cause, message=""), earlier=(cause,) * tries)
    return decide(situation, POLICY, lambda low, _high: low)


def test_the_table_speaks_of_every_cause_an_attempt_can_fail_by() -> None:
    assert TABLE.keys() == frozenset(Cause) - {Cause.MADE}


@pytest.mark.parametrize(("cause", "tries"), list(product(sorted(TABLE), TRIES)), ids=str)
def test_every_cause_at_every_attempt(cause: Cause, tries: int) -> None:
    jobs, session = TABLE[cause]

    decision = after(cause, tries)

    assert (decision.job, decision.session) == (jobs[tries], session)


@pytest.mark.parametrize("cause", sorted(TABLE))
def test_waits_never_shrink_from_try_to_try(cause: Cause) -> None:
    waits = [after(cause, tries) for tries in TRIES]

    retried = [d.job_wait_seconds for d in waits if d.job is RETRY]
    assert retried == sorted(retried)
    assert all(d.session_wait_seconds > 0 for d in waits if d.session is REST)
    assert all(d.job_wait_seconds <= POLICY.retry_cap for d in waits)


@pytest.mark.parametrize("cause", sorted(LIMITS | NEEDS_PERSON | {Cause.DRIFT, Cause.NOT_SAVED}))
def test_what_is_not_the_jobs_fault_never_costs_it_a_try(cause: Cause) -> None:
    assert {after(cause, tries).job for tries in TRIES} == {AGAIN}
