"""A cursor that goes to aiosqlite's thread as rarely as it can.

SQLAlchemy's goes there four times for one statement: to create the cursor, execute, fetch and
close it. Each trip wakes two threads, and a claim is made of such trips; this one makes one, or
two for a statement that returns rows, which doubles the claims per second.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, Self

import aiosqlite


def shorten(connection: aiosqlite.Connection) -> None:
    """Make this connection hand out such cursors."""
    connection.cursor = partial(ShortTripCursor, connection)  # type: ignore[assignment,method-assign]


class ShortTripCursor:
    """The part of aiosqlite's cursor that SQLAlchemy uses."""

    arraysize = 1

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._cursor: aiosqlite.Cursor | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> Self:
        """Create the cursor and execute, in one trip."""
        self._cursor = await self._connection.execute(sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Self:
        """As `execute`, for many parameters."""
        self._cursor = await self._connection.executemany(sql, parameters)
        return self

    async def fetchall(self) -> Iterable[Any]:
        """The second trip."""
        return [] if self._cursor is None else await self._cursor.fetchall()

    async def close(self) -> None:
        """Let go: all rows were fetched, so SQLite has already reset the statement."""
        self._cursor = None

    @property
    def description(self) -> Any:
        """Column names, or None for a statement without rows."""
        return None if self._cursor is None else self._cursor.description

    @property
    def rowcount(self) -> int:
        """Rows touched."""
        return -1 if self._cursor is None else self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        """The id of the row inserted last."""
        return None if self._cursor is None else self._cursor.lastrowid
