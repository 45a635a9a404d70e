"""Queueing the row of an image again, from the image's file."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from farm.errors import NoPicture
from farm.model.jobs import Job
from farm.model.prompts import Prompt, SourceRow
from farm.steps.base import Facts
from farm.steps.metadata import read_facts
from farm.wiring.opened import Farm

QUEUE = "rerun"
"""Where rows go whose own queue this store does not know."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rerun:
    """What became of one file."""

    file: Path
    job: Job | None = None
    queued: bool = False  # False: it waits for its image already
    changed: bool = False  # the row is not any more what the image was drawn from
    problem: str = ""  # why nothing could be queued


async def rerun(farm: Farm, files: Sequence[Path]) -> list[Rerun]:
    """Queue the rows of images again; the files stay as versions of their jobs."""
    return [await _one(farm, file) for file in files]


async def _one(farm: Farm, file: Path) -> Rerun:
    try:
        sha256, facts = await asyncio.to_thread(_look, file)
    except OSError as error:
        return Rerun(file=file, problem=f"It cannot be read: {error.strerror}.")
    job = await _job_of(farm, sha256, facts)
    if job is None:
        job = await _added(farm, facts)
        if job is None:
            return Rerun(file=file, problem="It says nothing of its row, and no job made it.")
        return Rerun(file=file, job=job, queued=True)
    drawn = Prompt.from_payload(facts.prompt).fingerprint if facts and facts.prompt else ""
    return Rerun(
        file=file,
        job=job,
        queued=bool(await farm.store.retry([job.id])),
        changed=drawn not in {"", job.prompt.fingerprint},
    )


def _look(file: Path) -> tuple[str, Facts | None]:
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    try:
        return sha256, read_facts(file)
    except NoPicture:
        return sha256, None


async def _job_of(farm: Farm, sha256: str, facts: Facts | None) -> Job | None:
    """The job that made these bytes, or those that they were made of, or that has their row."""
    for digest in (sha256, facts.original_sha256 if facts else ""):
        owner = await farm.store.owner_of(digest) if digest else None
        if owner is not None:
            return await farm.store.job(owner)
    if facts is None or not facts.prompt:
        return None
    for queue in (facts.queue, QUEUE):
        for job in await farm.store.find(queue, str(facts.prompt["id"])):
            return job
    return None


async def _added(farm: Farm, facts: Facts | None) -> Job | None:
    """A new job of the row that stands in the file."""
    if facts is None or not facts.prompt:
        return None
    prompt = Prompt.from_payload(facts.prompt)
    await farm.store.add(QUEUE, [SourceRow(prompt=prompt, row=0)], QUEUE)
    found = await farm.store.find(QUEUE, prompt.id)
    return found[0] if found else None
