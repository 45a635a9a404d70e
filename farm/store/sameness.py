"""What was drawn before, for rows that ask for the same again."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from farm.model.causes import Cause
from farm.model.jobs import JobState
from farm.model.sameness import Drawn
from farm.store.database import Database
from farm.store.schema import attempts, in_state, jobs

_PAGE: Final = 2000

_SENT_ALONG: Final = (
    sa.select(attempts.c.facts)
    .where(
        attempts.c.job_id == jobs.c.id,
        attempts.c.cause == Cause.MADE.value,
        jobs.c.payload["references"].as_string().is_not(None),
    )
    .order_by(attempts.c.number.desc())
    .limit(1)
    .scalar_subquery()
)
_DRAWN: Final = (
    sa.select(jobs.c.id, jobs.c.payload, _SENT_ALONG.label("facts"))
    .where(in_state(JobState.COMPLETED))
    .order_by(jobs.c.id)
)


class SqlSameness:
    """Read-only looks at completed jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def drawn(self, after: int = 0, limit: int = _PAGE) -> tuple[Drawn, ...]:
        """Completed jobs after this id, in its order."""
        page = _DRAWN.where(jobs.c.id > after).limit(limit)
        async with self._database.read() as connection:
            rows = (await connection.execute(page)).all()
        return tuple(
            Drawn(
                job_id=row.id,
                payload=row.payload,
                references=tuple((row.facts or {}).get("references", ())),
            )
            for row in rows
        )
