"""Gathers what a plan is made from: queue, files, accounts and their past."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import chain

from farm.backends.web import ABILITIES
from farm.config import Settings, allowance_of
from farm.model.allowance import Allowance
from farm.model.demand import Demand, demands_of
from farm.model.jobs import ENDED_STATES
from farm.model.lanes import ANY_LANE, WEB_LANE, lanes_served, session_lane
from farm.model.moments import start_of_day
from farm.model.plan import Facts, Known
from farm.model.prompts import Prompt
from farm.model.sessions import Session
from farm.model.sources import SourceOptions
from farm.sources.child import read_in_child
from farm.sources.errand import Errand
from farm.sources.names import queue_of
from farm.store.facade import Store

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
    settings: Settings, store: Store, asked: Asked, *, now: float, zone: tzinfo
) -> Facts:
    """Everything that a plan rests on; nothing is stored, sent or opened."""
    lanes = [*lanes_served((ANY_LANE, WEB_LANE), ABILITIES), *map(session_lane, asked.profiles)]
    today = (await store.made_by_day([start_of_day(now, zone)])) if asked.profiles else {}
    accounts = [
        Known(
            session=await store.session(name),
            allowance=allowance_of(settings, name),
            tries=await store.tries(name),
            limits=await store.limits(name),
            made_today=today.get(name, (0,))[-1],
        )
        for name in asked.profiles
    ]
    new = [await _new_rows(settings, store, asked, source) for source in asked.sources]
    return Facts(
        in_queue=await store.left_for(lanes),
        in_files=sum(demand.jobs for rows in new for demand in rows),
        demands=(*await store.demands(lanes), *chain.from_iterable(new)),
        counts=await store.counts(),
        paused=tuple(sorted(await store.paused())),
        accounts=(*accounts, *_new_accounts(settings, asked.more)),
        pace_seconds=settings.prompt_delay_seconds,
        longest_try_seconds=2 * settings.generation_timeout_seconds,
    )


def _new_accounts(settings: Settings, count: int) -> list[Known]:
    """Accounts that nothing is known about, under the rules for all."""
    allowance = Allowance(
        hours=settings.working_hours, cap=settings.daily_cap, reserve=settings.daily_reserve
    )
    return [
        Known(session=Session(name=_NEW_ACCOUNT.format(number)), allowance=allowance, exists=False)
        for number in range(1, count + 1)
    ]


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
