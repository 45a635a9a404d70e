"""Upkeep: what time alone does to jobs. Safe from several processes at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farm.model.causes import Cause
from farm.model.jobs import JobState
from farm.store.database import Database
from farm.store.endings import Endings, Leaving, select_standings, standing_of
from farm.store.fates import Standing, expired, pin_expired
from farm.store.schema import in_state, jobs

PROMOTED_AT_ONCE: Final = 5000  # a bigger chunk would keep other writers waiting for seconds
SWEPT_AT_ONCE: Final = 200


class SqlUpkeep:
    """Promotes what is due, returns what was dropped, reviews what nobody came back for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._endings = Endings(database)
        conditions = (_due(database), _silent(database), _stale(database))
        self._anything = sa.select(sa.or_(*(sa.exists().where(one) for one in conditions)))

    async def maintain(self) -> int:
        """Do all that is due; return how many jobs it touched. Idle, it only reads."""
        if not await self._anything_due():
            return 0
        promoted = await self._repeat(self._promote, PROMOTED_AT_ONCE)
        returned = await self._repeat(self._sweep, SWEPT_AT_ONCE)
        return promoted + returned + await self._repeat(self._review_stale, SWEPT_AT_ONCE)

    async def _anything_due(self) -> bool:
        async with self._database.read() as connection:
            return bool(await connection.scalar(self._anything))

    async def _repeat(
        self, sweep: Callable[[AsyncConnection], Awaitable[int]], at_once: int
    ) -> int:
        """Sweep in one transaction per chunk, so that other writers get their turn."""
        total = 0
        while True:
            async with self._database.write() as connection:
                touched = await sweep(connection)
            total += touched
            if touched < at_once:
                return total

    async def _promote(self, connection: AsyncConnection) -> int:
        chunk = sa.select(jobs.c.id).where(_due(self._database)).limit(PROMOTED_AT_ONCE)
        statement = (
            sa.update(jobs)
            .where(jobs.c.id.in_(chunk.with_for_update(skip_locked=True)))
            .values(state=JobState.PENDING.value, not_before=None, updated_at=self._database.now())
        )
        return (await connection.execute(statement)).rowcount

    async def _sweep(self, connection: AsyncConnection) -> int:
        return len(await self.return_expired(connection, limit=SWEPT_AT_ONCE))

    async def _review_stale(self, connection: AsyncConnection) -> int:
        chunk = select_standings(skip_locked=True).where(_stale(self._database))
        rows = (await connection.execute(chunk.limit(SWEPT_AT_ONCE))).all()
        for row in rows:
            standing = standing_of(row)
            await self._endings.end(connection, standing, pin_expired(standing))
        return len(rows)

    async def return_expired(
        self, connection: AsyncConnection, *, limit: int | None = None, queue_id: int | None = None
    ) -> list[int]:
        """Take jobs from workers whose lease ran out; the ids of those jobs."""
        chunk = select_standings(skip_locked=True).where(_silent(self._database)).limit(limit)
        if queue_id is not None:
            chunk = chunk.where(jobs.c.queue_id == queue_id)
        standings = [standing_of(row) for row in await connection.execute(chunk)]
        for standing in standings:
            ending = expired(standing)
            if ending is not None:
                await self._endings.end(connection, standing, ending)
            else:
                await self._endings.leave_to_session(connection, standing, _silence(standing))
        return [standing.job_id for standing in standings]


def _silence(standing: Standing) -> Leaving:
    message = (
        f"The worker went silent in phase {standing.phase}; session {standing.session} will look "
        "for the image."
    )
    return Leaving("expired", Cause.LEASE_EXPIRED, message, crashed=True)


def _due(database: Database) -> sa.ColumnElement[bool]:
    return sa.and_(in_state(JobState.DELAYED), jobs.c.not_before <= database.now())


def _silent(database: Database) -> sa.ColumnElement[bool]:
    return sa.and_(in_state(JobState.IN_PROGRESS), jobs.c.lease_until < database.now())


def _stale(database: Database) -> sa.ColumnElement[bool]:
    return sa.and_(
        in_state(JobState.PENDING),
        jobs.c.pinned_until.is_not(None),
        jobs.c.pinned_until <= database.now(),
    )
