"""kill -9 of farm, anywhere: every image is made, nothing is sent twice."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from deaths import (
    ROWS,
    Plan,
    Point,
    assert_each_row_was_made_once,
    moments,
    open_phases,
    slow_settling,
)

from farm.replay.scenario import FAST, Scenario

if TYPE_CHECKING:
    from house import Build, House


async def run_until_its_death(
    house: House, path: str, plan: Plan, sessions: int = 1
) -> dict[str, str]:
    """Start farm and kill it at the next point of the plan; what the store then knows."""
    running = await house.start("start", path, "--sessions", str(sessions), "--json")
    async with aclosing(moments(house, running)) as told:
        async for moment in told:
            if moment.point is plan.left[0] and plan.strikes(moment):
                break
    await running.kill()
    return open_phases(house)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("sessions", [1, pytest.param(2, marks=pytest.mark.long)])
async def test_deaths_at_all_points_of_one_queue_lose_nothing_and_send_nothing_twice(
    build: Build, sessions: int
) -> None:
    house = await build(Scenario(defaults=FAST), accounts=sessions)
    path = str(house.prompts(ROWS))
    plan = Plan()

    while plan.left:
        await run_until_its_death(house, path, plan, sessions)
        plan.hurt.clear()  # a new life of every session
    done = await house.farm("start", path)

    assert done.code == 0, done.out + done.err
    assert_each_row_was_made_once(house, ROWS)
    assert house.browsers() == []


async def test_a_death_between_the_file_and_the_end_of_its_job_leaves_one_file(
    build: Build,
) -> None:
    house = await build(Scenario(defaults=FAST))
    path = str(house.prompts(1))
    await house.farm("add", path)
    with slow_settling(house):
        phases = await run_until_its_death(house, path, Plan(left=[Point.SAVED]))

    done = await house.farm("start", path)

    assert phases == {"1": "saved"}
    assert done.code == 0, done.out + done.err
    assert_each_row_was_made_once(house, 1)
