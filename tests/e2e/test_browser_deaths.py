"""The browser dies and farm lives: what was asked for is fetched, not asked for again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from farm.browser.profiles import browsers_on
from farm.model.jobs import Phase
from farm.replay.scenario import Defaults, Scenario

if TYPE_CHECKING:
    from house import Build


@pytest.mark.parametrize("phase", [Phase.TYPING, Phase.SENDING, Phase.SENT])
async def test_a_killed_browser_costs_no_prompt_and_no_image(build: Build, phase: Phase) -> None:
    house = await build(Scenario(defaults=Defaults(delay_seconds=2)))
    running = await house.start("start", str(house.prompts(2)), "--json")
    await running.until(
        lambda line: line.startswith("{") and json.loads(line).get("phase") == phase.value
    )

    for browser in browsers_on(house.home / "profiles" / "account1"):
        browser.kill()
    done = await running.end()

    assert done.code == 0, done.err
    assert len(house.saved()) == 2
    for n in (1, 2):
        assert len(house.submissions(n)) == 1
        assert house.originals(n) & set(house.saved().values())
