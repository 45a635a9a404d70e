"""Finding the jobs a command line means."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence

from farm.cli.shapes import job_label
from farm.errors import UsageError
from farm.model.jobs import Job, JobState
from farm.store.base import Queue

PAGE = 1000
_NUMBER = re.compile(r"^#(\d{1,18})$")
NEAR = 5  # ambiguous jobs named in a message


async def each_job(
    store: Queue, *, queues: Sequence[str] = (), states: Sequence[JobState] = ()
) -> AsyncIterator[Job]:
    """All jobs of these queues and states, in id order."""
    after: int | None = 0
    while after is not None:
        page = await store.page(queues=queues, states=states, after=after, limit=PAGE)
        for job in page.jobs:
            yield job
        after = page.after


async def all_jobs(
    store: Queue, *, queues: Sequence[str] = (), states: Sequence[JobState] = ()
) -> list[Job]:
    """`each_job`, gathered."""
    return [job async for job in each_job(store, queues=queues, states=states)]


async def find_jobs(store: Queue, words: Sequence[str], *, queue: str = "") -> list[Job]:
    """One job per word: `#7` by the store's number, `heroes/12` by queue and prompt id, or `12`.

    Raises UsageError for a word that means no job, or more than one.
    """
    numbers = {word: int(match[1]) for word in words if (match := _NUMBER.match(word))}
    found: dict[str, list[Job]] = {word: [] for word in words}
    for word, number in numbers.items():
        job = await store.job(number)
        found[word] = [job] if job else []
    if wanted := found.keys() - numbers.keys():
        async for job in each_job(store, queues=[queue] if queue else []):
            for word in wanted & {job.prompt.id, job_label(job)}:
                found[word].append(job)
    return list({job.id: job for word in words for job in [_only(word, found[word])]}.values())


def _only(word: str, jobs: Sequence[Job]) -> Job:
    if not jobs:
        raise UsageError(f"No job is called {word!r}. See: farm queue list")
    if len(jobs) > 1:
        labels = ", ".join(f"{job_label(job)} (#{job.id})" for job in jobs[:NEAR])
        more = f" and {len(jobs) - NEAR} more" if len(jobs) > NEAR else ""
        raise UsageError(f"{word!r} could be any of {labels}{more}: say which one.")
    return jobs[0]
