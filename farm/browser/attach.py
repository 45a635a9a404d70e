"""A browser that a person started and farm only visits: a tab of its own, nothing else touched."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.async_api import APIRequestContext, Browser, BrowserContext, Page, Playwright

from farm.browser.launch import LaunchOptions, stealth_of
from farm.browser.profiles import Profile, place_of
from farm.browser.translate import translated
from farm.errors import BrowserError, BrowserGone

ATTACH_SECONDS = 15.0
"""How long a running browser may take to answer and to open a tab."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tab:
    """Our tab in somebody's browser."""

    browser: Browser
    context: BrowserContext  # the person's own: its cookies are the sign-in
    page: Page
    requests: APIRequestContext  # goes where farm's settings say, with no cookies of its own

    async def leave(self) -> None:
        """Close our tab and disconnect; the browser and the person's tabs go on."""
        try:
            await self.page.close()
            await self.requests.dispose()
        finally:
            await self.browser.close()  # of a browser that was only connected to: disconnects

    async def cookie_header(self, url: str) -> str:
        """What the browser itself would send to an address."""
        cookies = await self.context.cookies(url)
        return "; ".join(f"{c.get('name', '')}={c.get('value', '')}" for c in cookies)


async def attach(playwright: Playwright, profile: Profile, options: LaunchOptions) -> Tab:
    """Connect to the profile's endpoint and open a tab; BrowserGone says what to do without one.

    Playwright's defaults stay off: they would redirect the person's downloads and repaint the
    person's tabs. Scripts go into our tab alone, before it loads anything.
    """
    try:
        with translated(profile.name):
            async with asyncio.timeout(2 * ATTACH_SECONDS):
                browser = await playwright.chromium.connect_over_cdp(
                    profile.cdp,
                    timeout=ATTACH_SECONDS * 1000,
                    slow_mo=options.slow_mo_ms,
                    no_defaults=True,
                )
                return await _open_tab(playwright, browser, options)
    except BrowserError as error:
        raise BrowserGone(
            f"{profile.name}: no browser answers at {place_of(profile.cdp)}. Start it with "
            f"--remote-debugging-port={urlsplit(profile.cdp).port or 9222} and a --user-data-dir "
            "of its own, sign in to Gemini there and leave it open; or take the address out of "
            "the profile's settings."
        ) from error


async def _open_tab(playwright: Playwright, browser: Browser, options: LaunchOptions) -> Tab:
    try:
        context = browser.contexts[0]
        page = await context.new_page()
        stealth = stealth_of("off" if options.stealth == "off" else "minimal")
        if stealth is not None:
            await stealth.apply_stealth_async(page)
        # Else the browser slows our tab down whenever the person looks at another one.
        devtools = await context.new_cdp_session(page)
        await devtools.send("Emulation.setFocusEmulationEnabled", {"enabled": True})
        requests = await playwright.request.new_context(
            user_agent=await page.evaluate("() => navigator.userAgent"),
            proxy={"server": options.proxy_server} if options.proxy_server else None,
            ignore_https_errors=options.ignore_https_errors,
        )
    except BaseException:
        await browser.close()
        raise
    return Tab(browser=browser, context=context, page=page, requests=requests)
