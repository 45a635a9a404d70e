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
    return await finish_claim(desk, await desk.claim(), name, backend, *references)


async def finish_claim(
    desk: Desk, claim: Claim, name: str, backend: str, *references: str
) -> Claim:
    """As above."""
    maker = {"backend": backend}
    facts = {"references": list(references), "maker": maker}
    claim = await desk.store.step(claim, Phase.TYPING, facts)
    image = replace(desk.image(name), maker=Maker(backend=backend))
    await desk.store.complete(claim, [image])
    return claim


async def test_completed_jobs_are_told_with_what_was_sent_along(desk: Desk) -> None:
    rows = [desk.row("one", references=("/a.png",)), desk.row("two", number=2)]
    await desk.store.add("q", rows, "q.csv")
    await finish(desk, "two")
    lane = await desk.store.claim("w", "alice", ["any+references"])
    assert lane is not None
    await finish_claim(desk, lane, "one", "gemini", "sha-1")

    found = await desk.store.drawn()

    assert [(one.payload["id"], one.references) for one in found] == [
        ("one", ("sha-1",)),
        ("two", ()),
    ]


async def test_pages_go_on_where_the_one_before_ended(desk: Desk) -> None:
    await desk.add("one", "two", "three")
    for name in ("one", "two", "three"):
        await finish(desk, name)

    first = await desk.store.drawn(limit=2)
    second = await desk.store.drawn(first[-1].job_id)

    assert [one.payload["id"] for one in (*first, *second)] == ["one", "two", "three"]


async def test_a_job_that_is_to_be_drawn_anew_is_not_told(desk: Desk) -> None:
    await desk.add("one")
    await finish(desk, "old")

    await desk.store.retry([1])

    assert await desk.store.drawn() == ()


async def test_a_copy_counts_for_no_cap_of_its_session_and_teaches_nothing(desk: Desk) -> None:
    await desk.add("one", "two")
    await finish(desk, "one")
    await finish(desk, "two", REUSED)

    assert await desk.store.made_since("alice", 0) == 1
    assert len(await desk.store.tries("alice")) == 1
    assert await desk.store.made_by_day([0.0]) == {"alice": (1,)}
