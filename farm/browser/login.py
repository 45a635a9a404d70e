"""Signing in by hand: an ordinary browser, no automation, on the profile's own folder.

`sign_in_by_hand` is the seam for `farm login --remote`, a sign-in on a server without a screen:
another function of its shape that shows the window elsewhere, proven afterwards in the same way.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from urllib.parse import urlencode

from playwright.async_api import async_playwright

from farm.browser.choose import Browser
from farm.browser.launch import LaunchOptions, find_browser
from farm.browser.profiles import Profile, browsers_on, hold, place_of
from farm.clock import Clock
from farm.errors import BrowserMissing

SIGN_IN = "https://accounts.google.com/ServiceLogin"
LOOK_SECONDS = 0.5
START_SECONDS = 15.0


def login_command(
    browser: Browser, profile: Profile, options: LaunchOptions, then: str, platform: str
) -> list[str]:
    """The command line of an ordinary browser for a sign-in.

    No debugging port and no automation switch: Google refuses sign-ins in a driven browser. The
    password store is the one the later automated launch uses, else that launch could not read the
    cookies written here and would throw them away.
    """
    command = [
        str(browser.path),
        f"--user-data-dir={profile.path.resolve()}",
        "--no-first-run",
        "--no-default-browser-check",
    ]
    if platform.startswith("linux"):
        command.append("--password-store=basic")
    if platform == "darwin":
        command.append("--use-mock-keychain")
    if options.root:
        command.append("--no-sandbox")
    if options.proxy_server:
        command.append(f"--proxy-server={options.proxy_server}")
    if options.ignore_https_errors:
        command.append("--ignore-certificate-errors")
    return [*command, f"{SIGN_IN}?{urlencode({'continue': then})}"]


async def sign_in_by_hand(
    profile: Profile,
    options: LaunchOptions,
    *,
    then: str,
    clock: Clock,
    say: Callable[[str], None],
) -> None:
    """Open the browser at the sign-in page and wait until its last window is closed.

    BrowserMissing when it does not start. The profile's lock is held meanwhile. A profile that
    farm attaches to has its window already: it is only named.
    """
    if profile.cdp:
        say(
            f"{profile.name} is the browser that runs at {place_of(profile.cdp)}: sign in to "
            "Gemini there, in any tab, and leave it open. farm now looks whether it is signed in."
        )
        return
    async with async_playwright() as playwright:
        browser = find_browser(options.asked_browser, playwright)
    command = login_command(browser, profile, options, then, sys.platform)
    with hold(profile):
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        say(f"Sign in to Gemini in the window of {profile.name}, then close the window.")
        _, said = await process.communicate()
        # The program may hand its window to a process of its own: wait for that one too.
        while await asyncio.to_thread(browsers_on, profile.path):
            await clock.sleep(LOOK_SECONDS)
    if process.returncode not in {0, None} and said:
        last = said.decode(errors="replace").strip().splitlines()[-1:]
        raise BrowserMissing(
            f"{browser.path} ended with {process.returncode}: {' '.join(last)}\n"
            "A sign-in needs a screen; on a server without one, sign in elsewhere on a machine "
            "with the same browser, or use a virtual screen such as Xvfb with a viewer."
        )
