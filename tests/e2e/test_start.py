"""`farm start` as its user runs it: prompts in, proven images out."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from farm.replay.scenario import FAST, Scenario

if TYPE_CHECKING:
    from house import Build


async def test_every_row_becomes_its_own_original_once_however_often_it_is_asked_for(
    build: Build,
) -> None:
    house = await build(Scenario(defaults=FAST), accounts=2)
    path = house.prompts(4)
    before = path.read_bytes()

    done = await house.farm("start", str(path), "--sessions", "2", "--json")
    again = await house.farm("start", str(path))

    assert (done.code, again.code) == (0, 0), done.err + done.out + again.err
    saved = {name.rpartition("/")[2]: sha for name, sha in house.saved().items()}
    assert set(saved) == {f"picture-{n}.jpg" for n in range(1, 5)}
    assert all(saved[f"picture-{n}.jpg"] in house.originals(n) for n in range(1, 5))
    assert [len(house.submissions(n)) for n in range(1, 5)] == [1, 1, 1, 1]
    assert path.read_bytes() == before
    with (house.home / "prompts-completed.csv").open(newline="", encoding="utf-8") as file:
        assert {row["Status"] for row in csv.DictReader(file)} == {"COMPLETED"}
    assert house.browsers() == []


async def test_a_bad_row_is_told_with_row_and_column_and_nothing_is_imported(build: Build) -> None:
    house = await build()
    path = house.prompts(2, **{"Image Filename": "../../outside.png"})

    done = await house.farm("start", str(path))

    assert done.code == 2
    assert "row 1" in done.err
    assert "Image Filename" in done.err
    assert await house.jobs() == {}


async def test_without_a_profile_start_explains_how_to_sign_in(build: Build) -> None:
    house = await build(accounts=0)

    done = await house.farm("start", str(house.prompts(1)))

    assert done.code == 2
    assert "farm login" in done.err


async def test_a_missing_second_profile_is_named_and_the_first_works_on(build: Build) -> None:
    house = await build(Scenario(defaults=FAST))

    done = await house.farm("start", str(house.prompts(1)), "--sessions", "2")

    assert done.code == 0, done.err
    assert "farm login" in done.out + done.err


async def test_a_profile_in_use_is_refused_and_its_holder_named(build: Build) -> None:
    house = await build(Scenario(defaults=FAST))
    path = str(house.prompts(2))
    first = await house.start("start", path, "--json", "--pace", "60")
    await first.until(lambda line: '"ready"' in line or '"busy"' in line)

    second = await house.farm("start", path)

    assert second.code == 2
    assert f"process {first.process.pid}" in second.err
    await first.kill()


async def test_a_signed_out_profile_leaves_the_work_and_says_what_to_do(build: Build) -> None:
    house = await build(accounts=0)
    (house.home / "profiles" / "stranger").mkdir(parents=True)

    done = await house.farm("start", str(house.prompts(1)))

    assert done.code == 3
    assert "farm login stranger" in done.out + done.err
    assert len(house.stand_in.log) == 0


async def test_the_limit_ends_the_run_after_so_many_jobs(build: Build) -> None:
    house = await build(Scenario(defaults=FAST))

    done = await house.farm("start", str(house.prompts(3)), "--limit", "1")

    assert done.code == 0, done.err
    assert len(house.saved()) == 1
