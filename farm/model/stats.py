"""What a span of time came to: attempts by kind, session and cause, and how long images took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from farm.errors import UsageError
from farm.model.causes import Cause
from farm.model.moments import duration


@dataclass(frozen=True, kw_only=True, slots=True)
class Endings:
    """So many attempts of one image type and session ended by one cause."""

    image_type: str
    session: str
    cause: Cause
    counted: bool  # False: given back, which says nothing about the job
    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Durations:
    """How long the attempts took that made an image, from claim to settlement, in seconds."""

    number: int = 0
    average: float | None = None  # None without any
    p50: float | None = None  # nearest rank: a duration that did occur
    p95: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What the store counted in a span of time."""

    endings: tuple[Endings, ...]
    durations: Durations
    worked_seconds: float  # in which an attempt was under way, short waits between them included
    first_at: float | None  # when the first and the last of them ended; None without any
    last_at: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """How some attempts ended."""

    made: int = 0
    failed: int = 0  # counted against their jobs
    given_back: int = 0  # limits, sign-outs and the like: tried again at no cost

    @property
    def success_rate(self) -> float | None:
        """Made among those that counted; None when none did."""
        tried = self.made + self.failed
        return self.made / tried if tried else None

    def plus(self, ending: Endings) -> Share:
        """The share with these attempts too."""
        made = ending.number if ending.cause is Cause.MADE else 0
        failed = ending.number if not made and ending.counted else 0
        return Share(
            made=self.made + made,
            failed=self.failed + failed,
            given_back=self.given_back + ending.number - made - failed,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Stats:
    """What `farm stats` shows."""

    total: Share
    by_type: Mapping[str, Share] = field(default_factory=dict)
    by_session: Mapping[str, Share] = field(default_factory=dict)
    by_cause: Mapping[Cause, int] = field(default_factory=dict)  # the most frequent first
    durations: Durations
    worked_seconds: float
    images_per_hour: float | None  # over the hours worked; None without an image
    first_at: float | None
    last_at: float | None


def stats(tally: Tally) -> Stats:
    """Sum up what the store counted."""
    by_cause: dict[Cause, int] = {}
    for ending in tally.endings:
        by_cause[ending.cause] = by_cause.get(ending.cause, 0) + ending.number
    total = _shares(("", ending) for ending in tally.endings).get("", Share())
    hours = tally.worked_seconds / 3600
    return Stats(
        total=total,
        by_type=_shares((ending.image_type, ending) for ending in tally.endings),
        by_session=_shares((ending.session, ending) for ending in tally.endings),
        by_cause=dict(sorted(by_cause.items(), key=lambda pair: (-pair[1], pair[0]))),
        durations=tally.durations,
        worked_seconds=tally.worked_seconds,
        images_per_hour=total.made / hours if total.made and hours else None,
        first_at=tally.first_at,
        last_at=tally.last_at,
    )


def _shares(named: Iterable[tuple[str, Endings]]) -> dict[str, Share]:
    shares: dict[str, Share] = {}
    for name, ending in named:
        shares[name] = shares.get(name, Share()).plus(ending)
    return dict(sorted(shares.items()))


def since(text: str, now: float, zone: tzinfo) -> float:
    """The moment meant by `24h`, `2026-11-21` or `2026-11-21 18:00`; UsageError for none."""
    try:
        wall = datetime.fromisoformat(text.strip())
    except ValueError:
        return now - _ago(text)
    moment = (wall if wall.tzinfo else wall.replace(tzinfo=zone)).timestamp()
    if moment > now:
        raise UsageError(f"{text!r} is still to come.")
    return moment


def _ago(text: str) -> float:
    try:
        return duration(text)
    except UsageError:
        raise UsageError(
            f"{text!r} names no moment. Write how long ago (24h, 7d), or a date (2026-11-21)."
        ) from None
