"""Finding the jobs a command line means."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from farm.cli.find import all_jobs, find_jobs
from farm.errors import UsageError
from farm.model.jobs import Job, JobState
from farm.model.prompts import Prompt
from farm.store.base import Page


def job(number: int, queue: str, prompt_id: str) -> Job:
    return Job(
        id=number,
        queue=queue,
        prompt=Prompt(id=prompt_id, filename="a.png", description="a mill"),
        version=1,
        state=JobState.PENDING,
        lane="any",
        priority=0,
        not_before=None,
        attempts=0,
        max_attempts=3,
        crashes=0,
        cause=None,
        message="",
        image_path="",
        session="",
        updated_at=0,
        completed_at=None,
        source="",
        row=0,
    )


class Shelf:
    """A queue that holds jobs and hands them out in pages of two."""

    def __init__(self, *jobs: Job) -> None:
        self._jobs = jobs

    async def page(
        self,
        *,
        queues: Sequence[str] = (),
        states: Sequence[JobState] = (),
        after: int = 0,
        limit: int = 100,
    ) -> Page:
        assert limit > 0
        found = [
            j
            for j in self._jobs
            if j.id > after
            and (not queues or j.queue in queues)
            and (not states or j.state in states)
        ]
        return Page(jobs=tuple(found[:2]), after=found[1].id if len(found) > 2 else None)

    async def job(self, job_id: int) -> Job | None:
        return next((j for j in self._jobs if j.id == job_id), None)

    async def find(self, queue: str | None, prompt_id: str) -> tuple[Job, ...]:
        return tuple(j for j in self._jobs if j.prompt.id == prompt_id and queue in {None, j.queue})


JOBS = [
    job(1, "heroes", "12"),
    job(2, "heroes", "13"),
    job(3, "spring", "12"),
    job(4, "spring", "a/b"),
    job(5, "spring", "#1"),
]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(*JOBS)


@pytest.mark.parametrize(
    ("word", "number"),
    [("13", 2), ("heroes/12", 1), ("spring/12", 3), ("#4", 4), ("a/b", 4), ("spring/a/b", 4)],
)
async def test_a_job_is_called_in_three_ways(shelf: Shelf, word: str, number: int) -> None:
    assert [j.id for j in await find_jobs(shelf, [word])] == [number]


async def test_a_number_sign_always_means_the_number_of_the_store(shelf: Shelf) -> None:
    assert [j.id for j in await find_jobs(shelf, ["#1"])] == [1]
    assert [j.id for j in await find_jobs(shelf, ["spring/#1"])] == [5]


async def test_an_ambiguous_id_names_the_jobs_it_could_mean(shelf: Shelf) -> None:
    with pytest.raises(UsageError, match=r"heroes/12 \(#1\), spring/12 \(#3\): say which one"):
        await find_jobs(shelf, ["12"])


async def test_a_queue_makes_an_id_clear(shelf: Shelf) -> None:
    assert [j.id for j in await find_jobs(shelf, ["12"], queue="spring")] == [3]


@pytest.mark.parametrize("word", ["99", "#99", "heroes/99", ""])
async def test_an_unknown_id_is_told(shelf: Shelf, word: str) -> None:
    with pytest.raises(UsageError, match="No job is called"):
        await find_jobs(shelf, [word])


async def test_several_words_give_several_jobs_each_once(shelf: Shelf) -> None:
    found = await find_jobs(shelf, ["spring/12", "13", "#3"])

    assert [j.id for j in found] == [3, 2]


async def test_all_jobs_are_gathered_over_all_pages(shelf: Shelf) -> None:
    assert await all_jobs(shelf) == JOBS
