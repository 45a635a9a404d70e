"""Gathers what a plan is made from: queue, files, accounts, APIs and their past."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import chain

from farm.backends.web import ABILITIES
from farm.catalogue import load_catalogue
from farm.clock import Clock
from farm.config import Settings, allowance_of
from farm.model.allowance import Allowance
from farm.model.demand import Demand, demands_of
from farm.model.jobs import ENDED_STATES
from farm.model.lanes import ANY_LANE, WEB_LANE, Need, lanes_served, session_lane
from farm.model.moments import start_of_day
from farm.model.plan import Facts, Known
from farm.model.prompts import Prompt
from farm.model.schedule import hours_of, most_sessions
from farm.model.sessions import Session
from farm.model.sources import SourceOptions
from farm.settings.backends import BACKEND_NAMES
from farm.sources.child import read_in_child
from farm.sources.errand import Errand
from farm.sources.names import queue_of
from farm.store.facade import Store
from farm.wiring.apis import choice_of, missing

_NEW_ACCOUNT = "new account {}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is to be planned."""

    profiles: Sequence[str]
    more: int = 0  # accounts that do not exist yet
    sources: Sequence[str] = ()
    reading: SourceOptions = SourceOptions()  # noqa: RUF009  # frozen
    queue: str = ""  # for the sources, instead of their names


async def gather(
    settings: Settings, store: Store, asked: Asked, *, clock: Clock, zone: tzinfo
) -> Facts:
    """Everything that a plan rests on; nothing is stored, sent or opened."""
    accounts = [*await _accounts(settings, store, asked, start_of_day(clock.now(), zone))]
    accounts += _new_accounts(settings, asked.more)
    accounts += await _api_sessions(settings, store, clock.now(), zone)
    served = _served(settings, accounts, clock)
    queued = await store.demands(_lanes(served))
    new = [await _new_rows(settings, store, asked, source) for source in asked.sources]
    rows = tuple(chain.from_iterable(new))
    makers = {d.lane: _makers(d.lane, served) for d in (*queued, *rows)}
    able = [demand for demand in (*queued, *rows) if makers[demand.lane]]
    return Facts(
        in_queue=sum(demand.jobs for demand in queued if makers[demand.lane]),
        in_files=sum(demand.jobs for demand in rows if makers[demand.lane]),
        only=_by_makers(able, makers, served),
        left_out=_left_to_nobody((*queued, *rows), makers),
        lacking={api: lack for api in _apis(settings) if (lack := missing(settings, api))},
        stand_by=tuple(api for api in _apis(settings) if api not in settings.backends),
        demands=tuple(able),
        counts=await store.counts(),
        paused=tuple(sorted(await store.paused())),
        accounts=tuple(accounts),
        pace_seconds=settings.prompt_delay_seconds,
        api_pace_seconds=settings.api_pace_seconds,
        longest_try_seconds=2 * settings.generation_timeout_seconds,
    )


async def _accounts(
    settings: Settings, store: Store, asked: Asked, midnight: float
) -> Sequence[Known]:
    today = (await store.made_by_day([midnight])) if asked.profiles else {}
    return [
        Known(
            session=await store.session(name),
            allowance=allowance_of(settings, name),
            tries=await store.tries(name),
            limits=await store.limits(name),
            made_today=today.get(name, (0,))[-1],
        )
        for name in asked.profiles
    ]


def _new_accounts(settings: Settings, count: int) -> list[Known]:
    """Accounts that nothing is known about, under the rules for all."""
    allowance = Allowance(
        hours=settings.working_hours, cap=settings.daily_cap, reserve=settings.daily_reserve
    )
    return [
        Known(session=Session(name=_NEW_ACCOUNT.format(number)), allowance=allowance, exists=False)
        for number in range(1, count + 1)
    ]


async def _api_sessions(
    settings: Settings, store: Store, now: float, zone: tzinfo
) -> Sequence[Known]:
    """As many of each API as may ever work at once, in the hours of their schedule."""
    schedule, usual = settings.api_schedule, settings.api_concurrency
    numbers = range(1, most_sessions(schedule, now, zone, usual) + 1)
    return [
        Known(
            session=await store.session(f"{api}-{number}"),
            backend=api,
            allowance=Allowance(hours=hours_of(schedule, number, usual)),
            tries=await store.tries(f"{api}-{number}"),
        )
        for api in _apis(settings)
        for number in numbers
    ]


def _apis(settings: Settings) -> Sequence[str]:
    """Those a run uses, the fallbacks last."""
    wanted = dict.fromkeys((*settings.backends, *settings.fallback))
    return [name for name in wanted if name != WEB_LANE]


def _served(
    settings: Settings, accounts: Iterable[Known], clock: Clock
) -> Mapping[str, frozenset[str]]:
    """The lanes that each backend with somebody at work may take jobs from."""
    catalogue = load_catalogue(settings.home)
    found: dict[str, frozenset[str]] = {}
    for known in accounts:
        backend = known.backend
        if backend not in found:
            names = (backend, ANY_LANE) if backend in settings.backends else (backend,)
            lanes = (
                lanes_served(names, ABILITIES)
                if backend == WEB_LANE
                else choice_of(settings, backend, clock, catalogue).lanes(names)
            )
            found[backend] = frozenset(lanes)
        found[backend] |= {session_lane(known.session.name)}
    return found


def _lanes(served: Mapping[str, frozenset[str]]) -> Sequence[str]:
    """Every lane that a row may stand in, and those of the sessions at work."""
    every = lanes_served((ANY_LANE, *BACKEND_NAMES), Need)
    return sorted({*every, *chain.from_iterable(served.values())})


def _makers(lane: str, served: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset(backend for backend, lanes in served.items() if lane in lanes)


def _by_makers(
    able: Iterable[Demand],
    makers: Mapping[str, frozenset[str]],
    served: Mapping[str, frozenset[str]],
) -> Mapping[frozenset[str], int]:
    """How many jobs not every backend at work can make, by those that can."""
    found: Counter[frozenset[str]] = Counter()
    for demand in able:
        if makers[demand.lane] != served.keys():
            found[makers[demand.lane]] += demand.jobs
    return found


def _left_to_nobody(
    demands: Iterable[Demand], makers: Mapping[str, frozenset[str]]
) -> Mapping[str, int]:
    """By lane, how many jobs nobody at work can make."""
    found: Counter[str] = Counter()
    for demand in demands:
        if not makers[demand.lane]:
            found[demand.lane] += demand.jobs
    return found


async def _new_rows(
    settings: Settings, store: Store, asked: Asked, source: str
) -> tuple[Demand, ...]:
    """Rows of a source that an import would add to the queue, or draw again."""
    standing = await store.standing(asked.queue or queue_of(source))
    errand = Errand.of(settings, source, asked.reading)
    with await asyncio.to_thread(read_in_child, errand) as batch:
        return await asyncio.to_thread(
            lambda: demands_of(
                Prompt.from_payload(json.loads(row.payload))
                for row in batch.rows
                if row.prompt_id not in standing
                or (row.regenerate and standing[row.prompt_id] in ENDED_STATES)
            )
        )
