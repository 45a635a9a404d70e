"""The user's word about a session's wait, while it works and while nobody drives it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from farm.replay.scenario import FAST, Scenario

if TYPE_CHECKING:
    from house import Build, Finished, House


async def session(house: House, name: str = "account1") -> Any:
    done = await house.farm("profiles", "list", "--json")
    assert done.code == 0, done.err
    return {p["name"]: p for p in json.loads(done.out)["profiles"]}[name]


def profile(house: House, name: str = "account1") -> None:
    (house.home / "profiles" / name).mkdir(parents=True, exist_ok=True)


def countdown(shown: Finished) -> timedelta:
    """What the status of a session that rests by hand counts down from."""
    told = re.search(r"(\d+):(\d\d):(\d\d) \([^)]+\), by hand", shown.out)
    assert told, shown.out
    hours, minutes, seconds = map(int, told.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


async def test_a_profile_nobody_drives_is_sent_to_rest_and_woken_at_once(build: Build) -> None:
    house = await build(accounts=0)
    profile(house)

    rested = await house.farm("profiles", "rest", "account1", "--for", "2h")
    resting = await session(house)
    shown = await house.farm("status")
    woken = await house.farm("profiles", "wake", "account1")

    assert (rested.code, woken.code) == (0, 0)
    assert "account1 rests until" in rested.out
    assert resting["session"]["cause"] == "limited.by_hand"
    assert resting["rest_known"] == "by hand"
    assert timedelta(minutes=110) < countdown(shown) <= timedelta(hours=2)
    assert (await session(house))["session"]["next_ready_at"] == 0


async def test_an_unknown_profile_is_told_and_nobody_is_sent_to_rest(build: Build) -> None:
    house = await build(accounts=0)
    profile(house)

    done = await house.farm("profiles", "rest", "account1", "nobody", "--until", "07:00")

    assert done.code == 2
    assert "There is no profile nobody" in done.err
    assert (await session(house))["session"]["cause"] is None


async def test_a_rest_without_a_length_or_with_two_is_refused(build: Build) -> None:
    house = await build(accounts=0)
    profile(house)

    neither = await house.farm("profiles", "rest", "account1")
    both = await house.farm("profiles", "rest", "account1", "--for", "2h", "--until", "07:00")

    assert (neither.code, both.code) == (2, 2)
    assert "--for 2h, or --until 07:00" in neither.err


async def test_a_session_at_work_rests_within_seconds_and_goes_on_when_woken(build: Build) -> None:
    house = await build(Scenario(defaults=FAST), FARM_PROMPT_DELAY_SECONDS="2")
    run = await house.start("start", str(house.prompts(6)), "--watch", "--json")
    await run.until(lambda line: '"made": 1' in line)

    rested = await house.farm("profiles", "rest", "account1", "--for", "1h")
    await run.until(lambda line: '"limited.by_hand"' in line, seconds=30)
    before = len(house.stand_in.log)
    await house.farm("profiles", "wake", "account1")
    await run.until(lambda line: '"cause": "made"' in line and '"attempt_ended"' in line)

    await run.kill()
    assert "after the image in hand" in rested.out
    assert before < 6
    assert len(house.stand_in.log) > before


async def test_images_of_today_are_counted_for_each_profile(build: Build) -> None:
    house = await build(Scenario(defaults=FAST))
    await house.farm("start", str(house.prompts(2)))

    told = await session(house)

    assert told["today"] == 2
    assert list(told["made_by_day"].values()) == [0] * 13 + [2]
