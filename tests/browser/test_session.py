"""A driven browser that dies, hangs or tells on itself, and what its session makes of that."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from farm.browser import session as session_module
from farm.browser.launch import LaunchOptions, is_root
from farm.browser.profiles import Profile, browsers_on, is_held, make_profile
from farm.browser.session import BrowserSession
from farm.errors import BrowserError, BrowserGone, BrowserTimeout, NetworkError

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

NEVER = "() => new Promise(() => {})"
HEAD_END = b"\r\n\r\n"


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return make_profile(tmp_path / "profiles", "alice")


def opened(profile: Profile, **options: Any) -> BrowserSession:
    base = LaunchOptions(asked_browser=os.environ.get("FARM_BROWSER", ""), root=is_root())
    return BrowserSession(profile=profile, options=replace(base, **options))


def browser_of(profile: Profile) -> psutil.Process:
    (process,) = browsers_on(profile.path)
    return process


@dataclass
class Echo:
    """A page on loopback that remembers what it was asked with."""

    url: str = ""
    heads: list[str] = field(default_factory=list)

    def headers(self, name: str) -> list[str]:
        lines = "\r\n".join(self.heads).splitlines()
        return [line for line in lines if line.lower().startswith(name)]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.read(8192)
        if HEAD_END in head:
            self.heads.append(head.decode())
            writer.write(
                b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\n\r\nhi"
            )
        writer.close()


@pytest_asyncio.fixture(loop_scope="module")
async def echo() -> AsyncIterator[Echo]:
    echo = Echo()
    async with await asyncio.start_server(echo.answer, "127.0.0.1", 0) as server:
        echo.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        yield echo


async def crash(session: BrowserSession, _profile: Profile) -> None:
    cdp = await session.page.context.new_cdp_session(session.page)
    command = asyncio.ensure_future(cdp.send("Page.crash"))  # a crashed page does not answer it
    await session.gone.wait()
    command.cancel()


async def close_tab(session: BrowserSession, _profile: Profile) -> None:
    await session.page.close()


async def kill(_session: BrowserSession, profile: Profile) -> None:
    browser_of(profile).kill()


Death = Callable[[BrowserSession, Profile], Any]
DEATHS = pytest.mark.parametrize("death", [crash, close_tab, kill], ids=lambda d: d.__name__)


@DEATHS
async def test_whoever_waits_learns_at_once_that_the_page_died(
    profile: Profile, death: Death
) -> None:
    async with opened(profile) as session:
        call = asyncio.create_task(session.evaluate(NEVER))
        wait = asyncio.create_task(session.wait_for_change(600))
        await session.evaluate("() => 1")

        await death(session, profile)

        for waiting in (call, wait):
            with pytest.raises(BrowserGone):
                await waiting


@DEATHS
async def test_every_later_call_says_that_the_browser_is_gone(
    profile: Profile, death: Death
) -> None:
    async with opened(profile) as session:
        await death(session, profile)
        await session.gone.wait()

        for call in (session.evaluate(NEVER), session.goto("about:blank"), asleep(session)):
            with pytest.raises(BrowserGone):
                await call


@DEATHS
async def test_after_a_death_the_profile_can_be_opened_again(
    profile: Profile, death: Death
) -> None:
    async with opened(profile) as session:
        await death(session, profile)
    assert is_held(profile) == ""

    async with opened(profile) as session:
        assert await session.evaluate("() => 1 + 1") == 2


async def asleep(session: BrowserSession) -> None:
    await session.wait_for_change(600)


async def test_a_frozen_browser_costs_a_call_its_time_and_no_more(profile: Profile) -> None:
    async with opened(profile) as session:
        browser = browser_of(profile)
        browser.suspend()
        try:
            with pytest.raises(BrowserTimeout, match=r"cannot look within 0\.3 s"):
                await session.run("look", session.page.evaluate("() => 1"), seconds=0.3)
        finally:
            browser.resume()

        assert await session.evaluate("() => 1 + 1") == 2


async def test_a_frozen_browser_that_is_killed_frees_its_callers(profile: Profile) -> None:
    async with opened(profile) as session:
        browser = browser_of(profile)
        browser.suspend()
        call = asyncio.create_task(session.evaluate("() => 1"))
        await asyncio.sleep(0)

        browser.kill()

        with pytest.raises(BrowserGone):
            await call


async def test_closing_a_frozen_browser_is_bounded_and_the_next_holder_ends_it(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "CLOSE_SECONDS", 0.3)
    async with asyncio.timeout(60):
        async with opened(profile):
            frozen = browser_of(profile)
            frozen.suspend()
        assert is_held(profile) == ""

        async with opened(profile) as session:
            assert await session.evaluate("() => 1 + 1") == 2
            assert browser_of(profile).pid != frozen.pid

    assert not frozen.is_running()


async def test_closing_leaves_no_process_and_no_lock(profile: Profile) -> None:
    async with opened(profile):
        family = [browser_of(profile), *browser_of(profile).children(recursive=True)]

    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
    assert is_held(profile) == ""


async def test_a_cancelled_session_closes_its_browser(profile: Profile) -> None:
    inside = asyncio.Event()

    async def live() -> None:
        async with opened(profile):
            inside.set()
            await asyncio.Event().wait()

    life = asyncio.create_task(live())
    await inside.wait()
    life.cancel()

    with pytest.raises(asyncio.CancelledError):
        await life
    assert is_held(profile) == ""
    assert browsers_on(profile.path) == []


async def test_a_browser_that_cannot_start_leaves_the_profile_free(
    profile: Profile, tmp_path: Path
) -> None:
    broken = tmp_path / "broken-browser"
    broken.write_text("#!/bin/sh\necho no display >&2\nexit 1\n")
    broken.chmod(0o755)

    with pytest.raises(BrowserError, match="broken-browser"):
        async with opened(profile, asked_browser=str(broken)):
            pytest.fail("it opened")

    assert is_held(profile) == ""


async def test_outside_its_block_a_session_has_no_page(profile: Profile) -> None:
    with pytest.raises(BrowserGone, match="no browser is open"):
        await opened(profile).evaluate("() => 1")


async def test_an_address_nobody_answers_is_a_network_error(profile: Profile) -> None:
    async with opened(profile) as session:
        with pytest.raises(NetworkError):
            await session.goto("http://127.0.0.1:9/")
        with pytest.raises(NetworkError):
            await session.get("http://127.0.0.1:9/", {}, 5)


async def test_a_proxy_that_is_not_there_is_a_network_error(profile: Profile) -> None:
    async with opened(profile, proxy_server="http://127.0.0.1:9") as session:
        with pytest.raises(NetworkError):
            await session.goto("https://gemini.google.com/app")
        with pytest.raises(NetworkError):
            await session.get("https://lh3.googleusercontent.com/gg/x", {}, 5)


IDENTITY = """async () => ({
  webdriver: navigator.webdriver,
  agent: navigator.userAgent,
  brands: navigator.userAgentData.brands.map((b) => b.brand),
  full: (await navigator.userAgentData.getHighEntropyValues(["fullVersionList"]))
    .fullVersionList.map((b) => b.brand),
})"""


async def test_the_page_and_the_server_see_an_ordinary_browser(
    profile: Profile, echo: Echo
) -> None:
    async with opened(profile) as session:
        await session.goto(echo.url)
        seen = await session.evaluate(IDENTITY)
        await session.get(echo.url, {}, 10)

    said = [*echo.headers("user-agent:"), *echo.headers("sec-ch-ua:"), str(seen)]
    assert seen["webdriver"] is False
    assert all(seen[key] for key in ("agent", "brands", "full"))
    assert len(said) >= 4
    assert "headless" not in " ".join(said).lower()


async def test_without_stealth_the_agent_is_left_as_the_browser_has_it(
    profile: Profile, echo: Echo
) -> None:
    async with opened(profile, stealth="off") as session:
        await session.goto(echo.url)

        assert "HeadlessChrome" in await session.evaluate("() => navigator.userAgent")


async def test_the_page_is_not_told_that_it_is_automated_by_its_window(
    profile: Profile, echo: Echo
) -> None:
    async with opened(profile) as session:
        await session.goto(echo.url)

        traces = await session.evaluate(
            "() => Object.getOwnPropertyNames(window).filter((n) => /playwright|__pw/i.test(n))"
        )

    assert traces == []


async def test_what_the_page_stores_is_there_in_the_next_life(profile: Profile, echo: Echo) -> None:
    async with opened(profile) as session:
        await session.goto(echo.url)
        await session.evaluate("() => { document.cookie = 'SID=1; max-age=9999' }")

    async with opened(profile) as session:
        assert await session.cookie_names(echo.url) == {"SID"}


async def test_only_marked_posts_are_counted(profile: Profile, echo: Echo) -> None:
    session = opened(profile)
    session.marks = lambda url: url.endswith("/send")
    async with session:
        await session.goto(echo.url)
        post = "(path) => fetch(path, {method: 'POST'}).then(() => 1)"
        await session.evaluate(post, "/send")
        await session.evaluate(post, "/other")
        await session.evaluate("(path) => fetch(path).then(() => 1)", "/send")

    assert session.marked_requests == 1


async def test_a_signal_of_any_page_wakes_whoever_waits(profile: Profile, echo: Echo) -> None:
    session = opened(profile)
    session.observe_js = "(name) => { globalThis.told = () => globalThis[name]('') }"
    async with session:
        for url in (echo.url, echo.url.replace("127.0.0.1", "localhost")):
            await session.goto(url)
            wait = asyncio.create_task(session.wait_for_change(600))

            await session.evaluate("() => globalThis.told()")

            await wait
            assert not session.changed.is_set()
