"""What stands in a sheet already, so that only what changed is written there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from farm.store.database import Database, insert
from farm.store.records import batched
from farm.store.schema import jobs, queues, sheets

_CHUNK: Final = 500


class SqlSheets:
    """The memory of whoever writes results back into sheets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def written(self, queue: str) -> Mapping[str, str]:
        """By prompt id, the digest of what was last written to its row."""
        there = (
            sa.select(sheets.c.written)
            .join(queues, queues.c.id == sheets.c.queue_id)
            .where(queues.c.name == queue)
        )
        async with self._database.read() as connection:
            found: Mapping[str, str] | None = await connection.scalar(there)
        return found or {}

    async def marked(self, queue: str) -> frozenset[int]:
        """Jobs whose REGEN mark an import has seen and honoured."""
        there = (
            sa.select(jobs.c.id)
            .join(queues, queues.c.id == jobs.c.queue_id)
            .where(queues.c.name == queue, jobs.c.regen_done.is_not(None))
        )
        async with self._database.read() as connection:
            return frozenset((await connection.execute(there)).scalars())

    async def note_written(
        self, queue: str, written: Mapping[str, str], replaced: Sequence[int]
    ) -> None:
        """Remember what stands in a sheet now.

        `replaced` are jobs whose REGEN mark was written over: the same mark, set again, is a new
        wish.
        """
        of_queue = sa.select(queues.c.id).where(queues.c.name == queue)
        values: Mapping[str, Any] = {"written": dict(written), "at": self._database.now()}
        line = insert(self._database.dialect_name, sheets).values(
            queue_id=of_queue.scalar_subquery(), **values
        )
        async with self._database.write() as connection:
            await connection.execute(
                line.on_conflict_do_update(index_elements=["queue_id"], set_=values)
            )
            for chunk in batched(replaced, _CHUNK):
                forget = sa.update(jobs).where(jobs.c.id.in_(chunk)).values(regen_done=None)
                await connection.execute(forget)
