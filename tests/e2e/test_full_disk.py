"""A disk that fills up in the middle of a run: nothing lost, nothing sent twice, nothing half."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from farm.replay.scenario import FAST, Scenario

if TYPE_CHECKING:
    from house import Build


def mount(*arguments: str) -> bool:
    """Whether a mount was done; it takes root, and a system that lets it."""
    try:
        return (
            subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0
        )
    except FileNotFoundError:
        return False


def suffixes(folder: Path) -> list[str]:
    """Of all files that stand there."""
    return [path.suffix for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk that has room for one image or two."""
    place = tmp_path / "disk"
    place.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=700k", "tmpfs", str(place)):
        pytest.skip("no small disk can be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


async def test_a_full_disk_rests_the_run_and_its_images_are_fetched_once_there_is_room(
    build: Build, small_disk: Path
) -> None:
    house = await build(Scenario(defaults=FAST), FARM_DOWNLOADS_DIR=str(small_disk))
    running = await house.start("start", str(house.prompts(4)), "--json")
    await running.until(lambda line: "not_saved" in line)

    assert mount("-o", "remount,size=20m", str(small_disk))
    await house.farm("profiles", "wake", "account1")
    done = await running.end()

    jobs = await house.jobs()
    assert done.code == 0, done.err
    assert {(job["state"], job["attempts"]) for job in jobs.values()} == {("completed", 1)}
    assert [sum(s.accepted for s in house.submissions(n)) for n in range(1, 5)] == [1] * 4
    assert sorted(suffixes(small_disk)) == [".html", *[".jpg"] * 4]
