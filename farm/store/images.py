"""Images that were kept, by job and by content."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farm.model.images import Image
from farm.store.database import Database, insert
from farm.store.fates import Standing
from farm.store.records import IMAGE_COLUMNS, image_of, image_values
from farm.store.schema import images


async def keep(
    database: Database, connection: AsyncConnection, standing: Standing, made: Sequence[Image]
) -> None:
    """Record a job's images; a path it already has now means the newer file."""
    for image in made:
        values = image_values(image)
        fresh = values | {"version": standing.drawn_version, "at": database.now()}
        statement = insert(connection, images).values(job_id=standing.job_id, **fresh)
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["job_id", "path"], set_=fresh)
        )


class SqlImages:
    """What is known about kept images."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def owner_of(self, sha256: str) -> int | None:
        """The job that had these bytes first."""
        statement = (
            sa.select(images.c.job_id)
            .where(images.c.sha256 == sha256)
            .order_by(images.c.id)
            .limit(1)
        )
        async with self._database.read() as connection:
            owner: int | None = await connection.scalar(statement)
            return owner

    async def images(self, job_id: int) -> tuple[Image, ...]:
        """Every image a job ever had, oldest first, those of earlier versions included."""
        statement = sa.select(*IMAGE_COLUMNS).where(images.c.job_id == job_id)
        async with self._database.read() as connection:
            rows = await connection.execute(statement.order_by(images.c.id))
            return tuple(image_of(row) for row in rows)
