"""Fetching the images of jobs once more from their conversations; nothing is drawn or sent."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from farm.backends.base import Hand, Work
from farm.clock import SystemClock
from farm.errors import BrowserError, Ended, FarmError, UsageError
from farm.model.events import RunOptions
from farm.model.images import Image
from farm.model.jobs import Attempt, AttemptFacts, Job, Phase
from farm.wiring.opened import Farm
from farm.wiring.profiles import named
from farm.wiring.staff import disk_keeper, open_hand

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """What became of one job."""

    job: Job
    paths: tuple[str, ...] = ()  # relative to the downloads folder
    stood: bool = False  # the file was there all the time
    problem: str = ""  # why nothing could be fetched


async def fetch(farm: Farm, jobs: Sequence[Job], *, again: bool) -> list[Fetched]:
    """Bring images whose files are missing, or all of them with `again`; one session at a time."""
    found: list[Fetched] = []
    waiting: defaultdict[str, list[tuple[Job, Attempt]]] = defaultdict(list)
    for job in jobs:
        if not again and (standing := await _standing(farm, job)):
            found.append(Fetched(job=job, paths=standing, stood=True))
        elif (attempt := await _with_conversation(farm, job)) is None:
            found.append(Fetched(job=job, problem="No conversation of it is on record."))
        else:
            waiting[attempt.session].append((job, attempt))
    for session, wanted in waiting.items():
        found.extend(await _from_session(farm, session, wanted))
    return found


async def _standing(farm: Farm, job: Job) -> tuple[str, ...]:
    """The paths of a job's images if every file still has its bytes."""
    keeper = disk_keeper(farm)
    images = [i for i in await farm.store.images(job.id) if "review" not in i.path.split("/")[:-1]]
    stand = [await keeper.still_stands(image.path, image.sha256) for image in images]
    return tuple(image.path for image in images) if stand and all(stand) else ()


async def _with_conversation(farm: Farm, job: Job) -> Attempt | None:
    tries, _ = await farm.store.history(job.id)
    return next((a for a in reversed(tries) if AttemptFacts.of(a).conversation), None)


async def _from_session(
    farm: Farm, session: str, wanted: Sequence[tuple[Job, Attempt]]
) -> list[Fetched]:
    try:
        (profile,) = named(farm.settings, [session])
        hand = open_hand(farm.settings, profile, RunOptions(), SystemClock())
        async with hand:
            await hand.prove()
            return [await _one(farm, hand, job, attempt) for job, attempt in wanted]
    except Ended as ended:
        problem = f"{session} cannot look: {ended.outcome.message}"
    except (BrowserError, UsageError) as error:
        problem = str(error)
    return [Fetched(job=job, problem=problem) for job, _ in wanted]


async def _one(farm: Farm, hand: Hand, job: Job, attempt: Attempt) -> Fetched:
    work = Work(
        job_id=job.id,
        attempt_id=attempt.id,
        prompt=job.prompt,
        text=AttemptFacts.of(attempt).text,
        phase=Phase.SENT,
        facts=AttemptFacts.of(attempt),
        others=frozenset(),
    )
    try:
        drawn = await hand.resume(work, _record_nothing)
        if drawn is None:
            return Fetched(job=job, problem="Its conversation does not hold the prompt.")
        images = [await _kept(farm, job, raw) for raw in drawn.images]
    except Ended as ended:
        return Fetched(job=job, problem=ended.outcome.message)
    except FarmError as error:
        log.warning("a job could not be fetched", extra={"job": job.id, "error": str(error)})
        return Fetched(job=job, problem=str(error))
    await farm.store.fetched(job.id, images)
    return Fetched(job=job, paths=tuple(image.path for image in images))


async def _kept(farm: Farm, job: Job, raw: Any) -> Image:
    owner = await farm.store.owner_of(raw.sha256)
    foreign = None if owner == job.id else owner
    return await disk_keeper(farm).keep(raw, job, owner=foreign)


async def _record_nothing(_phase: Phase, _facts: Mapping[str, Any]) -> None:
    """The attempt is over; its record stays as it is."""
