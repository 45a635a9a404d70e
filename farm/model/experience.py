"""What past tries and limits say about the next ones: estimates that name what they rest on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median, stdev

from farm.model.causes import LIMITS, NEEDS_PERSON, Cause
from farm.model.counting import counted
from farm.model.forecast import Quota
from farm.model.limits import Limit, learned_window

ENOUGH = 5  # tries of its own from which a session is judged by them alone
HOUR = 3600.0
# No work of the session: a limit, a person's affair, or a death that a later try makes good.
_NO_WORK = frozenset(
    {*LIMITS, *NEEDS_PERSON, Cause.CANCELLED, Cause.LEASE_EXPIRED, Cause.BROWSER_GONE}
    | {Cause.CRASHED, Cause.NOT_SAVED, Cause.DRIFT, Cause.AMBIGUOUS}
)
PAGE_SECONDS = (20.0, 40.0, 75.0)  # of a try at best, likely, at worst, before one was seen
API_SECONDS = (8.0, 20.0, 60.0)
_TRIES_ASSUMED = 1.1
_LEAST_SPREAD = 0.05  # of a mean; less is false precision
_LEARNED_FROM = 5  # limits, as the learned window
# What users of free accounts saw, and nothing official: 45 to 185 images in 2 to 5 hours.
MOST_GENEROUS = Quota(images=185, seconds=2 * HOUR, from_first=True)
LEAST_GENEROUS = Quota(images=45, seconds=5 * HOUR, from_first=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Try:
    """One attempt that is over. Times are epoch seconds."""

    cause: Cause
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """From its claim to its settlement."""
        return max(0.0, self.ended - self.began)


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A number with its range, and what it rests on."""

    likely: float
    best: float
    worst: float
    basis: str
    measured: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class QuotaEstimate:
    """An allowance of the site with its range, and what it rests on."""

    likely: Quota
    best: Quota
    worst: Quota
    basis: str
    measured: bool


def working_tries(tries: Sequence[Try], longest_seconds: float) -> list[Try]:
    """Those that tell how long a try takes: no limits, and none that a death lay within."""
    return [t for t in tries if t.cause not in _NO_WORK and t.seconds <= longest_seconds]


def seconds_a_try(
    own: Sequence[Try],
    everyones: Sequence[Try],
    *,
    assumed: tuple[float, float, float] = PAGE_SECONDS,
    everyone: str = "all accounts",
) -> Estimate:
    """How long a try takes: by the session's own experience, that of all, or assumed."""
    seen, whose = (own, "") if len(own) >= ENOUGH else (everyones, f" of {everyone}")
    if not seen:
        best, likely, worst = assumed
        basis = f"assumed: {likely:.0f} s a try, because nothing was tried yet"
        return Estimate(likely=likely, best=best, worst=worst, basis=basis, measured=False)
    seconds = [t.seconds for t in seen]
    likely = mean(seconds)
    doubt = 2 * stdev(seconds) / math.sqrt(len(seconds)) if len(seconds) > 1 else likely / 2
    doubt = max(doubt, _LEAST_SPREAD * likely)
    return Estimate(
        likely=likely,
        best=max(0.0, likely - doubt),
        worst=likely + doubt,
        basis=f"measured: {likely:.1f} s a try, from {counted(len(seen), 'try', 'tries')}{whose}",
        measured=True,
    )


def tries_a_job(tries: Sequence[Try], images_a_job: float) -> Estimate:
    """How many tries a job takes to its end, from what tries came to."""
    made = sum(1 for t in tries if t.cause is Cause.MADE)
    if len(tries) < ENOUGH or not made:
        basis = f"assumed: {_TRIES_ASSUMED} tries a job, because too few were made yet"
        return Estimate(likely=_TRIES_ASSUMED, best=1.0, worst=1.3, basis=basis, measured=False)
    likely = max(1.0, images_a_job * len(tries) / made)
    return Estimate(
        likely=likely,
        best=max(1.0, likely * (1 - _LEAST_SPREAD)),
        worst=likely * (1 + _LEAST_SPREAD),
        basis=f"measured: {likely:.2f} tries a job, from {counted(len(tries), 'try', 'tries')}",
        measured=True,
    )


def quota_of(history: Sequence[Limit], mode: str, made_at: Sequence[float]) -> QuotaEstimate:
    """The site's allowance for a session, from the limits it met; else what others saw.

    `made_at` are the moments of its images; more of them than assumed, made in one window without
    a limit, raise the assumption.
    """
    met = [
        limit.images
        for limit in history
        if limit.cause is Cause.LIMITED_QUOTA and limit.mode == mode and limit.images
    ][-_LEARNED_FROM:]
    window = learned_window(history, mode)
    if met and window is not None:
        middle = round(median(met))
        return QuotaEstimate(
            likely=Quota(images=middle, seconds=window),
            best=Quota(images=max(met), seconds=window),
            worst=Quota(images=min(met), seconds=window),
            basis=f"learned: {middle} images, then {window / HOUR:.1f} h of rest, from "
            f"{counted(len(met), 'limit')}",
            measured=True,
        )
    return _assumed_quota(_most_in(made_at, LEAST_GENEROUS.seconds))


def _assumed_quota(seen: int) -> QuotaEstimate:
    images = max(LEAST_GENEROUS.images, seen)
    more = f"; {seen} were made in such a time without one" if seen == images else ""
    quota = Quota(images=images, seconds=LEAST_GENEROUS.seconds, from_first=True)
    best = Quota(
        images=max(images, MOST_GENEROUS.images), seconds=MOST_GENEROUS.seconds, from_first=True
    )
    return QuotaEstimate(
        likely=quota,
        best=best,
        worst=quota,
        basis=f"assumed: a limit after {images} images in 5 h, the least that users of free "
        f"accounts saw; the most was 185 in 2 h{more}",
        measured=False,
    )


def _most_in(moments: Sequence[float], seconds: float) -> int:
    """The most moments that ever lay within so many seconds."""
    ordered, first, most = sorted(moments), 0, 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] > seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
