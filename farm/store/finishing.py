"""Images whose steps are still to be taken, and the copies that were made of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farm.model.causes import Cause
from farm.model.images import Derivative
from farm.model.jobs import JobState
from farm.store.base import Outgoing, Unfinished
from farm.store.database import Database, insert
from farm.store.deliveries import Posting
from farm.store.records import IMAGE_COLUMNS, JOB_COLUMNS, image_of, job_of
from farm.store.schema import attempts, derivatives, images, in_state, jobs, meta

_TARGETS: Final = "deliver:"  # of these keys among the others of `meta`
LEASE_SECONDS: Final = 30.0  # held on to while steps are taken, so that only the dead lose it


class SqlFinishing:
    """What becomes of images between their making and their delivery."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._posting = Posting(database)
        fresh = insert(database.dialect_name, derivatives).values(at=database.now())
        facts = ("path", "sha256", "size_bytes", "width_px", "height_px", "media_type", "at")
        self._copy = fresh.on_conflict_do_update(
            index_elements=["image_id", "kind"],
            set_={name: fresh.excluded[name] for name in facts},
        )

    async def take_unfinished(self, limit: int) -> tuple[Unfinished, ...]:
        """Lease images of completed jobs that nobody else works on, oldest first."""
        now = self._database.now()
        free = sa.or_(images.c.finishing_until.is_(None), images.c.finishing_until < now)
        chosen = (
            sa.select(images.c.id)
            .join(jobs, jobs.c.id == images.c.job_id)
            .where(images.c.finished_at.is_(None), in_state(JobState.COMPLETED), free)
            .order_by(images.c.id)
            .limit(limit)
            .with_for_update(of=images, skip_locked=True)
        )
        lease = (
            sa.update(images)
            .where(images.c.id.in_(chosen))
            .values(finishing_until=now + LEASE_SECONDS)
            .returning(images.c.id)
        )
        async with self._database.write() as connection:
            ids = sorted((await connection.execute(lease)).scalars())
            return tuple([await _unfinished(connection, image_id) for image_id in ids])

    async def hold_unfinished(self, image_ids: Sequence[int]) -> None:
        """Begin the leases of these images anew, where their steps are still to be taken."""
        held = (
            sa.update(images)
            .where(images.c.id.in_(image_ids), images.c.finished_at.is_(None))
            .values(finishing_until=self._database.now() + LEASE_SECONDS)
        )
        async with self._database.write() as connection:
            await connection.execute(held)

    async def unfinished(self) -> int:
        """How many images of completed jobs have steps still to be taken, by whomever."""
        left = (
            sa.select(sa.func.count())
            .select_from(images.join(jobs, jobs.c.id == images.c.job_id))
            .where(images.c.finished_at.is_(None), in_state(JobState.COMPLETED))
        )
        async with self._database.read() as connection:
            return int(await connection.scalar(left) or 0)

    async def finish(
        self, image_id: int, copies: Sequence[Derivative], out: Outgoing, trouble: str = ""
    ) -> None:
        """Record the copies and what is to be delivered, all at once; again changes nothing."""
        image = sa.select(images.c.job_id, images.c.path, images.c.sha256)
        done = (
            sa.update(images)
            .where(images.c.id == image_id)
            .values(finished_at=self._database.now(), finishing_until=None, trouble=trouble)
        )
        async with self._database.write() as connection:
            original = (await connection.execute(image.where(images.c.id == image_id))).one()
            for copy in copies:
                await connection.execute(self._copy, {"image_id": image_id, **asdict(copy)})
            await connection.execute(done)
            if out.targets:
                files = [(original.path, original.sha256), *((c.path, c.sha256) for c in copies)]
                await self._posting.post(
                    connection,
                    job_id=original.job_id,
                    folder=out.folder,
                    files=files,
                    targets=out.targets,
                )

    async def note_targets(self, queues: Sequence[str], targets: Sequence[str]) -> None:
        """Remember where a run delivers the images of its queues, for whoever finishes them."""
        line = insert(self._database.dialect_name, meta)
        line = line.on_conflict_do_update(
            index_elements=["key"], set_={"value": line.excluded.value}
        )
        async with self._database.write() as connection:
            for queue in queues:
                values = {"key": _TARGETS + queue, "value": json.dumps(list(targets))}
                await connection.execute(line, values)

    async def noted_targets(self) -> Mapping[str, tuple[str, ...]]:
        """By queue, where the last run that delivered anything put its images."""
        noted = sa.select(meta.c.key, meta.c.value).where(
            meta.c.key.startswith(_TARGETS, autoescape=True)
        )
        async with self._database.read() as connection:
            return {
                row.key.removeprefix(_TARGETS): tuple(json.loads(row.value))
                for row in await connection.execute(noted)
            }

    async def copies_of(self, job_ids: Sequence[int]) -> Mapping[int, tuple[Derivative, ...]]:
        """The copies of all images of some jobs, by job, oldest first."""
        statement = (
            sa.select(images.c.job_id, *(c for c in derivatives.c if c.name in _COPY))
            .join(images, images.c.id == derivatives.c.image_id)
            .where(images.c.job_id.in_(job_ids))
            .order_by(derivatives.c.id)
        )
        found: defaultdict[int, list[Derivative]] = defaultdict(list)
        async with self._database.read() as connection:
            for row in (await connection.execute(statement)).mappings():
                values = dict(row)
                found[values.pop("job_id")].append(Derivative(**values))
        return {job_id: tuple(copies) for job_id, copies in found.items()}

    async def troubles_of(self, job_ids: Sequence[int]) -> Mapping[int, str]:
        """By job, why copies of its images are missing or not as asked."""
        statement = (
            sa.select(images.c.job_id, images.c.trouble)
            .where(images.c.job_id.in_(job_ids), images.c.trouble != "")
            .order_by(images.c.id)
        )
        async with self._database.read() as connection:
            return {row.job_id: row.trouble for row in await connection.execute(statement)}


_COPY: Final = frozenset(Derivative.__dataclass_fields__)
_TEXT: Final = sa.select(attempts.c.facts).where(attempts.c.cause == Cause.MADE.value)


async def _unfinished(connection: AsyncConnection, image_id: int) -> Unfinished:
    image = (
        await connection.execute(sa.select(*IMAGE_COLUMNS).where(images.c.id == image_id))
    ).one()
    job = (await connection.execute(sa.select(*JOB_COLUMNS).where(jobs.c.id == image.job_id))).one()
    newest = _TEXT.where(attempts.c.job_id == image.job_id, attempts.c.version == image.version)
    facts: Mapping[str, Any] | None = await connection.scalar(
        newest.order_by(attempts.c.number.desc()).limit(1)
    )
    return Unfinished(
        image_id=image_id,
        job=job_of(job),
        image=image_of(image),
        text=str((facts or {}).get("text", "")),
        made_at=image.at,
    )
