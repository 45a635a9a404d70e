"""Finding the jobs a command line means."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from farm.cli.shapes import job_label
from farm.errors import UsageError
from farm.model.jobs import Job, JobState
from farm.store.base import Page

PAGE = 1000
_NUMBER = re.compile(r"^#(\d{1,18})$")
NEAR = 5  # ambiguous jobs named in a message


class Pages(Protocol):
    """What of the store lists jobs."""

    async def page(
        self,
        *,
        queues: Sequence[str] = (),
        states: Sequence[JobState] = (),
        after: int = 0,
        limit: int = 100,
    ) -> Page:
        """Jobs in id order after the given id."""


class Names(Protocol):
    """What of the store finds jobs."""

    async def job(self, job_id: int) -> Job | None:
        """One job."""

    async def find(self, queue: str | None, prompt_id: str) -> tuple[Job, ...]:
        """The jobs of this prompt id, in one queue or in all of them."""


async def each_job(
    store: Pages, *, queues: Sequence[str] = (), states: Sequence[JobState] = ()
) -> AsyncIterator[Job]:
    """All jobs of these queues and states, in id order."""
    after: int | None = 0
    while after is not None:
        page = await store.page(queues=queues, states=states, after=after, limit=PAGE)
        for job in page.jobs:
            yield job
        after = page.after


async def all_jobs(
    store: Pages, *, queues: Sequence[str] = (), states: Sequence[JobState] = ()
) -> list[Job]:
    """`each_job`, gathered."""
    return [job async for job in each_job(store, queues=queues, states=states)]


async def find_jobs(store: Names, words: Sequence[str], *, queue: str = "") -> list[Job]:
    """One job per word: `#7` by the store's number, `heroes/12` by queue and prompt id, or `12`.

    Raises UsageError for a word that means no job, or more than one.
    """
    found = [_only(word, await _candidates(store, word, queue)) for word in words]
    return list({job.id: job for job in found}.values())


async def _candidates(store: Names, word: str, queue: str) -> list[Job]:
    """Every job that may be meant; queue names and prompt ids may themselves hold slashes."""
    number = _NUMBER.match(word)
    if number:
        job = await store.job(int(number[1]))
        return [job] if job else []
    jobs = list(await store.find(queue or None, word))
    for cut in re.finditer("/", word):
        name, prompt_id = word[: cut.start()], word[cut.end() :]
        if queue in {"", name}:
            jobs += await store.find(name, prompt_id)
    return jobs


def _only(word: str, jobs: Sequence[Job]) -> Job:
    if not jobs:
        raise UsageError(f"No job is called {word!r}. See: farm queue list")
    if len(jobs) > 1:
        labels = ", ".join(f"{job_label(job)} (#{job.id})" for job in jobs[:NEAR])
        more = f" and {len(jobs) - NEAR} more" if len(jobs) > NEAR else ""
        raise UsageError(f"{word!r} could be any of {labels}{more}: say which one.")
    return jobs[0]
