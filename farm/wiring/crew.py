"""Who works in a run: browser sessions, image APIs, and fallbacks that step in for them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from farm.backends.api_hand import ApiHand
from farm.backends.seats import take_seats
from farm.browser.profiles import Profile, known_profiles
from farm.catalogue import load_catalogue
from farm.clock import Clock, LocalZone
from farm.config import Settings
from farm.errors import UsageError
from farm.gate import OwnExit, RunGate
from farm.model.causes import Cause
from farm.model.events import RunOptions, Tell
from farm.model.lanes import ANY_LANE
from farm.model.models import Model
from farm.model.moments import clock_time
from farm.model.money import Budget, from_dollars
from farm.model.outcomes import Outcome
from farm.model.schedule import most_sessions, next_turn, sessions_at
from farm.purse import Purse
from farm.reuse import Afresh, DrawnBefore, Reuse
from farm.routing import Occasion, Routing
from farm.settlement import Pace
from farm.steps.keep import part_path
from farm.supervisor import Post
from farm.waiting import DAY_SECONDS, Allowance, always_allowed
from farm.wiring.apis import api_form, choice_of, missing, open_api_hand
from farm.wiring.enlarging import Feeders, feeders_of, upscaler_of
from farm.wiring.opened import Farm
from farm.wiring.profiles import chosen
from farm.wiring.staff import Duty, Shift, post, references_of, wording_of, worker_of
from farm.worker import Worker

WEB = "web"


@dataclass(frozen=True, kw_only=True, slots=True)
class Crew:
    """The sessions of a run, and the teller through which their fallback hears of them."""

    posts: Sequence[Post]
    tell: Tell


def crew_of(farm: Farm, options: RunOptions, gate: RunGate, tell: Tell) -> Crew:
    """Everybody who works; UsageError when somebody who is asked for cannot."""
    settings, began = farm.settings, farm.clock.now()
    apis = {name: _seats(settings, name, farm.clock) for name in apis_of(settings)}
    profiles = _profiles(settings, options)
    regulars = [profile.name for profile in profiles]
    regulars += [f"{name}-{n}" for name in settings.backends for n in apis.get(name, ())]
    routing = Routing(
        regulars=tuple(regulars),
        occasions=tuple(map(Occasion, settings.fallback_when)),
        after_seconds=settings.fallback_after,
        clock=farm.clock,
        tell=tell,
        deadline=options.deadline,
    )
    heard = routing.watching(tell)
    shift = Shift(
        farm=farm, options=options, gate=gate, tell=heard, began=began, reuse=_reuse(farm)
    )
    posts = [post(shift, profile) for profile in profiles]
    purse = purse_of(farm, options, heard)
    upscaler = upscaler_of(settings, farm.clock)
    feeders = feeders_of(settings, farm.clock, apis, upscaler) if upscaler else None
    for name, seats in apis.items():
        desk = ApiDesk(
            shift=replace(shift, gate=OwnExit(gate=gate)),
            backend=name,
            purse=purse,
            # A fallback that is a regular backend as well is one: it takes everybody's jobs.
            routing=None if name in settings.backends else routing,
            seats=seats,
            upscaler=upscaler,
            feeders=feeders if upscaler and upscaler.backend == name else None,
        )
        posts += [desk.post(number) for number in seats]
    return Crew(posts=posts, tell=heard)


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiDesk:
    """One API and its sessions."""

    shift: Shift
    backend: str
    purse: Purse
    routing: Routing | None  # of a fallback; None: it takes everybody's jobs
    seats: tuple[int, ...]  # the numbers of its sessions
    upscaler: Model | None = None  # what it draws small is enlarged by it
    feeders: Feeders | None = None  # of the one that enlarges: for whose pictures it stays

    def post(self, number: int) -> Post:
        """The n-th session of it."""
        name = f"{self.backend}-{number}"
        return Post(name=name, hire=lambda: self._worker(number))

    def _worker(self, number: int) -> Worker:
        farm = self.shift.farm
        hand = self._hand(number)
        form = api_form(choice_of(farm.settings, self.backend, farm.clock, hand.choice.catalogue))
        duty = Duty(
            pace=Pace(seconds=_pace(farm.settings, self.shift.options)),
            wording=wording_of(farm, form),
            evidence=None,
            allowance=self._allowance(number),
            hopes=partial(self._hopes, hand) if self.routing or self.feeders else None,
            beside=partial(self._beside, number),
        )
        return worker_of(self.shift, hand, duty)

    def _hand(self, number: int) -> ApiHand:
        farm = self.shift.farm
        return open_api_hand(
            farm.settings,
            self.backend,
            number,
            clock=farm.clock,
            purse=self.purse,
            names=self._names,
            catalogue=load_catalogue(farm.settings.home),
            upscaler=self.upscaler,
        )

    def _names(self) -> Sequence[str]:
        if self.routing is None:
            return (self.backend, ANY_LANE)
        return self.routing.names(self.backend)

    def _hopes(self, hand: ApiHand) -> Sequence[str]:
        """Its own jobs, everybody's while it may still step in, and those it may yet enlarge."""
        at_work = self.shift.gate.at_work
        may_open = self.routing is None or self.routing.may_open(at_work)
        own = hand.lanes_of((self.backend, ANY_LANE)) if may_open else hand.lanes
        return (*own, *(self.feeders.hopes(at_work) if self.feeders else ()))

    def _allowance(self, number: int) -> Allowance:
        """What the schedule says: the n-th session works while so many may."""
        farm = self.shift.farm
        schedule, usual = farm.settings.api_schedule, farm.settings.api_concurrency
        if not schedule.spans:
            return always_allowed

        async def denied() -> tuple[float, Outcome] | None:
            now, zone = farm.clock.now(), LocalZone()
            turn = min(next_turn(schedule, number, now, zone, usual), now + DAY_SECONDS)
            if turn <= now:
                return None
            text = (
                f"FARM_API_SCHEDULE ({schedule}) keeps {self.backend} at "
                f"{sessions_at(schedule, now, zone, usual)} sessions. Next image from "
                f"{clock_time(turn, now, zone)} on."
            )
            return turn, Outcome(cause=Cause.LIMITED_HOURS, message=text)

        return denied

    def _beside(self, number: int) -> bool:
        """Whether the session before this one is at work: while one works, the rest may wait."""
        before = [seat for seat in self.seats if seat < number]
        return bool(before) and f"{self.backend}-{max(before)}" in self.shift.gate.at_work


