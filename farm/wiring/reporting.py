"""Reports: what the store knows of some queues, read in one go and written as one page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from farm.clock import LocalZone
from farm.config import Settings
from farm.model.chronicle import Chronicle
from farm.model.jobs import OPEN_STATES, Job
from farm.report.gather import gather
from farm.report.page import write_page
from farm.report.pictures import Haste
from farm.report.place import Place
from farm.report.records import Report
from farm.store.records import batched
from farm.wiring.opened import Farm

FILE_NAME = "contact-sheet.html"
_CHUNK = 500
T = TypeVar("T")


async def report_of(
    farm: Farm, queues: Sequence[str] = (), since: float | None = None
) -> Report | None:
    """What is told of these queues, or of all; None when they hold no job of that span."""
    found = await chronicle_of(farm, queues, since)
    return await asyncio.to_thread(gather, found) if found.jobs else None


async def write_report(farm: Farm, queues: Sequence[str], seconds: float) -> Path | None:
    """The page of a run's queues in its usual place; None without any job. Raises SaveFailed.

    Pictures that are not there after so many seconds are linked only.
    """
    report = await report_of(farm, queues)
    if report is None:
        return None
    haste = Haste(seconds=seconds, monotonic=farm.clock.monotonic)
    return await asyncio.to_thread(write_page, report, place_of(farm.settings), haste)


def usual_place(settings: Settings) -> Path:
    """Where a report is written if nobody says otherwise."""
    return settings.downloads_dir / FILE_NAME


def place_of(settings: Settings, out: Path | None = None) -> Place:
    """Where a page lies, and what it links to."""
    return Place(
        out=(out or usual_place(settings)).absolute(),
        downloads=settings.downloads_dir.absolute(),
        logs=settings.log_dir.absolute(),
        zone=LocalZone(),
    )


async def chronicle_of(
    farm: Farm, queues: Sequence[str] = (), since: float | None = None
) -> Chronicle:
    """Everything that the store knows; a running farm is not disturbed."""
    store, jobs = farm.store, await _jobs(farm, queues)
    told = [job for job in jobs if since is None or job.updated_at >= since]
    ids = [job.id for job in told]
    return Chronicle(
        now=farm.clock.now(),
        since=since,
        queues=tuple(queues),
        jobs=tuple(told),
        left=sum(job.state in OPEN_STATES for job in jobs),
        tries=await store.tried(since, queues),
        originals=await store.originals_of(ids),
        copies=await _of_all(store.copies_of, ids),
        links=await store.links_of(ids),
        troubles=await _of_all(store.troubles_of, ids),
        limits=await store.limits_met(since),
        sessions=await store.sessions(),
        incidents=await store.incidents(),
        spendings=await store.paid(since, queues),
    )


async def _of_all(
    verb: Callable[[Sequence[int]], Awaitable[Mapping[int, T]]], ids: Sequence[int]
) -> Mapping[int, T]:
    """What a verb tells of any number of jobs; a statement takes only so many."""
    found: dict[int, T] = {}
    for some in batched(ids, _CHUNK):
        found |= await verb(some)
    return found


async def _jobs(farm: Farm, queues: Sequence[str]) -> list[Job]:
    names = queues or [entry.name for entry in await farm.store.queues()]
    return [job for name in names for job in await farm.jobs_of(name)]
