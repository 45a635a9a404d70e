"""The schema's version, and how an older store is brought to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import sqlalchemy as sa

from farm.errors import StoreError
from farm.store.schema import meta, metadata

Upgrade = Callable[[sa.Connection], None]


def _to_2(connection: sa.Connection) -> None:
    """Limits, wishes, incidents; when attempts ended; what a queue does about refusals."""
    time = "DOUBLE PRECISION" if connection.dialect.name == "postgresql" else "DOUBLE"
    for table, column in (
        ("queues", "refusals JSON"),
        ("jobs", "forgotten INTEGER NOT NULL DEFAULT 0"),
        ("attempts", f"ended_at {time}"),
        ("sessions", "doubts INTEGER NOT NULL DEFAULT 0"),
        ("sessions", "mode TEXT NOT NULL DEFAULT ''"),
    ):
        connection.execute(sa.text(f"ALTER TABLE {table} ADD COLUMN {column}"))
    connection.execute(sa.text("UPDATE attempts SET ended_at = phase_at WHERE cause IS NOT NULL"))
    for name in ("wishes", "limits", "incidents"):
        metadata.tables[name].create(connection)
    by_day = next(i for i in metadata.tables["attempts"].indexes if i.name == "attempts_by_day")
    by_day.create(connection)


def _to_3(connection: sa.Connection) -> None:
    """Who made an image and what becomes of it; the outbox; what was spent; sheets."""
    time = "DOUBLE PRECISION" if connection.dialect.name == "postgresql" else "DOUBLE"
    for column in (
        "backend TEXT NOT NULL DEFAULT ''",
        "account TEXT NOT NULL DEFAULT ''",
        "model TEXT NOT NULL DEFAULT ''",
        "cost_microusd BIGINT",
        "perceptual TEXT",
        f"finishing_until {time}",
        f"finished_at {time}",
        "trouble TEXT NOT NULL DEFAULT ''",
    ):
        connection.execute(sa.text(f"ALTER TABLE images ADD COLUMN {column}"))
    # What was made before there were steps stays as it is; `farm images` makes copies of it.
    connection.execute(sa.text("UPDATE images SET finished_at = at, backend = 'web'"))
    for name in ("derivatives", "deliveries", "spend", "sheets"):
        metadata.tables[name].create(connection)
    images = metadata.tables["images"]
    next(i for i in images.indexes if i.name == "images_unfinished").create(connection)


# UPGRADES[0] brings version 1 to 2, and so on. A released one is never edited.
UPGRADES: Final[tuple[Upgrade, ...]] = (_to_2, _to_3)

NEWEST: Final = 1 + len(UPGRADES)

_VERSION_KEY = "schema_version"
_ADVISORY_LOCK = 0x6661726D  # "farm": one process at a time lays out a PostgreSQL schema


def migrate(connection: sa.Connection, upgrades: Sequence[Upgrade] = UPGRADES) -> None:
    """Lay out a fresh store whole, or apply the missing upgrades, in the caller's transaction.

    Raises StoreError for a store that a newer farm wrote; nothing is changed then.
    """
    newest = 1 + len(upgrades)
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
    found = stored_version(connection)
    if found > newest:
        raise StoreError(
            f"The job store was written by a newer farm: its schema is version {found}, "
            f"this farm knows {newest}. Upgrade farm, or name another store in FARM_DATABASE_URL."
        )
    if found == 0:
        # Not `checkfirst`: somebody else's table of the same name must stop us, not be adopted.
        metadata.create_all(connection, checkfirst=False)
        connection.execute(sa.insert(meta).values(key=_VERSION_KEY, value=str(newest)))
    elif found < newest:
        for upgrade in upgrades[found - 1 :]:
            upgrade(connection)
        stamp = sa.update(meta).where(meta.c.key == _VERSION_KEY).values(value=str(newest))
        connection.execute(stamp)


def stored_version(connection: sa.Connection) -> int:
    """The stored version; 0 for a database that holds no farm yet."""
    if not sa.inspect(connection).has_table(meta.name):
        return 0
    found = connection.scalar(sa.select(meta.c.value).where(meta.c.key == _VERSION_KEY))
    if found is None:
        raise StoreError("The database has a table `meta` that is not farm's; name another one.")
    return int(found)
