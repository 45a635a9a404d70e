"""`farm start` as its user runs it: prompts in, proven images out."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from farm.replay.scenario import Defaults, Scenario

if TYPE_CHECKING:
    from conftest import Build

QUICK = Defaults(delay_seconds=0.5)


async def test_every_row_becomes_its_own_original_under_its_own_name(build: Build) -> None:
    house = await build(Scenario(defaults=QUICK), accounts=2)
    path = house.prompts(4)
    before = path.read_bytes()

    done = await house.farm("start", str(path), "--sessions", "2", "--json")

    assert done.code == 0, done.err + done.out
    saved = {name.rpartition("/")[2]: sha for name, sha in house.saved().items()}
    assert set(saved) == {f"picture-{n}.jpg" for n in range(1, 5)}
    assert all(saved[f"picture-{n}.jpg"] in house.originals(n) for n in range(1, 5))
    assert [len(house.submissions(n)) for n in range(1, 5)] == [1, 1, 1, 1]
    assert path.read_bytes() == before
    with (house.home / "prompts-completed.csv").open(newline="", encoding="utf-8") as file:
        assert {row["Status"] for row in csv.DictReader(file)} == {"COMPLETED"}
    assert house.browsers() == []


async def test_a_second_run_makes_nothing_twice(build: Build) -> None:
    house = await build(Scenario(defaults=QUICK))
    path = house.prompts(2)
    await house.farm("start", str(path))

    again = await house.farm("start", str(path))

    assert again.code == 0, again.err
    assert len(house.stand_in.log) == 2
    assert len(house.saved()) == 2
