"""What importing means: new, changed, unchanged and outdated rows, REGEN, and whose queue it is."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest

from farm.errors import FarmError, UsageError
from farm.model.causes import Cause
from farm.model.jobs import JobState, Phase
from farm.store.adding import CHUNK
from farm.store.base import Added

if TYPE_CHECKING:
    from collections.abc import Iterator

    from farm.model.prompts import SourceRow
    from tests.contract.conftest import Desk

SOURCE = "/prompts.csv"


async def test_importing_again_adds_nothing(desk: Desk) -> None:
    first = await desk.add("one", "two")
    second = await desk.add("one", "two", "three")

    assert first == Added(new=2)
    assert second == Added(new=1, unchanged=2)


async def test_rows_that_break_off_leave_nothing(desk: Desk) -> None:
    def rows() -> Iterator[SourceRow]:
        yield from (desk.row(f"row {n}", number=n) for n in range(1, CHUNK + 100))
        raise FarmError("the reader died")

    with pytest.raises(FarmError, match="the reader died"):
        await desk.store.add("q", rows(), SOURCE)

    assert not any((await desk.store.counts()).values())
    assert await desk.store.queues() == ()


async def test_twins_far_apart_are_refused_and_leave_nothing(desk: Desk) -> None:
    rows = [desk.row(f"row {n % (CHUNK + 5)}", number=n + 1) for n in range(CHUNK + 6)]

    with pytest.raises(UsageError, match=f"Rows 1 and {CHUNK + 6} have the same id 'row 0'"):
        await desk.store.add("q", rows, SOURCE)

    assert not any((await desk.store.counts()).values())


async def test_rows_read_ahead_of_a_refusal_are_let_go_whatever_becomes_of_them(desk: Desk) -> None:
    def rows() -> Iterator[SourceRow]:
        yield from (desk.row("one", number=n) for n in range(1, CHUNK + 1))
        raise FarmError("the reader died, and nobody asks any more")

    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: complaints.append(about))

    with pytest.raises(UsageError, match="Rows 1 and 2 have the same id 'one'"):
        await desk.store.add("q", rows(), SOURCE)

    gc.collect()
    assert complaints == []
    assert await desk.store.queues() == ()


async def test_each_of_many_rows_has_its_line_of_history(desk: Desk) -> None:
    rows = [desk.row(f"row {n}", number=n) for n in range(1, CHUNK + 3)]

    await desk.store.add("q", rows, SOURCE)

    for number in (1, CHUNK, CHUNK + 1, CHUNK + 2):
        (job,) = await desk.store.find("q", f"row {number}")
        _, history = await desk.store.history(job.id)
        assert [line.kind for line in history] == ["added"]


async def test_jobs_stand_in_the_order_of_their_rows(desk: Desk) -> None:
    await desk.add("b", "a", "c")

    page = await desk.store.page()

    assert [(job.prompt.id, job.row) for job in page.jobs] == [("b", 1), ("a", 2), ("c", 3)]


async def test_a_prompt_comes_back_as_it_went_in(desk: Desk) -> None:
    extra = {"Notes": "z first", "Alt": "‘quoted’ |||\nline"}
    row = desk.row("ünï", title="A title", author="Bob", extra=extra, number=4)

    await desk.store.add("q", [row], SOURCE)

    job = await desk.only("ünï")
    assert job.prompt == row.prompt
    assert list(job.prompt.extra) == ["Notes", "Alt"]
    assert (job.queue, job.source, job.row, job.version) == ("q", SOURCE, 4, 1)


async def test_a_changed_row_is_a_new_version_of_a_waiting_job(desk: Desk) -> None:
    await desk.add("one")

    added = await desk.store.add("q", [desk.row("one", description="new")], SOURCE)

    job = await desk.only("one")
    assert added == Added(changed=1)
    assert (job.version, job.state, job.prompt.description) == (2, JobState.PENDING, "new")


async def test_a_changed_row_gives_a_failed_job_a_new_chance(desk: Desk) -> None:
    await desk.add("one")
    await desk.store.fail(await desk.claim(), Cause.REFUSED_POLICY, "refused", None)

    await desk.store.add("q", [desk.row("one", description="milder")], SOURCE)

    job = await desk.only("one")
    assert (job.state, job.attempts, job.cause) == (JobState.PENDING, 0, None)


@pytest.mark.parametrize("state", [JobState.CANCELLED, JobState.REVIEW])
async def test_a_changed_row_does_not_overrule_a_person(desk: Desk, state: JobState) -> None:
    await desk.add("one")
    if state is JobState.CANCELLED:
        await desk.store.cancel([(await desk.only("one")).id])
    else:
        await desk.store.review(await desk.claim(), Cause.AMBIGUOUS, "look")

    added = await desk.store.add("q", [desk.row("one", description="new")], SOURCE)

    job = await desk.only("one")
    assert added == Added(changed=1)
    assert (job.state, job.prompt.description) == (state, "new")


async def test_a_changed_row_of_a_completed_job_is_told_and_not_redone(desk: Desk) -> None:
    done = await desk.finish("one")

    added = await desk.store.add("q", [desk.row("one", description="new")], SOURCE)

    job = await desk.only("one")
    assert added == Added(outdated=1)
    assert (job.state, job.version, job.prompt) == (JobState.COMPLETED, 1, done.prompt)


async def test_a_row_that_changes_while_it_is_drawn_is_kept_for_the_next_try(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.claim()

    await desk.store.add("q", [desk.row("one", description="new")], SOURCE)
    await desk.complete(claim)

    job = await desk.only("one")
    assert (job.version, job.prompt.description) == (2, "new")
    assert "the image shows version 1" in job.message


async def test_a_moved_row_and_other_columns_are_taken_over_silently(desk: Desk) -> None:
    await desk.finish("one")

    added = await desk.store.add("q", [desk.row("one", number=9, extra={"Alt": "x"})], SOURCE)

    job = await desk.only("one")
    assert added == Added(unchanged=1)
    assert (job.row, job.prompt.extra, job.state) == (9, {"Alt": "x"}, JobState.COMPLETED)


@pytest.mark.parametrize("end", ["complete", "fail", "review", "cancel"])
async def test_regen_draws_an_ended_job_again_as_a_new_version(desk: Desk, end: str) -> None:
    await desk.add("one")
    claim = await desk.claim()
    if end == "complete":
        await desk.complete(claim)
    elif end == "review":
        await desk.store.review(claim, Cause.AMBIGUOUS, "", [desk.image("one")])
    else:
        cause = Cause.CANCELLED if end == "cancel" else Cause.REFUSED_POLICY
        await desk.store.fail(claim, cause, "", None)

    added = await desk.store.add("q", [desk.row("one", regenerate=True)], SOURCE)

    job = await desk.only("one")
    assert added == Added(changed=1)
    assert (job.state, job.version, job.attempts) == (JobState.PENDING, 2, 0)
    assert (job.cause, job.image_path, job.completed_at) == (None, "", None)
    assert (await desk.claim()).attempt.number == 2


async def test_regen_keeps_the_earlier_images(desk: Desk) -> None:
    job = await desk.finish("one")
    await desk.store.add("q", [desk.row("one", regenerate=True)], SOURCE)

    await desk.store.complete(await desk.claim(), [desk.image("one-new")])

    assert [image.path for image in await desk.store.images(job.id)] == [
        "2026-11-21/one.png",
        "2026-11-21/one-new.png",
    ]


async def test_regen_is_honoured_once(desk: Desk) -> None:
    await desk.finish("one")
    regen = [desk.row("one", regenerate=True)]

    await desk.store.add("q", regen, SOURCE)
    while_waiting = await desk.store.add("q", regen, SOURCE)
    await desk.complete(await desk.claim())
    when_done = await desk.store.add("q", regen, SOURCE)

    assert while_waiting == when_done == Added(unchanged=1)
    assert await desk.try_claim() is None


async def test_a_new_row_with_regen_is_drawn_once(desk: Desk) -> None:
    regen = [desk.row("one", regenerate=True)]
    await desk.store.add("q", regen, SOURCE)
    await desk.complete(await desk.claim())

    assert await desk.store.add("q", regen, SOURCE) == Added(unchanged=1)


async def test_regen_that_was_taken_away_may_be_set_again(desk: Desk) -> None:
    await desk.finish("one")
    regen = [desk.row("one", regenerate=True)]
    await desk.store.add("q", regen, SOURCE)
    await desk.complete(await desk.claim())

    await desk.add("one")
    again = await desk.store.add("q", regen, SOURCE)

    assert again == Added(changed=1)


async def test_changed_content_under_regen_is_drawn(desk: Desk) -> None:
    await desk.finish("one")
    await desk.store.add("q", [desk.row("one", regenerate=True)], SOURCE)
    await desk.complete(await desk.claim())

    added = await desk.store.add("q", [desk.row("one", regenerate=True, title="New")], SOURCE)

    assert added == Added(changed=1)
    assert (await desk.claim()).job.prompt.title == "New"


async def test_regen_of_a_job_in_hand_leaves_it_alone(desk: Desk) -> None:
    await desk.add("one")
    claim = await desk.reach(await desk.claim(), Phase.SENT)

    await desk.store.add("q", [desk.row("one", regenerate=True)], SOURCE)
    await desk.complete(claim)

    assert await desk.store.add("q", [desk.row("one", regenerate=True)], SOURCE) == (
        Added(unchanged=1)
    )


async def test_a_missing_row_deletes_nothing(desk: Desk) -> None:
    await desk.add("one", "two")

    await desk.add("two")

    assert set(await desk.states()) == {"one", "two"}


async def test_a_queue_belongs_to_one_source(desk: Desk) -> None:
    await desk.add("one")

    with pytest.raises(UsageError, match=r"filled from /prompts.csv and not from /other.csv"):
        await desk.store.add("q", [desk.row("two")], "/other.csv")

    assert await desk.store.add("q2", [desk.row("one")], "/other.csv") == Added(new=1)


async def test_two_rows_with_one_id_import_nothing(desk: Desk) -> None:
    rows = [desk.row("one", number=1), desk.row("two", number=2), desk.row("one", number=3)]

    with pytest.raises(UsageError, match="Rows 1 and 3 have the same id 'one'"):
        await desk.store.add("q", rows, SOURCE)

    assert await desk.states() == {}


async def test_a_queue_needs_a_name(desk: Desk) -> None:
    with pytest.raises(UsageError, match="--queue NAME"):
        await desk.store.add("", [desk.row("one")], SOURCE)


async def test_more_rows_than_one_chunk_are_all_there(desk: Desk) -> None:
    rows = [desk.row(f"p{number}", number=number) for number in range(1, 4502)]

    added = await desk.store.add("q", rows, SOURCE)

    assert added == Added(new=4501)
    assert await desk.store.add("q", rows, SOURCE) == Added(unchanged=4501)
    assert (await desk.store.counts())[JobState.PENDING] == 4501
