"""What the user's commands see and may change: listings, retry, cancel, reset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.errors import LostLease, UsageError
from farm.model.causes import Cause
from farm.model.jobs import ENDED_STATES, JobState, Phase

if TYPE_CHECKING:
    from tests.contract.conftest import Desk


async def end_in_every_state(desk: Desk) -> dict[str, int]:
    """One job of each ended state, named after it; their ids."""
    await desk.add("completed", "failed", "review", "cancelled")
    await desk.complete(await desk.claim())
    await desk.store.fail(await desk.claim(), Cause.REFUSED_POLICY, "refused", None)
    await desk.store.review(await desk.claim(), Cause.AMBIGUOUS, "look", [desk.image("r")])
    await desk.store.cancel([(await desk.only("cancelled")).id])
    return {job.prompt.id: job.id for job in (await desk.store.page()).jobs}


async def test_every_state_is_counted_even_at_zero(desk: Desk) -> None:
    await desk.add("one", "two", queue="a")
    await desk.add("three", queue="b")
    await desk.claim()

    everything = await desk.store.counts()

    assert set(everything) == set(JobState)
    assert (everything[JobState.PENDING], everything[JobState.IN_PROGRESS]) == (2, 1)
    assert (await desk.store.counts(["b"]))[JobState.PENDING] == 1
    assert sum((await desk.store.counts(["unknown"])).values()) == 0


async def test_queues_are_listed_with_source_pause_and_counts(desk: Desk) -> None:
    await desk.add("one", queue="b")
    await desk.store.add("a", [], "/empty.csv")
    await desk.store.pause("b")

    first, second = await desk.store.queues()

    assert (first.name, first.source, first.paused) == ("a", "/empty.csv", False)
    assert (second.name, second.paused, second.counts[JobState.PENDING]) == ("b", True, 1)


async def test_pages_follow_each_other_without_gap_or_repeat(desk: Desk) -> None:
    await desk.add("p0", "p1", "p2", queue="a")
    await desk.add("p3", "p4", queue="b")

    first = await desk.store.page(limit=2)
    second = await desk.store.page(limit=2, after=first.after or 0)
    third = await desk.store.page(limit=2, after=second.after or 0)

    pages = (first, second, third)
    assert [[job.prompt.id for job in page.jobs] for page in pages] == [
        ["p0", "p1"],
        ["p2", "p3"],
        ["p4"],
    ]
    assert third.after is None


async def test_a_full_last_page_has_nothing_after_it(desk: Desk) -> None:
    await desk.add("p0", "p1")

    assert (await desk.store.page(limit=2)).after is None


async def test_a_page_may_be_of_some_queues_and_states(desk: Desk) -> None:
    await end_in_every_state(desk)
    await desk.add("other", queue="b")

    of_states = await desk.store.page(states=[JobState.REVIEW, JobState.PENDING])
    of_queue = await desk.store.page(queues=["q"], states=list(ENDED_STATES), limit=3)
    of_nothing = await desk.store.page(queues=["unknown"])

    assert [job.prompt.id for job in of_states.jobs] == ["review", "other"]
    assert [job.prompt.id for job in of_queue.jobs] == ["completed", "failed", "review"]
    assert of_queue.after is not None
    assert of_nothing.jobs == ()


async def test_a_job_is_found_by_id_and_by_prompt_id(desk: Desk) -> None:
    await desk.add("one", queue="a")
    await desk.add("one", queue="b")

    everywhere = await desk.store.find(None, "one")
    (there,) = await desk.store.find("b", "one")

    assert [job.queue for job in everywhere] == ["a", "b"]
    assert await desk.store.job(there.id) == there
    assert await desk.store.job(999) is None


async def test_what_is_left_for_a_lane_is_waiting_or_in_progress(desk: Desk) -> None:
    await desk.add("held", "delayed", "pinned", "waiting")
    await desk.claim("bob")
    await desk.store.give_back(await desk.claim("bob"), Cause.LIMITED_IP, "", after_seconds=60)
    pinned = await desk.reach(await desk.claim("bob"), Phase.SENT)
    await desk.store.park(pinned, Cause.SIGNED_OUT, "")

    assert await desk.store.left_for(("session:alice", "any")) == 3
    assert await desk.store.left_for(("session:bob", "any")) == 4
    assert await desk.store.left_for(("session:bob",)) == 2


async def test_retry_queues_every_ended_job_afresh(desk: Desk) -> None:
    ids = await end_in_every_state(desk)

    assert await desk.store.retry(list(ids.values())) == 4

    jobs = (await desk.store.page()).jobs
    assert {job.state for job in jobs} == {JobState.PENDING}
    assert {(job.attempts, job.crashes, job.cause, job.version) for job in jobs} == {
        (0, 0, None, 1)
    }


async def test_retry_keeps_history_and_starts_a_new_attempt(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.reach(await desk.claim(), Phase.SENT)
    await desk.store.review(claim, Cause.AMBIGUOUS, "look")

    await desk.store.retry([claim.job.id])
    again = await desk.claim("bob")

    assert (again.attempt.number, again.attempt.phase) == (2, Phase.CLAIMED)
    tries, _ = await desk.store.history(claim.job.id)
    assert [one.cause for one in tries] == [Cause.AMBIGUOUS, None]
    assert await desk.store.causes_of(claim.job.id) == ()  # they decide no more


async def test_retry_passes_over_open_and_unknown_jobs(desk: Desk) -> None:
    await desk.add("waiting", "held")
    claim = await desk.claim()

    assert await desk.store.retry([claim.job.id, claim.job.id + 1, 999]) == 0


async def test_cancel_ends_waiting_jobs_at_once(desk: Desk) -> None:
    await desk.add("delayed", "pending")
    await desk.store.give_back(await desk.claim(), Cause.LIMITED_IP, "", after_seconds=60)
    ids = [job.id for job in (await desk.store.page()).jobs]

    assert await desk.store.cancel(ids) == 2

    assert set((await desk.states()).values()) == {JobState.CANCELLED}
    assert await desk.try_claim() is None


async def test_cancel_ends_a_job_that_waits_for_its_session(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.reach(await desk.claim(), Phase.SENT)
    await desk.store.park(claim, Cause.SIGNED_OUT, "")

    assert await desk.store.cancel([claim.job.id]) == 1

    assert (await desk.only("one")).state is JobState.CANCELLED
    assert await desk.store.causes_of(claim.job.id) == (Cause.CANCELLED,)


async def test_cancel_passes_over_what_has_ended_but_settles_a_review(desk: Desk) -> None:
    ids = await end_in_every_state(desk)

    assert await desk.store.cancel(list(ids.values())) == 1

    assert (await desk.states())["review"] is JobState.CANCELLED


async def test_reset_requeues_failed_cancelled_and_expired_jobs(desk: Desk) -> None:
    await end_in_every_state(desk)
    await desk.add("silent", "held")
    await desk.claim("bob")
    desk.wait(61)
    held = await desk.claim("alice")

    assert await desk.store.reset("q") == 3

    states = await desk.states()
    assert {name for name, state in states.items() if state is JobState.PENDING} == {
        "failed",
        "cancelled",
        "silent",
    }
    assert states["held"] is JobState.IN_PROGRESS
    await desk.complete(held)


async def test_reset_never_sends_again_what_may_have_been_sent(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.reach(await desk.claim("alice"), Phase.SENDING)
    desk.wait(61)

    assert await desk.store.reset("q") == 1

    assert await desk.try_claim("bob") is None
    assert (await desk.claim("alice")).attempt.id == claim.attempt.id


async def test_reset_leaves_other_queues_alone(desk: Desk) -> None:
    await desk.add("failed", "silent", queue="a")
    await desk.store.fail(await desk.claim(), Cause.REFUSED_POLICY, "", None)
    await desk.claim()
    desk.wait(61)
    await desk.add("two", queue="b")

    assert await desk.store.reset("b") == 0

    assert await desk.states() == {
        "failed": JobState.FAILED,
        "silent": JobState.IN_PROGRESS,
        "two": JobState.PENDING,
    }


async def test_dropping_a_queue_removes_it_whole_and_frees_its_name(desk: Desk) -> None:
    done = await desk.finish("one", queue="a")
    await desk.add("three", queue="b")
    await desk.add("two", queue="a")
    await desk.store.pause("b")
    held = await desk.claim()

    assert await desk.store.reset("a", drop=True) == 2

    assert await desk.states() == {"three": JobState.PENDING}
    assert await desk.store.history(done.id) == ((), ())
    assert await desk.store.owner_of("sha-of-one") is None
    with pytest.raises(LostLease):
        await desk.complete(held)
    await desk.store.add("a", [desk.row("one")], "/another.csv")
    assert (await desk.only("one")).id > held.job.id


@pytest.mark.parametrize("verb", ["pause", "resume", "reset"])
async def test_an_unknown_queue_is_named_with_those_there_are(desk: Desk, verb: str) -> None:
    await desk.add("one", queue="a")

    with pytest.raises(UsageError, match=r"no queue 'nope'. Queues: a\."):
        await getattr(desk.store, verb)("nope")
