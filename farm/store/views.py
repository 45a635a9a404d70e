"""Views: counts, pages and histories, all of them read-only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farm.model.causes import Cause
from farm.model.jobs import Attempt, Job, JobState
from farm.store.base import Event, Page, QueueSummary
from farm.store.database import Database
from farm.store.records import (
    ATTEMPT_COLUMNS,
    EVENT_COLUMNS,
    JOB_COLUMNS,
    attempt_of,
    batched,
    event_of,
    job_of,
)
from farm.store.schema import attempts, events, in_state, jobs, queues

_PARTS_AT_ONCE: Final = 200  # SQLite joins at most 500 selects into one


class SqlViews:
    """What the user's commands ask of the queue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self, queues: Sequence[str] = ()) -> Mapping[JobState, int]:
        """Jobs by state, over all queues or the given ones; every state is a key."""
        totals = dict.fromkeys(JobState, 0)
        async with self._database.read() as connection:
            for _, state, count in await _tally(connection, queues):
                totals[state] += count
        return totals

    async def queues(self) -> tuple[QueueSummary, ...]:
        """All queues by name, each with its source and counts."""
        async with self._database.read() as connection:
            found = (await connection.execute(sa.select(queues).order_by(queues.c.name))).all()
            tally = await _tally(connection, ())
        counts = {row.id: dict.fromkeys(JobState, 0) for row in found}
        for queue_id, state, count in tally:
            counts[queue_id][state] = count
        return tuple(
            QueueSummary(name=row.name, source=row.source, paused=row.paused, counts=counts[row.id])
            for row in found
        )

    async def page(
        self,
        *,
        queues: Sequence[str] = (),
        states: Sequence[JobState] = (),
        after: int = 0,
        limit: int = 100,
    ) -> Page:
        """Jobs in id order after the given id."""
        async with self._database.read() as connection:
            ids = await _ids(connection, queues, states, after, limit + 1)
            chosen = sa.select(*JOB_COLUMNS).where(jobs.c.id.in_(ids[:limit]))
            rows = (await connection.execute(chosen.order_by(jobs.c.id))).all()
        more = ids[limit - 1] if len(ids) > limit else None
        return Page(jobs=tuple(job_of(row) for row in rows), after=more)

    async def job(self, job_id: int) -> Job | None:
        """One job."""
        statement = sa.select(*JOB_COLUMNS).where(jobs.c.id == job_id)
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else job_of(row)

    async def find(self, queue: str | None, prompt_id: str) -> tuple[Job, ...]:
        """The jobs of this prompt id, in one queue or in all of them."""
        statement = sa.select(*JOB_COLUMNS).where(
            jobs.c.queue_id.in_(_queue_ids([] if queue is None else [queue])),
            jobs.c.prompt_id == prompt_id,
        )
        async with self._database.read() as connection:
            rows = await connection.execute(statement.order_by(jobs.c.id))
            return tuple(job_of(row) for row in rows)

    async def left_for(self, lanes: Sequence[str]) -> int:
        """Open jobs these lanes may still get: waiting in them, or in progress anywhere.

        Jobs of a paused queue count: a pause is meant to end.
        """
        async with self._database.read() as connection:
            return int(await connection.scalar(_LEFT, {"lanes": list(lanes)}) or 0)

    async def history(self, job_id: int) -> tuple[Sequence[Attempt], Sequence[Event]]:
        """All attempts and events of a job, oldest first."""
        tries = sa.select(*ATTEMPT_COLUMNS).where(attempts.c.job_id == job_id)
        lines = sa.select(*EVENT_COLUMNS).where(events.c.job_id == job_id)
        async with self._database.read() as connection:
            tried = await connection.execute(tries.order_by(attempts.c.number))
            happened = await connection.execute(lines.order_by(events.c.id))
            return (
                tuple(attempt_of(row) for row in tried),
                tuple(event_of(row) for row in happened),
            )

    async def endings(self) -> Mapping[tuple[str, Cause], int]:
        """How many attempts of each session ended by each cause, over all runs."""
        group = (attempts.c.session, attempts.c.cause)
        statement = (
            sa.select(*group, sa.func.count()).where(attempts.c.cause.is_not(None)).group_by(*group)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        return {(session, Cause(cause)): count for session, cause, count in rows}


def _queue_ids(names: Sequence[str]) -> sa.Select[Any]:
    statement = sa.select(queues.c.id)
    return statement.where(queues.c.name.in_(names)) if names else statement


def _count_of(state: JobState, *more: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    counted = sa.select(sa.func.count()).select_from(jobs).where(in_state(state), *more)
    return counted.scalar_subquery()


_IN_LANES: Final = jobs.c.lane.in_(sa.bindparam("lanes", expanding=True))
# A sum of three, because each of them has a partial index of its own and their union has none.
_LEFT: Final = sa.select(
    _count_of(JobState.PENDING, _IN_LANES)
    + _count_of(JobState.DELAYED, _IN_LANES)
    + _count_of(JobState.IN_PROGRESS, jobs.c.lease_until.is_not(None))
)


async def _tally(
    connection: AsyncConnection, names: Sequence[str]
) -> list[tuple[int, JobState, int]]:
    """Counts by queue id and state, in the order of the index that serves them."""
    group = (jobs.c.queue_id, jobs.c.state)
    statement = sa.select(*group, sa.func.count()).group_by(*group)
    if names:
        statement = statement.where(jobs.c.queue_id.in_(_queue_ids(names)))
    rows = await connection.execute(statement)
    return [(queue_id, JobState(state), count) for queue_id, state, count in rows]


async def _ids(
    connection: AsyncConnection,
    names: Sequence[str],
    states: Sequence[JobState],
    after: int,
    limit: int,
) -> list[int]:
    """The next ids of a listing; each queue and state is one look into the index."""
    if not names and not states:
        everything = sa.select(jobs.c.id).where(jobs.c.id > after)
        rows = await connection.scalars(everything.order_by(jobs.c.id).limit(limit))
        return list(rows)
    chosen = (await connection.scalars(_queue_ids(names))).all()
    pairs = product(chosen, states or JobState)
    parts = [_part(queue_id, state, after, limit) for queue_id, state in pairs]
    ids: list[int] = []
    for batch in batched(parts, _PARTS_AT_ONCE):
        ids.extend(await connection.scalars(sa.union_all(*batch)))
    return sorted(ids)[:limit]


def _part(queue_id: int, state: JobState, after: int, limit: int) -> sa.Select[Any]:
    found = (
        sa.select(jobs.c.id)
        .where(jobs.c.queue_id == queue_id, jobs.c.state == state.value, jobs.c.id > after)
        .order_by(jobs.c.id)
        .limit(limit)
    )
    return sa.select(found.subquery().c.id)  # SQLite takes LIMIT in a union only when wrapped
