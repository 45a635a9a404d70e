"""Writing down how attempts end: every way out of `in_progress` goes through here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farm.model.causes import Cause
from farm.model.jobs import JobState, Phase, session_lane
from farm.store.database import Database
from farm.store.fates import Ending, Standing
from farm.store.images import keep
from farm.store.records import AnyRow
from farm.store.schema import IS_OPEN_ATTEMPT, attempts, jobs

_COLUMNS = (
    jobs.c.id.label("job_id"),
    jobs.c.version,
    jobs.c.attempts,
    jobs.c.max_attempts,
    jobs.c.crashes,
    jobs.c.cancel_requested,
    attempts.c.id.label("attempt_id"),
    attempts.c.version.label("drawn_version"),
    attempts.c.phase,
    attempts.c.session,
    attempts.c.conversation,
)

# A job that nobody holds: no lease, no pin, back in the lane it came from.
RELEASED: Final[Mapping[str, Any]] = {
    "worker": "",
    "lease_until": None,
    "pinned_until": None,
    "cancel_requested": False,
    "lane": jobs.c.home_lane,
}

# A job that is queued again from the start, whatever it was before.
AFRESH: Final[Mapping[str, Any]] = {
    **RELEASED,
    "state": JobState.PENDING.value,
    "not_before": None,
    "attempts": 0,
    "crashes": 0,
    "cause": None,
    "message": "",
    "image_path": "",
    "completed_at": None,
}


def select_standings(*more: sa.Column[Any], skip_locked: bool = False) -> sa.Select[Any]:
    """Jobs with their open attempt, locked, as `standing_of` reads them."""
    return (
        sa.select(*_COLUMNS, *more)
        .join_from(jobs, attempts, attempts.c.job_id == jobs.c.id)
        .where(IS_OPEN_ATTEMPT)
        .with_for_update(of=jobs, skip_locked=skip_locked)
    )


def standing_of(row: AnyRow) -> Standing:
    """A standing from `select_standings`."""
    return Standing(
        job_id=row.job_id,
        attempt_id=row.attempt_id,
        phase=Phase(row.phase),
        session=row.session,
        conversation=row.conversation,
        version=row.version,
        drawn_version=row.drawn_version,
        attempts=row.attempts,
        max_attempts=row.max_attempts,
        crashes=row.crashes,
        cancel_requested=row.cancel_requested,
    )


@dataclass(frozen=True, slots=True)
class Leaving:
    """Why a job is left to the session that may find its image."""

    kind: str  # the word for the job's history
    cause: Cause
    message: str
    crashed: bool = False


async def leave_to_session(
    database: Database, connection: AsyncConnection, standing: Standing, leaving: Leaving
) -> None:
    """Queue a job for the session of its open attempt, which stays open."""
    now = database.now()
    await connection.execute(
        sa.update(jobs)
        .where(jobs.c.id == standing.job_id)
        .values(
            state=JobState.PENDING.value,
            lane=session_lane(standing.session),
            pinned_until=sa.func.coalesce(jobs.c.pinned_until, now + database.terms.pin_seconds),
            worker="",
            lease_until=None,
            crashes=jobs.c.crashes + int(leaving.crashed),
            cause=leaving.cause.value,
            message=leaving.message,
            updated_at=now,
        )
    )
    await database.record(
        connection,
        standing.job_id,
        leaving.kind,
        cause=leaving.cause.value,
        message=leaving.message,
        phase=standing.phase.value,
    )


async def end(
    database: Database, connection: AsyncConnection, standing: Standing, ending: Ending
) -> None:
    """Close the attempt, move the job, keep its images and write its history."""
    await _move(database, connection, standing, ending)
    await _close(database, connection, standing, ending)
    await keep(database, connection, standing, ending.images)
    await database.record(
        connection,
        standing.job_id,
        ending.kind,
        cause=ending.cause.value,
        message=ending.message,
        counted=ending.counted,
    )


async def _move(
    database: Database, connection: AsyncConnection, standing: Standing, ending: Ending
) -> None:
    delayed = ending.state is JobState.DELAYED
    done = ending.state is JobState.COMPLETED
    await connection.execute(
        sa.update(jobs)
        .where(jobs.c.id == standing.job_id)
        .values(
            **RELEASED,
            state=ending.state.value,
            cause=ending.job_cause.value,
            message=ending.message,
            attempts=jobs.c.attempts + int(ending.counted),
            crashes=jobs.c.crashes + int(ending.crashed),
            not_before=database.now() + ending.after_seconds if delayed else None,
            image_path=ending.images[0].path if ending.images else "",
            completed_at=database.now() if done else None,
            updated_at=database.now(),
        )
    )


async def _close(
    database: Database, connection: AsyncConnection, standing: Standing, ending: Ending
) -> None:
    done = ending.state is JobState.COMPLETED
    await connection.execute(
        sa.update(attempts)
        .where(attempts.c.id == standing.attempt_id)
        .values(
            cause=ending.cause.value,
            counted=ending.counted,
            message=ending.message,
            **({"phase": Phase.SETTLED.value, "phase_at": database.now()} if done else {}),
        )
    )
