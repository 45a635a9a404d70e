"""Writing down how attempts end: every way out of `in_progress` goes through here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farm.model.causes import Cause
from farm.model.jobs import JobState, Phase
from farm.model.lanes import session_lane
from farm.store.database import Database
from farm.store.fates import Ending, Standing
from farm.store.images import Keeping
from farm.store.records import AnyRow
from farm.store.schema import IS_OPEN_ATTEMPT, attempts, jobs

_COLUMNS: Final = (
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

_TRIED = (
    sa.select(sa.func.coalesce(sa.func.max(attempts.c.number), 0))
    .where(attempts.c.job_id == jobs.c.id)
    .scalar_subquery()
)

# A job that is queued again from the start, whatever it was before.
AFRESH: Final[Mapping[str, Any]] = {
    **RELEASED,
    "state": JobState.PENDING.value,
    "not_before": None,
    "attempts": 0,
    "crashes": 0,
    "forgotten": _TRIED,
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


class Endings:
    """Ends attempts, or leaves them to their session, inside the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keeping = Keeping(database)
        self._move = _move(database)
        self._close = _close(database)
        self._leave = _leave(database)

    async def end(self, connection: AsyncConnection, standing: Standing, ending: Ending) -> None:
        """Close the attempt, move the job, keep its images and write its history."""
        done = 0.0 if ending.state is JobState.COMPLETED else None
        move = {
            "job": standing.job_id,
            "to_state": ending.state.value,
            "why": ending.job_cause.value,
            "words": ending.message,
            "counted": int(ending.counted),
            "crashed": int(ending.crashed),
            "after": ending.after_seconds if ending.state is JobState.DELAYED else None,
            "done": done,
            "image": ending.images[0].path if ending.images else "",
        }
        await connection.execute(self._move, move)
        close = {
            "attempt": standing.attempt_id,
            "why": ending.cause.value,
            "words": ending.message,
            "was_counted": ending.counted,
            "last_phase": Phase.SETTLED.value if done is not None else standing.phase.value,
            "done": done,
        }
        await connection.execute(self._close, close)
        await self._keeping.keep(connection, standing, ending.images)
        facts = {"cause": ending.cause.value, "message": ending.message, "counted": ending.counted}
        await self._database.record(connection, standing.job_id, ending.kind, **facts)

    async def leave_to_session(
        self, connection: AsyncConnection, standing: Standing, leaving: Leaving
    ) -> None:
        """Queue a job for the session of its open attempt, which stays open."""
        leave = {
            "job": standing.job_id,
            "to_lane": session_lane(standing.session),
            "crashed": int(leaving.crashed),
            "why": leaving.cause.value,
            "words": leaving.message,
        }
        await connection.execute(self._leave, leave)
        facts = {"cause": leaving.cause.value, "message": leaving.message}
        phase = standing.phase.value
        await self._database.record(connection, standing.job_id, leaving.kind, phase=phase, **facts)


def _seconds(name: str) -> sa.BindParameter[float]:
    """Seconds from now; None makes the whole sum NULL, which is what it means here."""
    return sa.bindparam(name, type_=sa.Double())


def _move(database: Database) -> sa.Update:
    now = database.now()
    return (
        sa.update(jobs)
        .where(jobs.c.id == sa.bindparam("job"))
        .values(
            **RELEASED,
            state=sa.bindparam("to_state"),
            cause=sa.bindparam("why"),
            message=sa.bindparam("words"),
            attempts=jobs.c.attempts + sa.bindparam("counted", type_=sa.Integer()),
            crashes=jobs.c.crashes + sa.bindparam("crashed", type_=sa.Integer()),
            not_before=now + _seconds("after"),
            completed_at=now + _seconds("done"),
            image_path=sa.bindparam("image"),
            updated_at=now,
        )
    )


def _close(database: Database) -> sa.Update:
    settled_at = database.now() + _seconds("done")
    return (
        sa.update(attempts)
        .where(attempts.c.id == sa.bindparam("attempt"))
        .values(
            cause=sa.bindparam("why"),
            counted=sa.bindparam("was_counted"),
            message=sa.bindparam("words"),
            phase=sa.bindparam("last_phase"),
            phase_at=sa.func.coalesce(settled_at, attempts.c.phase_at),
            ended_at=database.now(),
        )
    )


def _leave(database: Database) -> sa.Update:
    now = database.now()
    pinned_until = sa.func.coalesce(jobs.c.pinned_until, now + database.terms.pin_seconds)
    return (
        sa.update(jobs)
        .where(jobs.c.id == sa.bindparam("job"))
        .values(
            state=JobState.PENDING.value,
            lane=sa.bindparam("to_lane"),
            pinned_until=pinned_until,
            worker="",
            lease_until=None,
            crashes=jobs.c.crashes + sa.bindparam("crashed", type_=sa.Integer()),
            cause=sa.bindparam("why"),
            message=sa.bindparam("words"),
            updated_at=now,
        )
    )
