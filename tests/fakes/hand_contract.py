"""What the worker may rely on, whoever makes the picture: the tests of every kind of hand.

A module of tests imports them all and has a fixture `rig`. Those without `test_` are for rigs whose
other side can refuse or keep one waiting.
"""

from __future__ import annotations

import asyncio
import hashlib
import json

import pytest
from rigs import Rig, Story

from farm.backends.base import Hand
from farm.errors import Ended, LostLease
from farm.model.causes import LIMITS, REFUSALS, Cause
from farm.model.jobs import PHASES, Phase


@pytest.fixture
def story(rig: Rig) -> Story:
    return Story(sent=rig.sent)


async def test_phases_are_committed_in_order_and_sending_before_anything_is_sent(
    rig: Rig, story: Story
) -> None:
    async with rig.hand() as hand:
        await hand.make(story.work, story.record)

    assert story.phases == sorted(story.phases, key=PHASES.index)
    assert {Phase.TYPING, Phase.SENDING, Phase.READY} <= set(story.phases)
    assert story.sent_at[Phase.SENDING] == 0
    assert rig.sent() == 1


async def test_the_text_is_on_record_before_it_is_sent(rig: Rig, story: Story) -> None:
    async with rig.hand() as hand:
        await hand.make(story.work, story.record)

    assert dict(story.steps)[Phase.TYPING]["text"] == story.text


async def test_facts_are_plain_values_that_a_store_can_keep(rig: Rig, story: Story) -> None:
    async with rig.hand() as hand:
        await hand.make(story.work, story.record)

    for _, facts in story.steps:
        kept = json.dumps(facts)
        assert json.dumps(json.loads(kept)) == kept


async def test_pictures_lie_whole_in_the_files_that_are_named(rig: Rig, story: Story) -> None:
    async with rig.hand() as hand:
        drawn = await hand.make(story.work, story.record)

    assert drawn.images
    for image in drawn.images:
        data = image.part.read_bytes()
        assert hashlib.sha256(data).hexdigest() == image.sha256
        assert len(data) == image.size_bytes
    if rig.backend:
        assert drawn.maker.backend == rig.backend
        assert drawn.maker.model
        assert drawn.maker.cost_microusd is not None


async def test_its_own_lane_comes_first(rig: Rig) -> None:
    hand = rig.hand()

    assert hand.lanes[0] == f"session:{hand.name}"
    assert len(set(hand.lanes)) == len(hand.lanes) > 1


async def test_a_proof_sends_nothing(rig: Rig) -> None:
    async with rig.hand() as hand:
        await hand.prove()

    assert rig.sent() == 0


async def a_refusal_is_an_ending_with_its_cause(rig: Rig, story: Story) -> None:
    rig.refuses()

    assert await ending(rig.hand(), story) in REFUSALS
    assert Phase.READY not in story.phases


async def a_limit_is_an_ending_with_its_cause(rig: Rig, story: Story) -> None:
    rig.limits()

    assert await ending(rig.hand(), story) in LIMITS


async def ending(hand: Hand, story: Story) -> Cause:
    async with hand:
        with pytest.raises(Ended) as caught:
            await hand.make(story.work, story.record)
    return caught.value.outcome.cause


@pytest.mark.parametrize("phase", [Phase.TYPING, Phase.SENDING])
async def test_a_lease_lost_before_sending_stops_everything(
    rig: Rig, story: Story, phase: Phase
) -> None:
    story.loses_at = phase

    async with rig.hand() as hand:
        with pytest.raises(LostLease):
            await hand.make(story.work, story.record)

    assert rig.sent() == 0


async def test_what_is_ready_is_brought_again_without_sending(rig: Rig, story: Story) -> None:
    async with rig.hand() as hand:
        before = await hand.make(story.work, story.record)
    async with rig.hand() as hand:
        after = await hand.resume(story.work, story.record)

    assert after is not None
    assert [image.sha256 for image in after.images] == [image.sha256 for image in before.images]
    assert rig.sent() == 1


async def a_cancelled_wait_ends_at_once_and_is_never_sent_again(rig: Rig, story: Story) -> None:
    rig.holds()
    async with rig.hand(slow=True) as hand:
        making = asyncio.create_task(hand.make(story.work, story.record))
        async with asyncio.timeout(20):
            while rig.sent() == 0:  # noqa: ASYNC110  # it happens in a thread of the server
                await asyncio.sleep(0.005)
        making.cancel()
        with pytest.raises(asyncio.CancelledError):
            await making

    found = await resumed(rig.hand(), story)

    assert rig.sent() == 1
    assert found in {None, Cause.AMBIGUOUS, Cause.TRANSIENT, Cause.TIMEOUT}


async def test_an_attempt_that_sent_nothing_is_given_back_or_left_to_a_person(
    rig: Rig, story: Story
) -> None:
    await story.record(Phase.TYPING, {"text": story.text})
    await story.record(Phase.SENDING, {"before": []})

    found = await resumed(rig.hand(), story)

    assert found in {None, Cause.AMBIGUOUS}
    assert rig.sent() == 0


async def resumed(hand: Hand, story: Story) -> Cause | None:
    """How taking an attempt up again ends; None: it is proven that nothing was sent."""
    async with hand:
        try:
            drawn = await hand.resume(story.work, story.record)
        except Ended as ended:
            return ended.outcome.cause
    return Cause.MADE if drawn is not None else None
