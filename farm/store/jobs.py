"""Claiming: which job is next, whose it is, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farm.model.jobs import Attempt, Claim, Job, JobState, Phase
from farm.store.database import Database, insert
from farm.store.endings import Endings, select_standings, standing_of
from farm.store.fates import adopted
from farm.store.records import ATTEMPT_COLUMNS, JOB_COLUMNS, AnyRow, attempt_of, job_of
from farm.store.schema import IS_OPEN_ATTEMPT, attempts, in_state, jobs, meta, queues

PAUSED_KEY: Final = "paused"  # in `meta`: stops the claims of every queue


class SqlClaims:
    """How a worker gets and keeps jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._endings = Endings(database)
        self._lease = _lease(database)
        self._take = _take(database)
        self._renew = _renew(database)
        self._begin = _begin(database)

    async def claim(self, worker: str, session: str, lanes: Sequence[str]) -> Claim | None:
        """Lease the best pending job of the first lane that has one."""
        if not lanes:
            return None
        async with self._database.write() as connection:
            for head in (await connection.execute(_heads(len(lanes)), _lane_values(lanes))).all():
                values = {"in_lane": head.lane, "in_queue": head.queue_id}
                holder = {"by_worker": worker, "by_session": session}
                row = (await connection.execute(self._lease, values | holder)).one_or_none()
                if row is not None:  # None: on PostgreSQL another worker may have been faster
                    return await self._open(connection, row, worker)
        return None

    async def _open(self, connection: AsyncConnection, row: AnyRow, worker: str) -> Claim:
        job = job_of(row)
        attempt = await self._attempt(connection, job)
        facts = {"worker": worker, "attempt": attempt.number, "phase": attempt.phase.value}
        await self._database.record(connection, job.id, "claimed", **facts)
        return Claim(job=job, attempt=attempt, worker=worker, fence=row.fence)

    async def _attempt(self, connection: AsyncConnection, job: Job) -> Attempt:
        """The attempt a former worker left open, or a new one."""
        values = {"of_job": job.id, "of_version": job.version, "by_session": job.session}
        row = (await connection.execute(self._begin, values)).one_or_none()
        return attempt_of(row) if row is not None else await _open_attempt(connection, job.id)

    async def adopt(self, worker: str, session: str) -> tuple[Claim, ...]:
        """Take over every job this session left in progress, or end it after too many deaths."""
        mine = sa.and_(in_state(JobState.IN_PROGRESS), jobs.c.session == session)
        left = select_standings().where(mine).order_by(jobs.c.id)
        taken: list[Claim] = []
        async with self._database.write() as connection:
            for row in (await connection.execute(left)).all():
                standing = standing_of(row)
                ending = adopted(standing)
                if ending is not None:
                    await self._endings.end(connection, standing, ending)
                else:
                    taken.append(await self._adopt(connection, standing.job_id, worker, session))
        return tuple(taken)

    async def _adopt(
        self, connection: AsyncConnection, job_id: int, worker: str, session: str
    ) -> Claim:
        values = {"job": job_id, "by_worker": worker, "by_session": session}
        row = (await connection.execute(self._take, values)).one()
        attempt = await _open_attempt(connection, job_id)
        facts = {"worker": worker, "phase": attempt.phase.value}
        await self._database.record(connection, job_id, "adopted", **facts)
        return Claim(job=job_of(row), attempt=attempt, worker=worker, fence=row.fence)

    async def heartbeat(self, worker: str) -> frozenset[int]:
        """Renew all leases of this worker; return the ids of jobs whose cancellation was asked."""
        async with self._database.write() as connection:
            rows = (await connection.execute(self._renew, {"by_worker": worker})).all()
        return frozenset(row.id for row in rows if row.cancel_requested)


def _first(lane: sa.ColumnElement[str], queue_id: sa.ColumnElement[int]) -> sa.Select[Any]:
    """The best claimable job of one lane of one queue: one look into the partial index."""
    return (
        sa.select(jobs.c.id)
        .where(in_state(JobState.PENDING), jobs.c.queue_id == queue_id, jobs.c.lane == lane)
        .order_by(jobs.c.priority.desc(), jobs.c.id)
        .limit(1)
    )


