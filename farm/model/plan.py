"""A plan: the likely course of a queue, its range, what it rests on and what would change it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any

from farm.model.allowance import Allowance
from farm.model.causes import Cause
from farm.model.counting import counted
from farm.model.demand import Demand
from farm.model.experience import (
    API_SECONDS,
    PAGE_SECONDS,
    Estimate,
    QuotaEstimate,
    Try,
    quota_of,
    seconds_a_try,
    tries_a_job,
    working_tries,
)
from farm.model.forecast import Account, Course, Spent, alike, forecast
from farm.model.hours import ALWAYS
from farm.model.jobs import JobState
from farm.model.lanes import WEB_LANE
from farm.model.limits import Limit
from farm.model.sessions import Session, SessionState

OPENING_SECONDS = 5.0  # a browser's start and the proof of its sign-in
_ENOUGH_JOBS = 20  # ended, before their fates tell anything
_LEAST_SHARE = 0.01
_WORTH_TELLING_SECONDS = 60.0
_OWN_RULES = frozenset({Cause.LIMITED_CAP, Cause.LIMITED_HOURS})  # reckoned anew
_WAITS = frozenset({SessionState.PACING, SessionState.RESTING})
_WAS_WORKED = (JobState.COMPLETED, JobState.FAILED, JobState.REVIEW)


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is known about one account, or about one session of an API."""

    session: Session
    allowance: Allowance
    backend: str = WEB_LANE
    tries: tuple[Try, ...] = ()  # the newest, oldest first
    limits: tuple[Limit, ...] = ()
    made_today: int = 0
    exists: bool = True  # False: an account that the user thinks of adding


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """Everything a plan is made from."""

    in_queue: int  # open jobs that these accounts may get
    in_files: int  # rows that the queue does not hold yet
    only: Mapping[frozenset[str], int] = field(default_factory=dict)  # of both, by who can alone
    left_out: Mapping[str, int] = field(default_factory=dict)  # by lane, what none of these can
    lacking: Mapping[str, str] = field(default_factory=dict)  # by API, what it needs to work
    stand_by: tuple[str, ...] = ()  # fallbacks, reckoned only with rows that name them
    demands: tuple[Demand, ...] = ()  # what all of them ask for
    counts: Mapping[JobState, int]
    paused: tuple[str, ...] = ()  # queues; "" stands for all
    accounts: tuple[Known, ...]
    pace_seconds: float
    api_pace_seconds: float = 0.0
    longest_try_seconds: float  # what took longer lay asleep between


