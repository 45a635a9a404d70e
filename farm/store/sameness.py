"""What was drawn before, for rows that ask for the same again."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from farm.model.causes import Cause
from farm.model.jobs import JobState
from farm.model.sameness import Drawn
from farm.store.database import Database
from farm.store.records import IMAGE_COLUMNS, JOB_COLUMNS, image_of, job_of
from farm.store.schema import attempts, images, in_state, jobs

_PAGE: Final = 500


class SqlSameness:
    """Read-only looks at completed jobs and their pictures."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def drawn(self, after: int = 0, limit: int = _PAGE) -> tuple[Drawn, ...]:
        """Completed jobs after this id, each with the picture that stands for its present row."""
        page = sa.select(jobs.c.id).where(in_state(JobState.COMPLETED), jobs.c.id > after)
        ids = page.order_by(jobs.c.id).limit(limit)
        async with self._database.read() as connection:
            chosen = list(await connection.scalars(ids))
            asked = await connection.execute(_JOBS, {"ids": chosen})
            made = await connection.execute(_PICTURES, {"ids": chosen})
            pictures = {row.job_id: image_of(row) for row in made}
            return tuple(
                Drawn(job=job_of(row), image=pictures[row.id], references=_references(row.facts))
                for row in asked
                if row.id in pictures
            )


def _references(facts: dict[str, Any] | None) -> tuple[str, ...]:
    return tuple((facts or {}).get("references", ()))


_IDS: Final[sa.BindParameter[int]] = sa.bindparam("ids", expanding=True)
_FACTS: Final = (
    sa.select(attempts.c.facts)
    .where(attempts.c.job_id == jobs.c.id, attempts.c.cause == Cause.MADE.value)
    .order_by(attempts.c.number.desc())
    .limit(1)
    .scalar_subquery()
)
_JOBS: Final = (
    sa.select(*JOB_COLUMNS, _FACTS.label("facts")).where(jobs.c.id.in_(_IDS)).order_by(jobs.c.id)
)
_PICTURES: Final = (
    sa.select(*IMAGE_COLUMNS)
    .join_from(images, jobs, jobs.c.id == images.c.job_id)
    .where(
        jobs.c.id.in_(_IDS),
        images.c.path == jobs.c.image_path,
        images.c.version == jobs.c.version,
    )
)
