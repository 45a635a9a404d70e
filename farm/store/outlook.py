"""What the past says about the time to come: how long tries took, and what was made each day."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import sqlalchemy as sa

from farm.model.causes import Cause
from farm.model.experience import Try
from farm.model.jobs import JobState
from farm.store.database import Database
from farm.store.schema import IS_DRAWN, attempts, jobs, queues

_TOLD: Final = 500  # tries of a session that its experience rests on


class SqlOutlook:
    """Read-only looks at what sessions did."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tries(self, session: str) -> tuple[Try, ...]:
        """The newest tries of a session that are over, oldest first."""
        newest = (
            sa.select(attempts.c.cause, attempts.c.started_at, attempts.c.ended_at)
            .where(
                attempts.c.session == session,
                attempts.c.ended_at.is_not(None),
                sa.or_(attempts.c.cause != Cause.MADE.value, IS_DRAWN),
            )
            .order_by(attempts.c.ended_at.desc(), attempts.c.id.desc())
            .limit(_TOLD)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(newest)).all()
        return tuple(
            Try(cause=Cause(cause), began=began, ended=ended)
            for cause, began, ended in reversed(rows)
        )

    async def made_by_day(self, starts: Sequence[float]) -> Mapping[str, tuple[int, ...]]:
        """How many jobs each session completed on each day; a day ends where the next begins."""
        ended = attempts.c.ended_at
        counts = [
            sa.func.count().filter(ended >= begin, ended < end)
            for begin, end in pairwise([*starts, math.inf])
        ]
        statement = (
            sa.select(attempts.c.session, *counts)
            .where(IS_DRAWN, ended >= min(starts))
            .group_by(attempts.c.session)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        return {session: tuple(numbers) for session, *numbers in rows}

    async def standing(self, queue: str) -> Mapping[str, JobState]:
        """Where each job of a queue stands, by its prompt id; empty without such a queue."""
        statement = (
            sa.select(jobs.c.prompt_id, jobs.c.state)
            .join_from(jobs, queues, queues.c.id == jobs.c.queue_id)
            .where(queues.c.name == queue)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        return {prompt_id: JobState(state) for prompt_id, state in rows}
