"""What stands in a sheet is remembered, and a mark that was written over is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.contract.conftest import Desk

SOURCE = "/prompts.csv"


async def mark(desk: Desk) -> int:
    rows = [desk.row("a", regenerate=True), desk.row("b", number=2)]
    await desk.store.add("q", rows, SOURCE)
    return (await desk.only("a")).id


async def test_nothing_stands_in_a_sheet_before_it_was_written(desk: Desk) -> None:
    await mark(desk)

    assert await desk.store.written("q") == {}


async def test_what_was_written_last_is_remembered(desk: Desk) -> None:
    await mark(desk)
    await desk.store.note_written("q", {"a": "1", "b": "2"}, [])

    await desk.store.note_written("q", {"a": "3"}, [])

    assert await desk.store.written("q") == {"a": "3"}


async def test_each_queue_has_a_memory_of_its_own(desk: Desk) -> None:
    await mark(desk)
    await desk.store.add("other", [desk.row("a")], "/other.csv")

    await desk.store.note_written("q", {"a": "1"}, [])

    assert await desk.store.written("other") == {}


async def test_a_mark_is_known_from_the_import_until_it_is_written_over(desk: Desk) -> None:
    job = await mark(desk)

    before = await desk.store.marked("q")
    await desk.store.note_written("q", {"a": "1"}, [job])

    assert before == {job}
    assert await desk.store.marked("q") == frozenset()


async def test_a_mark_set_again_after_it_was_written_over_draws_again(desk: Desk) -> None:
    job = await desk.finish("one")
    regen = [desk.row("one", regenerate=True)]
    await desk.store.add("q", regen, SOURCE)
    await desk.complete(await desk.claim())
    while_it_stands = await desk.store.add("q", regen, SOURCE)
    await desk.store.note_written("q", {"one": "COMPLETED"}, [job.id])

    again = await desk.store.add("q", regen, SOURCE)

    assert (while_it_stands.changed, again.changed) == (0, 1)
