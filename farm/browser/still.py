"""Reading a saved page as the tests do: in an empty browser, at its address, without network."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Playwright, Route, async_playwright

from farm.browser.launch import LaunchOptions, find_browser
from farm.browser.translate import translated

_PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="1024" height="572"/>'
_SETTLED = """() => Promise.all(
  [...document.images].filter((i) => i.src).map((i) => i.decode().catch(() => 0)))"""
NEVER = "never"
"""In a picture's address: it had not come when the page was saved, and never comes."""


async def read_saved(
    html: str, url: str, script: tuple[str, object], options: LaunchOptions
) -> Any:
    """What a script, with its argument, answers in the saved page; BrowserError if it cannot."""

    async def answer(route: Route) -> None:
        address = route.request.url
        if route.request.is_navigation_request():
            await route.fulfill(body=html, content_type="text/html")
        elif "googleusercontent.com" in address and NEVER not in address:
            await route.fulfill(body=_PICTURE, content_type="image/svg+xml")
        else:
            await route.abort()

    with translated("read the saved page"):
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(**_arguments(playwright, options))
            page = await browser.new_page(service_workers="block")
            await page.route("**/*", answer)
            await page.goto(url, wait_until="load")
            await page.evaluate(_SETTLED)
            return await page.evaluate(*script)


def _arguments(playwright: Playwright, options: LaunchOptions) -> dict[str, Any]:
    found = find_browser(options.asked_browser, playwright)
    named = {"channel": found.channel} if found.channel else {"executable_path": found.path}
    return {"headless": True, "chromium_sandbox": not options.root, **named}
