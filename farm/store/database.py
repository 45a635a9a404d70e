"""The open database: transactions for reading and writing, its clock and its terms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from farm.store.faults import translated
from farm.store.schema import DatabaseClock, events


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """How long the store waits for the living, and how often it tries."""

    lease_seconds: float = 60.0
    pin_seconds: float = 6 * 3600.0  # how long a job waits for the session of its conversation
    max_attempts: int = 3


@dataclass(frozen=True, kw_only=True)
class Database:
    """Two engines on one database: SQLite has one writer, and its readers never wait for it."""

    writer: AsyncEngine
    reader: AsyncEngine
    place: str  # for messages, without a password
    clock: DatabaseClock
    terms: Terms

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that commits at the end, or rolls back on any exception."""
        with translated(self.place):
            async with self.writer.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One consistent look at what is committed."""
        with translated(self.place):
            async with self.reader.connect() as connection:
                yield connection

    def now(self) -> sa.ColumnElement[float]:
        """The database's present, as an SQL expression."""
        return self.clock.now()

    async def record(
        self, connection: AsyncConnection, job_id: int | None, kind: str, **data: Any
    ) -> None:
        """Add one line to a job's history."""
        line = sa.insert(events).values(job_id=job_id, at=self.now(), kind=kind, data=data)
        await connection.execute(line)


def insert(connection: AsyncConnection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """The dialect's own INSERT, the one that knows ON CONFLICT."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
