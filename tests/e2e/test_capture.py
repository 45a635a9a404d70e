"""`farm capture` on the stand-in: a fixture that the replay of fixtures takes up as it is."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from house import Build, House
from playwright.async_api import async_playwright

from farm.replay.scenario import parse_scenario

pytestmark = pytest.mark.timeout(150)

REPLAY = Path(__file__).parents[1] / "browser" / "test_fixtures.py"
QUICK = "[defaults]\ndelay_seconds = 0.1\nfirst_delay_seconds = 0.1\nfooter_seconds = 0.1\n"
REFUSED = QUICK + '[[rules]]\nmarker = "Row-2:"\nplay = "refusal"\n'


def replay() -> ModuleType:
    """The module of the replay test, to run its own check."""
    spec = importlib.util.spec_from_file_location("replay_of_fixtures", REPLAY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


async def check(module: ModuleType, folder: Path, names: list[str]) -> None:
    """What the replay test does with every saved page of the repository."""
    module.__dict__["PAGES"] = folder
    path = os.environ.get("FARM_BROWSER") or "/usr/bin/chromium"
    flags = [] if os.geteuid() else ["--no-sandbox"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=flags)
        page = await browser.new_page(viewport={"width": 1280, "height": 2000})
        viewer = module.Viewer(page, module.load_pack())
        await page.route("**/*", viewer.answer)
        for name in names:
            await module.test_a_saved_page_says_what_is_written_beside_it(viewer, name)
        await browser.close()


async def refuse_another_expectation(folder: Path) -> None:
    """The same check fails when the file beside the page says something else."""
    path = folder / "made.toml"
    told = path.read_text()
    path.write_text(told.replace('sign_in = "in"', 'sign_in = "out"'))
    with pytest.raises(AssertionError):
        await check(replay(), folder, ["made"])
    path.write_text(told)


async def conversations(house: House) -> dict[str, str]:
    """Each row's conversation, as its attempt recorded it."""
    found = {}
    for job in (await house.jobs()).values():
        said = await house.farm("queue", "show", f"#{job['id']}", "--json")
        (shown,) = json.loads(said.out)
        found[job["prompt"]["id"]] = shown["attempts"][-1]["facts"]["conversation"]
    return found


async def test_captured_pages_pass_the_replay_test_and_hold_nothing_private(build: Build) -> None:
    house = await build(parse_scenario(REFUSED))
    await house.farm("start", str(house.prompts(2)))
    made, refused = (await conversations(house)).values()

    said = [
        await house.farm("capture", "account1", "--json"),
        await house.farm("capture", "account1", "--conversation", made, "--as", "made"),
        await house.farm("capture", "account1", "--conversation", refused, "--as", "refused"),
    ]

    folder = house.home / "captures"
    assert [(one.code, one.err) for one in said] == [(0, "")] * 3
    names = sorted(path.stem for path in folder.glob("*.html"))
    assert names == ["idle-2025-en", "made", "refused"]
    await check(replay(), folder, names)
    await refuse_another_expectation(folder)
    expected = {name: tomllib.loads((folder / f"{name}.toml").read_text()) for name in names}
    assert expected["made"]["turns"][0]["images"] == 1
    assert expected["made"]["turns"][0]["loaded"] == 1
    assert expected["refused"]["turns"][0]["outcome"] == "refused.policy"
    everything = "".join(path.read_text() for path in folder.iterdir()).casefold()
    private = ["account1", "row-1", "row-2", made, refused, "hl=en", "example.com"]
    assert [word for word in private if word in everything] == []
    assert len(house.stand_in.log) == 2


async def test_an_unknown_profile_and_a_foreign_address_are_refused(build: Build) -> None:
    house = await build(parse_scenario(QUICK))

    foreign = await house.farm("capture", "account1", "--url", "https://example.com/")
    unknown = await house.farm("capture", "nobody")

    assert (foreign.code, unknown.code) == (2, 2)
    assert "is no page of https://gemini.google.com" in foreign.err
    assert not (house.home / "captures").exists()
