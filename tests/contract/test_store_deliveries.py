"""The outbox: asked once, leased, fenced, tried for days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.errors import LostLease
from farm.model.deliveries import DeliveryClaim, DeliveryState

if TYPE_CHECKING:
    from tests.contract.conftest import Desk

FOLDER = "Generated Images/q/2026-11-21"
DRIVE, DISK = "drive:abc", "/backup"
FILES = [("2026-11-21/hero.png", "sha-1"), ("2026-11-21/derived/hero.webp", "sha-2")]


async def post(desk: Desk, *targets: str, files: list[tuple[str, str]] = FILES) -> int:
    """The job whose files are to be delivered."""
    job = await desk.finish("hero")
    places = targets or (DRIVE,)
    await desk.store.post_delivery(job_id=job.id, folder=FOLDER, files=files, targets=places)
    return job.id


async def claim(desk: Desk, worker: str = "one", *targets: str) -> DeliveryClaim:
    found = await desk.store.claim_delivery(worker, targets or (DRIVE,))
    assert found is not None, "nothing is due"
    return found


async def test_each_file_goes_to_each_target_once(desk: Desk) -> None:
    job_id = await post(desk, DRIVE, DISK)

    again = await desk.store.post_delivery(
        job_id=job_id, folder=FOLDER, files=FILES, targets=[DRIVE, DISK]
    )

    assert again == 0
    assert await desk.store.delivery_counts() == {
        (DRIVE, DeliveryState.PENDING): 2,
        (DISK, DeliveryState.PENDING): 2,
    }


async def test_a_claim_says_what_the_file_is_of(desk: Desk) -> None:
    job_id = await post(desk)

    taken = await claim(desk)

    assert (taken.queue, taken.prompt.id, taken.delivery.job_id) == ("q", "hero", job_id)
    assert (taken.delivery.path, taken.delivery.sha256) == FILES[0]
    assert (taken.delivery.folder, taken.delivery.name) == (FOLDER, "hero.png")
    assert taken.delivery.attempts == 1


async def test_nobody_else_gets_what_is_leased(desk: Desk) -> None:
    await post(desk)

    first, second = await claim(desk, "one"), await claim(desk, "two")

    assert first.delivery.id != second.delivery.id
    assert await desk.store.claim_delivery("three", [DRIVE]) is None


async def test_only_the_named_targets_are_served(desk: Desk) -> None:
    await post(desk)

    assert await desk.store.claim_delivery("one", [DISK]) is None
    assert await desk.store.claim_delivery("one", []) is None


async def test_a_dead_lease_ends_and_its_holder_can_write_no_more(desk: Desk) -> None:
    await post(desk, files=FILES[:1])
    dead = await claim(desk, "dead")

    desk.wait(61)
    alive = await claim(desk, "alive")

    assert alive.delivery.id == dead.delivery.id
    with pytest.raises(LostLease):
        await desk.store.remember_delivery(dead, {"session": "old"})
    with pytest.raises(LostLease):
        await desk.store.delivered(dead, link="old")


async def test_an_older_claim_of_the_same_worker_is_dead_too(desk: Desk) -> None:
    await post(desk, files=FILES[:1])
    older = await claim(desk, "one")
    desk.wait(61)
    newer = await claim(desk, "one")

    with pytest.raises(LostLease):
        await desk.store.delivered(older, link="old")

    await desk.store.delivered(newer, link="new")


async def test_a_renewed_lease_lasts(desk: Desk) -> None:
    await post(desk, files=FILES[:1])
    await claim(desk, "slow")

    desk.wait(50)
    renewed = await desk.store.renew_deliveries("slow")
    desk.wait(50)

    assert renewed == 1
    assert await desk.store.claim_delivery("quick", [DRIVE]) is None


async def test_a_later_try_goes_on_from_what_was_remembered(desk: Desk) -> None:
    await post(desk, files=FILES[:1])
    facts = {"id": "1abc", "session": "https://www.googleapis.com/upload?upload_id=x"}
    await desk.store.remember_delivery(await claim(desk, "dead"), facts)

    desk.wait(61)

    assert (await claim(desk, "alive")).delivery.facts == facts


async def test_what_is_delivered_has_a_link_and_is_not_claimed_again(desk: Desk) -> None:
    job_id = await post(desk, files=FILES[:1])

    await desk.store.delivered(await claim(desk), link="https://drive/1abc", remote_id="1abc")

    (there,) = (await desk.store.links_of([job_id]))[job_id]
    assert (there.link, there.remote_id, there.message) == ("https://drive/1abc", "1abc", "")
    assert there.delivered_at is not None
    desk.wait(3600)
    assert await desk.store.claim_delivery("one", [DRIVE]) is None
    assert "delivered" in await desk.kinds(job_id)


async def test_a_postponed_one_is_due_after_its_wait(desk: Desk) -> None:
    await post(desk, files=FILES[:1])
    await desk.store.postpone_delivery(await claim(desk), "no network", 30)

    early = await desk.store.claim_delivery("one", [DRIVE])
    desk.wait(31)
    later = await claim(desk)

    assert early is None
    assert (later.delivery.message, later.delivery.attempts) == ("no network", 2)


async def test_a_refused_one_waits_for_a_person(desk: Desk) -> None:
    job_id = await post(desk, files=FILES[:1])
    await desk.store.refuse_delivery(await claim(desk), "the file is gone")
    desk.wait(86_400)
    unasked = await desk.store.claim_delivery("one", [DRIVE])

    touched = await desk.store.retry_deliveries()

    assert unasked is None
    assert touched == 1
    assert (await claim(desk)).delivery.job_id == job_id


async def test_a_retry_leaves_what_is_under_way_and_what_is_done(desk: Desk) -> None:
    await post(desk)
    done, held = await claim(desk), await claim(desk)
    await desk.store.delivered(done, link="x")

    touched = await desk.store.retry_deliveries([done.delivery.id, held.delivery.id])

    assert touched == 0
    await desk.store.delivered(held, link="y")


async def test_a_target_that_was_given_up_loses_what_it_has_not_got(desk: Desk) -> None:
    await post(desk, DRIVE, DISK)
    done, held = await claim(desk), await claim(desk)
    await desk.store.delivered(done, link="x")

    dropped = await desk.store.forget_deliveries(DRIVE)

    assert dropped == 1
    assert await desk.store.delivery_counts() == {
        (DRIVE, DeliveryState.DELIVERED): 1,
        (DISK, DeliveryState.PENDING): 2,
    }
    with pytest.raises(LostLease):
        await desk.store.delivered(held, link="y")


async def test_it_is_known_when_the_next_one_is_due(desk: Desk) -> None:
    nothing = await desk.store.next_delivery_seconds([DRIVE])
    await post(desk, files=FILES[:1])
    now = await desk.store.next_delivery_seconds([DRIVE])

    await desk.store.postpone_delivery(await claim(desk), "no network", 30)

    assert (nothing, now) == (None, 0)
    assert await desk.store.next_delivery_seconds([DRIVE]) == pytest.approx(30, abs=5)


async def test_deliveries_are_listed_by_state_and_page(desk: Desk) -> None:
    await post(desk)
    await desk.store.refuse_delivery(await claim(desk), "never")

    refused = await desk.store.deliveries(states=[DeliveryState.REFUSED])
    rest = await desk.store.deliveries(after=refused[0].id)

    assert [d.message for d in refused] == ["never"]
    assert [d.path for d in rest] == [FILES[1][0]]


async def test_a_dropped_queue_takes_its_deliveries_along(desk: Desk) -> None:
    await post(desk)
    held = await claim(desk)

    await desk.store.reset("q", drop=True)

    assert await desk.store.delivery_counts() == {}
    with pytest.raises(LostLease):
        await desk.store.delivered(held, link="x")
