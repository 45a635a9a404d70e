"""Control: what the user may change about jobs and queues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farm.errors import UsageError
from farm.model.causes import Cause
from farm.model.jobs import ENDED_STATES, JobState, Phase
from farm.model.lanes import session_lane
from farm.store.database import Database, insert
from farm.store.endings import AFRESH, RELEASED, Endings, select_standings, standing_of
from farm.store.fates import given_back, reached
from farm.store.jobs import PAUSED_KEY
from farm.store.records import batched
from farm.store.schema import IS_OPEN_ATTEMPT, attempts, events, in_state, jobs, meta, queues
from farm.store.upkeep import SqlUpkeep

CHUNK: Final = 1000
_CANCELLED_WORDS: Final = "Cancelled by the user."


class SqlControl:
    """What the user may change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._endings = Endings(database)
        self._upkeep = SqlUpkeep(database)

    async def retry(self, job_ids: Sequence[int]) -> int:
        """Queue ended jobs again, attempts from zero; their history stays."""
        touched = 0
        async with self._database.write() as connection:
            for chunk in batched(job_ids, CHUNK):
                named = sa.and_(jobs.c.id.in_(chunk), in_state(*ENDED_STATES))
                touched += len(await self._queue_again(connection, named, "retried"))
        return touched

    async def _queue_again(
        self, connection: AsyncConnection, which: sa.ColumnElement[bool], kind: str
    ) -> list[int]:
        statement = sa.update(jobs).where(which).values(**AFRESH, updated_at=self._database.now())
        ids = list(await connection.scalars(statement.returning(jobs.c.id)))
        await self._record_all(connection, ids, kind)
        return ids

    async def cancel(self, job_ids: Sequence[int]) -> int:
        """Cancel jobs that wait or need a look; ask the workers of those in progress.

        A job whose image is already saved stays: its file is kept, and the call passes it over.
        """
        touched = 0
        async with self._database.write() as connection:
            for chunk in batched(job_ids, CHUNK):
                touched += await self._cancel_waiting(connection, chunk)
                touched += await self._cancel_begun(connection, chunk)
        return touched

    async def _cancel_waiting(self, connection: AsyncConnection, ids: Sequence[int]) -> int:
        begun = sa.exists().where(attempts.c.job_id == jobs.c.id, IS_OPEN_ATTEMPT)
        idle = in_state(JobState.PENDING, JobState.DELAYED, JobState.REVIEW)
        statement = (
            sa.update(jobs)
            .where(jobs.c.id.in_(ids), idle, ~begun)
            .values(
                **RELEASED,
                state=JobState.CANCELLED.value,
                not_before=None,
                cause=Cause.CANCELLED.value,
                message=_CANCELLED_WORDS,
                updated_at=self._database.now(),
            )
        )
        done = list(await connection.scalars(statement.returning(jobs.c.id)))
        await self._record_all(connection, done, "cancelled")
        return len(done)

    async def _cancel_begun(self, connection: AsyncConnection, ids: Sequence[int]) -> int:
        """Jobs with an open attempt: in progress, or waiting for the session that has it."""
        begun = select_standings(jobs.c.state).where(jobs.c.id.in_(ids))
        touched = 0
        for row in (await connection.execute(begun)).all():
            standing = standing_of(row)
            if reached(standing.phase, Phase.SAVED):
                continue
            if row.state == JobState.IN_PROGRESS.value:
                await self._ask_to_cancel(connection, standing.job_id)
            else:
                ending = given_back(standing, Cause.CANCELLED, _CANCELLED_WORDS, 0)
                await self._endings.end(connection, standing, ending)
            touched += 1
        return touched

    async def _ask_to_cancel(self, connection: AsyncConnection, job_id: int) -> None:
        asked = sa.update(jobs).where(jobs.c.id == job_id).values(cancel_requested=True)
        await connection.execute(asked)
        await self._database.record(connection, job_id, "cancel_requested")

    async def reroute(self, job_ids: Sequence[int], lane: str) -> int:
        """Leave jobs to other hands; what waits for its own session goes there afterwards."""
        waits_at_home = jobs.c.lane == jobs.c.home_lane
        statement = sa.update(jobs).values(
            home_lane=lane,
            lane=sa.case((waits_at_home, lane), else_=jobs.c.lane),
            updated_at=self._database.now(),
        )
        touched = 0
        async with self._database.write() as connection:
            for chunk in batched(job_ids, CHUNK):
                moved = await connection.execute(statement.where(jobs.c.id.in_(chunk)))
                touched += moved.rowcount
        return touched

    async def bequeath(self, session: str, heir: str) -> int:
        """Leave to another session what one has begun that never comes back; how many jobs."""
        begun = sa.and_(IS_OPEN_ATTEMPT, attempts.c.session == session)
        waits = jobs.c.lane == session_lane(session)
        async with self._database.write() as connection:
            left = sa.update(attempts).where(begun).values(session=heir)
            ids = list(await connection.scalars(left.returning(attempts.c.job_id)))
            for chunk in batched(ids, CHUNK):
                statement = sa.update(jobs).where(jobs.c.id.in_(chunk))
                lane = sa.case((waits, session_lane(heir)), else_=jobs.c.lane)
                await connection.execute(statement.values(session=heir, lane=lane))
            await self._record_all(connection, ids, "bequeathed")
        return len(ids)

    async def pause(self, queue: str = "") -> None:
        """Stop claims of one queue, or of all; work in flight goes on."""
        async with self._database.write() as connection:
            if queue:
                await _set_paused(connection, queue, paused=True)
            else:
                mark = insert(self._database.dialect_name, meta).values(key=PAUSED_KEY, value="all")
                await connection.execute(mark.on_conflict_do_nothing(index_elements=["key"]))

    async def resume(self, queue: str = "") -> None:
        """Take one pause back: that of the queue, or that of all; each is a pause of its own."""
        async with self._database.write() as connection:
            if queue:
                await _set_paused(connection, queue, paused=False)
            else:
                await connection.execute(sa.delete(meta).where(meta.c.key == PAUSED_KEY))

    async def paused(self) -> frozenset[str]:
        """Names of paused queues; "" stands for all."""
        names = sa.select(queues.c.name).where(queues.c.paused.is_(sa.true()))
        everything = sa.select(sa.literal("")).where(sa.exists().where(meta.c.key == PAUSED_KEY))
        async with self._database.read() as connection:
            return frozenset(await connection.scalars(sa.union_all(names, everything)))

    async def refusals_of(self, queue: str) -> Mapping[str, str]:
        """What a queue's own refusal policy says; empty without one, or without the queue."""
        asked = sa.select(queues.c.refusals).where(queues.c.name == queue)
        async with self._database.read() as connection:
            return dict(await connection.scalar(asked) or {})

    async def set_refusals(self, queue: str, policy: Mapping[str, str]) -> None:
        """Give a queue a refusal policy of its own; an empty one takes it back."""
        async with self._database.write() as connection:
            queue_id = await _queue_id(connection, queue)
            own = sa.update(queues).where(queues.c.id == queue_id)
            await connection.execute(own.values(refusals=dict(policy) or None))

    async def reset(self, queue: str, *, drop: bool = False) -> int:
        """Put every failed, cancelled or in-progress-and-expired job back to pending.

        A job that was already sent waits for the session of its conversation, as after any death.
        `drop` removes the queue, its jobs and their history instead; files on disk stay, and a
        worker that still holds one of its jobs gets LostLease.
        """
        async with self._database.write() as connection:
            queue_id = await _queue_id(connection, queue)
            if drop:
                return await _drop(connection, queue_id)
            ended = in_state(JobState.FAILED, JobState.CANCELLED)
            returned = await self._upkeep.return_expired(connection, queue_id=queue_id)
            again = await self._queue_again(
                connection, sa.and_(jobs.c.queue_id == queue_id, ended), "reset"
            )
        return len({*returned, *again})

    async def _record_all(self, connection: AsyncConnection, ids: Sequence[int], kind: str) -> None:
        if ids:
            line = sa.insert(events).values(at=self._database.now(), kind=kind, data={})
            await connection.execute(line, [{"job_id": job_id} for job_id in ids])


async def _queue_id(connection: AsyncConnection, queue: str) -> int:
    """The id of a queue; UsageError with the names there are when it does not exist."""
    found = await connection.scalar(sa.select(queues.c.id).where(queues.c.name == queue))
    if found is None:
        names = await connection.scalars(sa.select(queues.c.name).order_by(queues.c.name))
        known = ", ".join(names) or "none yet; `farm add FILE` makes one"
        raise UsageError(f"There is no queue {queue!r}. Queues: {known}.")
    return int(found)


async def _set_paused(connection: AsyncConnection, queue: str, *, paused: bool) -> None:
    queue_id = await _queue_id(connection, queue)
    await connection.execute(sa.update(queues).where(queues.c.id == queue_id).values(paused=paused))


async def _drop(connection: AsyncConnection, queue_id: int) -> int:
    """Delete a queue; its jobs and all that hangs on them go by the foreign keys."""
    gone = await connection.execute(sa.delete(jobs).where(jobs.c.queue_id == queue_id))
    await connection.execute(sa.delete(queues).where(queues.c.id == queue_id))
    return gone.rowcount
