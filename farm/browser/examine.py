"""Looks at browsers and profiles for `farm doctor`: nothing is started on a profile or changed."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Page, async_playwright

from farm.browser.choose import Browser
from farm.browser.launch import LaunchOptions, find_browser, launch_arguments, version_line
from farm.browser.profiles import SINGLETON_MARKS, Profile, browsers_on, is_automated, is_held
from farm.browser.translate import translated
from farm.errors import BrowserError, BrowserMissing

OWNER_ONLY = 0o700
INVALID_CSS_JS = """(all) => all.flatMap((css, index) => {
  try { document.createDocumentFragment().querySelector(css); return []; }
  catch (error) { return [index]; }
})"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """The browser that would be driven."""

    browser: Browser | None
    why: str  # why this one; without one, the ways to get one
    version: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileFacts:
    """What can be seen of a profile from outside."""

    exists: bool
    mode: int = OWNER_ONLY  # rights of the folder; OWNER_ONLY where rights are not of this kind
    held_by: str = ""  # in words
    open_by_hand: int = 0  # process id of a browser that somebody opened on the folder
    left_behind: bool = False  # a browser runs there that a dead farm started
    stale_marks: bool = False  # a dead browser's lock lies around

    @property
    def private(self) -> bool:
        """Whether nobody but its owner can read the folder."""
        return not self.mode & 0o077


async def chosen_browser(asked: str) -> Chosen:
    """Which browser, why, and its version line."""
    async with async_playwright() as playwright:
        try:
            browser = find_browser(asked, playwright)
        except BrowserMissing as error:
            return Chosen(browser=None, why=str(error))
        bundled = Path(playwright.chromium.executable_path)
    version = (await version_line(browser)).strip()
    return Chosen(browser=browser, why=_why(browser, asked, bundled), version=version)


def examine_profile(profile: Profile) -> ProfileFacts:
    """Rights, holder and leftovers of a profile's folder."""
    if not profile.path.is_dir():
        return ProfileFacts(exists=False)
    held_by = is_held(profile)
    running = [] if held_by or profile.cdp else browsers_on(profile.path)
    by_hand = [process.pid for process in running if not is_automated(process)]
    marks = any((profile.path / mark).is_symlink() for mark in SINGLETON_MARKS)
    return ProfileFacts(
        exists=True,
        mode=stat.S_IMODE(profile.path.stat().st_mode) if os.name == "posix" else OWNER_ONLY,
        held_by=held_by,
        open_by_hand=by_hand[0] if by_hand else 0,
        left_behind=len(running) > len(by_hand),
        stale_marks=marks and not held_by and not running and not profile.cdp,
    )


async def refused_selectors(
    options: LaunchOptions, css: Sequence[str], locators: Mapping[str, str]
) -> tuple[list[int], list[str]]:
    """Which selectors a real browser refuses: by index of `css`, by name of `locators`.

    Tried in an empty page of a fresh profile. BrowserMissing or BrowserError without a browser.
    """
    async with async_playwright() as playwright:
        browser = find_browser(options.asked_browser, playwright)
        known = launch_arguments(browser, options, None)
        wanted = ("channel", "executable_path", "chromium_sandbox")
        with translated(f"Cannot open the browser {browser.path}"):
            window = await playwright.chromium.launch(
                headless=True, **{key: known[key] for key in wanted if key in known}
            )
            page = await window.new_page()
            refused: list[int] = await page.evaluate(INVALID_CSS_JS, list(css))
            lost = [name for name, locator in locators.items() if await _refuses(page, locator)]
            await window.close()
    return refused, lost


async def _refuses(page: Page, locator: str) -> bool:
    try:
        with translated("try a selector"):
            await page.locator(locator).count()
    except BrowserError:
        return True
    return False


def _why(browser: Browser, asked: str, bundled: Path) -> str:
    if asked:
        return "FARM_BROWSER asks for it"
    if browser.channel:
        return "Google Chrome comes first where it is installed"
    if browser.path == bundled:
        return "there is no Google Chrome, and Playwright's own comes next"
    return f"there is neither Chrome nor Playwright's own, and {sys.platform} brings this one"