@cache
def _heads(lanes: int) -> sa.Select[Any]:
    """Where the best claimable jobs stand, best first: one per lane and running queue.

    Going through the queues keeps a paused one with a million jobs out of every claim's way.
    """
    all_paused = sa.exists().where(meta.c.key == PAUSED_KEY)
    running = sa.select(queues.c.id).where(queues.c.paused.is_(sa.false()), ~all_paused)
    one_lane = [
        running.add_columns(
            sa.literal_column(str(rank)).label("rank"),
            (lane := sa.bindparam(f"lane_{rank}", type_=sa.Text())).label("lane"),
            _first(lane, queues.c.id).scalar_subquery().label("job_id"),
        )
        for rank in range(lanes)
    ]
    heads = sa.union_all(*one_lane).subquery()
    return (
        sa.select(heads.c.lane, heads.c.id.label("queue_id"))
        .join(jobs, jobs.c.id == heads.c.job_id)
        .order_by(heads.c.rank, jobs.c.priority.desc(), jobs.c.id)
    )


def _lane_values(lanes: Sequence[str]) -> dict[str, str]:
    return {f"lane_{rank}": lane for rank, lane in enumerate(lanes)}


def _held_by(database: Database) -> dict[str, Any]:
    return {
        "state": JobState.IN_PROGRESS.value,
        "worker": sa.bindparam("by_worker"),
        "session": sa.bindparam("by_session"),
        "fence": jobs.c.fence + 1,
        "lease_until": database.now() + database.terms.lease_seconds,
        "updated_at": database.now(),
    }


def _lease(database: Database) -> sa.Executable:
    lane = sa.bindparam("in_lane", type_=sa.Text())
    first = _first(lane, sa.bindparam("in_queue", type_=jobs.c.queue_id.type))
    return (
        sa.update(jobs)
        .where(jobs.c.id == first.with_for_update(skip_locked=True).scalar_subquery())
        .values(**_held_by(database), not_before=None, cause=None, message="")
        .returning(*JOB_COLUMNS, jobs.c.fence)
    )


def _take(database: Database) -> sa.Executable:
    return (
        sa.update(jobs)
        .where(jobs.c.id == sa.bindparam("job"))
        .values(**_held_by(database), crashes=jobs.c.crashes + 1)
        .returning(*JOB_COLUMNS, jobs.c.fence)
    )


def _renew(database: Database) -> sa.Executable:
    return (
        sa.update(jobs)
        .where(in_state(JobState.IN_PROGRESS), jobs.c.worker == sa.bindparam("by_worker"))
        .values(lease_until=database.now() + database.terms.lease_seconds)
        .returning(jobs.c.id, jobs.c.cancel_requested)
    )


def _begin(database: Database) -> sa.Executable:
    """Insert a new attempt, unless the job has an open one."""
    job = sa.bindparam("of_job", type_=jobs.c.id.type)
    earlier = sa.select(sa.func.coalesce(sa.func.max(attempts.c.number), 0) + 1)
    return (
        insert(database.dialect_name, attempts)
        .values(
            job_id=job,
            number=earlier.where(attempts.c.job_id == job).scalar_subquery(),
            version=sa.bindparam("of_version"),
            session=sa.bindparam("by_session"),
            phase=Phase.CLAIMED.value,
            facts={},
            started_at=database.now(),
            phase_at=database.now(),
        )
        .on_conflict_do_nothing(index_elements=["job_id"], index_where=IS_OPEN_ATTEMPT)
        .returning(*ATTEMPT_COLUMNS)
    )


_OPEN_ATTEMPT: Final = sa.select(*ATTEMPT_COLUMNS).where(
    attempts.c.job_id == sa.bindparam("of_job"), IS_OPEN_ATTEMPT
)


async def _open_attempt(connection: AsyncConnection, job_id: int) -> Attempt:
    return attempt_of((await connection.execute(_OPEN_ATTEMPT, {"of_job": job_id})).one())
