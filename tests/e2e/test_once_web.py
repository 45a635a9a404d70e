"""One picture now, through the Gemini page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from farm.replay.scenario import FAST, Scenario

if TYPE_CHECKING:
    from house import Build


async def test_the_page_draws_one_picture_and_leaves_the_queue_alone(build: Build) -> None:
    house = await build(Scenario(defaults=FAST))
    await house.farm("add", str(house.prompts(1)))

    made = await house.farm(
        "generate", "Row-7: a paper boat", "--backend", "web", "-o", "boat.png", "--json"
    )

    assert made.code == 0, made.err
    (job,) = json.loads(made.out)["jobs"]
    assert job["images"][0]["image"]["maker"]["backend"] == "web"
    assert (house.home / "boat.png").is_file()
    assert (len(house.submissions(7)), len(house.submissions(1))) == (1, 0)
