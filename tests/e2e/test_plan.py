"""`farm plan` against a run that happens, and the user's word about rests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from farm.replay.scenario import Defaults, Scenario

if TYPE_CHECKING:
    from house import Build, House

STEADY = Defaults(delay_seconds=1.0)


async def planned(house: House, *arguments: str) -> Any:
    done = await house.farm("plan", "--json", *arguments)
    assert done.code == 0, done.err
    return json.loads(done.out)["plan"]


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_a_run_takes_about_as_long_as_its_plan_says(build: Build) -> None:
    house = await build(
        Scenario(defaults=STEADY), accounts=2, FARM_PROMPT_DELAY_SECONDS="2", FARM_PACE_JITTER="0.1"
    )
    path = str(house.prompts(24))
    learned = await house.farm("start", path, "--limit", "10")
    assert learned.code == 0, learned.err

    plan = await planned(house)
    done = await house.farm("start", "--json")

    took = done.events[-1]["report"]["seconds"]
    forecast = plan["likely"]["done_at"] - plan["now"]
    assert done.code == 0, done.err
    assert plan["in_queue"] == done.events[-1]["report"]["made"] == 14
    assert all(basis["seconds"]["measured"] for basis in plan["bases"])
    assert forecast == pytest.approx(took, rel=0.3), plan
