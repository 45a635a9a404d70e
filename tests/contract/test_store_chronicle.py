"""What a report asks of the store, on every engine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from farm.model.causes import Cause
from farm.model.jobs import Phase
from farm.model.limits import Limit
from farm.model.money import Bill, Budget, Receipt
from farm.model.sessions import Session, SessionState

if TYPE_CHECKING:
    from farm.model.jobs import Claim
    from tests.contract.conftest import Desk


def limit(session: str, at: float) -> Limit:
    return Limit(session=session, mode="", cause=Cause.LIMITED_QUOTA, at=at, until=at + 3600)


async def pay(desk: Desk, claim: Claim, microusd: int) -> None:
    bill = Bill(
        attempt_id=claim.attempt.id,
        job_id=claim.job.id,
        backend="openai",
        account="studio",
        model="gpt-image",
        estimate_microusd=50_000,
    )
    await desk.store.reserve(bill, day="2026-11-21", run="r", budget=Budget())
    if microusd:
        await desk.store.settle(claim.attempt.id, Receipt(spent_microusd=microusd))


async def test_attempts_are_told_by_their_beginning_with_how_they_ended(desk: Desk) -> None:
    await desk.add("a", "b")
    first = await desk.claim("alice")
    desk.wait(40)
    await desk.store.fail(first, Cause.TRANSIENT, "try again", 0)
    desk.wait(5)
    second = await desk.reach(await desk.claim("bob"), Phase.SENT)

    failed, open_one = await desk.store.tried()

    assert (failed.job_id, failed.session, failed.cause) == (
        first.job.id,
        "alice",
        Cause.TRANSIENT,
    )
    assert (failed.counted, failed.message, failed.number) == (True, "try again", 1)
    assert failed.ended is not None
    assert 39 < failed.ended - failed.began < 44
    assert (open_one.job_id, open_one.cause, open_one.ended) == (second.job.id, None, None)
    assert open_one.heard_at >= open_one.began > failed.ended


async def test_a_span_leaves_out_what_ended_before_it_and_keeps_what_is_open(desk: Desk) -> None:
    await desk.add("early", "late", "open")
    early = await desk.claim()
    await desk.complete(early)
    desk.wait(100)
    begin = (await desk.claim()).attempt
    desk.wait(10)
    await desk.complete((await desk.store.adopt("host:1:0:alice", "alice"))[0])
    await desk.claim()

    told = await desk.store.tried(begin.started_at)

    assert [(one.cause, one.ended is None) for one in told] == [(Cause.MADE, False), (None, True)]


async def test_only_the_attempts_and_costs_of_the_queues_in_question_are_told(desk: Desk) -> None:
    await desk.add("a", queue="heroes")
    await pay(desk, await desk.claim(), 30_000)
    await desk.add("b", queue="others")
    await pay(desk, await desk.claim(), 70_000)
    (mine,) = await desk.store.find("heroes", "a")

    tried = await desk.store.tried(queues=["heroes"])
    (paid,) = await desk.store.paid(queues=["heroes"])

    assert [one.job_id for one in tried] == [mine.id]
    assert (paid.backend, paid.requests, paid.spent_microusd) == ("openai", 1, 30_000)
    assert len(await desk.store.tried()) == 2
    assert [p.spent_microusd for p in await desk.store.paid()] == [100_000]


async def test_what_was_paid_before_a_span_is_not_of_it(desk: Desk) -> None:
    await desk.add("a", "b")
    await pay(desk, await desk.claim(), 30_000)
    desk.wait(100)
    later = await desk.claim()
    await pay(desk, later, 0)

    (paid,) = await desk.store.paid(later.attempt.started_at)

    assert (paid.spent_microusd, paid.open_microusd) == (0, 50_000)


async def test_limits_of_all_sessions_are_told_in_the_order_they_were_met(desk: Desk) -> None:
    for session, at in (("bob", 300.0), ("alice", 100.0), ("alice", 500.0)):
        await desk.store.note_limit(limit(session, at))

    told = await desk.store.limits_met(200.0)

    assert [(one.session, one.at) for one in told] == [("bob", 300.0), ("alice", 500.0)]
    assert [one.at for one in await desk.store.limits_met()] == [100.0, 300.0, 500.0]


async def test_a_rest_that_the_user_asked_for_is_told_once_and_teaches_nothing(desk: Desk) -> None:
    rest = Session(
        name="alice",
        state=SessionState.RESTING,
        cause=Cause.LIMITED_CAP,
        next_ready_at=9e9,
    )

    await desk.store.save_session(rest)
    await desk.store.save_session(rest)

    (told,) = await desk.store.limits_met()
    assert (told.session, told.cause, told.until) == ("alice", rest.cause, rest.next_ready_at)
    assert await desk.store.limits("alice") == ()


async def test_the_same_rest_after_work_is_another_one(desk: Desk) -> None:
    rest = Session(
        name="alice", state=SessionState.RESTING, cause=Cause.LIMITED_HOURS, next_ready_at=9e9
    )

    for session in (rest, replace(rest, state=SessionState.READY), rest):
        await desk.store.save_session(session)

    assert len(await desk.store.limits_met()) == 2


async def test_images_before_a_limit_are_counted_across_rests_of_the_users(desk: Desk) -> None:
    await desk.finish("a")
    desk.wait(10)
    rest = Session(
        name="alice", state=SessionState.RESTING, cause=Cause.LIMITED_BY_HAND, next_ready_at=9e9
    )
    await desk.store.save_session(rest)
    desk.wait(10)

    await desk.store.note_limit(limit("alice", 9e9))

    assert [one.images for one in await desk.store.limits("alice")] == [1]


async def test_more_jobs_than_a_statement_takes_are_told_with_their_images(desk: Desk) -> None:
    job = await desk.finish("a")

    told = await desk.store.originals_of([*range(40_000, 42_000), job.id])

    ((original,),) = told.values()
    assert original.image.path == job.image_path
    assert job.completed_at is not None
    assert abs(original.made_at - job.completed_at) < 1
