"""Foreign errors of the database, translated once into words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from farm.errors import StoreError

# By the beginning of SQLite's error name: its extended codes only add to it.
_SQLITE_WORDS = {
    "SQLITE_BUSY": "is locked by another process; close other programs that use it and try again",
    "SQLITE_LOCKED": "is locked by another connection; try again",
    "SQLITE_FULL": "cannot grow because the disk is full; free some space and try again",
    "SQLITE_READONLY": "cannot be written; check the rights of the file and its folder",
    "SQLITE_CANTOPEN": "cannot be opened; check that its folder exists and can be written",
    "SQLITE_PERM": "cannot be opened; check the rights of the file and its folder",
    "SQLITE_NOTADB": "is not an SQLite database; name another file in FARM_DATABASE_URL",
    "SQLITE_CORRUPT": "is damaged; restore it from a copy, or move it away and import again",
    "SQLITE_IOERR": "cannot be read or written; check the disk",
}


def sentence(error: BaseException, place: str) -> str:
    """What happened to the store at this place, and what to do next."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    name = getattr(cause, "sqlite_errorname", "") or ""
    for beginning, words in _SQLITE_WORDS.items():
        if name.startswith(beginning):
            return f"The job store {place} {words} ({cause})."
    return f"The job store {place} failed: {cause}"


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn what SQLAlchemy, a driver or the network raises inside into a StoreError."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as exc:
        raise StoreError(sentence(exc, place)) from exc
