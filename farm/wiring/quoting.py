"""What a run may cost at the APIs it uses, reckoned from the open jobs before anybody is hired."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from farm.backends.choice import Choice
from farm.catalogue import load_catalogue
from farm.errors import Ended, PersonNeeded
from farm.model.demand import Demand
from farm.model.events import RunOptions
from farm.model.lanes import ANY_LANE
from farm.model.money import from_dollars
from farm.model.prompts import Size
from farm.model.quote import Agree, Lot, Quote, for_jobs
from farm.steps.keeper import measure
from farm.wiring.apis import choice_of
from farm.wiring.crew import apis_of, budget_of
from farm.wiring.opened import Farm


async def agreed(farm: Farm, options: RunOptions, agree: Agree, stop: asyncio.Event) -> RunOptions:
    """The options of a run that may spend what it may cost; the user is asked if that is much.

    PersonNeeded when the user does not agree, UsageError when an API cannot be used at all.
    """
    quote = None if options.yes else await quote_of(farm, options)
    above = from_dollars(farm.settings.confirm_above)
    if quote is None or not quote.needs_consent(above):
        return options
    if not await _unless_stopped(agree(quote), stop):
        raise PersonNeeded("You did not agree to the costs: nothing was started, nothing is spent.")
    return replace(options, yes=True)


async def quote_of(farm: Farm, options: RunOptions) -> Quote | None:
    """What the open jobs may cost at worst; None for a run without APIs."""
    reckoning = _Reckoning(desks=_desks(farm))
    if not reckoning.desks:
        return None
    lanes = sorted({lane for desk in reckoning.desks for lane in desk.lanes})
    demands = await farm.store.demands(lanes)
    lots = [await reckoning.lot(one) for one in demands]
    today = datetime.fromtimestamp(farm.clock.now()).astimezone()
    return Quote(
        lots=for_jobs(lots, options.limit),
        budget=budget_of(farm.settings),
        spent_today=await farm.store.spent(day=f"{today:%Y-%m-%d}"),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Desk:
    """An API of the run, and the lanes it may come to serve."""

    choice: Choice
    lanes: frozenset[str]


def _desks(farm: Farm) -> list[_Desk]:
    catalogue = load_catalogue(farm.settings.home)
    found = [choice_of(farm.settings, api, farm.clock, catalogue) for api in apis_of(farm.settings)]
    return [_Desk(choice=one, lanes=frozenset(one.lanes((one.backend, ANY_LANE)))) for one in found]


@dataclass(kw_only=True)
class _Reckoning:
    """What each demand costs at the dearest of those who may take it up."""

    desks: Sequence[_Desk]
    _measured: dict[str, Size | None] = field(default_factory=dict)

    async def lot(self, demand: Demand) -> Lot:
        """Its jobs at the dearest price; at none when somebody's is not known."""
        original = await self._size(demand.original) if demand.original else None
        choices = [desk.choice for desk in self.desks if demand.lane in desk.lanes]
        prices = [(choice, _price(choice, demand, original)) for choice in choices]
        known = [price for _, price in prices if price is not None]
        unknown = [choice for choice, price in prices if price is None]
        return Lot(
            jobs=demand.jobs,
            microusd=None if unknown else max(known, default=0),
            row=demand.row,
            models=tuple(f"{one.backend} {one.model_of(demand.prompt).id}" for one in unknown),
        )

    async def _size(self, name: str) -> Size | None:
        """Of a picture on this machine; None for one that would have to be fetched first."""
        if name not in self._measured:
            width, height = await asyncio.to_thread(measure, Path(name))
            self._measured[name] = Size(width, height) if width and height else None
        return self._measured[name]


def _price(choice: Choice, demand: Demand, original: Size | None) -> int | None:
    try:
        return choice.price(demand.prompt, chars=demand.chars, original=original)
    except Ended:  # it will be refused before anything is paid
        return 0


async def _unless_stopped(answer: Awaitable[bool], stop: asyncio.Event) -> bool:
    """The answer; no for a run that is stopped while the user thinks."""
    asked, stopped = asyncio.ensure_future(answer), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({asked, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return asked.result() if asked.done() else False
    finally:
        asked.cancel()
        stopped.cancel()
