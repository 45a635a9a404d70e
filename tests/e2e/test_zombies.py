"""A farm is frozen past its leases and goes on: what another took over it leaves alone."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from deaths import ROWS, Plan, assert_each_row_was_made_once, moments, opened

from farm.replay.scenario import FAST, Scenario

if TYPE_CHECKING:
    from house import Build, Finished, House, Running

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP there")

LEASE_SECONDS = 60
LOOK_SECONDS = 0.05
MANY_ROWS = 2 * ROWS  # some for the other farm


async def freeze(house: House, running: Running) -> None:
    """Stop a farm where it is, but not in the middle of a write: that would only hold up all."""
    while True:
        running.process.send_signal(signal.SIGSTOP)
        with opened(house, seconds=0.2) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                running.process.send_signal(signal.SIGCONT)
            else:
                return
        await asyncio.sleep(LOOK_SECONDS)


async def lose_leases(house: House, session: str) -> None:
    """Let a session's leases run out, and wait until somebody else has noticed."""
    with opened(house) as connection:
        connection.execute(
            "UPDATE jobs SET lease_until = lease_until - ? "
            "WHERE session = ? AND state = 'in_progress'",
            (LEASE_SECONDS + 1, session),
        )
        connection.commit()
        while connection.execute(_EXPIRED).fetchone() != (0,):  # noqa: ASYNC110  # others write
            await asyncio.sleep(LOOK_SECONDS)


async def nothing_left(house: House) -> bool:
    """Whether every job has ended."""
    with opened(house) as connection:
        query = "SELECT count(*) FROM jobs WHERE state IN ('pending', 'delayed', 'in_progress')"
        return bool(connection.execute(query).fetchone() == (0,))


_EXPIRED = (
    "SELECT count(*) FROM jobs WHERE state = 'in_progress' "
    "AND lease_until < (julianday('now') - 2440587.5) * 86400.0"
)


async def stopped(farm: Running) -> Finished:
    """End a farm that watches for more, once nothing is left to do."""
    farm.process.send_signal(signal.SIGINT)
    return await farm.end()


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_a_farm_that_was_frozen_at_any_point_touches_nothing_of_another_s(
    build: Build,
) -> None:
    house = await build(Scenario(defaults=FAST), accounts=2)
    watching = ("--watch", "--json", "--profile")
    path = str(house.prompts(MANY_ROWS))
    zombie = await house.start("start", path, *watching, "account1")
    other = await house.start("start", *watching, "account2", "--pace", "2")
    plan = Plan()

    async with aclosing(moments(house, zombie)) as told:
        async for moment in told:
            if moment.session == "account1" and plan.strikes(moment):
                await freeze(house, zombie)
                await lose_leases(house, "account1")
                zombie.process.send_signal(signal.SIGCONT)
            if await nothing_left(house):
                break
    ended = [await stopped(farm) for farm in (zombie, other)]

    assert plan.left == []
    assert [done.code for done in ended] == [0, 0], [done.err for done in ended]
    assert_each_row_was_made_once(house, MANY_ROWS)
    assert house.browsers() == []


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_a_farm_that_slept_longer_than_its_lease_finishes_what_it_had_begun(
    build: Build,
) -> None:
    house = await build(Scenario(defaults=FAST), accounts=2)
    running = await house.start("start", str(house.prompts(4)), "--sessions", "2", "--json")
    await running.until(lambda line: '"phase": "sent"' in line)

    running.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(LEASE_SECONDS + 8)
    running.process.send_signal(signal.SIGCONT)
    done = await running.end()

    assert done.code == 0, done.out[-2000:] + done.err
    assert_each_row_was_made_once(house, 4)
    assert house.browsers() == []
