"""What the store says was drawn before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from farm.model.images import REUSED, Maker
from farm.model.jobs import Claim, Phase

if TYPE_CHECKING:
    from tests.contract.conftest import Desk


async def finish(desk: Desk, name: str, backend: str = "gemini", *references: str) -> Claim:
    """Complete the only open job as a hand does that sent these references along."""
    claim = await desk.claim()
    maker = {"backend": backend}
    facts = {"references": list(references), "maker": maker}
    claim = await desk.store.step(claim, Phase.TYPING, facts)
    image = replace(desk.image(name), maker=Maker(backend=backend))
    await desk.store.complete(claim, [image])
    return claim


async def test_completed_jobs_are_told_with_their_pictures_and_references(desk: Desk) -> None:
    await desk.add("one", "two")
    await finish(desk, "one", "gemini", "sha-1")

    (drawn,) = await desk.store.drawn()

    assert (drawn.job.prompt.id, drawn.references) == ("one", ("sha-1",))
    assert drawn.image.path.endswith("one.png")


async def test_pages_go_on_where_the_one_before_ended(desk: Desk) -> None:
    await desk.add("one", "two", "three")
    for name in ("one", "two", "three"):
        await finish(desk, name)

    first = await desk.store.drawn(limit=2)
    second = await desk.store.drawn(first[-1].job.id)

    assert [one.job.prompt.id for one in (*first, *second)] == ["one", "two", "three"]


async def test_a_job_that_is_drawn_anew_is_told_with_its_newest_picture(desk: Desk) -> None:
    await desk.add("one")
    await finish(desk, "old")
    await desk.store.retry([1])
    open_again = await desk.store.drawn()
    await finish(desk, "new")

    (drawn,) = await desk.store.drawn()

    assert open_again == ()
    assert drawn.image.path.endswith("new.png")


async def test_a_copy_counts_for_no_cap_of_its_session_and_teaches_nothing(desk: Desk) -> None:
    await desk.add("one", "two")
    await finish(desk, "one")
    await finish(desk, "two", REUSED)

    assert await desk.store.made_since("alice", 0) == 1
    assert len(await desk.store.tries("alice")) == 1
    assert await desk.store.made_by_day([0.0]) == {"alice": (1,)}
