"""Claiming: which job is next, whose it is, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farm.model.jobs import Attempt, Claim, Job, JobState, Phase
from farm.store.database import Database, insert
from farm.store.endings import end, select_standings, standing_of
from farm.store.fates import adopted
from farm.store.records import ATTEMPT_COLUMNS, JOB_COLUMNS, AnyRow, attempt_of, job_of
from farm.store.schema import IS_OPEN_ATTEMPT, attempts, in_state, jobs, meta, queues

PAUSED_KEY = "paused"  # in `meta`: stops the claims of every queue

_FENCE = jobs.c.fence  # beside JOB_COLUMNS, for the claim


class SqlClaims:
    """How a worker gets and keeps jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, worker: str, session: str, lanes: Sequence[str]) -> Claim | None:
        """Lease the best pending job of the first lane that has one."""
        if not lanes:
            return None
        async with self._database.write() as connection:
            for head in (await connection.execute(_heads(lanes))).all():
                row = (await connection.execute(self._lease(head, worker, session))).one_or_none()
                if row is not None:  # None: on PostgreSQL another worker may have been faster
                    return await self._open(connection, row, worker)
        return None

    def _lease(self, head: AnyRow, worker: str, session: str) -> sa.Executable:
        first = _first(head.lane, sa.literal(head.queue_id)).with_for_update(skip_locked=True)
        return (
            sa.update(jobs)
            .where(jobs.c.id == first.scalar_subquery())
            .values(**self._held_by(worker, session), not_before=None, cause=None, message="")
            .returning(*JOB_COLUMNS, _FENCE)
        )

    def _held_by(self, worker: str, session: str) -> dict[str, Any]:
        now = self._database.now()
        return {
            "state": JobState.IN_PROGRESS.value,
            "worker": worker,
            "session": session,
            "fence": jobs.c.fence + 1,
            "lease_until": now + self._database.terms.lease_seconds,
            "updated_at": now,
        }

    async def _open(self, connection: AsyncConnection, row: AnyRow, worker: str) -> Claim:
        job = job_of(row)
        attempt = await self._attempt(connection, job)
        await self._database.record(
            connection,
            job.id,
            "claimed",
            worker=worker,
            attempt=attempt.number,
            phase=attempt.phase.value,
        )
        return Claim(job=job, attempt=attempt, worker=worker, fence=row.fence)

    async def _attempt(self, connection: AsyncConnection, job: Job) -> Attempt:
        """The attempt a former worker left open, or a new one."""
        earlier = sa.select(sa.func.coalesce(sa.func.max(attempts.c.number), 0) + 1)
        now = self._database.now()
        statement = (
            insert(connection, attempts)
            .values(
                job_id=job.id,
                number=earlier.where(attempts.c.job_id == job.id).scalar_subquery(),
                version=job.version,
                session=job.session,
                phase=Phase.CLAIMED.value,
                facts={},
                started_at=now,
                phase_at=now,
            )
            .on_conflict_do_nothing(index_elements=["job_id"], index_where=IS_OPEN_ATTEMPT)
            .returning(*ATTEMPT_COLUMNS)
        )
        row = (await connection.execute(statement)).one_or_none()
        return attempt_of(row) if row is not None else await _open_attempt(connection, job.id)

    async def adopt(self, worker: str, session: str) -> tuple[Claim, ...]:
        """Take over every job this session left in progress, or end it after too many deaths."""
        left = select_standings().where(in_state(JobState.IN_PROGRESS), jobs.c.session == session)
        taken: list[Claim] = []
        async with self._database.write() as connection:
            for row in (await connection.execute(left.order_by(jobs.c.id))).all():
                standing = standing_of(row)
                ending = adopted(standing)
                if ending is not None:
                    await end(self._database, connection, standing, ending)
                else:
                    taken.append(await self._take(connection, standing.job_id, worker, session))
        return tuple(taken)

    async def _take(
        self, connection: AsyncConnection, job_id: int, worker: str, session: str
    ) -> Claim:
        statement = (
            sa.update(jobs)
            .where(jobs.c.id == job_id)
            .values(**self._held_by(worker, session), crashes=jobs.c.crashes + 1)
            .returning(*JOB_COLUMNS, _FENCE)
        )
        row = (await connection.execute(statement)).one()
        attempt = await _open_attempt(connection, job_id)
        await self._database.record(
            connection, job_id, "adopted", worker=worker, phase=attempt.phase.value
        )
        return Claim(job=job_of(row), attempt=attempt, worker=worker, fence=row.fence)

    async def heartbeat(self, worker: str) -> frozenset[int]:
        """Renew all leases of this worker; return the ids of jobs whose cancellation was asked."""
        until = self._database.now() + self._database.terms.lease_seconds
        statement = (
            sa.update(jobs)
            .where(in_state(JobState.IN_PROGRESS), jobs.c.worker == worker)
            .values(lease_until=until)
            .returning(jobs.c.id, jobs.c.cancel_requested)
        )
        async with self._database.write() as connection:
            rows = (await connection.execute(statement)).all()
        return frozenset(row.id for row in rows if row.cancel_requested)


def _first(lane: str, queue_id: sa.ColumnElement[int]) -> sa.Select[Any]:
    """The best claimable job of one lane of one queue: one look into the partial index."""
    return (
        sa.select(jobs.c.id)
        .where(in_state(JobState.PENDING), jobs.c.queue_id == queue_id, jobs.c.lane == lane)
        .order_by(jobs.c.priority.desc(), jobs.c.id)
        .limit(1)
    )


def _heads(lanes: Sequence[str]) -> sa.Select[Any]:
    """Where the best claimable jobs stand, best first: one per lane and running queue.

    Going through the queues keeps a paused one with a million jobs out of every claim's way.
    """
    all_paused = sa.exists().where(meta.c.key == PAUSED_KEY)
    one_lane = [
        sa.select(
            sa.literal(rank).label("rank"),
            sa.literal(lane).label("lane"),
            queues.c.id.label("queue_id"),
            _first(lane, queues.c.id).scalar_subquery().label("job_id"),
        ).where(queues.c.paused.is_(sa.false()), ~all_paused)
        for rank, lane in enumerate(lanes)
    ]
    heads = sa.union_all(*one_lane).subquery()
    return (
        sa.select(heads.c.lane, heads.c.queue_id)
        .join(jobs, jobs.c.id == heads.c.job_id)
        .order_by(heads.c.rank, jobs.c.priority.desc(), jobs.c.id)
    )


async def _open_attempt(connection: AsyncConnection, job_id: int) -> Attempt:
    statement = sa.select(*ATTEMPT_COLUMNS).where(attempts.c.job_id == job_id, IS_OPEN_ATTEMPT)
    return attempt_of((await connection.execute(statement)).one())
