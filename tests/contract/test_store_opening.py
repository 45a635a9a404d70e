"""Opening a store: a private file, its schema's version, several processes, and clear refusals."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from farm.errors import StoreError, UsageError
from farm.model.causes import Cause
from farm.model.prompts import Prompt, SourceRow
from farm.store.engine import open_store
from farm.store.facade import Store
from farm.store.migrations import UPGRADES

NOW, NEXT = str(1 + len(UPGRADES)), str(2 + len(UPGRADES))
VERSION_1 = Path(__file__).with_name("store_v1.sql")

OPEN_AT_A_WORD = """
import asyncio, sys
from farm.store.engine import open_store

async def main():
    async with open_store(sys.argv[1]) as store:
        await store.counts()

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(main())
"""


def add_a_column(connection: sa.Connection) -> None:
    connection.execute(sa.text("ALTER TABLE jobs ADD COLUMN mood TEXT NOT NULL DEFAULT 'fine'"))


def fail_half_way(connection: sa.Connection) -> None:
    add_a_column(connection)
    connection.execute(sa.text("ALTER TABLE nowhere ADD COLUMN mood TEXT"))


async def one_job(store: Store) -> None:
    prompt = Prompt(id="one", filename="one.png", description="A harbour")
    await store.add("q", [SourceRow(prompt=prompt, row=1)], "/prompts.csv")


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    """The file without farm's store around it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        yield connection


def version_of(path: Path) -> str:
    with raw(path) as connection:
        found = connection.execute("SELECT value FROM meta WHERE key = 'schema_version'")
        return str(found.fetchone()[0])


def columns_of(path: Path) -> set[tuple[str, str, bool]]:
    """Every column and every index's name, as the file holds them; their order aside."""
    with raw(path) as connection:
        names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master")]
        return {
            (name, column[1], bool(column[3]))
            for name in names
            for column in connection.execute(f"PRAGMA table_info({name!r})")
        } | {(name, "", True) for name in names}


def text_file(folder: Path) -> Path:
    file = folder / "prompts.csv"
    file.write_text("Prompt_ID,Filename\n" * 100)
    return file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "farm.db"


async def test_the_file_is_readable_by_its_owner_only(path: Path) -> None:
    async with open_store(path) as store:
        await one_job(store)
        modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.glob("farm.db*")}

    assert modes == {0o600}


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}", "sqlite:///{}?synchronous=full"])
async def test_a_path_and_a_url_mean_the_same_file(path: Path, form: str) -> None:
    async with open_store(path) as store:
        await one_job(store)

    async with open_store(form.format(path)) as store:
        assert await store.job(1) is not None


async def test_the_log_is_written_ahead(path: Path) -> None:
    async with open_store(path):
        pass

    with raw(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_a_store_of_an_older_version_is_upgraded_with_its_jobs(path: Path) -> None:
    async with open_store(path) as store:
        await one_job(store)

    async with open_store(path, upgrades=(*UPGRADES, add_a_column)) as store:
        assert await store.job(1) is not None

    assert version_of(path) == NEXT
    with raw(path) as connection:
        assert connection.execute("SELECT mood FROM jobs").fetchall() == [("fine",)]


async def test_a_store_of_version_1_is_upgraded_with_all_it_holds(path: Path) -> None:
    with raw(path) as connection:
        connection.executescript(VERSION_1.read_text(encoding="utf-8"))

    async with open_store(path) as store:
        assert (await store.session("alice")).made == 7
        assert await store.causes_of(1) == (Cause.REFUSED_POLICY,)
        await store.retry([1])
        assert await store.causes_of(1) == ()
        assert await store.limits("alice") == ()

    fresh = path.with_name("fresh.db")
    async with open_store(fresh):
        pass
    assert columns_of(path) == columns_of(fresh)


async def test_an_upgrade_is_applied_once(path: Path) -> None:
    async with open_store(path):
        pass

    for _ in range(2):
        async with open_store(path, upgrades=(*UPGRADES, add_a_column)):
            pass

    assert version_of(path) == NEXT


async def test_an_upgrade_that_fails_changes_nothing(path: Path) -> None:
    async with open_store(path):
        pass

    with pytest.raises(StoreError, match="nowhere"):
        async with open_store(path, upgrades=(*UPGRADES, fail_half_way)):
            pass

    assert version_of(path) == NOW
    async with open_store(path, upgrades=(*UPGRADES, add_a_column)):
        pass


async def test_a_store_of_a_newer_farm_is_refused_and_left_alone(path: Path) -> None:
    async with open_store(path):
        pass
    with raw(path) as connection:
        connection.execute("UPDATE meta SET value = '9' WHERE key = 'schema_version'")

    with pytest.raises(StoreError, match=r"newer farm: its schema is version 9.*Upgrade farm"):
        async with open_store(path):
            pass

    assert version_of(path) == "9"


async def test_somebody_elses_database_is_refused_and_left_alone(path: Path) -> None:
    with raw(path) as connection:
        connection.execute("CREATE TABLE jobs (theirs TEXT)")

    with pytest.raises(StoreError, match="table jobs already exists"):
        async with open_store(path):
            pass

    with raw(path) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("jobs",)]


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not an SQLite database"):
        async with open_store(text_file(tmp_path)):
            pass


async def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"folder .*nowhere for the job store does not exist"):
        async with open_store(tmp_path / "nowhere" / "farm.db"):
            pass


async def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Is a directory"):
        async with open_store(tmp_path):
            pass


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://root:hush@localhost/farm", "neither a file"),
        ("sqlite://", "neither a file"),
        ("sqlite:///:memory:", "neither a file"),
        ("sqlite:///farm.db?synchronous=off", "must be normal or full"),
        ("://", "cannot be read"),
    ],
)
async def test_an_address_that_is_none_is_refused_without_its_password(
    url: str, words: str
) -> None:
    with pytest.raises(UsageError, match=words) as refusal:
        async with open_store(url):
            pass

    assert "hush" not in str(refusal.value)


async def test_a_server_that_does_not_answer_is_a_store_error() -> None:
    url = "postgresql+nosuchdriver://localhost/farm"

    with pytest.raises(StoreError, match="nosuchdriver"):
        async with open_store(url):
            pass


def start(command: list[str]) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_processes_that_open_a_fresh_store_at_once_all_succeed(path: Path) -> None:
    command = [sys.executable, "-c", OPEN_AT_A_WORD, str(path)]
    processes = [start(command) for _ in range(4)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    complaints = [process.communicate()[1] for process in processes]

    assert complaints == [""] * 4
    assert version_of(path) == NOW


async def free_what_was_taken(store: Store) -> None:
    for claim in await store.adopt("w", "alice"):
        await store.give_back(claim, Cause.BROWSER_GONE, "")
    await store.retry([1])


async def test_a_cancelled_call_happens_whole_or_not_at_all(path: Path) -> None:
    async with open_store(path) as store:
        await one_job(store)

        for turns in range(60):  # of the event loop, before the call is cancelled
            call = asyncio.create_task(store.claim("w", "alice", ("any",)))
            for _ in range(turns):
                await asyncio.sleep(0)
            call.cancel()
            await asyncio.wait([call])
            await free_what_was_taken(store)

        attempts, _ = await store.history(1)
        assert [attempt.number for attempt in attempts] == list(range(1, len(attempts) + 1))
        assert await store.claim("w", "alice", ("any",)) is not None
