"""The outbox over a real store: what a target does never ends a run, and nothing is lost."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from farm.clock import SystemClock
from farm.deliver.base import Delivered, Later, Never, Parcel, Remember, parcel_of
from farm.errors import GoogleRefused
from farm.model.deliveries import DeliveryState, wait_seconds
from farm.model.events import FileDelivered, Notice, RunEvent, TargetStuck
from farm.model.images import Image
from farm.model.prompts import Prompt, SourceRow
from farm.outbox import Outbox
from farm.store.engine import open_store
from farm.store.facade import Store
from farm.store.schema import DatabaseClock

PLACE, OTHER = "drive:abc", "/backup"
Act = Callable[[Parcel, Remember], Delivered]


@dataclass
class Scripted:
    """A target that does what it is told, then works."""

    place: str = PLACE
    script: list[Act | BaseException] = field(default_factory=list)
    got: list[Parcel] = field(default_factory=list)
    closed: bool = False

    def put(self, parcel: Parcel, remember: Remember) -> Delivered:
        self.got.append(parcel)
        step = self.script.pop(0) if self.script else None
        if isinstance(step, BaseException):
            raise step
        return step(parcel, remember) if step else Delivered(link=f"https://there/{parcel.name}")

    def check(self) -> str:
        return "a target"

    def close(self) -> None:
        self.closed = True


@dataclass(kw_only=True)
class Desk:
    store: Store
    clock: DatabaseClock
    downloads: Path
    events: list[RunEvent] = field(default_factory=list)

    def outbox(self, *targets: Scripted, drain_seconds: float = 5.0) -> Outbox:
        return Outbox(
            targets={target.place: target for target in targets},
            book=self.store,
            parcel=lambda claim: parcel_of(claim, self.downloads),
            clock=SystemClock(),
            tell=self.events.append,
            worker="here",
            drain_seconds=drain_seconds,
            spread=lambda: 0.0,
        )

    async def post(self, *names: str, places: tuple[str, ...] = (PLACE,)) -> None:
        for name in names:
            content = f"the picture {name}".encode()
            (self.downloads / name).write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            job_id = await self._job(name, digest)
            await self.store.post_delivery(
                job_id=job_id,
                folder="Generated Images/q/day",
                files=[(name, digest)],
                targets=places,
            )

    async def _job(self, name: str, digest: str) -> int:
        row = SourceRow(prompt=Prompt(id=name, filename=name, description="A hill"), row=1)
        await self.store.add("q", [row], "/q.csv")
        claim = await self.store.claim("w", "alice", ("any", "web"))
        assert claim is not None
        image = Image(
            path=name, sha256=digest, size_bytes=9, width_px=1, height_px=1,
            media_type="image/png", source="s0",
        )  # fmt: skip
        await self.store.complete(claim, [image])
        return claim.job.id

    async def states(self) -> dict[tuple[str, DeliveryState], int]:
        return dict(await self.store.delivery_counts())

    def notices(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice)]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    clock = DatabaseClock()
    async with open_store(tmp_path / "farm.db", clock=clock) as store:
        yield Desk(store=store, clock=clock, downloads=tmp_path)


async def test_everything_due_is_delivered_before_a_run_ends(desk: Desk) -> None:
    await desk.post("one.png", "two.png", places=(PLACE, OTHER))
    drive, disk = Scripted(), Scripted(OTHER)

    async with desk.outbox(drive, disk):
        pass

    assert await desk.states() == {
        (PLACE, DeliveryState.DELIVERED): 2,
        (OTHER, DeliveryState.DELIVERED): 2,
    }
    assert desk.notices() == []
    assert drive.closed


async def test_it_is_told_where_a_file_is(desk: Desk) -> None:
    await desk.post("one.png")

    async with desk.outbox(Scripted()):
        pass

    (told,) = [event for event in desk.events if isinstance(event, FileDelivered)]
    assert (told.target, told.path, told.link) == (PLACE, "one.png", "https://there/one.png")


async def test_what_is_posted_meanwhile_is_taken_at_once(desk: Desk) -> None:
    arrived = asyncio.Event()
    loop = asyncio.get_running_loop()

    def take(parcel: Parcel, _: Remember) -> Delivered:
        loop.call_soon_threadsafe(arrived.set)
        return Delivered(link=parcel.name)

    async with desk.outbox(Scripted(script=[take])) as outbox:
        await desk.post("one.png")
        outbox.posted()

        await asyncio.wait_for(arrived.wait(), 4)  # before it looks by itself


async def test_a_parcel_says_what_it_is_of(desk: Desk) -> None:
    await desk.post("one.png")
    target = Scripted()

    async with desk.outbox(target):
        pass

    (parcel,) = target.got
    assert (parcel.name, parcel.folder) == ("one.png", "Generated Images/q/day")
    assert (parcel.about["queue"], parcel.about["prompt"]["description"]) == ("q", "A hill")


async def test_a_try_that_failed_is_repeated_and_goes_on_from_its_facts(desk: Desk) -> None:
    await desk.post("one.png")

    def begin(_: Parcel, remember: Remember) -> Delivered:
        remember({"session": "https://upload/1"})
        raise Later("cut off")

    target = Scripted(script=[begin])

    async with desk.outbox(target):
        pass

    assert [parcel.facts for parcel in target.got] == [{}, {"session": "https://upload/1"}]
    assert await desk.states() == {(PLACE, DeliveryState.DELIVERED): 1}


async def test_a_target_that_needs_a_person_is_told_of_once_and_tried_later(desk: Desk) -> None:
    await desk.post("one.png", "two.png", "three.png", "four.png", "five.png")
    target = Scripted(script=[Later("Share the folder with farm@x.", person=True)] * 9)

    async with desk.outbox(target):
        pass

    stuck = [event for event in desk.events if isinstance(event, TargetStuck)]
    assert [(event.target, event.message) for event in stuck] == [
        (PLACE, "Share the folder with farm@x.")
    ]
    assert "5 files are still to be delivered" in desk.notices()[-1]
    assert len(target.got) <= 3  # those that were under way together


async def test_a_stuck_target_keeps_no_other_waiting(desk: Desk) -> None:
    await desk.post("one.png", "two.png", places=(PLACE, OTHER))
    stuck = Scripted(script=[Later("No.", person=True)] * 4)

    async with desk.outbox(stuck, Scripted(OTHER)):
        pass

    assert (await desk.states())[OTHER, DeliveryState.DELIVERED] == 2


async def test_what_a_person_has_mended_goes_on_by_itself(desk: Desk) -> None:
    await desk.post("one.png")
    async with desk.outbox(Scripted(script=[Later("Share it.", person=True)])):
        pass

    desk.clock.ahead_seconds += 700
    async with desk.outbox(Scripted()):
        pass

    assert await desk.states() == {(PLACE, DeliveryState.DELIVERED): 1}


async def test_what_can_never_work_is_said_and_not_tried_again(desk: Desk) -> None:
    await desk.post("one.png")
    target = Scripted(script=[Never("It is too large.")])

    async with desk.outbox(target):
        pass

    assert await desk.states() == {(PLACE, DeliveryState.REFUSED): 1}
    assert desk.notices() == ["one.png cannot be delivered: It is too large."]


@pytest.mark.parametrize("change", ["gone", "other"])
async def test_a_file_that_is_not_what_was_made_is_never_delivered(desk: Desk, change: str) -> None:
    await desk.post("one.png")
    file = desk.downloads / "one.png"
    file.unlink() if change == "gone" else file.write_bytes(b"other")
    target = Scripted()

    async with desk.outbox(target):
        pass

    assert target.got == []
    assert await desk.states() == {(PLACE, DeliveryState.REFUSED): 1}


@pytest.mark.parametrize("fault", [ZeroDivisionError(), GoogleRefused("no"), SystemExit(3)])
async def test_a_target_that_breaks_ends_no_run_and_loses_no_file(
    desk: Desk, fault: BaseException
) -> None:
    await desk.post("one.png")

    async with desk.outbox(Scripted(script=[fault])):
        pass

    assert await desk.states() == {(PLACE, DeliveryState.PENDING): 1}


async def test_a_target_that_hangs_holds_no_end_up_for_longer_than_it_may(desk: Desk) -> None:
    await desk.post("one.png")
    let_go = threading.Event()

    def hang(parcel: Parcel, _: Remember) -> Delivered:
        let_go.wait(30)
        return Delivered(link=parcel.name)

    async with desk.outbox(Scripted(script=[hang]), drain_seconds=0.2):
        pass
    let_go.set()

    assert "1 file is still to be delivered" in desk.notices()[-1]


async def test_a_cancelled_run_waits_for_nothing(desk: Desk) -> None:
    await desk.post("one.png")
    let_go, begun = threading.Event(), threading.Event()

    def hang(parcel: Parcel, _: Remember) -> Delivered:
        begun.set()
        let_go.wait(30)
        return Delivered(link=parcel.name)

    async def run() -> None:
        async with desk.outbox(Scripted(script=[hang]), drain_seconds=60):
            await asyncio.to_thread(begun.wait, 30)
            raise asyncio.CancelledError

    with suppress(asyncio.CancelledError):
        await asyncio.wait_for(run(), 20)
    let_go.set()

    assert await desk.states() == {(PLACE, DeliveryState.PENDING): 1}


async def test_a_try_whose_lease_was_lost_writes_nothing(desk: Desk) -> None:
    await desk.post("one.png")
    loop = asyncio.get_running_loop()

    def overtaken(*_: object) -> Delivered:
        asyncio.run_coroutine_threadsafe(take_over(), loop).result()
        return Delivered(link="late")

    async def take_over() -> None:
        assert await desk.store.claim_delivery("there", [PLACE]) is None
        desk.clock.ahead_seconds += 61
        claim = await desk.store.claim_delivery("there", [PLACE])
        assert claim is not None
        await desk.store.delivered(claim, link="first")

    async with desk.outbox(Scripted(script=[overtaken])):
        pass

    (delivery,) = await desk.store.deliveries()
    assert delivery.link == "first"
    assert [e for e in desk.events if isinstance(e, FileDelivered)] == []


async def test_without_a_target_there_is_nothing_to_do(desk: Desk) -> None:
    await desk.post("one.png")

    async with desk.outbox() as outbox:
        outbox.posted()

    assert await desk.states() == {(PLACE, DeliveryState.PENDING): 1}


def test_waits_grow_to_an_hour_and_heed_what_was_asked() -> None:
    waits = [wait_seconds(attempts, spread=1.0) for attempts in (1, 2, 3, 11, 12, 500)]

    assert waits == [2, 4, 8, 2048, 3600, 3600]
    assert wait_seconds(1, spread=0.0) == 1.0
    assert wait_seconds(1, asked=90.0) == 90.0
