"""What a browser costs: its whole tree, while it runs."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from farm.browser.footprint import footprint_on
from farm.browser.launch import LaunchOptions, is_root
from farm.browser.profiles import browsers_on, make_profile
from farm.browser.session import BrowserSession

pytestmark = pytest.mark.browser

HOARD_MB = 200
HOARD_JS = """(size) => {
  window.hoard = new Uint8Array(size * 1024 * 1024).fill(7);
}"""


async def test_a_footprint_is_that_of_the_whole_tree_and_grows_with_its_pages(
    tmp_path: Path,
) -> None:
    profile = make_profile(tmp_path, "alice")
    options = LaunchOptions(asked_browser=os.environ.get("FARM_BROWSER", ""), root=is_root())
    async with BrowserSession(profile=profile, options=options) as session:
        before = footprint_on(profile.path)
        await session.evaluate(HOARD_JS, HOARD_MB)
        after = footprint_on(profile.path)
        (browser,) = browsers_on(profile.path)
        resident = sum(process.memory_info().rss for process in family(browser)) / 2**20

    assert before.processes >= 3
    # Chromium may start a spare process in between, so only too little growth is wrong.
    assert after.memory_mb - before.memory_mb >= HOARD_MB * 0.75
    assert after.memory_mb <= resident


def test_no_browser_costs_nothing(tmp_path: Path) -> None:
    footprint = footprint_on(tmp_path)

    assert (footprint.memory_mb, footprint.processes) == (0, 0)


def family(browser: psutil.Process) -> list[psutil.Process]:
    return [browser, *browser.children(recursive=True)]
