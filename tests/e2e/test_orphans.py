"""However farm ends, no process outlives it; what a kill -9 leaves ends at the next start."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from typing import TYPE_CHECKING, TextIO

import psutil
import pytest
from deaths import browser_of, opened

from farm.replay.scenario import FAST, Rule, Scenario

if TYPE_CHECKING:
    from house import Build, House, Running

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")

SLOW = Scenario(defaults=FAST, rules=(Rule(delay_seconds=3),))
MARKS = ("SingletonLock", "SingletonSocket", "SingletonCookie")
LINGER_SECONDS = 10


async def at_work(house: House) -> tuple[Running, list[psutil.Process]]:
    """A run in the middle of an answer, and all its processes."""
    running = await house.start("start", str(house.prompts(12)), "--json")
    await running.until(lambda line: '"phase": "sent"' in line)
    return running, psutil.Process(running.process.pid).children(recursive=True)


def alive(family: list[psutil.Process]) -> list[str]:
    """Which of these live on after a moment."""
    return [process.name() for process in psutil.wait_procs(family, timeout=LINGER_SECONDS)[1]]


def still_there(house: House, family: list[psutil.Process]) -> list[str]:
    """What of a run's processes lives on after a moment, and browsers that nobody noted."""
    return alive(family) + [str(pid) for pid in house.browsers()]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (signal.SIGTERM, None),
        (signal.SIGINT, signal.SIGINT),
        pytest.param(signal.SIGHUP, signal.SIGTERM, marks=pytest.mark.long),
    ],
)
async def test_no_process_outlives_a_run_that_was_told_to_stop(
    build: Build, first: signal.Signals, second: signal.Signals | None
) -> None:
    house = await build(SLOW)
    running, family = await at_work(house)

    running.process.send_signal(first)
    await running.until(lambda line: "Finishing" in line)
    if second is not None:
        running.process.send_signal(second)
    done = await running.end()

    assert (done.code, still_there(house, family)) == (130, [])


@pytest.mark.long
async def test_no_process_outlives_a_run_that_a_limit_stopped(build: Build) -> None:
    quota = Rule(play="quota", kind="resets")
    house = await build(Scenario(defaults=FAST, rules=(quota,)))
    running = await house.start("start", str(house.prompts(2)), "--json")
    await running.until(lambda line: '"phase": "sending"' in line)
    family = psutil.Process(running.process.pid).children(recursive=True)

    done = await running.end()

    assert (done.code, still_there(house, family)) == (3, []), done.err


async def test_no_process_outlives_a_run_whose_store_broke(build: Build) -> None:
    house = await build(SLOW)
    running, family = await at_work(house)

    with opened(house) as connection:
        connection.execute("DROP TABLE events")
        connection.commit()
    done = await running.end()

    assert (done.code, still_there(house, family)) == (4, []), done.err


async def test_no_process_outlives_a_run_that_nobody_reads_any_more(build: Build) -> None:
    house = await build(SLOW)
    reading, writing = socket.socketpair()
    with writing:
        process = await house.start("start", str(house.prompts(12)), "--json", stdout=writing)
    lines = reading.makefile()
    await asyncio.to_thread(_read_until_sent, lines)
    family = psutil.Process(process.process.pid).children(recursive=True)

    lines.close()
    reading.close()
    done = await process.end()

    assert done.code != 0
    assert still_there(house, family) == []


async def test_what_a_killed_farm_left_ends_at_the_next_start(build: Build) -> None:
    house = await build(SLOW)
    running, family = await at_work(house)
    browser = browser_of(house, "account1")
    browser.suspend()  # so that it cannot leave by itself
    await running.kill()
    assert browser.is_running()

    again, _ = await at_work(house)
    left = alive(family)
    await again.kill()

    assert left == []


def _read_until_sent(lines: TextIO) -> None:
    while '"phase": "sent"' not in lines.readline():
        pass


@pytest.mark.parametrize(
    "owner",
    [
        "another-host-4711",
        pytest.param(f"{socket.gethostname()}-{{dead}}", marks=pytest.mark.long),
    ],
)
async def test_marks_of_a_browser_that_is_gone_keep_nobody_out(build: Build, owner: str) -> None:
    house = await build(Scenario(defaults=FAST))
    dead = await asyncio.create_subprocess_exec(sys.executable, "--version")
    await dead.wait()
    profile = house.home / "profiles" / "account1"
    for mark in MARKS:
        (profile / mark).unlink(missing_ok=True)
        (profile / mark).symlink_to(owner.format(dead=dead.pid))
    holder = {"pid": dead.pid, "host": "another-host"}
    (profile / "farm-holder.json").write_text(json.dumps(holder), encoding="utf-8")

    done = await house.farm("start", str(house.prompts(1)))

    assert done.code == 0, done.err
    assert len(house.saved()) == 1
