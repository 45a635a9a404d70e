"""What follows from an outcome: pure, tested as a table.

`decide` sees one outcome and the causes of the job's earlier attempts and answers with two moves:
what becomes of the job, and what the session does next. The store applies the one, fenced; the
worker obeys the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from farm.model.causes import NEEDS_PERSON, REFUSALS, Cause
from farm.model.outcomes import Outcome
from farm.model.refusals import FAIL_IT, RefusalMove, RefusalRule

Roll = Callable[[float, float], float]
"""`random.uniform`, or a fixed one in tests."""


class JobMove(StrEnum):
    """What becomes of the job."""

    RETRY = "retry"  # counted, tried again after a wait; the store ends it at its last attempt
    AGAIN = "again"  # uncounted, tried again after a wait
    FAIL = "fail"  # counted, ended
    REVIEW = "review"  # a person must look
    HAND_OVER = "hand_over"  # counted, another backend's lane takes it up


class SessionMove(StrEnum):
    """What the session does next."""

    PACE = "pace"  # the normal wait
    REST = "rest"  # until a limit ends
    REST_ALL = "rest_all"  # every session of this exit rests
    CALL_PERSON = "call_person"  # red, until somebody has fixed it
    STOP = "stop"  # the page is not what farm knows: stop this session
    RELAUNCH = "relaunch"  # open the browser again


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The two moves, with their waits in seconds."""

    job: JobMove
    job_wait_seconds: float = 0
    lane: str = ""  # for HAND_OVER
    session: SessionMove = SessionMove.PACE
    session_wait_seconds: float = 0
    probe: bool = False  # a limit that is not believed yet: the next prompt tells
    told: bool = False  # the session's wait is the one the page named


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The waits and bounds of DESIGN section 7, in seconds."""

    retry_first: float = 30
    retry_cap: float = 300
    quota_default: float = 2 * 3600  # when the page does not say when a limit resets
    quota_longest: float = 7 * 24 * 3600  # a reset read as later than this is misread
    throttle_first: float = 300
    throttle_cap: float = 3600
    ip_rest: float = 1800
    own_rest: float = 3600  # a rest the user asked for without saying how long
    disk_rest: float = 60  # until somebody has made room
    transient_wait: float = 20
    transients_are_throttle: int = 3  # in a row
    not_accepted_free: int = 2  # tries that cost no attempt

    def scaled(self, factor: float) -> Policy:
        """The same policy with every guessed wait multiplied; what a page says stays as said."""
        waits = ("retry_first", "retry_cap", "quota_default", "throttle_first", "throttle_cap")
        more = ("ip_rest", "transient_wait")
        return replace(self, **{name: getattr(self, name) * factor for name in waits + more})


def backoff(first: float, cap: float, earlier: int, roll: Roll) -> float:
    """Exponential wait with up to a quarter of jitter on top, in seconds."""
    return float(min(cap, first * 2.0**earlier) * roll(1.0, 1.25))


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """Everything a decision may depend on."""

    outcome: Outcome
    earlier: Sequence[Cause] = ()  # the job's ended attempts, oldest first
    throttles: int = 0  # the session's throttles in a row
    transients: int = 0  # the session's transient errors in a row
    doubts: int = 0  # the session's limits in a row that were not believed
    first_of_day: bool = False  # the session has made nothing since midnight
    learned: float | None = None  # how long this account's quota lasts by its own history, seconds
    elsewhere: bool = False  # another session of this address met the same just now
    refusal: RefusalRule = FAIL_IT  # what the user wants of this refusal
    substitutes: bool = False  # the user's table changes this prompt's words
    now: float = 0.0  # epoch seconds


def decide(situation: Situation, policy: Policy, roll: Roll) -> Decision:
    """What becomes of the job, and what the session does next."""
    return _RULES.get(situation.outcome.cause, _retry)(situation, policy, roll)


def _retry(s: Situation, p: Policy, roll: Roll) -> Decision:
    tried = sum(1 for cause in s.earlier if cause is s.outcome.cause)
    wait = backoff(p.retry_first, p.retry_cap, tried, roll)
    return Decision(job=JobMove.RETRY, job_wait_seconds=wait)


def _fail(_s: Situation, _p: Policy, _roll: Roll) -> Decision:
    return Decision(job=JobMove.FAIL)


def _review(_s: Situation, _p: Policy, _roll: Roll) -> Decision:
    return Decision(job=JobMove.REVIEW)


def _retry_once(s: Situation, p: Policy, roll: Roll) -> Decision:
    if s.outcome.cause in s.earlier:
        return Decision(job=JobMove.FAIL)
    return _retry(s, p, roll)


def _retry_then_review(s: Situation, p: Policy, roll: Roll) -> Decision:
    if s.outcome.cause in s.earlier:
        return Decision(job=JobMove.REVIEW)
    return _retry(s, p, roll)


def _not_accepted(s: Situation, p: Policy, roll: Roll) -> Decision:
    free = sum(1 for cause in s.earlier if cause is Cause.NOT_ACCEPTED) < p.not_accepted_free
    if not free:
        return _retry(s, p, roll)
    return Decision(job=JobMove.AGAIN, job_wait_seconds=p.transient_wait)


def _as_told(s: Situation, p: Policy) -> Decision | None:
    """Rest until the moment that the other side named, if it named one worth believing."""
    until = s.outcome.reset_at
    if until is None or not 0 < until - s.now <= p.quota_longest:
        return None
    return Decision(
        job=JobMove.AGAIN,
        session=SessionMove.REST,
        session_wait_seconds=until - s.now,
        told=True,
    )


def _quota(s: Situation, p: Policy, _roll: Roll) -> Decision:
    if (as_told := _as_told(s, p)) is not None:
        return as_told
    if not s.doubts and (s.outcome.doubtful or s.first_of_day):
        return Decision(job=JobMove.AGAIN, probe=True)
    rest = p.quota_default if s.learned is None else s.learned
    return Decision(job=JobMove.AGAIN, session=SessionMove.REST, session_wait_seconds=rest)


def _throttle(s: Situation, p: Policy, roll: Roll) -> Decision:
    if (as_told := _as_told(s, p)) is not None:
        return as_told
    rest = backoff(p.throttle_first, p.throttle_cap, s.throttles, roll)
    return Decision(job=JobMove.AGAIN, session=SessionMove.REST, session_wait_seconds=rest)


def _ip(s: Situation, p: Policy, _roll: Roll) -> Decision:
    move = SessionMove.REST_ALL if s.elsewhere else SessionMove.REST
    return Decision(job=JobMove.AGAIN, session=move, session_wait_seconds=p.ip_rest)


def _transient(s: Situation, p: Policy, roll: Roll) -> Decision:
    job = _retry(s, p, roll)
    if s.transients + 1 < p.transients_are_throttle:
        return Decision(job=job.job, job_wait_seconds=p.transient_wait)
    rest = backoff(p.throttle_first, p.throttle_cap, s.throttles, roll)
    return Decision(
        job=job.job,
        job_wait_seconds=job.job_wait_seconds,
        session=SessionMove.REST,
        session_wait_seconds=rest,
    )


def _wait(_s: Situation, p: Policy, _roll: Roll) -> Decision:
    return Decision(job=JobMove.AGAIN, session=SessionMove.REST, session_wait_seconds=p.own_rest)


def _budget(s: Situation, p: Policy, _roll: Roll) -> Decision:
    told = s.outcome.reset_at
    rest = p.own_rest if told is None else max(0.0, told - s.now)
    return Decision(job=JobMove.AGAIN, session=SessionMove.REST, session_wait_seconds=rest)


def _disk(_s: Situation, p: Policy, _roll: Roll) -> Decision:
    return Decision(
        job=JobMove.AGAIN, session=SessionMove.REST_ALL, session_wait_seconds=p.disk_rest
    )


def _call_person(s: Situation, p: Policy, roll: Roll) -> Decision:
    if s.elsewhere:  # two accounts at once: it is the address, and no person can help
        return _ip(s, p, roll)
    return Decision(job=JobMove.AGAIN, session=SessionMove.CALL_PERSON)


def _refused(s: Situation, p: Policy, roll: Roll) -> Decision:
    move = s.refusal.move
    if move is RefusalMove.HAND_OVER:
        return Decision(job=JobMove.HAND_OVER, lane=s.refusal.lane)
    again = move is RefusalMove.RETRY or (move is RefusalMove.SUBSTITUTE and s.substitutes)
    if not again or s.outcome.cause in s.earlier:
        return Decision(job=JobMove.FAIL)
    return _retry(s, p, roll)


def _stop(_s: Situation, _p: Policy, _roll: Roll) -> Decision:
    return Decision(job=JobMove.AGAIN, session=SessionMove.STOP)


def _relaunch(_s: Situation, _p: Policy, _roll: Roll) -> Decision:
    return Decision(job=JobMove.AGAIN, session=SessionMove.RELAUNCH)


Rule = Callable[[Situation, Policy, Roll], Decision]

_RULES: Mapping[Cause, Rule] = {
    Cause.NOT_ACCEPTED: _not_accepted,
    Cause.TEXT_ONLY: _retry_once,
    Cause.LIMITED_QUOTA: _quota,
    Cause.LIMITED_THROTTLE: _throttle,
    Cause.LIMITED_IP: _ip,
    Cause.LIMITED_CAP: _wait,
    Cause.LIMITED_HOURS: _wait,
    Cause.LIMITED_BY_HAND: _wait,
    Cause.LIMITED_BUDGET: _budget,
    Cause.NOT_SAVED: _disk,
    Cause.TRANSIENT: _transient,
    Cause.DRIFT: _stop,
    Cause.WRONG_ORIENTATION: _review,
    Cause.PREVIEW_ONLY: _retry_then_review,
    Cause.PLACEHOLDER: _retry_then_review,
    Cause.TOO_SMALL: _retry_then_review,
    Cause.UNREADABLE: _retry_then_review,
    Cause.MISMATCH: _retry_then_review,
    Cause.DUPLICATE: _retry_then_review,
    Cause.BROWSER_GONE: _relaunch,
    Cause.AMBIGUOUS: _review,
    Cause.CANCELLED: _fail,
    Cause.UNSUPPORTED: _fail,
    **dict.fromkeys(REFUSALS, _refused),
    **dict.fromkeys(NEEDS_PERSON, _call_person),
}
