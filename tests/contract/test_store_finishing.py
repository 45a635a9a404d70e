"""Steps still to be taken are facts in the store: leased, taken once, recorded whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from farm.model.causes import Cause
from farm.model.images import Derivative
from farm.model.jobs import Phase
from farm.store.base import Outgoing

if TYPE_CHECKING:
    from tests.contract.conftest import Desk

COPY = Derivative(
    kind="webp",
    path="2026-11-21/derived/a.webp",
    sha256="ab",
    size_bytes=10,
    width_px=8,
    height_px=6,
    media_type="image/webp",
)


async def make(desk: Desk, *names: str) -> None:
    await desk.add(*names)
    for _ in names:
        claim = await desk.claim()
        claim = await desk.store.step(claim, Phase.TYPING, {"text": f"draw {claim.job.prompt.id}"})
        await desk.complete(claim)


async def test_an_image_waits_for_its_steps_with_what_was_sent_for_it(desk: Desk) -> None:
    await make(desk, "a")

    (one,) = await desk.store.take_unfinished(5)

    assert (one.job.prompt.id, one.image.path) == ("a", "2026-11-21/a.png")
    assert one.text == "draw a"


async def test_an_image_is_leased_to_one_process_at_a_time(desk: Desk) -> None:
    await make(desk, "a", "b")

    first = await desk.store.take_unfinished(1)
    second = await desk.store.take_unfinished(5)

    assert [one.job.prompt.id for one in (*first, *second)] == ["a", "b"]
    assert await desk.store.take_unfinished(5) == ()


async def test_what_a_dead_process_held_is_taken_again(desk: Desk) -> None:
    await make(desk, "a")
    await desk.store.take_unfinished(1)

    desk.wait(31)

    assert len(await desk.store.take_unfinished(5)) == 1


async def test_what_a_living_process_holds_stays_its_own(desk: Desk) -> None:
    await make(desk, "a")
    (one,) = await desk.store.take_unfinished(1)
    desk.wait(20)

    await desk.store.hold_unfinished([one.image_id])
    desk.wait(20)

    assert await desk.store.take_unfinished(5) == ()


async def test_images_count_as_unfinished_until_their_steps_are_taken(desk: Desk) -> None:
    await make(desk, "a", "b")
    (one,) = await desk.store.take_unfinished(1)

    before = await desk.store.unfinished()
    await desk.store.finish(one.image_id, [], Outgoing())

    assert (before, await desk.store.unfinished()) == (2, 1)


async def test_no_lease_is_held_on_a_finished_image(desk: Desk) -> None:
    await make(desk, "a")
    (one,) = await desk.store.take_unfinished(1)
    await desk.store.finish(one.image_id, [], Outgoing())

    await desk.store.hold_unfinished([one.image_id])

    assert await desk.store.unfinished() == 0


async def test_copies_and_deliveries_are_recorded_together_and_once(desk: Desk) -> None:
    await make(desk, "a")
    (one,) = await desk.store.take_unfinished(1)
    out = Outgoing(folder="blog/2026-11-21", targets=("s3://bucket", "drive:1"))

    for _ in range(2):
        await desk.store.finish(one.image_id, [COPY], out)

    posted = await desk.store.deliveries()
    assert sorted((one.target, one.path) for one in posted) == [
        (target, path)
        for target in ("drive:1", "s3://bucket")
        for path in ("2026-11-21/a.png", "2026-11-21/derived/a.webp")
    ]
    assert await desk.store.copies_of([one.job.id]) == {one.job.id: (COPY,)}
    desk.wait(601)
    assert await desk.store.take_unfinished(5) == ()


async def test_why_there_are_no_copies_is_kept(desk: Desk) -> None:
    await make(desk, "a")
    (one,) = await desk.store.take_unfinished(1)

    await desk.store.finish(one.image_id, [], Outgoing(), "too large")

    assert await desk.store.troubles_of([one.job.id]) == {one.job.id: "too large"}


async def test_an_image_a_person_must_look_at_waits_for_its_steps(desk: Desk) -> None:
    await desk.add("a")
    claim = await desk.claim()
    await desk.store.review(claim, Cause.WRONG_ORIENTATION, "", [desk.image("a")])

    assert await desk.store.take_unfinished(5) == ()


async def test_where_a_queue_was_delivered_to_last_is_remembered(desk: Desk) -> None:
    await desk.store.note_targets(["heroes", "cities"], ["drive:1", "/out"])
    await desk.store.note_targets(["cities"], ["s3://bucket"])

    assert await desk.store.noted_targets() == {
        "heroes": ("drive:1", "/out"),
        "cities": ("s3://bucket",),
    }
