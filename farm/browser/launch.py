"""How a browser is started: the switches, and the stealth that contradicts nothing."""

from __future__ import annotations

import asyncio
import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Playwright
from playwright_stealth import ALL_EVASIONS_DISABLED_KWARGS, Stealth

from farm.browser.choose import THREE_WAYS, Browser, Eyes, choose
from farm.browser.translate import translated
from farm.errors import BrowserMissing

HEADLESS_VIEWPORT = {"width": 1280, "height": 900}
_VERSION = re.compile(r"(\d+)\.\d+\.\d+")
_PLATFORMS = {"linux": "X11; Linux x86_64", "darwin": "Macintosh; Intel Mac OS X 10_15_7"}
_WINDOWS = "Windows NT 10.0; Win64; x64"


@dataclass(frozen=True, kw_only=True, slots=True)
class LaunchOptions:
    """What of the settings concerns the start of a browser."""

    asked_browser: str = ""
    headless: bool = True
    proxy_server: str = ""
    ignore_https_errors: bool = False
    stealth: str = "minimal"  # off, minimal, full
    slow_mo_ms: float = 0
    root: bool = False  # Chromium refuses root with its sandbox on
    trace: bool = False  # record what farm does, for incidents


def is_root() -> bool:
    """Whether this process may do anything here; False on Windows."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def find_browser(asked: str, playwright: Playwright) -> Browser:
    """The browser to drive; BrowserMissing names the three ways to get one."""
    found = choose(asked, Path(playwright.chromium.executable_path), Eyes())
    if found is None:
        raise BrowserMissing(THREE_WAYS)
    return found


def launch_arguments(
    browser: Browser, options: LaunchOptions, user_agent: str | None
) -> dict[str, Any]:
    """Keyword arguments for `launch_persistent_context`.

    `--enable-automation` is left out and AutomationControlled disabled, so that the page sees what
    it sees in the same browser started by hand. `--password-store=basic` stays as Playwright sets
    it: `farm login` starts the ordinary browser with the same switch, else the cookies written
    there could not be read here.
    """
    arguments: dict[str, Any] = {
        "headless": options.headless,
        "chromium_sandbox": not options.root,
        "ignore_default_args": ["--enable-automation"],
        "args": ["--disable-blink-features=AutomationControlled", "--hide-crash-restore-bubble"],
        "accept_downloads": True,
        "slow_mo": options.slow_mo_ms,
        "ignore_https_errors": options.ignore_https_errors,
        "handle_sigint": False,  # Ctrl-C belongs to the run: it finishes what is in flight
        "handle_sigterm": False,
        "handle_sighup": False,
    }
    if browser.channel is not None:
        arguments["channel"] = browser.channel
    else:
        arguments["executable_path"] = browser.path
    if options.proxy_server:
        arguments["proxy"] = {"server": options.proxy_server}
    if options.headless:
        arguments["viewport"] = HEADLESS_VIEWPORT
        if user_agent is not None and options.stealth != "off":
            arguments["user_agent"] = user_agent
    else:
        arguments["no_viewport"] = True
    return arguments


def plain_user_agent(version_text: str, platform: str) -> str | None:
    """The user agent of the same browser with a window, from its `--version` line."""
    match = _VERSION.search(version_text)
    if match is None:
        return None
    system = _PLATFORMS.get(platform, _WINDOWS)
    return (
        f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{match[1]}.0.0.0 Safari/537.36"
    )


async def version_line(browser: Browser) -> str:
    """What the program prints for `--version`; empty where it prints nothing (Windows)."""
    try:
        process = await asyncio.create_subprocess_exec(
            browser.path, "--version",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(10):
            out, _ = await process.communicate()
    except (OSError, TimeoutError):
        return ""
    return out.decode(errors="replace")


async def launch(
    playwright: Playwright,
    browser: Browser,
    profile: Path,
    options: LaunchOptions,
    *,
    platform: str,
) -> BrowserContext:
    """Open the profile; the stealth scripts are in place before the first page loads."""
    agent = plain_user_agent(await version_line(browser), platform) if options.headless else None
    with translated(f"Cannot open the browser {browser.path} on {profile}"):
        context = await playwright.chromium.launch_persistent_context(
            profile, **launch_arguments(browser, options, agent)
        )
        stealth = stealth_of(options.stealth)
        if stealth is not None:
            # playwright-stealth does not hook launch_persistent_context: it is applied here.
            await stealth.apply_stealth_async(context)
    return context


def stealth_of(level: str) -> Stealth | None:
    """The evasions of a level; `minimal` hides only navigator.webdriver.

    The library's other defaults (platform, WebGL vendor, languages) contradict a real profile.
    """
    if level == "off":
        return None
    if level == "full":
        return Stealth()
    only = {**ALL_EVASIONS_DISABLED_KWARGS, "navigator_webdriver": True, "init_scripts_only": True}
    with warnings.catch_warnings():
        # It warns of overrides for evasions that are off, and sets those overrides itself.
        warnings.simplefilter("ignore", UserWarning)
        return Stealth(**only)
