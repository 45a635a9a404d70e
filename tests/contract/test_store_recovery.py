"""What becomes of jobs when workers die: leases, adoption, pins, and the ends of patience."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.errors import LostLease
from farm.model.causes import Cause
from farm.model.jobs import JobState, Phase
from farm.model.lanes import ANY_LANE

if TYPE_CHECKING:
    from tests.contract.conftest import Desk

LEASE = 61
PIN = 6 * 3600 + 1


async def test_a_lease_that_is_renewed_does_not_run_out(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.claim("alice")

    for _ in range(3):
        desk.wait(40)
        await desk.store.heartbeat(claim.worker)
        await desk.store.maintain()

    await desk.complete(claim)
    assert await desk.states() == {"one": JobState.COMPLETED}


async def test_a_step_renews_the_lease(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.claim()
    desk.wait(40)
    claim = await desk.store.step(claim, Phase.TYPING, {})
    desk.wait(40)

    await desk.store.maintain()

    assert (await desk.only("one")).state is JobState.IN_PROGRESS


async def test_a_silent_worker_that_sent_nothing_costs_one_attempt(desk: Desk) -> None:
    await desk.add("one")
    await desk.reach(await desk.claim("alice"), Phase.TYPING)
    desk.wait(LEASE)

    touched = await desk.store.maintain()

    job = await desk.only("one")
    assert touched == 1
    assert (job.state, job.attempts, job.crashes) == (JobState.PENDING, 1, 1)
    assert job.cause is Cause.LEASE_EXPIRED
    assert (await desk.claim("bob")).attempt.number == 2


async def test_a_job_that_keeps_silencing_its_workers_fails(desk: Desk) -> None:
    await desk.add("one")

    for _ in range(3):
        await desk.claim()
        desk.wait(LEASE)
        await desk.store.maintain()

    job = await desk.only("one")
    assert (job.state, job.cause) == (JobState.FAILED, Cause.LEASE_EXPIRED)


async def test_what_may_have_been_sent_waits_for_its_session_with_all_its_facts(
    desk: Desk,
) -> None:
    await desk.add("one")
    claim = await desk.reach(await desk.claim("alice"), Phase.SENT)
    desk.wait(LEASE)
    await desk.store.maintain()

    assert await desk.try_claim("bob") is None

    again = await desk.claim("alice", worker="host:2:0:alice")

    assert again.attempt == claim.attempt
    assert (again.job.attempts, again.job.crashes) == (0, 1)
    await desk.complete(again)


@pytest.mark.parametrize("phase", [Phase.SENDING, Phase.SENT, Phase.READY, Phase.SAVED])
async def test_a_job_whose_session_never_returns_ends_in_review(desk: Desk, phase: Phase) -> None:
    await desk.add("one")
    await desk.reach(await desk.claim("alice"), phase)
    desk.wait(LEASE)
    await desk.store.maintain()
    desk.wait(PIN)

    touched = await desk.store.maintain()

    job = await desk.only("one")
    assert touched == 1
    assert (job.state, job.cause, job.lane) == (JobState.REVIEW, Cause.AMBIGUOUS, ANY_LANE)
    assert "Session alice" in job.message
    assert "conversation" in job.message


async def test_a_pin_ends_with_its_attempt_and_does_not_shorten_the_next(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.reach(await desk.claim("alice"), Phase.SENDING)
    await desk.store.give_back(claim, Cause.NOT_ACCEPTED, "still in the box")
    desk.wait(PIN)
    await desk.store.park(await desk.claim("bob"), Cause.SIGNED_OUT, "signed out")

    assert await desk.store.maintain() == 0
    assert await desk.try_claim("alice") is None


async def test_a_delay_that_is_not_over_holds(desk: Desk) -> None:
    await desk.add("one", "two")
    await desk.store.give_back(await desk.claim(), Cause.LIMITED_IP, "", after_seconds=5)
    await desk.store.give_back(await desk.claim(), Cause.LIMITED_IP, "", after_seconds=60)
    desk.wait(6)

    assert await desk.store.maintain() == 1
    assert await desk.states() == {"one": JobState.PENDING, "two": JobState.DELAYED}


async def test_a_parked_job_with_nothing_sent_goes_back_to_everybody(desk: Desk) -> None:
    await desk.add("one")
    await desk.store.park(await desk.claim("alice"), Cause.SIGNED_OUT, "signed out")
    desk.wait(PIN)

    await desk.store.maintain()

    assert (await desk.claim("bob")).job.attempts == 0


async def test_upkeep_with_nothing_due_touches_nothing(desk: Desk) -> None:
    await desk.add("one", "two")
    await desk.claim()

    assert await desk.store.maintain() == 0


async def test_upkeep_done_twice_does_nothing_more(desk: Desk) -> None:
    await desk.add("one", "two")
    await desk.reach(await desk.claim("alice"), Phase.SENT)
    await desk.claim("bob")
    desk.wait(LEASE)

    assert await desk.store.maintain() == 2
    assert await desk.store.maintain() == 0


async def test_everything_that_is_due_is_promoted(desk: Desk) -> None:
    names = [f"p{number}" for number in range(12)]
    await desk.add(*names)
    for _ in names:
        await desk.store.give_back(await desk.claim(), Cause.LIMITED_IP, "", after_seconds=5)
    desk.wait(6)

    assert await desk.store.maintain() == 12
    assert (await desk.store.counts())[JobState.PENDING] == 12


async def test_adoption_takes_a_dead_workers_job_before_its_lease_ends(desk: Desk) -> None:
    await desk.add("one", "two")
    dead = await desk.reach(await desk.claim("alice"), Phase.SENT)
    other = await desk.claim("bob")

    (claim,) = await desk.store.adopt("host:2:0:alice", "alice")

    assert (claim.job.id, claim.attempt) == (dead.job.id, dead.attempt)
    assert (claim.fence, claim.job.crashes) == (dead.fence + 1, 1)
    with pytest.raises(LostLease):
        await desk.complete(dead)
    await desk.complete(claim)
    await desk.complete(other)


async def test_the_claim_from_before_an_adoption_is_refused_to_the_same_worker_too(
    desk: Desk,
) -> None:
    await desk.add("one")
    before = await desk.claim("alice", worker="w")
    (after,) = await desk.store.adopt("w", "alice")

    with pytest.raises(LostLease):
        await desk.complete(before)

    await desk.complete(after)


async def test_a_session_adopts_its_own_jobs_only(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.claim("alice")

    assert await desk.store.adopt("host:2:0:bob", "bob") == ()

    await desk.complete(claim)


async def test_an_adopted_job_is_leased_anew(desk: Desk) -> None:
    await desk.add("one")
    await desk.claim("alice")
    desk.wait(50)
    await desk.store.adopt("host:2:0:alice", "alice")
    desk.wait(50)

    await desk.store.maintain()

    assert (await desk.only("one")).state is JobState.IN_PROGRESS


async def test_the_third_death_before_sending_ends_the_job(desk: Desk) -> None:
    await desk.add("one")
    await desk.reach(await desk.claim("alice"), Phase.TYPING)

    adopted = [await desk.store.adopt(f"host:{life}:0:alice", "alice") for life in range(3)]

    job = await desk.only("one")
    assert [len(claims) for claims in adopted] == [1, 1, 0]
    assert (job.state, job.cause, job.crashes) == (JobState.FAILED, Cause.CRASHED, 3)


async def test_after_sending_there_is_more_patience_and_then_a_review(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.reach(await desk.claim("alice"), Phase.SENT)

    adopted = [await desk.store.adopt(f"host:{life}:0:alice", "alice") for life in range(12)]

    job = await desk.only("one")
    assert [len(claims) for claims in adopted] == [1] * 11 + [0]
    assert (job.state, job.cause) == (JobState.REVIEW, Cause.AMBIGUOUS)
    assert f"conversation-{claim.attempt.id} of session alice" in job.message


async def test_a_heartbeat_names_the_jobs_to_cancel_and_no_others(desk: Desk) -> None:
    await desk.add("one", "two")
    claim = await desk.claim("alice")
    other = await desk.claim("bob")

    assert await desk.store.cancel([claim.job.id]) == 1

    assert await desk.store.heartbeat(claim.worker) == {claim.job.id}
    assert await desk.store.heartbeat(other.worker) == frozenset()


@pytest.mark.parametrize("verb", ["give_back", "fail", "fail for good", "park"])
async def test_a_cancelled_job_ends_as_cancelled_however_it_is_settled(
    desk: Desk, verb: str
) -> None:
    await desk.add("one")
    claim = await desk.reach(await desk.claim(), Phase.SENDING)
    await desk.store.cancel([claim.job.id])

    if verb == "give_back":
        await desk.store.give_back(claim, Cause.TRANSIENT, "")
    elif verb == "park":
        await desk.store.park(claim, Cause.SIGNED_OUT, "")
    else:
        await desk.store.fail(claim, Cause.TRANSIENT, "", 30 if verb == "fail" else None)

    job = await desk.only("one")
    assert (job.state, job.cause) == (JobState.CANCELLED, Cause.CANCELLED)


async def test_the_workers_own_word_is_enough_to_cancel(desk: Desk) -> None:
    await desk.add("one")

    await desk.store.fail(await desk.claim(), Cause.CANCELLED, "Cancelled by the user.", None)

    assert (await desk.only("one")).state is JobState.CANCELLED


async def test_a_job_that_is_made_all_the_same_is_completed(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.claim()
    await desk.store.cancel([claim.job.id])

    await desk.complete(claim)

    assert (await desk.only("one")).state is JobState.COMPLETED


async def test_a_saved_file_is_not_cancelled_any_more(desk: Desk) -> None:
    await desk.add("one", "two")
    early = await desk.claim("alice")
    await desk.store.cancel([early.job.id])
    early = await desk.reach(early, Phase.SAVED)
    late = await desk.reach(await desk.claim("bob"), Phase.SAVED)

    assert await desk.store.cancel([late.job.id]) == 0

    assert await desk.store.heartbeat(early.worker) == frozenset()
    assert await desk.store.heartbeat(late.worker) == frozenset()


async def test_a_silent_worker_cannot_keep_a_cancelled_job(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.reach(await desk.claim(), Phase.SENT)
    await desk.store.cancel([claim.job.id])
    desk.wait(LEASE)

    await desk.store.maintain()

    assert (await desk.only("one")).state is JobState.CANCELLED
