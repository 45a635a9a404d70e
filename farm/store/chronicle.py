"""What happened in a span of time, row by row: attempts, limits, images and money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from farm.model.chronicle import Original, Tried
from farm.model.limits import ASKED_RESTS, Limit
from farm.model.money import Spending
from farm.store.database import Database
from farm.store.limits import LIMIT_COLUMNS, limit_of
from farm.store.records import IMAGE_COLUMNS, AnyRow, batched, cause_of, image_of
from farm.store.schema import attempts, images, jobs, limits, queues, spend
from farm.store.spend import sums

_CHUNK: Final = 500
_TRIED: Final = (
    attempts.c.job_id,
    attempts.c.number,
    attempts.c.session,
    attempts.c.cause,
    attempts.c.counted,
    attempts.c.message,
    attempts.c.started_at,
    attempts.c.phase_at,
    attempts.c.ended_at,
)


class SqlChronicle:
    """What `farm report` asks of the store; a span without a beginning is all there ever was."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tried(
        self, since: float | None = None, queues: Sequence[str] = ()
    ) -> tuple[Tried, ...]:
        """Attempts that are open or ended since a moment, of some queues or all, by beginning."""
        statement = sa.select(*_TRIED).order_by(attempts.c.started_at, attempts.c.id)
        if since is not None:
            open_or_late = sa.or_(attempts.c.ended_at.is_(None), attempts.c.ended_at >= since)
            statement = statement.where(open_or_late)
        if queues:
            statement = statement.where(attempts.c.job_id.in_(_jobs_of(queues)))
        async with self._database.read() as connection:
            return tuple(_tried_of(row) for row in await connection.execute(statement))

    async def limits_met(self, since: float | None = None) -> tuple[Limit, ...]:
        """Limits of all sessions, and rests that were asked for and not over, oldest first."""
        statement = sa.select(*LIMIT_COLUMNS).order_by(limits.c.at, limits.c.id)
        if since is not None:
            holds = sa.and_(limits.c.cause.in_(sorted(ASKED_RESTS)), limits.c.until >= since)
            statement = statement.where(sa.or_(limits.c.at >= since, holds))
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).mappings().all()
        return tuple(limit_of(row) for row in rows)

    async def originals_of(self, job_ids: Sequence[int]) -> Mapping[int, tuple[Original, ...]]:
        """Every image that these jobs ever had, oldest first."""
        statement = sa.select(*IMAGE_COLUMNS).order_by(images.c.id)
        found: defaultdict[int, list[Original]] = defaultdict(list)
        async with self._database.read() as connection:
            for chunk in batched(job_ids, _CHUNK):
                for row in await connection.execute(statement.where(images.c.job_id.in_(chunk))):
                    found[row.job_id].append(Original(image=image_of(row), made_at=row.at))
        return {job_id: tuple(originals) for job_id, originals in found.items()}

    async def paid(
        self, since: float | None = None, queues: Sequence[str] = ()
    ) -> tuple[Spending, ...]:
        """What attempts cost, by day, backend, key and model."""
        bounds: list[sa.ColumnElement[bool]] = []
        if since is not None:
            bounds.append(spend.c.at >= since)
        if queues:
            bounds.append(spend.c.job_id.in_(_jobs_of(queues)))
        async with self._database.read() as connection:
            return await sums(connection, *bounds)


def _jobs_of(names: Sequence[str]) -> sa.Select[Any]:
    owned = sa.select(jobs.c.id).join(queues, queues.c.id == jobs.c.queue_id)
    return owned.where(queues.c.name.in_(names))


def _tried_of(row: AnyRow) -> Tried:
    return Tried(
        job_id=row.job_id,
        number=row.number,
        session=row.session,
        cause=cause_of(row.cause),
        counted=row.counted,
        message=row.message,
        began=row.started_at,
        heard_at=row.phase_at,
        ended=row.ended_at,
    )