@dataclass(frozen=True, kw_only=True, slots=True)
class Basis:
    """What the forecast of one account rests on."""

    name: str
    backend: str
    exists: bool
    needs_person: bool  # then it is left out
    seconds: Estimate  # a try takes
    tries: Estimate  # a job takes
    quota: QuotaEstimate | None  # None: an API, whose limits are not foreseen
    allowance: Allowance
    made_today: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Faster:
    """A change, and when the queue would be done with it."""

    what: str
    done_at: float
    sooner_seconds: float | None  # None: without the change it is never done


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How a queue will go, as far as can be known. Times are epoch seconds."""

    now: float
    until: float | None
    in_queue: int
    in_files: int
    left_out: Mapping[str, int]
    lacking: Mapping[str, str]
    stand_by: tuple[str, ...]
    images_a_job: float
    images_basis: str
    likely: Course
    best: Course
    worst: Course
    bases: tuple[Basis, ...]
    held_back_by: Spent | None  # what takes the most of the time
    faster: tuple[Faster, ...]
    paused: tuple[str, ...]  # queues whose jobs are reckoned as if it were not so

    @property
    def jobs(self) -> int:
        """All that is to be done."""
        return self.in_queue + self.in_files


def lay_out(facts: Facts, *, now: float, zone: tzinfo, until: float | None = None) -> Plan:
    """Reckon the likely course of a queue, the best and the worst one."""
    yields, words = _images_a_job(facts.counts)
    team = _Team(facts=facts, bases=_bases(facts, yields), yields=yields, now=now)
    jobs = facts.in_queue + facts.in_files

    def course(accounts: Sequence[Account], end: float | None = until) -> Course:
        return forecast(jobs, accounts, now=now, zone=zone, until=end, only=facts.only)

    likely = course(team.accounts("likely"))
    return Plan(
        now=now,
        until=until,
        in_queue=facts.in_queue,
        in_files=facts.in_files,
        left_out=facts.left_out,
        lacking=facts.lacking,
        stand_by=facts.stand_by,
        images_a_job=yields,
        images_basis=words,
        likely=likely,
        best=course(team.accounts("best")),
        worst=course(team.accounts("worst")),
        bases=team.bases,
        held_back_by=_held_back_by(likely),
        faster=tuple(_faster(team.accounts("likely"), lambda a: course(a, None).done_at)),
        paused=facts.paused,
    )


def _images_a_job(counts: Mapping[JobState, int]) -> tuple[float, str]:
    ended = sum(counts.get(state, 0) for state in _WAS_WORKED)
    if ended < _ENOUGH_JOBS:
        return 1.0, "assumed: every job ends with an image, because too few have ended yet"
    share = max(counts.get(JobState.COMPLETED, 0) / ended, _LEAST_SHARE)
    return (
        share,
        f"measured: {share:.0%} of the jobs end with an image, from {counted(ended, 'job')}",
    )


def _bases(facts: Facts, yields: float) -> tuple[Basis, ...]:
    longest = facts.longest_try_seconds
    crews: dict[str, list[Try]] = {}
    for known in facts.accounts:
        crews.setdefault(known.backend, []).extend(working_tries(known.tries, longest))
    return tuple(
        _basis(known, working_tries(known.tries, longest), crews[known.backend], yields)
        for known in facts.accounts
    )


def _basis(known: Known, own: Sequence[Try], crews: Sequence[Try], yields: float) -> Basis:
    """By its own tries and those of its crew."""
    on_page = known.backend == WEB_LANE
    return Basis(
        name=known.session.name,
        backend=known.backend,
        exists=known.exists,
        needs_person=known.session.state is SessionState.NEEDS_PERSON,
        seconds=seconds_a_try(
            own,
            crews,
            assumed=PAGE_SECONDS if on_page else API_SECONDS,
            everyone="all accounts" if on_page else f"all sessions of {known.backend}",
        ),
        tries=tries_a_job(crews, yields),
        quota=quota_of(known.limits, known.session.mode, _made_at(known)) if on_page else None,
        allowance=known.allowance,
        made_today=known.made_today,
    )


def _made_at(known: Known) -> list[float]:
    return [one.ended for one in known.tries if one.cause is Cause.MADE]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Team:
    """All accounts, as one of the three courses sees them."""

    facts: Facts
    bases: tuple[Basis, ...]
    yields: float
    now: float

    def accounts(self, which: str) -> list[Account]:
        """Those that can work; `which` value of each estimate is taken."""
        pairs = zip(self.facts.accounts, self.bases, strict=True)
        return [self._account(k, b, which) for k, b in pairs if not b.needs_person]

    def _account(self, known: Known, basis: Basis, which: str) -> Account:
        tries = getattr(basis.tries, which)
        quota = getattr(basis.quota, which) if basis.quota else None
        session, on_page = known.session, known.backend == WEB_LANE
        pace = self.facts.pace_seconds if on_page else self.facts.api_pace_seconds
        since = max((limit.at for limit in known.limits), default=0.0)
        if quota and quota.from_first:
            since = max(since, self.now - quota.seconds)
        in_window = [at for at in _made_at(known) if at > since]
        waits = session.state in _WAITS and session.cause not in _OWN_RULES
        return Account(
            name=session.name,
            generating_seconds=tries * getattr(basis.seconds, which),
            pacing_seconds=tries * pace,
            crew=known.backend,
            images_a_job=self.yields,
            opening_seconds=OPENING_SECONDS if on_page else 0.0,
            ready_at=session.next_ready_at if waits else 0.0,
            quota=quota,
            made_in_window=len(in_window),
            window_began=min(in_window, default=None),
            allowance=known.allowance,
            made_today=known.made_today,
        )


def _held_back_by(course: Course) -> Spent | None:
    """What most of the accounts' time goes to."""
    spent = {kind: sum(s.seconds[kind] for s in course.shares) for kind in Spent}
    most = max(spent, key=lambda kind: spent[kind])
    return most if spent[most] else None


def _faster(
    accounts: Sequence[Account], done: Callable[[Sequence[Account]], float | None]
) -> Iterator[Faster]:
    """What the user could change; each with the moment the queue would then be done."""
    before = done(accounts)
    for what, changed in _changes(accounts):
        after = done(changed)
        sooner = None if before is None or after is None else before - after
        if after is not None and (sooner is None or sooner >= _WORTH_TELLING_SECONDS):
            yield Faster(what=what, done_at=after, sooner_seconds=sooner)


def _changes(accounts: Sequence[Account]) -> Iterator[tuple[str, Sequence[Account]]]:
    on_page = [account for account in accounts if account.crew == WEB_LANE]
    if on_page:
        yield "one more account", [*accounts, alike(on_page[0], "one more")]
    if any(account.allowance.cap for account in accounts):
        yield "no daily cap", [_allowed(a, cap=0, reserve=0) for a in accounts]
    if any(account.allowance.reserve for account in accounts):
        yield "no daily reserve", [_allowed(a, reserve=0) for a in accounts]
    if any(account.allowance.hours.windows for account in accounts):
        yield "working around the clock", [_allowed(a, hours=ALWAYS) for a in accounts]


def _allowed(account: Account, **changes: Any) -> Account:
    return replace(account, allowance=replace(account.allowance, **changes))
