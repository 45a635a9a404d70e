"""Sessions that fail: one does not end the others, none is opened for ever, all are closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest

from farm.backends.base import Drawn, Record, Work
from farm.errors import (
    BrowserGone,
    FarmError,
    LostLease,
    NetworkError,
    ProfileInUse,
    StoreError,
)
from farm.gate import RunGate
from farm.model.causes import Cause
from farm.model.events import Notice, RunEvent
from farm.model.images import Image, RawImage
from farm.model.jobs import Job, JobState
from farm.model.outcomes import Outcome
from farm.model.prompts import Prompt, SourceRow
from farm.model.sessions import Session, SessionState, Wish, WishKind
from farm.presence import Presence
from farm.settlement import Pace, Settlement
from farm.store.engine import open_store
from farm.store.facade import Store
from farm.store.schema import DatabaseClock
from farm.supervisor import TRIM_SECONDS, Post, Supervisor, UpkeepStore
from farm.testing.clock import FakeClock
from farm.testing.hands import Act, ScriptedHand
from farm.testing.texts import PlainTexts
from farm.testing.witnesses import Blind
from farm.waiting import Terms, Waiting
from farm.wording import Wording
from farm.worker import Worker

RELAUNCH_WAITS = frozenset({2.0, 4.0, 8.0, 16.0})
DIES = Act(dies=True)


class PlainKeeper:
    """Believes every file."""

    async def keep(self, raw: RawImage, job: Job, *, owner: int | None) -> Image:
        assert owner is None
        return Image(
            path=f"{job.prompt.id}.png", sha256=raw.sha256, size_bytes=raw.size_bytes,
            width_px=1408, height_px=768, media_type="image/png", source=raw.source,
        )  # fmt: skip

    async def keep_for_review(self, raw: RawImage, job: Job) -> Image | None:
        raise AssertionError(f"no test reviews {raw} of {job}")

    async def still_stands(self, path: str, sha256: str) -> Image | None:
        raise AssertionError(f"no test saves {path} {sha256} before it dies")


@dataclass(kw_only=True)
class TroubledHand(ScriptedHand):
    """Fails in ways that a script cannot say."""

    fails_to_open: FarmError | None = None
    faulty_jobs: frozenset[int] = frozenset()  # farm itself has a fault with these
    opens_after: int = 0  # openings that fail before one works
    blocks: asyncio.Event | None = None  # set when a job is in hand; then it never ends
    after: asyncio.Event | None = None  # no job is sent before
    makes: asyncio.Event = field(default_factory=asyncio.Event)  # set when a job is in hand

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        if self.fails_to_open is not None and not 0 < self.opens_after < self.opened:
            raise self.fails_to_open
        return self

    async def make(self, work: Work, record: Record) -> Drawn:
        if work.job_id in self.faulty_jobs:
            raise RuntimeError("a fault")
        if self.blocks is not None:
            self.blocks.set()
            await asyncio.Event().wait()
        self.makes.set()
        if self.after is not None:
            await self.after.wait()
        return await super().make(work, record)


@dataclass
class Yard:
    """A store with jobs, and posts to be worked."""

    store: Store
    database: DatabaseClock
    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    gate: RunGate = field(default_factory=lambda: RunGate(stop=asyncio.Event()))
    events: list[RunEvent] = field(default_factory=list)

    async def age_leases(self, seconds: float) -> None:
        self.database.ahead_seconds += seconds

    async def add(self, count: int) -> None:
        rows = [
            SourceRow(prompt=Prompt(id=str(n), filename="a.png", description="d"), row=n)
            for n in range(1, count + 1)
        ]
        await self.store.add("prompts", rows, "prompts.csv")

    def hand(self, name: str, *acts: Act) -> TroubledHand:
        return TroubledHand(name=name, folder=self.folder, acts=acts or (Act(),))

    def supervisor(self, *hands: ScriptedHand, store: UpkeepStore | None = None) -> Supervisor:
        return Supervisor(
            posts=[Post(name=hand.name, hire=self.hire(hand)) for hand in hands],
            store=store or self.store,
            queues=(),
            clock=self.clock,
            tell=self.events.append,
        )

    async def run(self, *hands: ScriptedHand) -> Supervisor:
        supervisor = self.supervisor(*hands)
        async with asyncio.timeout(30):
            await supervisor.run()
        return supervisor

    def hire(self, hand: ScriptedHand) -> Callable[[], Worker]:
        def hire() -> Worker:
            presence = Presence(
                name=hand.name, book=self.store, clock=self.clock, tell=self.events.append
            )
            return Worker(
                id=f"host:1:0:{hand.name}",
                hand=hand,
                store=self.store,
                keeper=PlainKeeper(),
                texts=PlainTexts(),
                witness=Blind(),
                waiting=Waiting(
                    hand=hand,
                    presence=presence,
                    gate=self.gate,
                    store=self.store,
                    clock=self.clock,
                    terms=Terms(),
                ),
                gate=self.gate,
                clock=self.clock,
                terms=Terms(),
                presence=presence,
                settlement=Settlement(
                    store=self.store,
                    presence=presence,
                    limit=self.gate,
                    refusals=Wording(book=self.store),
                    clock=self.clock,
                    pace=Pace(seconds=1, jitter=0),
                    roll=lambda low, _high: low,
                ),
            )

        return hire

    @property
    def relaunch_waits(self) -> list[float]:
        return [seconds for seconds in self.clock.slept if seconds in RELAUNCH_WAITS]

    async def jobs(self) -> Sequence[Job]:
        return (await self.store.page()).jobs

    async def states(self) -> list[JobState]:
        return [job.state for job in await self.jobs()]


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    database = DatabaseClock()
    async with open_store(tmp_path / "farm.db", clock=database) as store:
        yield Yard(store, database, tmp_path)


async def test_sessions_share_a_queue_and_end_with_it(yard: Yard) -> None:
    await yard.add(6)
    alice, bob = yard.hand("alice"), yard.hand("bob")

    await yard.run(alice, bob)

    assert await yard.states() == [JobState.COMPLETED] * 6
    assert sorted(alice.sent + bob.sent) == [1, 2, 3, 4, 5, 6]
    assert (alice.opened, alice.closed, bob.opened, bob.closed) == (1, 1, 1, 1)


@pytest.mark.parametrize("made_before", [0, 7])
async def test_a_browser_that_never_opens_is_tried_three_times_more_with_doubling_waits(
    yard: Yard, made_before: int
) -> None:
    await yard.add(1)
    await yard.store.save_session(Session(name="alice", made=made_before))
    alice = yard.hand("alice")
    alice.fails_to_open = BrowserGone("alice: no window")

    await yard.run(alice)

    session = await yard.store.session("alice")
    assert (alice.opened, yard.relaunch_waits) == (4, [2, 4, 8])
    assert (session.state, session.cause) == (SessionState.STOPPED, Cause.BROWSER_GONE)
    assert await yard.states() == [JobState.PENDING]


async def test_an_image_between_two_deaths_gives_new_tries(yard: Yard) -> None:
    await yard.add(6)
    alice = yard.hand("alice", *[Act(), DIES] * 6)

    await yard.run(alice)

    assert await yard.states() == [JobState.COMPLETED] * 6
    assert set(yard.relaunch_waits) == {2}


async def test_a_session_that_stopped_is_tried_again_while_another_keeps_the_run_going(
    yard: Yard,
) -> None:
    await yard.add(2)
    alice, bob = yard.hand("alice"), yard.hand("bob")
    alice.fails_to_open, alice.opens_after = BrowserGone("alice: no window"), 5
    bob.after = alice.makes

    await yard.run(alice, bob)

    assert await yard.states() == [JobState.COMPLETED] * 2
    assert (alice.opened, yard.relaunch_waits) == (6, [2, 4, 8])
    assert (alice.sent, bob.sent) == ([2], [1])


async def test_a_stopped_session_is_tried_again_at_once_when_its_user_wakes_it(yard: Yard) -> None:
    await yard.add(1)
    waiting = yard.hire(yard.hand("alice"))().waiting
    yard.gate.at_work.add("bob")
    await yard.store.wish("alice", Wish(kind=WishKind.WAKE))
    began = yard.clock.time

    again = await waiting.to_try_again(600)

    assert (again, yard.clock.time - began) == (True, 0)


async def test_memory_is_given_back_now_and_then(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []
    monkeypatch.setattr("farm.supervisor.give_back", lambda: given.append(yard.clock.time))
    await yard.add(1)
    alice = yard.hand("alice")
    alice.fails_to_open = NetworkError("alice: no connection")
    began = yard.clock.time

    await yard.run(alice)

    assert len(given) > 1
    assert all(
        later - earlier >= TRIM_SECONDS
        for earlier, later in zip([began, *given], given, strict=False)
    )


async def test_a_network_that_comes_back_after_many_tries_costs_no_session(yard: Yard) -> None:
    await yard.add(1)
    alice = yard.hand("alice")
    alice.fails_to_open, alice.opens_after = NetworkError("alice: no connection"), 9

    await yard.run(alice)

    assert await yard.states() == [JobState.COMPLETED]
    assert alice.opened == 10
    assert max(yard.clock.slept) == 30


async def test_a_network_that_stays_away_for_a_quarter_of_an_hour_stops_the_session(
    yard: Yard,
) -> None:
    await yard.add(1)
    alice = yard.hand("alice")
    alice.fails_to_open = NetworkError("alice: no connection")
    began = yard.clock.time

    await yard.run(alice)

    session = await yard.store.session("alice")
    assert (session.state, session.message) == (SessionState.STOPPED, "alice: no connection")
    assert 900 < yard.clock.time - began < 1200


async def test_a_fault_in_one_session_does_not_end_the_other(yard: Yard) -> None:
    await yard.add(4)
    alice, bob = yard.hand("alice"), yard.hand("bob")
    alice.faulty_jobs = frozenset(range(1, 5))
    yard.clock.on_sleep = yard.age_leases

    await yard.run(alice, bob)

    session = await yard.store.session("alice")
    assert (session.state, session.cause) == (SessionState.STOPPED, Cause.CRASHED)
    assert "a fault of farm: RuntimeError('a fault')" in session.message
    assert (bob.opened, bob.closed) == (1, 1)
    made = {job.id for job in await yard.jobs() if job.state is JobState.COMPLETED}
    assert made == set(bob.sent) != set()


async def test_a_job_that_crashes_three_workers_ends_and_the_others_are_made(yard: Yard) -> None:
    await yard.add(3)
    alice = yard.hand("alice")
    alice.faulty_jobs = frozenset({1})

    await yard.run(alice)

    first, *others = await yard.jobs()
    assert (first.state, first.cause, first.crashes) == (JobState.FAILED, Cause.CRASHED, 3)
    assert [job.state for job in others] == [JobState.COMPLETED, JobState.COMPLETED]


async def test_a_profile_in_use_costs_its_session_alone(yard: Yard) -> None:
    await yard.add(1)
    alice, bob = yard.hand("alice"), yard.hand("bob")
    alice.fails_to_open = ProfileInUse("Profile alice is in use by process 7 on host.")

    supervisor = await yard.run(alice, bob)

    assert [str(error) for error in supervisor.refused] == [str(alice.fails_to_open)]
    assert (alice.opened, await yard.states()) == (1, [JobState.COMPLETED])
    assert Notice(level="error", text=str(alice.fails_to_open)) in yard.events


class BrokenStore:
    """A store whose file is gone once somebody is at work."""

    def __init__(self, at_work: asyncio.Event) -> None:
        self._at_work = at_work

    async def maintain(self) -> int:
        await self._at_work.wait()
        raise StoreError("the disk is gone")

    async def counts(self, queues: Sequence[str] = ()) -> Mapping[JobState, int]:
        raise AssertionError(f"asked about {queues} after it broke")


async def test_a_broken_store_ends_the_run_and_closes_every_hand(yard: Yard) -> None:
    await yard.add(2)
    alice, bob = yard.hand("alice"), yard.hand("bob")
    alice.blocks = bob.blocks = at_work = asyncio.Event()

    with pytest.raises(StoreError, match="the disk is gone"):
        async with asyncio.timeout(30):
            await yard.supervisor(alice, bob, store=BrokenStore(at_work)).run()

    assert (alice.closed, bob.closed) == (alice.opened, bob.opened)


@pytest.mark.parametrize(
    ("error", "raised"), [(StoreError("no table"), True), (LostLease("taken over"), False)]
)
async def test_a_heartbeat_that_fails_ends_the_life_and_closes_the_hand(
    yard: Yard, monkeypatch: pytest.MonkeyPatch, error: FarmError, *, raised: bool
) -> None:
    await yard.add(1)
    alice = yard.hand("alice")
    alice.blocks = asyncio.Event()

    at_work = alice.blocks

    async def fail(_worker: str) -> frozenset[int]:
        await at_work.wait()
        raise error

    monkeypatch.setattr(yard.store, "heartbeat", fail)

    if raised:
        with pytest.raises(StoreError, match="no table"):
            await yard.run(alice)
    else:
        await yard.run(alice)

    assert alice.closed == alice.opened > 0


async def test_a_cancelled_run_closes_every_hand_and_keeps_what_was_sent_open(
    yard: Yard,
) -> None:
    await yard.add(2)
    alice, bob = yard.hand("alice"), yard.hand("bob")
    alice.blocks, bob.blocks = asyncio.Event(), asyncio.Event()
    run = asyncio.create_task(yard.supervisor(alice, bob).run())
    async with asyncio.timeout(30):
        await alice.blocks.wait()
        await bob.blocks.wait()

    run.cancel()

    with pytest.raises(asyncio.CancelledError):
        await run
    assert (alice.closed, bob.closed) == (1, 1)
    assert await yard.states() == [JobState.IN_PROGRESS, JobState.IN_PROGRESS]


@dataclass(kw_only=True)
class WatchedHand(ScriptedHand):
    """Opens once the exit is blocked; notes when it was asked to make something."""

    yard: Yard
    asked_at: list[float] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        while not self.yard.gate.rests_until():  # noqa: ASYNC110  # the gate tells nobody
            await asyncio.sleep(0)
        return await super().__aenter__()

    async def make(self, work: Work, record: Record) -> Drawn:
        self.asked_at.append(self.yard.clock.time)
        return await super().make(work, record)


async def test_a_blocked_address_keeps_every_session_waiting(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    await yard.add(3)
    monkeypatch.setattr(RunGate, "suspects_address", lambda *_: True)
    blocked = Outcome(cause=Cause.LIMITED_IP, message="This address is blocked.", address=True)
    alice = yard.hand("alice", Act(outcome=blocked), Act())
    bob = WatchedHand(name="bob", folder=yard.folder, yard=yard)

    await yard.run(alice, bob)

    assert bob.asked_at
    assert min(bob.asked_at) >= yard.gate.rests_until()


@pytest.mark.parametrize(("seconds", "shared"), [(59, True), (61, False)])
def test_two_sessions_within_a_minute_share_their_address(seconds: float, shared: bool) -> None:
    gate = RunGate(stop=asyncio.Event())

    assert not gate.suspects_address("alice", 1000.0)
    assert not gate.suspects_address("alice", 1000.0)  # the same session again says nothing
    assert gate.suspects_address("bob", 1000.0 + seconds) is shared
