"""A session in a browser that a person runs: a tab of its own, and everything else left alone."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from visited import Visited, visited

from farm.browser import attach
from farm.browser.downloads import FetchRefused, press
from farm.browser.launch import LaunchOptions
from farm.browser.profiles import Profile, hold, is_held
from farm.browser.session import BrowserSession
from farm.clock import SystemClock
from farm.errors import BrowserGone, ProfileInUse
from farm.replay.scenario import parse_scenario
from farm.replay.stand_in import StandIn
from farm.sites.base import SignIn
from farm.sites.gemini.pack import load_pack
from farm.sites.gemini.page import GeminiPage
from farm.sites.gemini.scripts import OBSERVE_JS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SIGN_IN = "https://accounts.google.com/ServiceLogin?auto=1&account={}"
OWN_TAB = "https://gemini.google.com/app?hl=en"
QUICK = parse_scenario(
    "[defaults]\ndelay_seconds = 0.2\nfirst_delay_seconds = 0.1\nfooter_seconds = 0.1"
)


@pytest_asyncio.fixture(loop_scope="module")
async def stand_in() -> AsyncIterator[StandIn]:
    async with StandIn.open(scenario=QUICK) as stand_in:
        yield stand_in


@pytest_asyncio.fixture(loop_scope="module")
async def theirs(stand_in: StandIn, tmp_path: Path) -> AsyncIterator[Visited]:
    async with visited(
        tmp_path / "theirs", stand_in.proxy_url, SIGN_IN.format("alice") + "&continue=" + OWN_TAB
    ) as browser:
        await browser.until([OWN_TAB])
        yield browser


@pytest.fixture
def profile(theirs: Visited, tmp_path: Path) -> Profile:
    return Profile(name="alice", path=tmp_path / "profiles" / "alice", cdp=theirs.endpoint)


def gemini_page(stand_in: StandIn, profile: Profile) -> GeminiPage:
    pack = load_pack()
    session = BrowserSession(
        profile=profile,
        options=LaunchOptions(proxy_server=stand_in.proxy_url, ignore_https_errors=True),
        observe_js=OBSERVE_JS,
        wants=pack.is_image_bytes,
        marks=pack.is_submission,
    )
    return GeminiPage(session=session, pack=lambda: pack, clock=SystemClock())


async def test_it_works_in_a_tab_of_its_own_and_leaves_the_others(
    stand_in: StandIn, theirs: Visited, profile: Profile
) -> None:
    page = gemini_page(stand_in, profile)
    async with page.session:
        reading = await page.new_chat()
        while_at_work = await theirs.tabs()

    assert reading.sign_in is SignIn.IN
    assert len(while_at_work) == 2
    assert await theirs.tabs() == [OWN_TAB]
    assert theirs.process.is_running()


async def test_the_profiles_folder_is_made_for_its_owner_and_held(
    stand_in: StandIn, profile: Profile
) -> None:
    async with gemini_page(stand_in, profile).session:
        mode = stat.S_IMODE(profile.path.stat().st_mode)
        with pytest.raises(ProfileInUse), hold(profile):
            pass

    assert mode == 0o700
    assert is_held(profile) == ""


async def test_the_page_sees_no_driver_and_the_persons_tab_no_script_of_ours(
    stand_in: StandIn, profile: Profile
) -> None:
    page = gemini_page(stand_in, profile)
    async with page.session as session:
        await page.open("app")
        ours = await session.evaluate("() => navigator.webdriver")
        (other,) = [tab for tab in session.page.context.pages if tab is not session.page]
        await other.reload()
        marks = await other.evaluate("() => Object.getOwnPropertySymbols(document).length")
        driven = await other.evaluate("() => navigator.webdriver")

    assert ours is False
    assert (marks, driven) == (0, True)


async def test_a_browser_on_the_profiles_own_folder_is_not_taken_for_a_leftover(
    theirs: Visited, profile: Profile, tmp_path: Path
) -> None:
    with hold(replace(profile, path=tmp_path / "theirs")):
        pass

    assert theirs.process.is_running()
    assert (tmp_path / "theirs" / "SingletonLock").is_symlink()


async def test_whoever_waits_learns_at_once_that_the_browser_was_killed(
    stand_in: StandIn, theirs: Visited, profile: Profile
) -> None:
    async with gemini_page(stand_in, profile).session as session:
        call = asyncio.create_task(session.evaluate("() => new Promise(() => {})"))
        await session.evaluate("() => 1")

        theirs.kill()

        with pytest.raises(BrowserGone):
            await call


async def test_without_a_browser_there_the_sentence_says_how_to_start_one(
    stand_in: StandIn, profile: Profile
) -> None:
    nobody = replace(profile, cdp="http://127.0.0.1:9")

    with pytest.raises(
        BrowserGone, match=r"127\.0\.0\.1:9\. Start it with --remote-debugging-port=9 "
    ):
        await gemini_page(stand_in, nobody).session.__aenter__()

    assert is_held(nobody) == ""


async def test_an_endpoint_that_never_answers_is_given_up(
    stand_in: StandIn, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    monkeypatch.setattr(attach, "ATTACH_SECONDS", 0.2)
    async with await asyncio.start_server(never, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        silent = replace(profile, cdp=f"http://127.0.0.1:{port}")

        with pytest.raises(BrowserGone, match="no browser answers"):
            await gemini_page(stand_in, silent).session.__aenter__()


async def test_a_button_is_never_pressed_into_the_persons_downloads(
    stand_in: StandIn, profile: Profile, tmp_path: Path
) -> None:
    pressed: list[object] = []
    async with gemini_page(stand_in, profile).session as session:
        with pytest.raises(FetchRefused):
            await press(session, lambda: pressed.append(1), tmp_path / "x.part", seconds=1)

    assert pressed == []
