"""`farm capture` on the stand-in: a fixture that the replay of fixtures takes up as it is."""

from __future__ import annotations

import importlib.util
import os
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from deaths import opened
from house import Build, House
from playwright.async_api import async_playwright

from farm.replay.scenario import FAST, Rule, Scenario

pytestmark = pytest.mark.timeout(150)

REPLAY = Path(__file__).parents[1] / "browser" / "test_fixtures.py"


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
    """What the replay test does with every saved page of the repository.

    It also fails when the file beside a page says something else.
    """
    module.__dict__["PAGES"] = folder
    proof = module.test_a_saved_page_says_what_is_written_beside_it
    path = os.environ.get("FARM_BROWSER") or "/usr/bin/chromium"
    flags = [] if os.geteuid() else ["--no-sandbox"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=flags)
        page = await browser.new_page(viewport={"width": 1280, "height": 2000})
        viewer = module.Viewer(page, module.load_pack())
        await page.route("**/*", viewer.answer)
        for name in names:
            await proof(viewer, name)
        viewer.seen.clear()
        with another_expectation(folder / "made.toml"), pytest.raises(AssertionError):
            await proof(viewer, "made")
        await browser.close()


@contextmanager
def another_expectation(path: Path) -> Iterator[None]:
    """Let the file beside a page say that nobody is signed in there."""
    told = path.read_text()
    path.write_text(told.replace('sign_in = "in"', 'sign_in = "out"'))
    yield
    path.write_text(told)


def conversations(house: House) -> dict[str, str]:
    """Each row's conversation, as its attempt recorded it."""
    with opened(house) as connection:
        query = "SELECT prompt_id, conversation FROM attempts JOIN jobs ON jobs.id = job_id"
        return dict(connection.execute(query).fetchall())


@pytest.mark.long
async def test_captured_pages_pass_the_replay_test_and_hold_nothing_private(build: Build) -> None:
    refusal = Rule(play="refusal", text="Row-2:")
    house = await build(Scenario(defaults=FAST, rules=(refusal,)))
    await house.farm("start", str(house.prompts(2)))
    made, refused = (conversations(house)[row] for row in ("1", "2"))

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
    expected = {name: tomllib.loads((folder / f"{name}.toml").read_text()) for name in names}
    assert expected["made"]["turns"][0]["images"] == 1
    assert expected["made"]["turns"][0]["loaded"] == 1
    assert expected["refused"]["turns"][0]["outcome"] == "refused.policy"
    everything = "".join(path.read_text() for path in folder.iterdir()).casefold()
    private = ["account1", "row-1", "row-2", made, refused, "hl=en", "example.com"]
    assert [word for word in private if word in everything] == []
    assert len(house.stand_in.log) == 2


async def test_an_unknown_profile_and_a_foreign_address_are_refused(build: Build) -> None:
    house = await build()

    foreign = await house.farm("capture", "account1", "--url", "https://example.com/")
    unknown = await house.farm("capture", "nobody")

    assert (foreign.code, unknown.code) == (2, 2)
    assert "is no page of https://gemini.google.com" in foreign.err
    assert not (house.home / "captures").exists()
