"""The observer signals soon after a change, seldom, and wherever the page goes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, async_playwright

from farm.sites.gemini.scripts import OBSERVE_JS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

HTML = "<!doctype html><html><body><p id='text'>quiet</p></body></html>"
TRUSTED_TYPES = {"content-security-policy": "require-trusted-types-for 'script'"}
CHANGE = "() => { document.querySelector('#text').textContent += '.' }"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    path = os.environ.get("FARM_BROWSER") or "/usr/bin/chromium"
    flags = [] if os.name == "nt" or os.geteuid() else ["--no-sandbox"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page with stopped time and an observer that has said what it says after installing."""
    page = await browser.new_page()
    await page.clock.install()
    await page.route("**/*", serve)
    await page.goto("https://gemini.google.com/app")
    await page.clock.pause_at(4_000_000_000)
    await page.evaluate("() => { window.signals = 0; window.ping = () => { window.signals += 1 } }")
    await page.evaluate(OBSERVE_JS, "ping")
    await page.clock.run_for(1000)
    await page.evaluate("() => { window.signals = 0 }")
    yield page
    await page.close()


async def serve(route: Route) -> None:
    if route.request.is_navigation_request():
        await route.fulfill(body=HTML, content_type="text/html", headers=TRUSTED_TYPES)
    else:
        await route.abort()


async def signals(page: Page) -> int:
    count: int = await page.evaluate("() => window.signals")
    return count


async def test_a_change_is_signalled_once_it_has_been_quiet_for_a_moment(page: Page) -> None:
    await page.evaluate(CHANGE)
    await page.clock.run_for(39)
    early = await signals(page)
    await page.clock.run_for(1)

    assert (early, await signals(page)) == (0, 1)


async def test_a_hundred_changes_at_once_are_one_signal(page: Page) -> None:
    await page.evaluate(f"() => {{ for (let i = 0; i < 100; i++) ({CHANGE})() }}")
    await page.clock.run_for(1000)

    assert await signals(page) == 1


async def test_a_page_that_never_rests_is_signalled_four_times_a_second(page: Page) -> None:
    for _ in range(40):
        await page.evaluate(CHANGE)
        await page.clock.run_for(25)

    assert await signals(page) == 4


async def test_a_quiet_page_gives_no_signal(page: Page) -> None:
    await page.clock.run_for(10_000)

    assert await signals(page) == 0


async def test_installing_again_changes_nothing(page: Page) -> None:
    installed = await page.evaluate(OBSERVE_JS, "ping")
    await page.evaluate(CHANGE)
    await page.clock.run_for(1000)

    assert (installed, await signals(page)) == (False, 1)


async def test_a_replaced_body_is_still_watched(page: Page) -> None:
    await page.evaluate(
        "() => { const b = document.createElement('body'); b.id = 'text'; document.body.replaceWith(b) }"  # noqa: E501  # one statement in the page
    )
    await page.clock.run_for(1000)
    after_replacing = await signals(page)
    await page.evaluate(CHANGE)
    await page.clock.run_for(1000)

    assert (after_replacing, await signals(page)) == (1, 2)


async def test_a_step_back_inside_the_app_is_signalled(page: Page) -> None:
    await page.evaluate("() => history.pushState({}, '', '/app/0123456789abcdef')")
    await page.evaluate(
        "() => new Promise((done) => { addEventListener('popstate', done); history.back() })"
    )
    await page.clock.run_for(1000)

    assert await signals(page) == 1


@pytest.mark.parametrize("event", ["load", "error"])
async def test_a_picture_that_ends_loading_is_signalled(page: Page, event: str) -> None:
    await page.evaluate("() => document.body.append(document.createElement('img'))")
    await page.clock.run_for(1000)
    await page.evaluate("(e) => document.querySelector('img').dispatchEvent(new Event(e))", event)
    await page.clock.run_for(1000)

    assert await signals(page) == 2


async def test_a_drawing_that_moves_is_no_news(page: Page) -> None:
    await page.evaluate(
        """() => {
          const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
          document.body.append(svg);
        }"""
    )
    await page.clock.run_for(1000)
    await page.evaluate("() => { document.querySelector('svg').style.opacity = 0.5 }")
    await page.clock.run_for(1000)

    assert await signals(page) == 1


async def test_no_name_is_left_on_the_window(page: Page) -> None:
    names = "() => Object.getOwnPropertyNames(window).sort()"
    before = await page.evaluate(names)

    await page.evaluate(OBSERVE_JS, "other")

    assert await page.evaluate(names) == before


async def test_as_an_init_script_it_calls_the_binding(browser: Browser) -> None:
    page = await browser.new_page()
    heard = asyncio.Event()
    await page.expose_binding("ping", lambda _source: heard.set())
    await page.add_init_script(f"({OBSERVE_JS})('ping')")
    await page.route("**/*", serve)

    await page.goto("https://gemini.google.com/app")

    assert await asyncio.wait_for(heard.wait(), 10)
    await page.close()
