"""One-shot commands: a few jobs made at once, by hands that take nothing else.

They are jobs of the store like any other, in a lane of their own for as long as the command runs.
What is left when it ends, or was left by one that was killed, goes to the lanes of everybody.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace

from farm.backends.seats import Seat, is_free, take_seats
from farm.backends.web import ABILITIES
from farm.catalogue import load_catalogue
from farm.config import Settings
from farm.errors import Ended, PersonNeeded, UsageError
from farm.gate import OwnExit, RunGate
from farm.model.causes import NEEDS_PERSON, Cause
from farm.model.events import AttemptEnded, JobChanged, RunEvent, RunOptions, Tell
from farm.model.images import Image
from farm.model.jobs import ENDED_STATES, OPEN_STATES, AttemptFacts, Job
from farm.model.lanes import lanes_served, once_lane, once_number, session_lane
from farm.model.prompts import Prompt, SourceRow
from farm.model.sessions import ONCE, Session, once_command
from farm.purse import Purse
from farm.settlement import Pace
from farm.sites.gemini.evidence import PageEvidence
from farm.steps.cover import cover
from farm.supervisor import Post, Supervisor
from farm.waiting import always_allowed
from farm.wiring.apis import api_form, api_of, choice_of, open_api_hand
from farm.wiring.beside import finishing_of
from farm.wiring.crew import WEB, purse_of
from farm.wiring.opened import Farm, open_farm
from farm.wiring.outgoing import outbox_of
from farm.wiring.profiles import chosen
from farm.wiring.staff import (
    Duty,
    Shift,
    allowance,
    open_hand,
    pace,
    wording_of,
    worker_of,
)
from farm.wiring.telling import telling
from farm.worker import Worker

QUEUE = "generate"
_AS_GIVEN = NEEDS_PERSON | {Cause.UNSUPPORTED}  # another try of the same command ends the same


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """What is to be made at once; all rows name the same backend."""

    prompts: tuple[Prompt, ...]
    profile: str = ""  # for the page; "" takes the first there is
    yes: bool = False  # the user agreed to a price that nobody knows

    @property
    def backend(self) -> str:
        """Who makes them."""
        return self.prompts[0].backend


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """What became of one picture."""

    job: Job
    images: tuple[Image, ...]  # those that were kept, first one first
    text: str  # what was sent for it
    seconds: float  # spent on attempts


@dataclass(frozen=True, kw_only=True, slots=True)
class Once:
    """What became of an errand."""

    made: tuple[Made, ...]
    spent_microusd: int  # of all attempts, those that failed too
    message: str = ""  # why something is left

    @property
    def left(self) -> int:
        """Jobs that are still open."""
        return sum(one.job.state in OPEN_STATES for one in self.made)


async def make_now(
    settings: Settings, errand: Errand, *, on_event: Tell, stop: asyncio.Event
) -> Once:
    """Make an errand's pictures; returns when all have ended, or nothing more can be done now.

    UsageError when the API does not take the key or the model, PersonNeeded when it cannot be asked
    now: nothing is queued then.
    """
    settings = replace(settings, backends=(errand.backend,), fallback=(), person_wait_seconds=0.0)
    async with AsyncExitStack() as stack:
        farm = await stack.enter_async_context(open_farm(settings))
        options = RunOptions(profiles=(errand.profile,) if errand.profile else (), yes=errand.yes)
        await _prove(farm, errand.backend, options)
        number = stack.enter_context(_numbered(settings))
        await release_left(farm, own=number)
        tell = await stack.enter_async_context(telling(farm, options, on_event))
        async with _finishing(farm, tell) as heard:
            return await _worked(farm, errand, _Desk(options, number, heard, stop))


async def _worked(farm: Farm, errand: Errand, desk: _Desk) -> Once:
    """Queue the rows, work them, and say what became of them."""
    async with _queued(farm, errand.prompts, once_lane(desk.number)) as ids:
        waited = Waited(ids=set(ids), stop=desk.stop)
        tell = waited.watching(desk.tell)
        purse = purse_of(farm, desk.options, tell)
        gate = RunGate(stop=desk.stop)
        crew = _Crew(
            farm=farm, options=desk.options, number=desk.number, purse=purse, tell=tell, gate=gate
        )
        posts = await crew.posts(errand)
        supervisor = Supervisor(
            posts=posts, store=farm.store, queues=[QUEUE], clock=farm.clock, tell=tell
        )
        await supervisor.run()
        if supervisor.refused:
            raise supervisor.refused[0]
        return Once(
            made=tuple([await _made(farm, job_id, waited) for job_id in ids]),
            spent_microusd=await farm.store.spent(run=purse.run),
            message=await _why_left(farm, posts),
        )


@dataclass(frozen=True, slots=True)
class _Desk:
    """What one command works with."""

    options: RunOptions
    number: int
    tell: Tell
    stop: asyncio.Event


@asynccontextmanager
async def _finishing(farm: Farm, tell: Tell) -> AsyncIterator[Tell]:
    """The same teller, heard by those who make copies and deliver them."""
    async with (
        await outbox_of(farm, tell) as outbox,
        await finishing_of(farm, outbox, [QUEUE]) as finishing,
    ):
        yield finishing.watching(tell)


async def release_left(farm: Farm, own: int | None = None) -> int:
    """Leave to everybody the jobs of one-shot commands that were killed; how many.

    A command that lives holds its number. `own` is held by the caller, so no other one has it.
    What was sent for such a job goes to the first session of its backend, which asks about it.
    """
    free: dict[int, bool] = {}

    def is_over(number: int) -> bool:
        if number not in free:
            free[number] = number == own or is_free(farm.settings.home, ONCE, number)
        return free[number]

    for session in await farm.store.sessions():
        if (number := once_command(session.name)) is not None and is_over(number):
            await farm.store.bequeath(session.name, f"{session.name.split('-')[2]}-1")
    after: int | None = 0
    moved = 0
    while after is not None:
        page = await farm.store.page(queues=[QUEUE], states=[*OPEN_STATES], after=after, limit=500)
        for job in page.jobs:
            if (number := once_number(job.lane)) is not None and is_over(number):
                moved += await farm.store.reroute([job.id], job.prompt.lane)
        after = page.after
    return moved


@dataclass(kw_only=True)
class Waited:
    """Ends the run as soon as the jobs it is about have ended."""

    ids: set[int]
    stop: asyncio.Event
    seconds: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))

    def watching(self, tell: Tell) -> Tell:
        """The same teller, with an ear for the ends of these jobs."""

        def listen(event: RunEvent) -> None:
            tell(event)
            if isinstance(event, AttemptEnded):
                self.seconds[event.job.id] += event.seconds
            elif isinstance(event, JobChanged) and event.job.state in ENDED_STATES:
                self.ids.discard(event.job.id)
                if not self.ids:
                    self.stop.set()

        return listen


@dataclass(frozen=True, kw_only=True, slots=True)
class _Crew:
    """The sessions of one command."""

    farm: Farm
    options: RunOptions
    number: int
    purse: Purse
    tell: Tell
    gate: RunGate

    async def posts(self, errand: Errand) -> list[Post]:
        """As many as can be used at the same time; one for the page, at its own pace."""
        if errand.backend == WEB:
            return [self._page()]
        count = min(len(errand.prompts), self.farm.settings.api_concurrency)
        family = f"{ONCE}-{self.number}-{errand.backend}"
        for n in range(1, count + 1):  # what an earlier command met says nothing about this one
            made = (await self.farm.store.session(f"{family}-{n}")).made
            await self.farm.store.save_session(Session(name=f"{family}-{n}", made=made))
        return [self._api(errand.backend, family, n) for n in range(1, count + 1)]

    def _api(self, backend: str, family: str, number: int) -> Post:
        seat = Seat(self.farm.settings.home, family, number)

        def hire() -> Worker:
            hand = open_api_hand(
                self.farm.settings, backend, number, clock=self.farm.clock, purse=self.purse,
                names=lambda: (once_lane(self.number),),
            )  # fmt: skip
            duty = Duty(
                pace=Pace(seconds=self.farm.settings.api_pace_seconds),
                wording=wording_of(self.farm, api_form(hand.choice)),
                evidence=None,
                allowance=always_allowed,
            )
            return worker_of(self._shift(), replace(hand, seat=seat), duty)

        return Post(name=seat.name, hire=hire)

    def _page(self) -> Post:
        farm, options = self.farm, self.options
        profile = chosen(farm.settings, options)[0]

        def hire() -> Worker:
            hand = open_hand(farm.settings, profile, options, farm.clock)
            own = lanes_served((once_lane(self.number),), ABILITIES)
            hand.lanes = (*own, session_lane(profile.name))
            duty = Duty(
                pace=pace(farm.settings, options),
                wording=wording_of(farm),
                evidence=PageEvidence(page=hand.page, paint=cover),
                allowance=allowance(farm, profile.name),
            )
            return worker_of(self._shift(), hand, duty)

        return Post(name=profile.name, hire=hire)

    def _shift(self) -> Shift:
        return Shift(
            farm=self.farm, options=self.options, gate=OwnExit(gate=self.gate), tell=self.tell,
            began=self.farm.clock.now(),
        )  # fmt: skip


async def _prove(farm: Farm, backend: str, options: RunOptions) -> None:
    """See that the API takes key and model, or the profile exists, before anything is queued."""
    if backend == WEB:
        chosen(farm.settings, options)
        return
    settings, clock = farm.settings, farm.clock
    choice = choice_of(settings, backend, clock, load_catalogue(settings.home))
    try:
        choice.prove()
        async with api_of(settings, backend, clock, choice.catalogue) as api:
            await api.check()
    except Ended as ended:
        outcome = ended.outcome
        text = f"{backend} cannot be used now ({outcome.cause}): {outcome.message}"
        kind = UsageError if outcome.cause in _AS_GIVEN else PersonNeeded
        raise kind(f"Nothing was queued: {text}") from ended


@contextmanager
def _numbered(settings: Settings) -> Iterator[int]:
    """A number that no other command holds while this one lives."""
    (seat,) = take_seats(settings.home, ONCE, 1)
    try:
        yield seat.number
    finally:
        seat.leave()


@asynccontextmanager
async def _queued(farm: Farm, prompts: Sequence[Prompt], name: str) -> AsyncIterator[list[int]]:
    """The jobs of these rows, in lanes that only this command serves; what is left goes out."""
    rows = [_OwnRow(prompt=prompt, row=n, name=name) for n, prompt in enumerate(prompts, 1)]
    await farm.store.add(QUEUE, rows, QUEUE)
    found = [(await farm.store.find(QUEUE, prompt.id))[0].id for prompt in prompts]
    try:
        yield found
    finally:
        for job_id, prompt in zip(found, prompts, strict=True):
            await farm.store.reroute([job_id], prompt.lane)


@dataclass(frozen=True, kw_only=True, slots=True)
class _OwnRow(SourceRow):
    """A row that waits for the hands of one command."""

    name: str

    @property
    def lane(self) -> str:
        """Which hands may take it."""
        return self.prompt.lane_at(self.name)


async def _made(farm: Farm, job_id: int, waited: Waited) -> Made:
    job = await farm.store.job(job_id)
    if job is None:
        raise UsageError("The job was removed from the queue while it was worked on.")
    attempts, _ = await farm.store.history(job_id)
    return Made(
        job=job,
        images=tuple(await farm.store.images(job_id)),
        text=AttemptFacts.of(attempts[-1]).text if attempts else "",
        seconds=waited.seconds[job_id],
    )


async def _why_left(farm: Farm, posts: Sequence[Post]) -> str:
    """What keeps the sessions from going on, in their own words."""
    names = {post.name for post in posts}
    sessions = [one for one in await farm.store.sessions() if one.name in names and one.cause]
    return " ".join(dict.fromkeys(f"{one.message} ({one.cause})" for one in sessions))
