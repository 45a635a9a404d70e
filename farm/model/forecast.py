"""How long a queue will take: every account's work laid out in stretches. Pure, no randomness.

An account works in stretches of evenly spaced jobs; between them it waits for a limit, for the
next day, or for its hours. Stretches are counted, not jobs: a hundred thousand of these take as
long as a few hundred. A session of an API is an account too, of another crew: jobs may be such
that only some crews can make them.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from farm.model.allowance import Allowance
from farm.model.hours import next_closing, next_opening
from farm.model.lanes import WEB_LANE
from farm.model.moments import next_day

HORIZON_SECONDS = 5 * 366 * 86400.0  # what takes longer is never done
_FIRST_LOOK_SECONDS = 3600.0
_EXACT_SECONDS = 0.01
_NO_LOTS: Final[Mapping[frozenset[str], int]] = MappingProxyType({})


class Spent(StrEnum):
    """What an account's time goes to."""

    GENERATING = "generating"  # prompts sent and images made
    PACING = "pacing"  # the normal wait between two prompts
    OPENING = "opening"  # the browser, and the proof of the sign-in
    RESTING = "resting"  # a limit it met already
    QUOTA = "quota"  # limits it will meet
    CAP = "cap"  # the user's daily cap
    CLOSED = "closed"  # outside the user's working hours


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """An allowance that the site gives: so many images, then a wait."""

    images: int
    seconds: float
    from_first: bool = False  # seconds from the window's first image, else from the limit


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One account, as far as its speed and its waits are known. Times are epoch seconds."""

    name: str
    generating_seconds: float  # for one job that ends, its failed tries included
    pacing_seconds: float  # for the same
    crew: str = WEB_LANE  # its backend
    images_a_job: float = 1.0  # fewer when some jobs end without one
    opening_seconds: float = 0.0
    ready_at: float = 0.0  # a rest or pace that holds now
    quota: Quota | None = None
    made_in_window: int = 0
    window_began: float | None = None  # of its first image
    allowance: Allowance = field(default_factory=Allowance)
    made_today: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """What one account does until the end, and where its time goes."""

    name: str
    crew: str
    jobs: int
    images: int
    seconds: Mapping[Spent, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """How a queue goes with some accounts."""

    done_at: float | None  # None: not within the horizon, or not before `until`
    ends_at: float  # when it is done, or `until`
    jobs: int  # ended by then
    shares: tuple[Share, ...]


def forecast(
    jobs: int,
    accounts: Sequence[Account],
    *,
    now: float,
    zone: tzinfo,
    until: float | None = None,
    only: Mapping[frozenset[str], int] = _NO_LOTS,
) -> Course:
    """Lay out the work of all accounts, and find the moment the last job ends.

    `only` are those of the jobs that not every crew can make, by the crews that can.
    """
    diaries = [_Diary(_spans(account, now, zone)) for account in accounts]

    def counts(moment: float) -> list[int]:
        return _dealt(jobs, only, accounts, [diary.ended_by(moment) for diary in diaries])

    latest = now + HORIZON_SECONDS if until is None else until
    done_at = _when(lambda moment: sum(counts(moment)) >= jobs, now, latest)
    ends_at = latest if done_at is None else done_at
    shares = tuple(
        _share(account, diary, count, (now, ends_at))
        for account, diary, count in zip(accounts, diaries, counts(ends_at), strict=True)
    )
    ended = sum(share.jobs for share in shares)
    return Course(done_at=done_at, ends_at=ends_at, jobs=ended, shares=shares)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Span:
    """A wait of one kind, or a stretch of `jobs` jobs, one every `each` seconds."""

    begin: float
    end: float
    kind: Spent
    jobs: int = 0
    each: float = 0.0
    making: float = 0.0  # of `each`, before the job is ended; the rest is pace


@dataclass(kw_only=True)
class _Hand:
    """Where an account stands while its work is laid out."""

    account: Account
    zone: tzinfo
    at: float
    in_window: int
    window_began: float | None
    today: int
    day_ends: float

    def spans(self) -> Iterator[_Span]:
        while math.isfinite(self.at):
            yield from self._wait() or self._work()

    def _wait(self) -> list[_Span]:
        """The wait that holds now, if any."""
        if self.at >= self.day_ends:
            self.today, self.day_ends = 0, next_day(self.at, self.zone)
        allowance = self.account.allowance
        opening = next_opening(allowance.hours, self.at, self.zone)
        if opening > self.at:
            return [self._until(opening, Spent.CLOSED)]
        if allowance.a_day is not None and self.today >= allowance.a_day:
            return [self._until(self.day_ends, Spent.CAP)]
        return self._wait_for_quota()

    def _wait_for_quota(self) -> list[_Span]:
        quota = self.account.quota
        if quota is None:
            return []
        first = self.at if self.window_began is None else self.window_began
        if quota.from_first and self.at >= first + quota.seconds:
            self.in_window, self.window_began = 0, None
            return []
        if self.in_window < quota.images:
            return []
        self.in_window, self.window_began = 0, None
        return [self._until(first + quota.seconds if quota.from_first else self.at + quota.seconds)]

    def _until(self, end: float, kind: Spent = Spent.QUOTA) -> _Span:
        span = _Span(begin=self.at, end=end, kind=kind)
        self.at = end
        return span

    def _work(self) -> list[_Span]:
        """Jobs up to the next thing that may hold the account."""
        account = self.account
        each = max(account.generating_seconds + account.pacing_seconds, 1e-6)
        yields = max(account.images_a_job, 1e-6)
        ends = [next_closing(account.allowance.hours, self.at, self.zone)]
        most = [10**9]
        if account.allowance.a_day is not None:
            ends.append(self.day_ends)
            most.append(math.ceil((account.allowance.a_day - self.today) / yields))
        if account.quota is not None:
            most.append(math.ceil((account.quota.images - self.in_window) / yields))
            if account.quota.from_first and self.window_began is not None:
                ends.append(self.window_began + account.quota.seconds)
        room = (min(ends) - self.at) / each
        jobs = max(1, min(*most, math.ceil(room) if math.isfinite(room) else 10**9))
        return [self._stretch(jobs, each, yields)]

    def _stretch(self, jobs: int, each: float, yields: float) -> _Span:
        if self.window_began is None:
            self.window_began = self.at
        span = _Span(
            begin=self.at,
            end=self.at + jobs * each,
            kind=Spent.GENERATING,
            jobs=jobs,
            each=each,
            making=self.account.generating_seconds,
        )
        images = round(jobs * yields)
        self.at, self.in_window, self.today = span.end, self.in_window + images, self.today + images
        return span


def _spans(account: Account, now: float, zone: tzinfo) -> Iterator[_Span]:
    """Everything an account does from now on, without end."""
    at = max(now, account.ready_at)
    if at > now:
        yield _Span(begin=now, end=at, kind=Spent.RESTING)
    at = next_opening(account.allowance.hours, at, zone)
    if at > max(now, account.ready_at):
        yield _Span(begin=max(now, account.ready_at), end=at, kind=Spent.CLOSED)
    yield _Span(begin=at, end=at + account.opening_seconds, kind=Spent.OPENING)
    hand = _Hand(
        account=account,
        zone=zone,
        at=at + account.opening_seconds,
        in_window=account.made_in_window,
        window_began=account.window_began,
        today=account.made_today,
        day_ends=next_day(now, zone),
    )
    yield from hand.spans()


class _Diary:
    """An account's spans as far as somebody asked for, with the jobs ended before each."""

    def __init__(self, spans: Iterator[_Span]) -> None:
        self._rest = spans
        self.spans: list[_Span] = []
        self._begins: list[float] = []
        self._before: list[int] = [0]

    def ended_by(self, moment: float) -> int:
        """How many jobs have ended at a moment."""
        while not self.spans or self.spans[-1].end <= moment:
            span = next(self._rest, None)
            if span is None:
                break
            self.spans.append(span)
            self._begins.append(span.begin)
            self._before.append(self._before[-1] + span.jobs)
        index = bisect_right(self._begins, moment) - 1
        if index < 0:
            return 0
        return self._before[index] + _jobs_by(self.spans[index], moment)


