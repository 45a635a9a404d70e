"""Every saved page says what is written beside it, in a real browser."""

from __future__ import annotations

import io
import json
import os
import re
import tomllib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Page, Route, async_playwright

from farm.sites.base import Reading
from farm.sites.gemini.expectations import about_page, about_turn
from farm.sites.gemini.pack import Pack, load_pack
from farm.sites.gemini.reading import read
from farm.sites.gemini.scripts import SNAPSHOT_JS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PAGES = Path(__file__).parents[2] / "fixtures" / "html" / "gemini"
NAMES = sorted({p.stem for p in PAGES.iterdir()})
SEARCHED = {"src", "said"}  # told as regular expressions
TRUSTED_TYPES = {"content-security-policy": "require-trusted-types-for 'script'"}
SETTLED = """() => Promise.all(
  [...document.images].filter((i) => i.src).map((i) => i.decode().catch(() => 0)))"""


@dataclass
class Viewer:
    """Opens saved pages at the address they pretend to have, all in one tab."""

    page: Page
    pack: Pack
    body: str = ""
    seen: dict[str, tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=dict)

    async def snapshot(self, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """The snapshot of a page, and what is written beside the page."""
        if name not in self.seen:
            expected = tomllib.loads((PAGES / f"{name}.toml").read_text(encoding="utf-8"))
            await self.show(name)
            snapshot = await self.page.evaluate(SNAPSHOT_JS, self.pack.for_page())
            self.seen[name] = snapshot, expected
        return self.seen[name]

    async def show(self, name: str) -> Page:
        """Load a saved page with its pictures."""
        url = tomllib.loads((PAGES / f"{name}.toml").read_text(encoding="utf-8"))["url"]
        self.body = (PAGES / f"{name}.html").read_text(encoding="utf-8")
        await self.page.goto(url, wait_until="load")
        await self.page.evaluate(SETTLED)
        return self.page

    async def answer(self, route: Route) -> None:
        """Serve the saved page for any address, and a picture for any image but the lost ones."""
        address = route.request.url
        if route.request.is_navigation_request():
            await route.fulfill(body=self.body, content_type="text/html", headers=TRUSTED_TYPES)
        elif "googleusercontent.com" in address and "never" not in address:
            await route.fulfill(body=picture(), content_type="image/png")
        else:
            await route.abort()


def picture() -> bytes:
    """A preview of the usual size."""
    file = io.BytesIO()
    Image.new("RGB", (1024, 572), "firebrick").save(file, "PNG")
    return file.getvalue()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def viewer() -> AsyncIterator[Viewer]:
    path = os.environ.get("FARM_BROWSER") or "/usr/bin/chromium"
    flags = [] if os.name == "nt" or os.geteuid() else ["--no-sandbox"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=flags)
        page = await browser.new_page(viewport={"width": 1280, "height": 2000})
        viewer = Viewer(page, load_pack())
        await page.route("**/*", viewer.answer)
        yield viewer
        await browser.close()


def local(moment: str) -> float:
    """Epoch seconds of a moment in UTC, the zone of these tests."""
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()


def differences(found: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    """What was found instead of what is expected; some texts are searched for."""
    return {
        key: found[key]
        for key, value in expected.items()
        if not (re.search(value, found[key]) if key in SEARCHED else found[key] == value)
    }


def reading_of(snapshot: dict[str, Any], expected: dict[str, Any], pack: Pack) -> Reading:
    now = local(expected.get("now", "2026-07-25T09:00:00"))
    return read(snapshot, pack, now, UTC)


@pytest.mark.parametrize("name", NAMES)
async def test_a_saved_page_says_what_is_written_beside_it(viewer: Viewer, name: str) -> None:
    snapshot, expected = await viewer.snapshot(name)

    reading = reading_of(snapshot, expected, viewer.pack)

    wanted = expected.get("turns", [])
    assert len(reading.turns) == len(wanted) or not wanted
    assert differences(about_page(reading), expected.get("reading", {})) == {}
    turns = zip(map(about_turn, reading.turns), wanted, strict=False)
    assert [differences(turn, want) for turn, want in turns] == [{} for _ in wanted]


async def test_every_saved_page_has_an_expectation_and_every_expectation_a_page() -> None:
    pages = {p.stem for p in PAGES.glob("*.html")}
    expectations = {
        p.stem
        for p in PAGES.glob("*.toml")
        if {"reading", "turns"} & tomllib.loads(p.read_text(encoding="utf-8")).keys()
    }

    assert pages == expectations


async def test_every_role_matches_on_some_saved_page(viewer: Viewer) -> None:
    snapshots = [(await viewer.snapshot(name))[0] for name in NAMES]

    matched = {role for snapshot in snapshots for role in snapshot["matched"]}

    assert set(viewer.pack.roles) - matched == set()


async def test_every_shipped_selector_is_understood_by_the_browser(viewer: Viewer) -> None:
    snapshots = [(await viewer.snapshot(name))[0] for name in NAMES]

    broken = {role for snapshot in snapshots for role in snapshot["broken"]}

    assert broken == set()


async def test_a_broken_selector_of_an_override_costs_only_itself(viewer: Viewer) -> None:
    page = await viewer.show("idle-2025-en")
    pack = json.loads(viewer.pack.for_page())
    pack["roles"]["composer"].insert(0, {"css": "div:no-such-thing(1)", "texts": []})

    snapshot = await page.evaluate(SNAPSHOT_JS, json.dumps(pack))

    assert snapshot["broken"] == ["composer"]
    assert snapshot["matched"]["composer"] == 1
    assert snapshot["composer"]["name"] == "Enter a prompt for Gemini"


async def test_every_role_is_one_selector_for_playwright_too(viewer: Viewer) -> None:
    page = await viewer.show("tools-open-2026-en")

    found = {role: await page.locator(viewer.pack.css(role)).count() for role in viewer.pack.roles}

    assert found["image_tool"] == 1
    assert found["turn"] == 0


@pytest.mark.parametrize(
    ("name", "role", "count"),
    [
        ("image-two-2026-ja", "generated_image", 2),
        ("image-two-2026-ja", "download_button", 2),
        ("image-menu-2025-zh-TW", "generated_image", 1),
        ("long-chat-2026-en", "turn", 3),
        ("typed-2025-de", "composer", 1),
        ("generating-2025-zh-CN", "send", 0),
        ("generating-2026-en", "send", 0),
    ],
)
async def test_all_candidates_together_count_a_part_of_the_page_once(
    viewer: Viewer, name: str, role: str, count: int
) -> None:
    page = await viewer.show(name)

    found = await page.locator(viewer.pack.css(role)).count()

    assert found == count


async def test_a_snapshot_leaves_the_page_as_it_was(viewer: Viewer) -> None:
    page = await viewer.show("image-2025-zh-CN")
    before = await page.evaluate("() => [Object.keys(window), document.body.outerHTML]")

    await page.evaluate(SNAPSHOT_JS, viewer.pack.for_page())

    after = await page.evaluate("() => [Object.keys(window), document.body.outerHTML]")
    assert after == before
