"""Foreign errors of the database in farm's words, made by real ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from farm.errors import StoreError
from farm.store.faults import translated


def lock_twice(path: Path) -> None:
    with closing(sqlite3.connect(path)) as holder, closing(sqlite3.connect(path)) as other:
        holder.execute("BEGIN IMMEDIATE")
        other.execute("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")


def outgrow(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA max_page_count = 2")
        connection.execute("CREATE TABLE big (words TEXT)")
        connection.execute("INSERT INTO big VALUES (?)", ("x" * 100_000,))


def write_read_only(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE small (words TEXT)")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.execute("INSERT INTO small VALUES ('x')")


def open_nowhere(path: Path) -> None:
    with closing(sqlite3.connect(path.parent / "nowhere" / "farm.db")) as connection:
        connection.execute("CREATE TABLE small (words TEXT)")


def open_a_table_of_prompts(path: Path) -> None:
    path.write_text("Prompt_ID,Filename\n" * 100)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE small (words TEXT)")


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lock_twice, "is locked by another process"),
        (outgrow, "the disk is full"),
        (write_read_only, "cannot be written; check the rights"),
        (open_nowhere, "cannot be opened; check that its folder exists"),
        (open_a_table_of_prompts, "is not an SQLite database"),
    ],
)
def test_sqlites_errors_are_told_with_the_place_and_what_to_do(
    tmp_path: Path, act: Callable[[Path], None], words: str
) -> None:
    with pytest.raises(StoreError, match=words) as told, translated("farm.db"):
        act(tmp_path / "farm.db")

    assert str(told.value).startswith("The job store farm.db ")
    assert isinstance(told.value.__cause__, sqlite3.Error)


def test_an_unknown_error_keeps_its_own_words() -> None:
    with (
        pytest.raises(StoreError, match=r"farm\.db failed: nope"),
        translated("farm.db"),
    ):
        raise sqlite3.OperationalError("nope")


def test_errors_that_are_none_of_the_databases_pass_through() -> None:
    with pytest.raises(ValueError, match="ours"), translated("farm.db"):
        raise ValueError("ours")
