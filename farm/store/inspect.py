"""A look at a job store that changes nothing: not its layout, not even its file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from farm.model.jobs import JobState
from farm.model.sessions import Session
from farm.store.engine import address_of
from farm.store.faults import translated
from farm.store.migrations import NEWEST, stored_version
from farm.store.records import session_of
from farm.store.schema import IS_OPEN_ATTEMPT, DatabaseNow, attempts, in_state, jobs, sessions

QUICK_ABOVE_BYTES = 64 * 1024 * 1024
"""A file larger than this is checked without its indexes, which takes a fraction of the time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreFacts:
    """What a store says about itself."""

    place: str  # without a password
    exists: bool = True
    version: int = 0  # of the schema; 0: no farm was here yet
    newest: int = NEWEST  # what this farm knows
    damage: tuple[str, ...] = ()  # what SQLite's own check found
    counts: Mapping[JobState, int] = field(default_factory=dict)
    open_attempts: int = 0
    stale_leases: int = 0  # of workers that went silent; the next run takes their jobs back
    newest_change: float = 0.0  # epoch seconds
    sessions: tuple[Session, ...] = ()

    @property
    def current(self) -> bool:
        """Whether the layout is this farm's."""
        return self.version == self.newest


async def inspect_store(url: str | Path) -> StoreFacts:
    """Look at the store at a path or URL; StoreError when it cannot be read."""
    address = address_of(url)
    place, size = address.render_as_string(hide_password=True), None
    if address.get_backend_name() == "sqlite":
        place = str(address.database)
        size = await asyncio.to_thread(_size, place)
        if size is None:
            return StoreFacts(place=place, exists=False)
        address = _read_only(place)
    with translated(place):
        engine = create_async_engine(address)
        try:
            async with engine.connect() as connection:
                return await _facts(connection, place, size)
        finally:
            await engine.dispose()


def _size(place: str) -> int | None:
    path = Path(place)
    return path.stat().st_size if path.exists() else None


def _read_only(place: str) -> sa.URL:
    path = quote(Path(place).absolute().as_posix())
    query = {"mode": "ro", "uri": "true"}
    return sa.URL.create("sqlite+aiosqlite", database=f"file:{path}", query=query)


async def _facts(connection: AsyncConnection, place: str, size: int | None) -> StoreFacts:
    damage = () if size is None else await _damage(connection, size)
    version = await connection.run_sync(stored_version)
    if version != NEWEST:
        return StoreFacts(place=place, version=version, damage=damage)
    states = sa.select(jobs.c.state, sa.func.count()).group_by(jobs.c.state)
    return StoreFacts(
        place=place,
        version=version,
        damage=damage,
        counts={JobState(state): n for state, n in await connection.execute(states)},
        open_attempts=await _count(connection, attempts, IS_OPEN_ATTEMPT),
        stale_leases=await _count(
            connection, jobs, in_state(JobState.IN_PROGRESS), jobs.c.lease_until < DatabaseNow()
        ),
        newest_change=await connection.scalar(sa.select(sa.func.max(jobs.c.updated_at))) or 0.0,
        sessions=tuple(session_of(row) for row in await connection.execute(sa.select(sessions))),
    )


async def _damage(connection: AsyncConnection, size: int) -> tuple[str, ...]:
    check = "quick_check" if size > QUICK_ABOVE_BYTES else "integrity_check"
    rows = (await connection.execute(sa.text(f"PRAGMA {check}(5)"))).scalars().all()
    return tuple(row for row in rows if row != "ok")


async def _count(
    connection: AsyncConnection, table: sa.Table, *where: sa.ColumnElement[Any]
) -> int:
    counted = sa.select(sa.func.count()).select_from(table).where(*where)
    return int(await connection.scalar(counted) or 0)
