"""What every engine of the job store promises to workers: claims, phases, settlements."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from farm.errors import LostLease
from farm.model.causes import Cause
from farm.model.jobs import Claim, JobState, Phase
from farm.model.lanes import ANY_LANE
from farm.model.sessions import Session, SessionState
from farm.store.base import Claims, Control, Knowledge, Queue, Settlements

if TYPE_CHECKING:
    from tests.contract.conftest import Desk


def test_the_store_is_every_port_in_one(desk: Desk) -> None:
    claims: Claims = desk.store
    settlements: Settlements = desk.store
    knowledge: Knowledge = desk.store
    queue: Queue = desk.store
    control: Control = desk.store

    assert {claims, settlements, knowledge, queue, control} == {desk.store}


async def test_a_claim_is_the_first_row_in_progress_with_a_new_attempt(desk: Desk) -> None:
    await desk.add("one", "two")

    claim = await desk.claim("alice")

    assert (claim.job.prompt.id, claim.job.state) == ("one", JobState.IN_PROGRESS)
    assert (claim.attempt.number, claim.attempt.phase) == (1, Phase.CLAIMED)
    assert (claim.job.session, claim.attempt.session) == ("alice", "alice")


async def test_a_claim_of_an_empty_queue_is_none(desk: Desk) -> None:
    assert await desk.try_claim() is None


async def test_a_claim_without_lanes_is_none(desk: Desk) -> None:
    await desk.add("one")

    assert await desk.store.claim("w", "alice", ()) is None


async def test_the_higher_priority_goes_first_over_all_queues(desk: Desk) -> None:
    await desk.add("low", queue="a")
    await desk.store.add("b", [desk.row("high")], "/b.csv", priority=5)

    claims = [await desk.claim("alice"), await desk.claim("bob")]

    assert [claim.job.prompt.id for claim in claims] == ["high", "low"]


async def test_the_higher_priority_goes_first_within_a_queue(desk: Desk) -> None:
    await desk.add("low")
    await desk.store.add("q", [desk.row("high")], "/prompts.csv", priority=5)

    assert (await desk.claim()).job.prompt.id == "high"


async def test_an_earlier_lane_goes_before_a_higher_priority(desk: Desk) -> None:
    await desk.store.add("a", [desk.row("any")], "/a.csv", priority=5)
    await desk.store.add("b", [desk.row("web", backend="web")], "/b.csv")

    assert (await desk.claim()).job.prompt.id == "web"


async def test_a_lane_that_is_not_asked_for_is_not_served(desk: Desk) -> None:
    await desk.store.add("a", [desk.row("one", backend="api")], "/a.csv")

    assert await desk.try_claim() is None


async def test_concurrent_claims_never_share_a_job(desk: Desk) -> None:
    await desk.add(*(f"p{number}" for number in range(20)))

    claims = await asyncio.gather(*(desk.claim(f"s{number}") for number in range(20)))

    assert len({claim.job.id for claim in claims}) == 20


async def test_a_paused_queue_is_passed_over_and_served_again(desk: Desk) -> None:
    await desk.add("one", queue="a")
    await desk.add("two", queue="b")
    await desk.store.pause("a")

    assert (await desk.claim()).job.prompt.id == "two"
    assert await desk.store.paused() == {"a"}

    await desk.store.resume("a")

    assert (await desk.claim()).job.prompt.id == "one"


async def test_a_pause_of_all_stops_every_claim(desk: Desk) -> None:
    await desk.add("one")
    await desk.store.pause()

    assert await desk.store.paused() == {""}
    assert await desk.try_claim() is None

    await desk.store.resume()

    assert await desk.try_claim() is not None


async def test_work_in_flight_goes_on_through_a_pause(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.claim()
    await desk.store.pause()

    await desk.complete(await desk.reach(claim, Phase.SENT))

    assert await desk.states() == {"one": JobState.COMPLETED}


async def test_steps_gather_facts_and_pin_the_job_once_it_may_be_sent(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.claim("alice")

    typing = await desk.store.step(claim, Phase.TYPING, {"text": "draw"})
    sending = await desk.store.step(claim, Phase.SENDING, {"before": ["c0"]})

    assert typing.job.lane == ANY_LANE
    assert sending.job.lane == "session:alice"
    assert sending.attempt.facts == {"text": "draw", "before": ["c0"]}
    assert (await desk.only("one")).lane == "session:alice"


async def test_a_phase_may_be_written_again_but_never_an_earlier_one(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.reach(await desk.claim(), Phase.SENT)

    again = await desk.store.step(claim, Phase.SENT, {"turn": "t1"})
    with pytest.raises(ValueError, match="cannot be typing again"):
        await desk.store.step(claim, Phase.TYPING, {})

    assert again.attempt.facts["turn"] == "t1"


async def test_a_completed_job_has_its_images_and_is_nobodys(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.reach(await desk.claim(), Phase.SAVED)

    await desk.store.complete(claim, [desk.image("one"), desk.image("one-2")], "fine")

    job = await desk.only("one")
    assert (job.state, job.cause, job.message) == (JobState.COMPLETED, Cause.MADE, "fine")
    assert (job.image_path, job.lane, job.attempts) == ("2026-11-21/one.png", ANY_LANE, 1)
    assert job.completed_at == job.updated_at
    assert [image.path for image in await desk.store.images(job.id)] == [
        "2026-11-21/one.png",
        "2026-11-21/one-2.png",
    ]


async def test_completing_without_an_image_is_a_programming_error(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.claim()

    with pytest.raises(ValueError, match="without an image"):
        await desk.store.complete(claim, [])


async def test_giving_back_costs_no_attempt_and_frees_the_job_from_its_session(
    desk: Desk,
) -> None:
    await desk.add("one")
    claim = await desk.reach(await desk.claim("alice"), Phase.SENT)

    await desk.store.give_back(claim, Cause.LIMITED_QUOTA, "resting", after_seconds=60)

    job = await desk.only("one")
    assert (job.state, job.attempts, job.lane) == (JobState.DELAYED, 0, ANY_LANE)
    assert job.not_before == pytest.approx(job.updated_at + 60, abs=1)
    assert await desk.try_claim("bob") is None

    desk.wait(61)
    await desk.store.maintain()

    assert (await desk.claim("bob")).attempt.number == 2


async def test_giving_back_without_a_wait_is_claimable_at_once(desk: Desk) -> None:
    await desk.add("one")

    await desk.store.give_back(await desk.claim(), Cause.DRIFT, "no composer")

    assert (await desk.claim("bob")).job.message == ""


async def test_a_failure_with_a_wait_is_counted_and_tried_again(desk: Desk) -> None:
    await desk.add("one")

    await desk.store.fail(await desk.claim(), Cause.TRANSIENT, "try again", 30)

    job = await desk.only("one")
    assert (job.state, job.attempts, job.cause) == (JobState.DELAYED, 1, Cause.TRANSIENT)


async def test_a_failure_without_a_wait_ends_the_job(desk: Desk) -> None:
    await desk.add("one")

    await desk.store.fail(await desk.claim(), Cause.REFUSED_POLICY, "refused", None)

    assert (await desk.only("one")).state is JobState.FAILED


async def test_the_last_attempt_fails_whatever_wait_was_asked_for(desk: Desk) -> None:
    await desk.add("one")

    for _ in range(3):
        await desk.store.fail(await desk.claim(), Cause.TRANSIENT, "try again", 0)

    job = await desk.only("one")
    assert (job.state, job.attempts) == (JobState.FAILED, job.max_attempts)


async def test_a_review_keeps_its_evidence(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.claim()

    await desk.store.review(claim, Cause.WRONG_ORIENTATION, "portrait", [desk.image("one")])

    job = await desk.only("one")
    assert (job.state, job.cause) == (JobState.REVIEW, Cause.WRONG_ORIENTATION)
    assert job.image_path == "2026-11-21/one.png"


async def test_a_parked_job_waits_for_its_own_session_with_its_attempt(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.reach(await desk.claim("alice"), Phase.SENT)

    await desk.store.park(claim, Cause.SIGNED_OUT, "signed out while it was drawn")

    assert await desk.try_claim("bob") is None
    again = await desk.claim("alice", worker="host:2:0:alice")
    assert (again.attempt.id, again.attempt.phase) == (claim.attempt.id, Phase.SENT)
    assert again.job.crashes == 0


async def settle_in_every_way(desk: Desk, claim: Claim) -> list[BaseException | None]:
    """Each fenced verb once; what it raised."""
    ways = (
        desk.store.step(claim, Phase.SAVED, {}),
        desk.store.complete(claim, [desk.image("late")]),
        desk.store.give_back(claim, Cause.DRIFT, ""),
        desk.store.park(claim, Cause.SIGNED_OUT, ""),
        desk.store.fail(claim, Cause.TRANSIENT, "", 0),
        desk.store.review(claim, Cause.AMBIGUOUS, ""),
    )
    results = [await asyncio.gather(way, return_exceptions=True) for way in ways]
    return [result if isinstance(result, BaseException) else None for (result,) in results]


async def test_every_write_of_a_worker_whose_job_has_moved_on_is_refused(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.claim("alice")
    desk.wait(61)
    await desk.store.maintain()
    newer = await desk.claim("bob")

    raised = await settle_in_every_way(desk, claim)

    assert [type(error) for error in raised] == [LostLease] * 6
    assert (await desk.only("one")).session == "bob"
    await desk.complete(newer)


async def test_a_settled_claim_cannot_be_settled_again(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.claim()
    await desk.complete(claim)

    with pytest.raises(LostLease, match="no longer belongs to host:1:0:alice"):
        await desk.complete(claim)


async def test_history_tells_what_happened_in_order(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.reach(await desk.claim(), Phase.SENDING)
    await desk.store.give_back(claim, Cause.NOT_ACCEPTED, "still in the box")
    await desk.complete(await desk.claim())

    attempts, _ = await desk.store.history(claim.job.id)

    assert [attempt.cause for attempt in attempts] == [Cause.NOT_ACCEPTED, Cause.MADE]
    assert [attempt.phase for attempt in attempts] == [Phase.SENDING, Phase.SETTLED]
    assert await desk.kinds(claim.job.id) == (
        ["added", "claimed", "phase", "phase", "given_back", "claimed", "completed"]
    )


async def test_the_past_is_known_by_content_cause_and_conversation(desk: Desk) -> None:
    await desk.add("one", "two")
    first = await desk.reach(await desk.claim("alice"), Phase.SENT)
    await desk.store.give_back(first, Cause.LIMITED_THROTTLE, "too fast")
    again = await desk.claim("alice")
    await desk.complete(again)

    assert await desk.store.owner_of("sha-of-one") == again.job.id
    assert await desk.store.owner_of("unknown") is None
    assert await desk.store.causes_of(again.job.id) == (Cause.LIMITED_THROTTLE, Cause.MADE)
    assert await desk.store.known_conversations("alice") == {f"conversation-{first.attempt.id}"}
    assert await desk.store.known_conversations("bob") == frozenset()
    assert await desk.store.endings() == {
        ("alice", Cause.LIMITED_THROTTLE): 1,
        ("alice", Cause.MADE): 1,
    }


async def test_bytes_belong_to_the_job_that_had_them_first(desk: Desk) -> None:
    await desk.add("one", "two")
    first = await desk.claim("alice")
    await desk.store.complete(first, [desk.image("one", "same")])
    await desk.store.review(
        await desk.claim("alice"), Cause.DUPLICATE, "", [desk.image("two", "same")]
    )

    assert await desk.store.owner_of("same") == first.job.id


async def test_a_session_is_stored_whole_and_fresh_when_unknown(desk: Desk) -> None:
    resting = Session(
        name="alice",
        state=SessionState.RESTING,
        cause=Cause.LIMITED_QUOTA,
        message="until six",
        next_ready_at=1e9,
        job_id=7,
        since=5.0,
        made=3,
        throttles=1,
        transients=2,
    )

    await desk.store.save_session(Session(name="alice"))
    await desk.store.save_session(resting)

    assert await desk.store.session("alice") == resting
    assert await desk.store.session("bob") == Session(name="bob")
    assert await desk.store.sessions() == (resting,)


async def test_an_image_that_looks_like_another_jobs_is_told(desk: Desk) -> None:
    await desk.add("first", "second")
    for looks in ("ff00ff00ff00ff00", "0123456789abcdef"):
        claim = await desk.claim()
        image = replace(desk.image(claim.job.prompt.id), perceptual=looks)
        await desk.store.complete(claim, [image])
    first, second = await desk.only("first"), await desk.only("second")

    near = await desk.store.looks_like("ff00ff00ff00ff07", second.id)

    assert near is not None
    assert (near.job, near.path) == ("q/first", "2026-11-21/first.png")
    assert await desk.store.looks_like("ff00ff00ff00ff07", first.id) is None
    assert await desk.store.looks_like("00ff00ff00ff00ff", second.id) is None
