"""A person's word on a job in review, and files fetched once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.errors import UsageError
from farm.model.causes import Cause
from farm.model.images import Image
from farm.model.jobs import AttemptFacts, Claim, JobState, Phase
from farm.model.lanes import session_lane
from farm.model.limits import Limit
from farm.model.sessions import Wish, WishKind

if TYPE_CHECKING:
    from tests.contract.conftest import Desk

IMAGE = Image(
    path="2026-11-21/one.png", sha256="ab", size_bytes=1, width_px=1408, height_px=768,
    media_type="image/png", source="s0",
)  # fmt: skip


async def ambiguous(desk: Desk) -> Claim:
    await desk.add("one")
    claim = await desk.reach(await desk.claim(), Phase.SENDING)
    await desk.store.review(claim, Cause.AMBIGUOUS, "look")
    return claim


async def test_what_was_not_sent_is_queued_again_from_the_start(desk: Desk) -> None:
    claim = await ambiguous(desk)

    await desk.store.not_sent(claim.job.id)

    job = await desk.only("one")
    assert (job.state, job.attempts, job.cause) == (JobState.PENDING, 0, None)
    assert (await desk.claim("bob")).attempt.phase is Phase.CLAIMED


async def test_what_was_sent_waits_for_its_session_with_the_attempt_open(desk: Desk) -> None:
    claim = await ambiguous(desk)

    session = await desk.store.sent(claim.job.id, "0123456789abcdef")

    job = await desk.only("one")
    assert (session, job.lane) == (claim.attempt.session, session_lane(claim.attempt.session))
    assert await desk.store.claim("w", "stranger", ("any", session_lane("stranger"))) is None
    again = await desk.claim(session)
    facts = AttemptFacts.of(again.attempt)
    assert (again.attempt.id, again.attempt.phase) == (claim.attempt.id, Phase.SENT)
    assert (facts.conversation, facts.by_hand) == ("0123456789abcdef", True)


async def test_only_a_job_in_review_is_resolved(desk: Desk) -> None:
    await desk.add("one")
    job = await desk.only("one")

    for verb in (desk.store.not_sent, desk.store.sent):
        with pytest.raises(UsageError, match="only a job in review"):
            await verb(job.id)


async def test_what_never_came_to_be_sent_cannot_be_resolved_as_sent(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.claim()
    await desk.store.review(claim, Cause.WRONG_ORIENTATION, "look")

    with pytest.raises(UsageError, match="never came to be sent"):
        await desk.store.sent(claim.job.id)


async def test_a_fetched_image_ends_a_review(desk: Desk) -> None:
    claim = await ambiguous(desk)

    await desk.store.fetched(claim.job.id, [IMAGE])

    job = await desk.only("one")
    assert (job.state, job.cause, job.image_path) == (
        JobState.COMPLETED,
        Cause.MADE,
        IMAGE.path,
    )
    assert await desk.store.owner_of("ab") == claim.job.id


async def test_a_job_is_handed_to_another_lane_with_its_tries_from_zero(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.reach(await desk.claim(), Phase.SENT)

    await desk.store.hand_over(claim, Cause.REFUSED_PERSON, "refused", "gemini")

    job = await desk.only("one")
    assert (job.state, job.lane, job.attempts, job.cause) == (
        JobState.PENDING,
        "gemini",
        0,
        Cause.REFUSED_PERSON,
    )


async def test_limits_are_told_oldest_first_with_the_images_between_them(desk: Desk) -> None:
    await desk.add("one", "two")
    for cause in (Cause.LIMITED_QUOTA, Cause.LIMITED_THROTTLE):
        limit = Limit(session="alice", mode="Flash", cause=cause, at=5.0, until=9.0)
        await desk.store.note_limit(limit)

    await desk.store.lift_limits("alice", 12.0)

    told = await desk.store.limits("alice")
    assert [limit.cause for limit in told] == [Cause.LIMITED_QUOTA, Cause.LIMITED_THROTTLE]
    assert {limit.lifted_at for limit in told} == {12.0}
    assert await desk.store.limits("bob") == ()


async def test_images_are_counted_by_session_and_time(desk: Desk) -> None:
    await desk.add("one", "two")
    claim = await desk.reach(await desk.claim("alice"), Phase.SENT)
    await desk.store.complete(claim, [IMAGE])

    assert await desk.store.made_since("alice", 0.0) == 1
    assert await desk.store.made_since("alice", 9e12) == 0
    assert await desk.store.made_since("bob", 0.0) == 0


async def test_a_wish_is_read_once_and_a_later_one_replaces_it(desk: Desk) -> None:
    await desk.store.wish("alice", Wish(kind=WishKind.WAKE))
    await desk.store.wish("alice", Wish(kind=WishKind.REST, until=99.0))

    assert await desk.store.take_wish("alice") == Wish(kind=WishKind.REST, until=99.0)
    assert await desk.store.take_wish("alice") is None


async def test_a_queue_keeps_its_own_refusal_policy(desk: Desk) -> None:
    await desk.add("one")

    await desk.store.set_refusals("q", {"refused.person": "retry"})

    assert await desk.store.refusals_of("q") == {"refused.person": "retry"}
    await desk.store.set_refusals("q", {})
    assert await desk.store.refusals_of("q") == {}
    with pytest.raises(UsageError, match="There is no queue 'x'"):
        await desk.store.set_refusals("x", {})
