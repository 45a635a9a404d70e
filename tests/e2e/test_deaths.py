"""kill -9 of farm, anywhere: every image is made, nothing is sent twice."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from farm.model.jobs import Phase
from farm.replay.scenario import Defaults, Scenario

if TYPE_CHECKING:
    from house import Build, House

QUICK = Defaults(delay_seconds=0.8)


def says_phase(phase: Phase, line: str) -> bool:
    if not line.startswith("{"):
        return False
    return bool(json.loads(line).get("phase") == phase.value)


def assert_each_row_was_made_once(house: House, rows: int) -> None:
    saved = {name.rpartition("/")[2]: sha for name, sha in house.saved().items()}
    assert set(saved) == {f"picture-{n}.jpg" for n in range(1, rows + 1)}
    for n in range(1, rows + 1):
        assert len(house.submissions(n)) == 1, f"row {n} was sent more than once"
        assert saved[f"picture-{n}.jpg"] in house.originals(n)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.SETTLED])
async def test_a_death_in_any_phase_loses_nothing_and_sends_nothing_twice(
    build: Build, phase: Phase
) -> None:
    house = await build(Scenario(defaults=QUICK))
    path = str(house.prompts(2))
    running = await house.start("start", path, "--json")
    await running.until(lambda line: says_phase(phase, line))
    await running.kill()

    done = await house.farm("start", path)

    assert done.code == 0, done.out + done.err
    assert_each_row_was_made_once(house, 2)
    assert house.browsers() == []


@pytest.mark.timeout(300)
async def test_random_deaths_of_two_sessions_lose_nothing_and_send_nothing_twice(
    build: Build,
) -> None:
    house = await build(Scenario(defaults=QUICK), accounts=2)
    path = str(house.prompts(6))
    roll = random.Random()  # noqa: S311  # no secret; every run dies elsewhere
    for _ in range(3):
        running = await house.start("start", path, "--json")
        lines = roll.randint(5, 60)

        def enough(_line: str, left: list[int] = [lines]) -> bool:  # noqa: B006
            left[0] -= 1
            return left[0] <= 0

        try:
            await running.until(enough)
        except AssertionError:
            break  # the run was over first
        await running.kill()

    done = await house.farm("start", path)

    assert done.code == 0, done.out + done.err
    assert_each_row_was_made_once(house, 6)
