"""Workers that die and freeze at any moment, as real processes on one SQLite file."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from farm.model.images import Image
from farm.model.jobs import JobState
from farm.model.lanes import session_lane
from farm.model.prompts import Prompt, SourceRow
from farm.store.engine import open_store
from farm.store.facade import Store
from farm.store.schema import DatabaseClock

WORKER = Path(__file__).with_name("store_worker.py")
JOBS = 600
WORKERS = 3
LEASE_SECONDS = 1.0


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(WORKER), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = start(*arguments)
    try:
        yield process
    finally:
        end(process)


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{words}\n")
    process.stdin.flush()


async def fill(store: Store, count: int) -> None:
    rows = [
        SourceRow(prompt=Prompt(id=f"p{n}", filename=f"p{n}.png", description="x"), row=n)
        for n in range(1, count + 1)
    ]
    await store.add("q", rows, "/prompts.csv")


class Carnage:
    """Workers under one session name each, killed at random and started again."""

    def __init__(self, url: str, seed: int) -> None:
        self._url = url
        self._dice = random.Random(seed)  # noqa: S311  # chance, not secrecy
        self.kills = 0
        self._workers = {name: self._start(name) for name in (f"s{n}" for n in range(WORKERS))}

    def _start(self, session: str) -> subprocess.Popen[str]:
        return start("chaos", self._url, session, str(LEASE_SECONDS))

    def rage(self, seconds: float) -> None:
        """Kill one worker after another, each once it has opened the store."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            session = self._dice.choice(list(self._workers))
            assert line_of(self._workers[session]) in {"open", "lost"}
            time.sleep(self._dice.uniform(0.0, 0.3))  # chaos happens in real time
            end(self._workers[session])
            self.kills += 1
            self._workers[session] = self._start(session)

    def stop(self) -> None:
        for worker in self._workers.values():
            end(worker)


async def drain(store: Store) -> None:
    """Finish all that is left, as every session in turn, and give the worn-out jobs a last try."""
    for _ in range(2):
        await store.maintain()
        for session in (f"s{n}" for n in range(WORKERS)):
            while claim := await store.claim("drain", session, (session_lane(session), "any")):
                await store.complete(claim, [an_image(claim.job.id)])
        ended = await store.page(states=[JobState.FAILED, JobState.REVIEW], limit=JOBS)
        await store.retry([job.id for job in ended.jobs])


def an_image(number: int) -> Image:
    return Image(
        path=f"drained-{number}.png",
        sha256=f"drained-{number}",
        size_bytes=1,
        width_px=1,
        height_px=1,
        media_type="image/png",
        source="s0",
    )


def completions(path: Path) -> Counter[int]:
    """How often each job was recorded as completed."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT job_id FROM events WHERE kind = 'completed'").fetchall()
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    return Counter(job_id for (job_id,) in rows)


@pytest.mark.parametrize("seconds", [5.0, pytest.param(40.0, marks=pytest.mark.long)])
async def test_random_deaths_lose_no_job_and_complete_none_twice(
    tmp_path: Path, seconds: float
) -> None:
    path = tmp_path / "farm.db"
    clock = DatabaseClock()
    async with open_store(path, clock=clock) as store:
        await fill(store, JOBS)
        carnage = Carnage(str(path), seed=20261121)
        try:
            carnage.rage(seconds)
        finally:
            carnage.stop()
        clock.ahead_seconds = LEASE_SECONDS + 1
        worked = (await store.counts())[JobState.COMPLETED]
        await drain(store)

        counts = await store.counts()

    assert carnage.kills >= 3
    assert worked > 0
    assert counts == {**dict.fromkeys(JobState, 0), JobState.COMPLETED: JOBS}
    assert completions(path) == dict.fromkeys(range(1, JOBS + 1), 1)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP there")
async def test_a_worker_that_froze_past_its_lease_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "farm.db"
    clock = DatabaseClock()
    async with open_store(path, clock=clock) as store:
        await fill(store, 1)
        with started("zombie", str(path), "alice") as zombie:
            assert line_of(zombie) == "held"
            os.kill(zombie.pid, signal.SIGSTOP)
            clock.ahead_seconds = 61
            await store.maintain()
            claim = await store.claim("host:1:0:bob", "bob", ("any",))
            assert claim is not None
            await store.complete(claim, [an_image(1)])

            os.kill(zombie.pid, signal.SIGCONT)
            tell(zombie, "go on")

            assert line_of(zombie) == "refused"
        assert [image.path for image in await store.images(claim.job.id)] == ["drained-1.png"]
