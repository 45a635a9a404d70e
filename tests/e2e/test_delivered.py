"""A run that delivers: files at their target, links in the results, nothing twice."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from fake_drive import FakeDrive
from fake_google import FakeGoogle, error

from farm.replay.scenario import FAST, Scenario

if TYPE_CHECKING:
    from house import Build


async def test_images_and_their_copies_are_on_drive_once_with_their_links_in_the_results(
    build: Build,
) -> None:
    drive = FakeDrive()
    root = drive.folder("Team", shared_drive="0AShared")
    with FakeGoogle(drive) as google:
        house = await build(Scenario(defaults=FAST), FARM_SITE="blog", FARM_CONVERT="webp")
        house.environment |= {
            "FARM_GOOGLE_CREDENTIALS": str(google.key_file(house.home)),
            "FARM_GOOGLE_ENDPOINT": google.url,
        }
        google.fail("/upload/drive", error(503, "", "Backend Error", v1="backendError"), times=2)
        arguments = ("start", str(house.prompts(2)), "--deliver", f"drive:{root.id}", "--json")

        done = await house.farm(*arguments)
        again = await house.farm(*arguments)

    assert (done.code, again.code) == (0, 0), done.err + again.err
    names = sorted(entry.name for entry in drive.files())
    assert names == ["picture-1.jpg", "picture-1.webp", "picture-2.jpg", "picture-2.webp"]
    assert {path.split("/")[:3][2] for path in drive.paths()} == {"blog"}
    told = [event for event in done.events if event["event"] == "file_delivered"]
    assert len(told) == 4
    with (house.home / "prompts-completed.csv").open(newline="", encoding="utf-8") as file:
        text = file.read()
        rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == 2
    assert text.count("https://drive.google.com/file/d/") == 2
