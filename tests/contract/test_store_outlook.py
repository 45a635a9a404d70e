"""What the store tells of the past for a look ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.model.causes import Cause
from farm.model.jobs import JobState

if TYPE_CHECKING:
    from tests.contract.conftest import Desk

DAY = 86400.0


async def moments(desk: Desk) -> list[float]:
    """When the images of alice were finished, oldest first."""
    return [one.ended for one in await desk.store.tries("alice")]


async def test_a_try_lasts_from_its_claim_to_its_settlement(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.claim()
    desk.wait(40)
    await desk.complete(claim)

    (told,) = await desk.store.tries("alice")

    assert told.cause is Cause.MADE
    assert told.seconds == pytest.approx(40, abs=1)


async def test_tries_are_told_in_their_order_and_open_ones_are_not(desk: Desk) -> None:
    await desk.add("one", "two")
    claim = await desk.claim()
    await desk.store.fail(claim, Cause.TIMEOUT, "no image", 0)
    desk.wait(10)
    await desk.store.maintain()
    await desk.complete(await desk.claim())
    await desk.add("three")
    await desk.claim()

    told = await desk.store.tries("alice")

    assert [one.cause for one in told] == [Cause.TIMEOUT, Cause.MADE]


async def test_tries_of_other_sessions_are_not_told(desk: Desk) -> None:
    await desk.finish("one")

    assert await desk.store.tries("bob") == ()


async def test_images_are_counted_by_the_days_they_were_finished_on(desk: Desk) -> None:
    await desk.finish("one")
    desk.wait(DAY)
    await desk.finish("two")
    await desk.finish("three")
    desk.wait(DAY)
    await desk.finish("four")
    first, second, _, last = await moments(desk)

    made = await desk.store.made_by_day([first - 1, second - 1, last - 1])

    assert made == {"alice": (1, 2, 1)}


async def test_what_was_made_before_the_first_day_is_not_counted(desk: Desk) -> None:
    await desk.finish("one")
    desk.wait(DAY)
    (first,) = await moments(desk)

    assert await desk.store.made_by_day([first + 1]) == {}


async def test_a_queue_tells_where_each_of_its_jobs_stands(desk: Desk) -> None:
    await desk.finish("one")
    await desk.add("two")
    await desk.add("elsewhere", queue="other")

    standing = await desk.store.standing("q")

    assert standing == {"one": JobState.COMPLETED, "two": JobState.PENDING}
    assert await desk.store.standing("nowhere") == {}
