"""A report as a browser lays it out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from night import live_through
from playwright.async_api import async_playwright

from farm.browser.launch import find_browser, is_root
from farm.config import load_settings
from farm.wiring.opened import open_farm
from farm.wiring.reporting import write_report

NARROW_PX = 360
"""Where anything that is too wide shows first."""
TOO_WIDE = """() => [...document.querySelectorAll('body *')]
    .filter(e => !e.closest('table, svg') && e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.outerHTML.slice(0, 80))"""
OPEN_ALL = "() => document.querySelectorAll('details').forEach(e => { e.open = true })"


async def test_a_report_fits_a_telephone_asks_nobody_and_shows_its_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    await live_through(tmp_path, jobs=24, seconds=2000)
    async with open_farm(load_settings()) as farm:
        page = await write_report(farm, ["spring campaign"], 60)
    assert page is not None
    asked: list[str] = []

    async with async_playwright() as playwright:
        found = find_browser(os.environ.get("FARM_BROWSER", ""), playwright)
        browser = await playwright.chromium.launch(
            executable_path=found.path, chromium_sandbox=not is_root()
        )
        sheet = await browser.new_page(viewport={"width": NARROW_PX, "height": 700})
        sheet.on("request", lambda request: asked.append(request.url[:5]))
        sheet.on("console", lambda message: asked.append(message.text))
        await sheet.goto(page.as_uri())
        await sheet.evaluate(OPEN_ALL)
        too_wide = await sheet.evaluate(TOO_WIDE)
        scrolled = await sheet.evaluate("() => document.documentElement.scrollWidth")
        blank = await sheet.locator("img").evaluate_all(
            "all => all.filter(e => !e.complete || !e.naturalWidth).length"
        )
        await browser.close()

    assert too_wide == []
    assert scrolled == NARROW_PX
    assert blank == 0
    assert set(asked) <= {"file:", "data:"}
