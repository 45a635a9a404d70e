"""Rests: what the end of one is known from, and what the user makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from farm.model.causes import Cause
from farm.model.limits import Limit, learned_window
from farm.model.sessions import Session, SessionState

_SAME_SECONDS = 2.0  # a rest and its limit are written down one after the other


class Ground(StrEnum):
    """What says when a rest ends."""

    TOLD = "told by the page"
    LEARNED = "learned from earlier limits"
    DEFAULT = "by default"
    BY_HAND = "by hand"
    OWN_RULE = "your own rule"


def ground_of(session: Session, history: Sequence[Limit]) -> Ground | None:
    """What the end of a session's rest is known from; None when it does not rest.

    `history` holds the session's limits, oldest first.
    """
    if session.state is not SessionState.RESTING:
        return None
    if session.cause is Cause.LIMITED_BY_HAND:
        return Ground.BY_HAND
    if session.cause in {Cause.LIMITED_CAP, Cause.LIMITED_HOURS}:
        return Ground.OWN_RULE
    if not history or not _is_of(session, history[-1]):
        return Ground.DEFAULT
    *earlier, last = history
    if last.told:
        return Ground.TOLD
    quota = last.cause is Cause.LIMITED_QUOTA
    learned = quota and learned_window(earlier, last.mode) is not None
    return Ground.LEARNED if learned else Ground.DEFAULT


def _is_of(session: Session, limit: Limit) -> bool:
    return (
        limit.cause is session.cause and abs(limit.until - session.next_ready_at) <= _SAME_SECONDS
    )


def sent_to_rest(session: Session, until: float, now: float) -> Session:
    """The session as it stands once the user has sent it to rest."""
    return replace(
        session,
        state=SessionState.RESTING,
        cause=Cause.LIMITED_BY_HAND,
        message="You sent it to rest.",
        next_ready_at=until,
        since=now,
        job_id=None,
    )


def woken(session: Session, now: float) -> Session:
    """The session without its wait; what only a person can mend stays as it is."""
    if session.state is SessionState.NEEDS_PERSON:
        return session
    if session.state is not SessionState.RESTING:
        return replace(session, next_ready_at=0.0)
    return replace(
        session,
        state=SessionState.STOPPED,
        cause=None,
        message="",
        next_ready_at=0.0,
        since=now,
    )
