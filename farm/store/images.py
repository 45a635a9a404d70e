"""Images that were kept, by job and by content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farm.model.images import Image, Twin, look_alike
from farm.store.database import Database, insert
from farm.store.fates import Standing
from farm.store.records import IMAGE_COLUMNS, image_of, image_values
from farm.store.schema import images, jobs, queues

_COMPARED: Final = 50_000  # images; looking through them takes some 50 ms


class Keeping:
    """Records images that were kept, inside the caller's transaction."""

    def __init__(self, database: Database) -> None:
        fresh = insert(database.dialect_name, images).values(at=database.now())
        own = {"id", "job_id", "path", "finishing_until", "finished_at", "trouble"}
        facts = [column for column in images.c if column.name not in own]
        # A path the job already has means: the newer file stands there now.
        self._statement = fresh.on_conflict_do_update(
            index_elements=["job_id", "path"],
            set_={column.name: fresh.excluded[column.name] for column in facts},
        )

    async def keep(
        self, connection: AsyncConnection, standing: Standing, made: Sequence[Image]
    ) -> None:
        """Record what an attempt made, under the version of the row it was drawn from."""
        await self.keep_as(connection, standing.job_id, standing.drawn_version, made)

    async def keep_as(
        self, connection: AsyncConnection, job_id: int, version: int, made: Sequence[Image]
    ) -> None:
        """Record images of a job under a version of its row."""
        owner = {"job_id": job_id, "version": version}
        for image in made:
            await connection.execute(self._statement, owner | image_values(image))


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

    async def looks_like(self, perceptual: str, job_id: int) -> Twin | None:
        """The newest image of another job that looks the same, among the newest of all."""
        hashes = (
            sa.select(images.c.id, images.c.perceptual)
            .where(images.c.perceptual != "", images.c.job_id != job_id)
            .order_by(images.c.id.desc())
            .limit(_COMPARED)
        )
        number = int(perceptual, 16)
        async with self._database.read() as connection:
            for row in await connection.execute(hashes):
                if look_alike(int(row.perceptual, 16), number):
                    return await _twin(connection, row.id)
        return None

    async def images(self, job_id: int) -> tuple[Image, ...]:
        """Every image a job ever had, oldest first, those of earlier versions included."""
        statement = sa.select(*IMAGE_COLUMNS).where(images.c.job_id == job_id)
        async with self._database.read() as connection:
            rows = await connection.execute(statement.order_by(images.c.id))
            return tuple(image_of(row) for row in rows)


async def _twin(connection: AsyncConnection, image_id: int) -> Twin:
    statement = (
        sa.select(queues.c.name, jobs.c.prompt_id, images.c.path)
        .join_from(images, jobs, jobs.c.id == images.c.job_id)
        .join(queues, queues.c.id == jobs.c.queue_id)
        .where(images.c.id == image_id)
    )
    row = (await connection.execute(statement)).one()
    return Twin(job=f"{row.name}/{row.prompt_id}", path=row.path)
