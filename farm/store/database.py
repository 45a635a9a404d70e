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


class Database:
    """Two engines on one database: SQLite has one writer, and its readers never wait for it.

    Statements that run for every job are built once, when the store is opened: building one costs
    as much as running it.
    """

    def __init__(
        self,
        *,
        writer: AsyncEngine,
        reader: AsyncEngine,
        place: str,  # for messages, without a password
        clock: DatabaseClock,
        terms: Terms,
    ) -> None:
        self._writer, self._reader = writer, reader
        self._place, self._clock = place, clock
        self.terms = terms
        self._line = sa.insert(events).values(at=clock.now())

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that commits at the end, or rolls back on any exception."""
        with translated(self._place):
            async with self._writer.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One consistent look at what is committed."""
        with translated(self._place):
            async with self._reader.connect() as connection:
                yield connection

    def now(self) -> sa.ColumnElement[float]:
        """The database's present, as an SQL expression."""
        return self._clock.now()

    @property
    def dialect_name(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._writer.dialect.name

    async def record(
        self, connection: AsyncConnection, job_id: int | None, kind: str, **data: Any
    ) -> None:
        """Add one line to a job's history."""
        await connection.execute(self._line, {"job_id": job_id, "kind": kind, "data": data})


def insert(dialect_name: str, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """The dialect's own INSERT, the one that knows ON CONFLICT."""
    if dialect_name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
