"""The loop, with a scripted hand, a real store and a clock that passes when somebody sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from farm.backends.base import JOB_CANCELLED, Drawn, Record, Work
from farm.errors import BrowserGone, Ended, SaveFailed
from farm.gate import RunGate
from farm.model.causes import Cause
from farm.model.events import RunEvent
from farm.model.images import REUSED, Image, Maker, RawImage
from farm.model.jobs import Job, JobState, Phase
from farm.model.lanes import ANY_LANE, session_lane
from farm.model.limits import Limit, unlifted_since
from farm.model.outcomes import Outcome
from farm.model.prompts import Prompt, SourceRow
from farm.model.sessions import Session, SessionState, Wish, WishKind
from farm.presence import Presence
from farm.reuse import Afresh, Copy
from farm.settlement import Pace, Settlement
from farm.store.engine import open_store
from farm.store.facade import Store
from farm.store.schema import DatabaseClock
from farm.testing.clock import FakeClock
from farm.testing.hands import Act, ScriptedHand
from farm.testing.texts import PlainTexts
from farm.testing.witnesses import Blind
from farm.waiting import Terms, Waiting
from farm.wording import Wording
from farm.worker import Worker


@dataclass
class PlainKeeper:
    """Believes every file, unless it was told otherwise."""

    doubts: list[Cause] = field(default_factory=list)
    full: int = 0  # how often the disk takes nothing

    async def keep(self, raw: RawImage, job: Job, *, owner: int | None) -> Image:
        if self.full:
            self.full -= 1
            raise SaveFailed("No space left.")
        if self.doubts or owner is not None:
            raise Ended(Outcome(cause=self.doubts.pop(0), message="not proven"))
        return _image(raw, f"{job.prompt.id}.png")

    async def keep_for_review(self, raw: RawImage, job: Job) -> Image | None:
        return _image(raw, f"review/{job.prompt.id}.png")

    async def still_stands(self, path: str, sha256: str) -> Image | None:
        raise AssertionError(f"no test saves {path} {sha256} before it dies")


@dataclass(frozen=True)
class Twins(Afresh):
    """Has a picture for every row."""

    folder: Path

    async def copy(self, attempt_id: int) -> Copy | None:
        part = self.folder / f"{attempt_id}.part"
        part.write_bytes(b"mill")
        raw = RawImage(
            part=part, sha256="s", size_bytes=4, source=REUSED, preview_px=(0, 0), full_size=True
        )
        return Copy(raw=raw, maker=Maker(backend=REUSED), of="q/1")


def _image(raw: RawImage, path: str) -> Image:
    return Image(
        path=path,
        sha256=raw.sha256,
        size_bytes=raw.size_bytes,
        width_px=1408,
        height_px=768,
        media_type="image/png",
        source=raw.source,
    )


@dataclass
class Bench:
    """A store with jobs, and workers for it."""

    store: Store
    clock: FakeClock
    folder: Path
    gate: RunGate
    keeper: PlainKeeper = field(default_factory=PlainKeeper)
    events: list[RunEvent] = field(default_factory=list)

    async def add(self, count: int) -> None:
        rows = [
            SourceRow(prompt=Prompt(id=str(n), filename="a.png", description="d"), row=n)
            for n in range(1, count + 1)
        ]
        await self.store.add("prompts", rows, "prompts.csv")

    def worker(self, hand: ScriptedHand, terms: Terms | None = None) -> Worker:
        presence = Presence(
            name=hand.name, book=self.store, clock=self.clock, tell=self.events.append
        )
        return Worker(
            id=f"host:1:0:{hand.name}",
            hand=hand,
            store=self.store,
            keeper=self.keeper,
            texts=PlainTexts(),
            witness=Blind(),
            waiting=Waiting(
                hand=hand,
                presence=presence,
                gate=self.gate,
                store=self.store,
                clock=self.clock,
                terms=terms or Terms(),
            ),
            gate=self.gate,
            clock=self.clock,
            terms=terms or Terms(),
            presence=presence,
            settlement=Settlement(
                store=self.store,
                presence=presence,
                limit=self.gate,
                refusals=Wording(book=self.store),
                clock=self.clock,
                pace=Pace(seconds=90, jitter=0),
                roll=lambda low, _high: low,
            ),
        )

    def hand(self, *acts: Act, on_enter: Outcome | None = None) -> ScriptedHand:
        return ScriptedHand(
            name="alice", folder=self.folder, acts=acts or (Act(),), on_enter=on_enter
        )

    async def jobs(self) -> Sequence[Job]:
        return (await self.store.page()).jobs

    async def session(self) -> Session:
        return await self.store.session("alice")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    database_clock = DatabaseClock()
    async with open_store(tmp_path / "farm.db", clock=database_clock) as store:

        async def upkeep(seconds: float) -> None:
            database_clock.ahead_seconds += seconds
            await store.maintain()

        clock = FakeClock(on_sleep=upkeep)
        yield Bench(store, clock, tmp_path, RunGate(stop=asyncio.Event()))


def ended(cause: Cause, *, until: Phase = Phase.SENT, open_: bool = False) -> Act:
    return Act(until=until, outcome=Outcome(cause=cause, message="why"), interrupted=open_)


async def test_a_worker_makes_every_job_and_paces_between_them(bench: Bench) -> None:
    await bench.add(3)
    hand = bench.hand()

    async with asyncio.timeout(20):
        await bench.worker(hand).run()

    assert {job.state for job in await bench.jobs()} == {JobState.COMPLETED}
    assert len(hand.sent) == 3
    assert sum(bench.clock.slept) >= 180
    assert (hand.opened, hand.closed) == (1, 1)


async def test_the_pace_survives_a_restart(bench: Bench) -> None:
    await bench.add(2)
    first = bench.hand()
    bench.gate.left = 1
    await bench.worker(first).run()
    ready_at = (await bench.session()).next_ready_at

    bench.gate.left = None
    await bench.worker(bench.hand()).run()

    assert ready_at > 1_000_000
    assert bench.clock.time >= ready_at


async def test_a_transient_error_is_tried_again_and_counted(bench: Bench) -> None:
    await bench.add(1)
    hand = bench.hand(ended(Cause.TRANSIENT), Act())

    async with asyncio.timeout(20):
        await bench.worker(hand).run()

    (job,) = await bench.jobs()
    assert (job.state, job.attempts) == (JobState.COMPLETED, 2)


async def test_three_counted_failures_end_a_job(bench: Bench) -> None:
    await bench.add(1)
    hand = bench.hand(ended(Cause.STOPPED))

    async with asyncio.timeout(20):
        await bench.worker(hand).run()

    (job,) = await bench.jobs()
    assert (job.state, job.cause, len(hand.sent)) == (JobState.FAILED, Cause.STOPPED, 3)


async def test_a_limit_gives_the_job_back_and_ends_a_worker_that_may_not_wait(
    bench: Bench,
) -> None:
    await bench.add(2)

    await bench.worker(bench.hand(ended(Cause.LIMITED_QUOTA))).run()  # the second one is believed

    first = (await bench.jobs())[0]
    session = await bench.session()
    assert (first.state, first.attempts) == (JobState.PENDING, 0)
    assert (session.state, session.cause) == (SessionState.RESTING, Cause.LIMITED_QUOTA)


async def test_a_session_stays_through_a_long_rest_while_another_keeps_the_run_going(
    bench: Bench,
) -> None:
    await bench.add(1)
    rest = Session(name="alice", state=SessionState.RESTING, next_ready_at=bench.clock.time + 9999)
    await bench.store.save_session(rest)
    worker = bench.worker(bench.hand())
    worker.waiting.beside = lambda: True

    async with asyncio.timeout(20):
        await worker.run()

    assert (await bench.jobs())[0].state is JobState.COMPLETED


async def test_a_copy_of_an_equal_rows_picture_asks_nobody_and_proves_nothing(
    bench: Bench,
) -> None:
    await bench.add(2)
    limit = Limit(
        session="alice", mode="", cause=Cause.LIMITED_QUOTA, at=1.0, until=2.0, told=False
    )
    await bench.store.note_limit(limit)
    hand = bench.hand()
    worker = bench.worker(hand)
    worker.reuse = Twins(bench.folder)

    await worker.run()

    assert [job.state for job in await bench.jobs()] == [JobState.COMPLETED] * 2
    assert hand.sent == []
    assert sum(bench.clock.slept) < 90
    assert (await bench.session()).made == 0
    assert unlifted_since(await bench.store.limits("alice")) is not None


async def test_a_watching_worker_sleeps_through_a_rest(bench: Bench) -> None:
    await bench.add(1)
    bench.gate.left = 1
    hand = bench.hand(ended(Cause.LIMITED_THROTTLE), ended(Cause.LIMITED_THROTTLE), Act())

    async with asyncio.timeout(20):
        await bench.worker(hand, Terms(watch=True)).run()

    assert (await bench.jobs())[0].state is JobState.COMPLETED
    assert sum(bench.clock.slept) >= 300 + 600


async def test_a_resting_session_does_not_even_open_its_browser(bench: Bench) -> None:
    await bench.add(1)
    await bench.store.save_session(
        Session(name="alice", state=SessionState.RESTING, next_ready_at=bench.clock.time + 9999)
    )
    hand = bench.hand()

    await bench.worker(hand).run()

    assert hand.opened == 0
    assert (await bench.session()).state is SessionState.RESTING


async def test_what_needs_a_person_turns_the_session_red_and_costs_no_job(bench: Bench) -> None:
    await bench.add(1)
    hand = bench.hand(on_enter=Outcome(cause=Cause.SIGNED_OUT, message="Nobody is signed in."))

    await bench.worker(hand).run()

    session = await bench.session()
    assert (session.state, session.cause) == (SessionState.NEEDS_PERSON, Cause.SIGNED_OUT)
    assert (await bench.jobs())[0].state is JobState.PENDING


async def test_a_browser_that_dies_before_sending_leaves_the_job_to_others(bench: Bench) -> None:
    await bench.add(1)

    with pytest.raises(BrowserGone):
        await bench.worker(bench.hand(Act(until=Phase.TYPING, dies=True))).run()

    (job,) = await bench.jobs()
    assert (job.state, job.lane, job.attempts) == (JobState.PENDING, ANY_LANE, 0)


@pytest.mark.parametrize("phase", [Phase.SENDING, Phase.SENT, Phase.READY])
async def test_a_browser_that_dies_after_sending_is_recovered_without_sending_again(
    bench: Bench, phase: Phase
) -> None:
    await bench.add(1)
    hand = bench.hand(Act(until=phase, dies=True), Act())
    with pytest.raises(BrowserGone):
        await bench.worker(hand).run()

    await bench.worker(hand).run()

    (job,) = await bench.jobs()
    assert job.state is JobState.COMPLETED
    assert (hand.sent, hand.resumed) == ([1], [1])


async def test_an_interrupted_attempt_stays_open_for_its_own_session(bench: Bench) -> None:
    await bench.add(1)
    hand = bench.hand(ended(Cause.CHALLENGE, open_=True))

    await bench.worker(hand, Terms(person_wait_seconds=0)).run()

    (job,) = await bench.jobs()
    assert (job.state, job.lane) == (JobState.PENDING, session_lane("alice"))
    await bench.worker(hand).run()
    assert (await bench.jobs())[0].state is JobState.COMPLETED
    assert hand.sent == [1]


async def test_a_file_that_does_not_prove_is_fetched_again_and_never_made_again(
    bench: Bench,
) -> None:
    await bench.add(1)
    bench.keeper.doubts = [Cause.UNREADABLE, Cause.TOO_SMALL]
    hand = bench.hand()

    await bench.worker(hand).run()

    assert (await bench.jobs())[0].state is JobState.COMPLETED
    assert (hand.sent, hand.resumed) == ([1], [1, 1])


async def test_a_picture_of_the_wrong_proportion_is_kept_for_review(bench: Bench) -> None:
    await bench.add(1)
    bench.keeper.doubts = [Cause.WRONG_ORIENTATION]

    await bench.worker(bench.hand()).run()

    (job,) = await bench.jobs()
    assert (job.state, job.image_path) == (JobState.REVIEW, "review/1.png")


async def test_the_limit_of_a_run_ends_exactly_so_many_jobs(bench: Bench) -> None:
    await bench.add(3)
    bench.gate.left = 2

    await bench.worker(bench.hand()).run()

    states = [job.state for job in await bench.jobs()]
    assert states == [JobState.COMPLETED, JobState.COMPLETED, JobState.PENDING]


async def test_a_stopped_run_finishes_what_is_in_flight_and_takes_no_more(bench: Bench) -> None:
    await bench.add(2)
    hand = bench.hand()
    worker = bench.worker(hand)
    worker.texts = PlainTexts(before=lambda _job: bench.gate.stop.set())

    await worker.run()

    states = [job.state for job in await bench.jobs()]
    assert states == [JobState.COMPLETED, JobState.PENDING]


async def test_a_job_cancelled_in_flight_ends_as_cancelled_and_the_worker_goes_on(
    bench: Bench,
) -> None:
    await bench.add(2)
    hand = bench.hand()
    worker = bench.worker(hand)

    async def cancel_first() -> None:
        await bench.store.cancel([1])
        await worker.heartbeat()

    tasks: list[asyncio.Task[None]] = []

    def begin(job: Job) -> None:
        if job.prompt.id == "1":
            tasks.append(asyncio.create_task(cancel_first()))

    worker.texts = PlainTexts(before=begin)
    await worker.run()

    states = {job.prompt.id: job.state for job in await bench.jobs()}
    assert states["2"] is JobState.COMPLETED
    assert states["1"] in {JobState.CANCELLED, JobState.COMPLETED}


@dataclass(kw_only=True)
class WaitingHand(ScriptedHand):
    """Waits for ever, and keeps what it was stopped with."""

    waits: asyncio.Event = field(default_factory=asyncio.Event)
    told: list[object] = field(default_factory=list)

    async def make(self, work: Work, record: Record) -> Drawn:
        self.waits.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as stopped:
            self.told += stopped.args
            raise
        return await super().make(work, record)


@pytest.mark.parametrize("by_user", [True, False])
async def test_a_hand_is_told_when_the_user_took_its_job_back(bench: Bench, by_user: bool) -> None:
    await bench.add(1)
    hand = WaitingHand(name="alice", folder=bench.folder)
    worker = bench.worker(hand)
    running = asyncio.create_task(worker.run())
    await hand.waits.wait()

    if by_user:
        await bench.store.cancel([1])
        await worker.heartbeat()
    else:
        running.cancel()
    await asyncio.wait([running])

    assert (JOB_CANCELLED in hand.told) is by_user


async def test_a_red_session_turns_green_without_a_restart_while_others_work(bench: Bench) -> None:
    await bench.add(1)
    bench.gate.at_work.add("bob")
    hand = bench.hand(on_enter=Outcome(cause=Cause.SIGNED_OUT, message="Nobody is signed in."))
    hand.mends_after = 2

    async with asyncio.timeout(20):
        await bench.worker(hand).run()

    assert (await bench.jobs())[0].state is JobState.COMPLETED
    assert (hand.opened, hand.closed) == (3, 3)  # closed while nobody could help at the page
    assert (await bench.session()).cause is None


async def test_the_last_session_does_not_wait_for_a_person_alone(bench: Bench) -> None:
    await bench.add(1)
    bench.gate.at_work.add("bob")
    hand = bench.hand(on_enter=Outcome(cause=Cause.CHALLENGE, message="A captcha."))
    worker = bench.worker(hand)
    bench.clock.on_sleep = Leaving(bench.gate, "bob")

    async with asyncio.timeout(20):
        await worker.run()

    assert (await bench.session()).state is SessionState.NEEDS_PERSON
    assert not bench.gate.at_work


@dataclass
class Leaving:
    """Another session that ends after a while."""

    gate: RunGate
    name: str
    sleeps: int = 0

    async def __call__(self, _seconds: float) -> None:
        self.sleeps += 1
        if self.sleeps > 30:
            self.gate.at_work.discard(self.name)


async def test_a_person_at_the_window_is_waited_for(bench: Bench) -> None:
    await bench.add(1)
    hand = bench.hand(on_enter=Outcome(cause=Cause.SIGNED_OUT, message="Nobody is signed in."))
    hand.windowed, hand.mends_after = True, 1

    async with asyncio.timeout(20):
        await bench.worker(hand).run()

    assert (await bench.jobs())[0].state is JobState.COMPLETED
    assert hand.opened == 1


@pytest.mark.parametrize("state", [SessionState.RESTING, SessionState.NEEDS_PERSON])
async def test_a_wish_to_wake_ends_a_rest_and_a_red_wait(bench: Bench, state: SessionState) -> None:
    await bench.add(1)
    trouble = Outcome(cause=Cause.REGION, message="Not here.")
    hand = bench.hand(on_enter=trouble if state is SessionState.NEEDS_PERSON else None)
    hand.mends_after = 1
    if state is SessionState.RESTING:
        ready_at = bench.clock.time + 9e9
        await bench.store.save_session(Session(name="alice", state=state, next_ready_at=ready_at))
    began = bench.clock.time
    wake = Wish(kind=WishKind.WAKE)
    worker = bench.worker(hand, Terms(watch=True, recheck_seconds=1e9))
    bench.gate.left = 1
    bench.clock.on_sleep = lambda _seconds: bench.store.wish("alice", wake)

    async with asyncio.timeout(20):
        await worker.run()

    assert (await bench.jobs())[0].state is JobState.COMPLETED
    assert bench.clock.time - began < 60


async def test_a_wish_to_rest_is_heeded_before_the_next_prompt(bench: Bench) -> None:
    await bench.add(1)
    until = bench.clock.time + 7200
    await bench.store.wish("alice", Wish(kind=WishKind.REST, until=until))
    hand = bench.hand()

    await bench.worker(hand).run()

    session = await bench.session()
    assert (session.state, session.cause) == (SessionState.RESTING, Cause.LIMITED_BY_HAND)
    assert (session.next_ready_at, hand.sent) == (until, [])


async def test_a_disk_that_takes_no_file_makes_the_session_rest_and_sends_nothing_again(
    bench: Bench,
) -> None:
    await bench.add(1)
    bench.keeper.full = 2
    hand = bench.hand()

    async with asyncio.timeout(20):
        await bench.worker(hand).run()

    (job,) = await bench.jobs()
    assert (job.state, job.attempts, hand.sent) == (JobState.COMPLETED, 1, [1])
    assert bench.gate.rest_until > 1_000_000


async def test_a_disk_that_stays_full_ends_the_run_and_keeps_the_job(bench: Bench) -> None:
    await bench.add(1)
    bench.keeper.full = 99
    hand = bench.hand()

    with pytest.raises(SaveFailed):
        await bench.worker(hand).run()

    assert hand.sent == [1]
    assert (await bench.jobs())[0].cause is Cause.NOT_SAVED


async def test_a_browser_that_served_enough_is_opened_anew(bench: Bench) -> None:
    await bench.add(5)
    hand = bench.hand()

    await bench.worker(hand, Terms(recycle_prompts=2)).run()

    assert {job.state for job in await bench.jobs()} == {JobState.COMPLETED}
    assert (hand.opened, hand.closed, len(hand.sent)) == (3, 3, 5)


async def test_a_clock_that_is_set_back_makes_no_wait_longer(bench: Bench) -> None:
    presence = bench.worker(bench.hand()).presence
    await presence.pace(90)

    bench.clock.jump(-86_400)

    assert presence.seconds_to_wait() == pytest.approx(90)


async def test_for_an_empty_queue_no_browser_is_opened(bench: Bench) -> None:
    hand = bench.hand()

    await bench.worker(hand).run()

    assert hand.opened == 0


async def test_a_limit_that_is_reached_ends_a_session_without_its_pace(bench: Bench) -> None:
    await bench.add(2)
    bench.gate.left = 1
    began = bench.clock.time

    await bench.worker(bench.hand()).run()

    assert bench.clock.time - began < 5


async def test_a_limit_is_not_reached_while_another_session_may_put_its_job_back(
    bench: Bench,
) -> None:
    bench.gate.left = 0
    bench.gate.busy.add("bob")

    held = bench.gate.used_up
    bench.gate.busy.discard("bob")

    assert (held, bench.gate.used_up) == (False, True)
