"""What a person was told, so that a restart does not tell it again."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from farm.store.database import Database, insert
from farm.store.schema import meta

_MARK: Final = "told:"  # of these keys among the others of the table


class SqlTellings:
    """Keys of messages, with the moment they were delivered."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def was_told(self, key: str, within_seconds: float) -> bool:
        """Whether this was told so recently, by any farm on this store."""
        told_at: sa.Cast[float] = sa.cast(meta.c.value, sa.Double())
        since = self._database.now() - within_seconds
        # Compared where rows are already chosen: other rows of this table hold no numbers.
        recent = sa.select(told_at > since).where(meta.c.key == _MARK + key)
        async with self._database.read() as connection:
            return bool(await connection.scalar(recent))

    async def note_told(self, key: str) -> None:
        """Remember that this was told now."""
        now = sa.cast(self._database.now(), sa.Text())
        line = insert(self._database.dialect_name, meta).values(key=_MARK + key, value=now)
        async with self._database.write() as connection:
            await connection.execute(
                line.on_conflict_do_update(index_elements=["key"], set_={"value": now})
            )

    async def forget_told(self, prefix: str) -> None:
        """Whatever was told under keys that begin with this may be told again."""
        gone = sa.delete(meta).where(meta.c.key.startswith(_MARK + prefix, autoescape=True))
        async with self._database.write() as connection:
            await connection.execute(gone)
