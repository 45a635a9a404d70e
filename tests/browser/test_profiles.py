"""Real browsers on a profile: which are ended, and which are left to their person."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from farm.browser.choose import Browser
from farm.browser.launch import LaunchOptions, find_browser, is_root
from farm.browser.login import login_command
from farm.browser.profiles import Profile, browsers_on, is_held, make_profile
from farm.browser.session import BrowserSession
from farm.errors import ProfileInUse

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

OPTIONS = LaunchOptions(asked_browser=os.environ.get("FARM_BROWSER", ""), root=is_root())
HOLDER = """
import asyncio, pathlib, sys
from farm.browser.launch import LaunchOptions, is_root
from farm.browser.profiles import Profile
from farm.browser.session import BrowserSession

async def main():
    profile = Profile(name="alice", path=pathlib.Path(sys.argv[1]))
    options = LaunchOptions(asked_browser=sys.argv[2], root=is_root())
    async with BrowserSession(profile=profile, options=options):
        print("open", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""

Process = asyncio.subprocess.Process
Start = Callable[..., Awaitable[Process]]


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return make_profile(tmp_path / "profiles", "alice")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> Browser:
    async with async_playwright() as playwright:
        return find_browser(OPTIONS.asked_browser, playwright)


@pytest_asyncio.fixture(loop_scope="module")
async def start() -> AsyncIterator[Start]:
    """Start a program and wait for the line that says it is there."""
    begun: list[Process] = []

    async def start(*command: str, ready: str) -> Process:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        begun.append(process)
        assert process.stdout is not None
        async with asyncio.timeout(30):
            while ready not in (line := (await process.stdout.readline()).decode()):
                assert line, "the program ended before it was ready"
        return process

    yield start
    for process in begun:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def start_by_hand(start: Start, browser: Browser, profile: Profile) -> Process:
    """A browser as a person has it, but for the window; it says where its port is when it is up."""
    command = login_command(browser, profile, OPTIONS, "about:blank", sys.platform)
    shown = ["--headless", "--remote-debugging-port=0", "about:blank"]
    return await start(*command[:-1], *shown, ready="DevTools listening")


async def test_a_window_opened_by_hand_is_named_and_left_alone(
    profile: Profile, browser: Browser, start: Start
) -> None:
    by_hand = await start_by_hand(start, browser, profile)

    with pytest.raises(ProfileInUse, match=rf"by hand \(process {by_hand.pid}\)"):
        async with BrowserSession(profile=profile, options=OPTIONS):
            pytest.fail("opened beside a person")

    assert by_hand.returncode is None
    assert [process.pid for process in browsers_on(profile.path)] == [by_hand.pid]
    assert is_held(profile) == ""


async def test_the_profile_of_a_farm_that_was_killed_opens_again(
    profile: Profile, start: Start
) -> None:
    command = (sys.executable, "-c", HOLDER, str(profile.path), OPTIONS.asked_browser)
    farm = await start(*command, ready="open")
    assert f"process {farm.pid} " in is_held(profile)
    (left,) = browsers_on(profile.path)
    left.suspend()  # so that it cannot leave by itself

    farm.kill()
    async with asyncio.timeout(10):
        while is_held(profile):  # noqa: ASYNC110  # a lock tells nobody
            await asyncio.sleep(0.01)

    async with BrowserSession(profile=profile, options=OPTIONS) as session:
        assert await session.evaluate("() => 1 + 1") == 2
    assert not psutil.pid_exists(left.pid) or left.status() == psutil.STATUS_ZOMBIE


async def test_a_second_farm_is_told_which_process_has_the_profile(
    profile: Profile, start: Start
) -> None:
    command = (sys.executable, "-c", HOLDER, str(profile.path), OPTIONS.asked_browser)
    first = await start(*command, ready="open")

    with pytest.raises(ProfileInUse, match=f"alice is in use by process {first.pid} "):
        async with BrowserSession(profile=profile, options=OPTIONS):
            pytest.fail("opened twice")

    assert len(browsers_on(profile.path)) == 1


async def test_the_mark_of_a_browser_that_died_does_not_keep_the_next_out(
    profile: Profile,
) -> None:
    (profile.path / "SingletonLock").symlink_to("another-host-999999")

    async with BrowserSession(profile=profile, options=OPTIONS) as session:
        assert await session.evaluate("() => 1 + 1") == 2