def _jobs_by(span: _Span, moment: float) -> int:
    if not span.jobs:
        return 0
    ended = math.floor((moment - span.begin - span.making) / span.each + 1 + 1e-9)
    return min(span.jobs, max(0, ended))


def _when(enough: Callable[[float], bool], now: float, latest: float) -> float | None:
    """The first moment that is enough; None when that is after `latest`."""
    low, high = now, min(now + _FIRST_LOOK_SECONDS, latest)
    if enough(low):
        return low
    while not enough(high):
        if high >= latest:
            return None
        low, high = high, min(now + 2 * (high - now), latest)
    while high - low > _EXACT_SECONDS:
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _dealt(
    jobs: int,
    only: Mapping[frozenset[str], int],
    accounts: Sequence[Account],
    room: Sequence[int],
) -> list[int]:
    """How many jobs each account gets of those it has time for, what few can make dealt first."""
    left = list(room)
    lots = sorted(only.items(), key=lambda lot: (len(lot[0]), sorted(lot[0])))
    everybody = frozenset(account.crew for account in accounts)
    for crews, number in [*lots, (everybody, jobs - sum(only.values()))]:
        able = [n for n, account in enumerate(accounts) if account.crew in crews]
        _deal(number, able, left)
    return [had - has for had, has in zip(room, left, strict=True)]


def _deal(jobs: int, able: Sequence[int], left: list[int]) -> None:
    """Take jobs off what is left to each of these, in the measure of that."""
    room = sum(left[index] for index in able)
    jobs = min(jobs, room)
    for index in able:
        taken = round(jobs * left[index] / room) if room else 0
        room -= left[index]
        jobs -= taken
        left[index] -= taken


def _share(account: Account, diary: _Diary, count: int, between: tuple[float, float]) -> Share:
    """Where an account's time between two moments goes, until its last job has ended."""
    now, end = between
    if count < diary.ended_by(end):
        end = _when(lambda moment: diary.ended_by(moment) >= count, now, end) or end
    spent = dict.fromkeys(Spent, 0.0)
    for span in diary.spans:
        length = min(span.end, end) - span.begin
        if length < 0:
            break
        if span.jobs:
            begun = math.floor(length / span.each)
            making = begun * span.making + min(length - begun * span.each, span.making)
            spent[Spent.GENERATING] += making
            spent[Spent.PACING] += length - making
        else:
            spent[span.kind] += length
    return Share(
        name=account.name,
        crew=account.crew,
        jobs=count,
        images=round(count * account.images_a_job),
        seconds=spent,
    )


def alike(account: Account, name: str) -> Account:
    """Another account like this one, with nothing used up."""
    return replace(
        account, name=name, ready_at=0.0, made_in_window=0, window_began=None, made_today=0
    )
