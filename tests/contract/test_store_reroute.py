"""Jobs that are left to other hands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from farm.model.causes import Cause
from farm.model.jobs import JobState, Phase

if TYPE_CHECKING:
    from tests.contract.conftest import Desk


async def ids(desk: Desk) -> list[int]:
    return [job.id for job in (await desk.store.page(limit=10)).jobs]


async def test_a_job_that_waits_is_claimed_in_its_new_lane_only(desk: Desk) -> None:
    await desk.add("hill")
    moved = await desk.store.reroute(await ids(desk), "fal+references")

    assert moved == 1
    assert await desk.store.claim("w", "s", ("any",)) is None
    assert await desk.store.claim("w", "s", ("fal+references",)) is not None


async def test_a_job_given_back_later_goes_to_its_new_lane(desk: Desk) -> None:
    await desk.add("hill")
    claim = await desk.claim()
    await desk.store.reroute([claim.job.id], "fal")

    await desk.store.give_back(claim, Cause.BROWSER_GONE, "")

    assert await desk.store.claim("w", "s", ("any",)) is None
    assert await desk.store.claim("w", "s", ("fal",)) is not None


async def test_what_was_sent_stays_with_its_session(desk: Desk) -> None:
    await desk.add("hill")
    claim = await desk.reach(await desk.claim("alice"), Phase.SENT)
    await desk.store.park(claim, Cause.BROWSER_GONE, "")

    await desk.store.reroute([claim.job.id], "fal")

    assert await desk.store.claim("w", "s", ("fal",)) is None
    assert await desk.try_claim("alice") is not None


async def test_what_has_ended_waits_in_its_new_lane_when_it_is_queued_again(desk: Desk) -> None:
    await desk.add("hill")
    (job,) = await ids(desk)
    await desk.store.cancel([job])

    await desk.store.reroute([job], "fal")
    await desk.store.retry([job])

    assert (await desk.store.page(states=[JobState.PENDING])).jobs[0].lane == "fal"


async def test_what_was_sent_is_found_by_the_heir_of_its_session(desk: Desk) -> None:
    await desk.add("hill", "lake")
    parked = await desk.reach(await desk.claim("once-1-fal-1"), Phase.SENT)
    begun = await desk.reach(await desk.claim("once-1-fal-1"), Phase.SENT)
    await desk.store.park(parked, Cause.BROWSER_GONE, "")

    moved = await desk.store.bequeath("once-1-fal-1", "fal-1")

    assert moved == 2
    assert await desk.try_claim("once-1-fal-1") is None
    assert [one.job.id for one in await desk.store.adopt("w", "fal-1")] == [begun.job.id]
    found = await desk.try_claim("fal-1")
    assert found is not None
    assert (found.job.id, found.attempt.phase) == (parked.job.id, Phase.SENT)
