"""Opening the job store: the engines, SQLite's pragmas and file, and the schema."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from farm.errors import StoreError, UsageError
from farm.store.database import Database, Terms
from farm.store.facade import Store
from farm.store.faults import translated
from farm.store.migrations import UPGRADES, Upgrade, migrate
from farm.store.schema import DatabaseClock
from farm.store.trips import shorten

BUSY_TIMEOUT_SECONDS: Final = 30
_BUSY_PAUSE_SECONDS: Final = 0.05
_WAL_LIMIT_BYTES: Final = 64 * 1024 * 1024
_POSTGRES_DRIVER: Final = "postgresql+asyncpg"


@asynccontextmanager
async def open_store(
    url: str | Path,
    *,
    terms: Terms | None = None,
    clock: DatabaseClock | None = None,
    upgrades: tuple[Upgrade, ...] = UPGRADES,
) -> AsyncIterator[Store]:
    """Open the store at a path, a `sqlite:///` URL or a `postgresql://` URL, and lay it out.

    `sqlite:///farm.db?synchronous=full` also survives a power cut; the default survives any death
    of farm. Raises UsageError for an address that is none, StoreError when it cannot be opened or
    was written by a newer farm.
    """
    address = address_of(url)
    place = address.render_as_string(hide_password=True)
    with translated(place):
        if address.get_backend_name() == "sqlite":
            place = str(address.database)
            await _prepare_file(Path(place))
            writer, reader = _sqlite_engines(address)
        else:
            writer = reader = _postgres_engine(address)
    database = Database(
        writer=writer, reader=reader, place=place, clock=clock or DatabaseClock(),
        terms=terms or Terms(),
    )  # fmt: skip
    try:
        async with database.write() as connection:
            await connection.run_sync(migrate, upgrades)
        yield Store(database)
    finally:
        await reader.dispose()
        await writer.dispose()


def address_of(url: str | Path) -> sa.URL:
    """The database's address with its driver; UsageError for one that farm cannot use."""
    if "://" not in str(url):
        return sa.URL.create("sqlite+aiosqlite", database=str(url))
    try:
        address = sa.make_url(str(url))
        backend, named_driver = address.get_backend_name(), "+" in address.drivername
    except ArgumentError as exc:
        raise UsageError(f"FARM_DATABASE_URL cannot be read: {exc}") from exc
    if backend == "sqlite" and address.database and address.database != ":memory:":
        return address.set(drivername="sqlite+aiosqlite")
    if backend in {"postgresql", "postgres"}:
        return address if named_driver else address.set(drivername=_POSTGRES_DRIVER)
    shown = address.render_as_string(hide_password=True)
    raise UsageError(
        f"FARM_DATABASE_URL={shown} is neither a file (sqlite:///path/farm.db) nor a PostgreSQL "
        "server (postgresql://host/name)."
    )


def _postgres_engine(address: sa.URL) -> AsyncEngine:
    try:
        return create_async_engine(address, pool_pre_ping=True)
    except ModuleNotFoundError as exc:
        raise StoreError(
            f"PostgreSQL needs the package {exc.name!r}: run `pip install {exc.name}`."
        ) from exc


def _sqlite_engines(address: sa.URL) -> tuple[AsyncEngine, AsyncEngine]:
    """One writing connection and a few reading ones, all set up on connect."""
    level = str(address.query.get("synchronous", "normal")).lower()
    if level not in {"normal", "full"}:
        raise UsageError(f"synchronous={level} in FARM_DATABASE_URL must be normal or full.")
    plain = address.difference_update_query(["synchronous"])
    # SQLite's busy wait is unfair: a second writing connection would only worsen the worst case.
    writer = _sqlite_engine(plain, size=1, pragmas={"synchronous": level})
    sa.event.listen(writer.sync_engine, "begin", _begin_immediate)
    reader = _sqlite_engine(plain, size=3, pragmas={"query_only": "on"})
    sa.event.listen(reader.sync_engine, "begin", _begin)
    return writer, reader


def _sqlite_engine(address: sa.URL, *, size: int, pragmas: dict[str, str]) -> AsyncEngine:
    engine = create_async_engine(
        address,
        pool_size=size,
        max_overflow=0,
        # isolation_level None: BEGIN is ours to write, or SQLite would begin too late.
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "isolation_level": None},
    )
    wanted = {
        "foreign_keys": "on",
        "journal_size_limit": str(_WAL_LIMIT_BYTES),
        **pragmas,
    }

    def set_up(connection: Any, _record: Any) -> None:
        shorten(connection.driver_connection)
        cursor = connection.cursor()
        for name, value in wanted.items():
            cursor.execute(f"PRAGMA {name} = {value}")
        cursor.close()

    sa.event.listen(engine.sync_engine, "connect", set_up)
    return engine


def _begin_immediate(connection: sa.Connection) -> None:
    # Taking the write lock at once: a transaction that reads first could not wait for it later.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")


async def _prepare_file(
    path: Path, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Create the file readable by its owner only, and put it into WAL mode.

    Changing the mode does not honour SQLite's busy timeout, so two processes that open a fresh
    store at once need a wait of our own.
    """
    await asyncio.to_thread(_create_private, path)
    for _ in range(round(BUSY_TIMEOUT_SECONDS / _BUSY_PAUSE_SECONDS)):
        try:
            mode = await asyncio.to_thread(_set_wal, path)
            break
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorname not in {"SQLITE_BUSY", "SQLITE_BUSY_RECOVERY"}:
                raise
            await sleep(_BUSY_PAUSE_SECONDS)
    else:
        raise StoreError(f"The job store {path} is locked by another process; try again.")
    if mode != "wal":
        raise StoreError(
            f"The folder of {path} cannot hold the job store: SQLite's write-ahead log does not "
            "work there. Use a folder on a local disk."
        )


def _create_private(path: Path) -> None:
    if not path.parent.is_dir():
        raise StoreError(f"The folder {path.parent} for the job store does not exist: create it.")
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _set_wal(path: Path) -> str:
    with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_SECONDS)) as connection:
        return str(connection.execute("PRAGMA journal_mode = wal").fetchone()[0])
