"""The user's own rules: a daily cap, working hours, and the end of a run."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from farm.replay.scenario import FAST, Scenario

if TYPE_CHECKING:
    from house import Build


async def test_a_daily_cap_ends_the_day_of_an_account_and_another_works_on(build: Build) -> None:
    house = await build(Scenario(defaults=FAST), accounts=2, FARM_DAILY_CAP="2")
    (house.home / "profiles" / "account2" / "farm-profile.toml").write_text("daily_cap = 1\n")

    done = await house.farm("start", str(house.prompts(5)), "--json")

    assert done.code == 3, done.err
    assert done.events[-1]["report"]["made"] == 3
    assert "limited.cap" in done.out
    assert "daily cap is 1" in done.out


@pytest.mark.long
async def test_the_cap_counts_what_earlier_runs_of_the_day_made(build: Build) -> None:
    house = await build(Scenario(defaults=FAST), FARM_DAILY_CAP="2", FARM_DAILY_RESERVE="1")
    path = str(house.prompts(3))
    await house.farm("start", path)

    again = await house.farm("start", path, "--json")

    assert again.code == 3, again.err
    assert len(house.stand_in.log) == 1


async def test_outside_the_hours_nothing_is_sent(build: Build) -> None:
    later = datetime.now().astimezone() + timedelta(hours=2)
    hours = f"{later:%H:%M}-{later + timedelta(hours=1):%H:%M}"
    house = await build(Scenario(defaults=FAST), FARM_WORKING_HOURS=hours)

    done = await house.farm("start", str(house.prompts(2)), "--json")

    assert done.code == 3, done.err
    assert "limited.hours" in done.out
    assert len(house.stand_in.log) == 0


async def test_a_run_ends_when_its_time_has_come(build: Build) -> None:
    house = await build(Scenario(defaults=FAST), FARM_PROMPT_DELAY_SECONDS="4")

    done = await house.farm("start", str(house.prompts(60)), "--until", "15s", "--json")

    report = done.events[-1]["report"]
    assert done.code == 3, done.err
    assert 0 < report["made"] < 60
    assert report["left"] == 60 - report["made"]