def _reuse(farm: Farm) -> Reuse:
    """Who looks for equal rows, where the user wants that."""
    settings = farm.settings
    if not settings.reuse:
        return Afresh()
    resolve = references_of(settings)

    async def digest(references: Sequence[str]) -> list[str]:
        return [found.sha256 for found in await resolve(references)]

    return DrawnBefore(
        book=farm.store,
        downloads=settings.downloads_dir,
        part_path=partial(part_path, settings.downloads_dir),
        digest=digest,
    )


def _profiles(settings: Settings, options: RunOptions) -> Sequence[Profile]:
    """The browser profiles of a run; none where APIs alone can work."""
    if WEB not in settings.backends:
        return ()
    others = len(settings.backends) > 1 and not options.profiles
    return () if others and not known_profiles(settings) else chosen(settings, options)


def purse_of(farm: Farm, options: RunOptions, tell: Tell) -> Purse:
    """What a run may pay from."""
    settings = farm.settings
    moment = datetime.fromtimestamp(farm.clock.now()).astimezone()
    return Purse(
        ledger=farm.store,
        run=f"{moment:%Y%m%d-%H%M%S}-{os.getpid()}",
        budget=budget_of(settings),
        clock=farm.clock,
        tell=tell,
        allows_unknown=options.yes,
    )


def budget_of(settings: Settings) -> Budget:
    """What the user allows."""
    return Budget(
        a_day_microusd=_bound(settings.budget_day), a_run_microusd=_bound(settings.budget_run)
    )


def _bound(usd: float) -> int | None:
    return from_dollars(usd) if usd else None


def apis_of(settings: Settings) -> list[str]:
    """The APIs a run uses, each once, those that work from the beginning first.

    UsageError says what is missing for one.
    """
    if WEB in settings.fallback:
        raise UsageError("web cannot be a fallback: name it among FARM_BACKENDS.")
    wanted = dict.fromkeys((*settings.backends, *settings.fallback))
    apis = [name for name in wanted if name != WEB]
    for lack in filter(None, (missing(settings, api) for api in apis)):
        raise UsageError(lack)
    return apis


def _seats(settings: Settings, backend: str, clock: Clock) -> tuple[int, ...]:
    """The numbers of the sessions of an API that no other process has."""
    usual, now = settings.api_concurrency, clock.now()
    wanted = most_sessions(settings.api_schedule, now, LocalZone(), usual)
    if not wanted:
        raise UsageError(f"FARM_API_SCHEDULE ({settings.api_schedule}) never lets anybody work.")
    seats = take_seats(settings.home, backend, wanted)
    for seat in seats:
        seat.leave()  # each session takes its own when it begins
    return tuple(seat.number for seat in seats)


def _pace(settings: Settings, options: RunOptions) -> float:
    asked = options.pace_seconds
    return settings.api_pace_seconds if asked is None else asked
