"""One session as a report tells it: what it made, how it ended, which limits it met."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from farm.log import redact
from farm.model.causes import Cause
from farm.model.chronicle import Chronicle, Tried
from farm.model.limits import ASKED_RESTS, Limit
from farm.model.sessions import Session, SessionState
from farm.report.records import LimitMet, Use
from farm.report.rows import SAID
from farm.report.words import CAUSE_WORDS


def uses(chronicle: Chronicle) -> tuple[Use, ...]:
    """Every session that tried something, by name."""
    tries: defaultdict[str, list[Tried]] = defaultdict(list)
    limits: defaultdict[str, list[Limit]] = defaultdict(list)
    for tried in chronicle.tries:
        tries[tried.session].append(tried)
    for limit in chronicle.limits:
        if limit.cause not in ASKED_RESTS:
            limits[limit.session].append(limit)
    known = {session.name: session for session in chronicle.sessions}
    found = (_use(name, tries[name], limits[name], known.get(name)) for name in sorted(tries))
    return tuple(one if _holds(one, chronicle.now) else replace(one, until=None) for one in found)


def _holds(use: Use, now: float) -> bool:
    return use.until is not None and use.until > now


def _use(
    name: str, tries: Sequence[Tried], limits: Sequence[Limit], session: Session | None
) -> Use:
    seconds = [t.ended - t.began for t in tries if t.cause is Cause.MADE and t.ended is not None]
    resting = session is not None and session.state is SessionState.RESTING
    return Use(
        session=redact(name),
        state=session.state if session else None,
        cause=session.cause if session else None,
        message=SAID(session.message) if session else "",
        until=session.next_ready_at if session and resting else None,
        images=len(seconds),
        attempts=len(tries),
        by_cause=by_cause(tries),
        average_seconds=sum(seconds) / len(seconds) if seconds else None,
        p95_seconds=nearest_rank(seconds, 95),
        limits=tuple(map(_limit, limits)),
    )


def by_cause(tries: Sequence[Tried]) -> Mapping[Cause, int]:
    """How many attempts ended by each cause, the most frequent first."""
    counts = Counter(tried.cause for tried in tries if tried.cause is not None)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def nearest_rank(values: Sequence[float], percent: int) -> float | None:
    """The quantile as a value that did occur; None without any."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1] if values else None


def _limit(limit: Limit) -> LimitMet:
    return LimitMet(
        cause=limit.cause,
        words=CAUSE_WORDS[limit.cause],
        model=redact(limit.mode),
        at=limit.at,
        until=limit.until,
        told=limit.told,
        images=limit.images,
    )
