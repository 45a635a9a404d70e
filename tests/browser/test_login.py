"""Signing in by hand in an ordinary browser, and driving the same profile afterwards."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Error, async_playwright

from farm.browser.launch import LaunchOptions, find_browser, is_root
from farm.browser.login import sign_in_by_hand
from farm.browser.profiles import Profile, is_held, make_profile
from farm.browser.session import BrowserSession
from farm.errors import BrowserMissing, ProfileInUse
from farm.replay.stand_in import StandIn
from farm.testing.clock import FakeClock

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

APP = "https://gemini.google.com/app"
PERSON = "https://accounts.google.com/ServiceLogin?auto=1&account=alice"
# Without a window, and at another address: what a person would do there.
AT_THE_BROWSER = """#!/bin/sh
left=$#
for word; do
  shift; left=$((left - 1))
  [ $left -eq 0 ] || set -- "$@" "$word"
done
exec "{path}" --headless --remote-debugging-port=0 "$@" "{person}"
"""


@dataclass
class Room:
    """A profile to sign in, and a person at the browser who does it at once."""

    stand_in: StandIn
    profile: Profile
    browser: Path  # shows no window, and is told by its person where to go
    heard: list[str] = field(default_factory=list)

    @property
    def options(self) -> LaunchOptions:
        return LaunchOptions(
            asked_browser=str(self.browser),
            proxy_server=self.stand_in.proxy_url,
            ignore_https_errors=True,
            root=is_root(),
        )

    async def sign_in(self) -> None:
        await sign_in_by_hand(
            self.profile, self.options, then=APP, clock=FakeClock(), say=self.heard.append
        )


@pytest_asyncio.fixture(loop_scope="module")
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with async_playwright() as playwright:
        path = find_browser(os.environ.get("FARM_BROWSER", ""), playwright).path
    script = tmp_path / "browser-with-person"
    script.write_text(AT_THE_BROWSER.format(path=path, person=PERSON))
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    async with StandIn.open() as stand_in:
        yield Room(stand_in, make_profile(tmp_path / "profiles", "alice"), script)


async def until(fact: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not fact():  # noqa: ASYNC110  # another process tells nobody
            await asyncio.sleep(0.02)


def is_signed_in(room: Room) -> bool:
    account = room.stand_in.world.accounts.get("alice")
    return account is not None and account.pages > 0


async def close_window(room: Room) -> None:
    """What the cross in the window's corner does; a signal would lose the newest cookies."""
    port = (room.profile.path / "DevToolsActivePort").read_text().split()[0]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        devtools = await browser.new_browser_cdp_session()
        with suppress(Error):  # it is gone before it answers
            await devtools.send("Browser.close")


async def test_a_sign_in_by_hand_is_there_in_the_driven_browser(room: Room) -> None:
    person = asyncio.create_task(room.sign_in())
    await until(lambda: is_signed_in(room))
    await close_window(room)
    await person

    options = replace(room.options, asked_browser=os.environ.get("FARM_BROWSER", ""))
    async with BrowserSession(profile=room.profile, options=options) as session:
        names = await session.cookie_names(APP)

    assert {"SID", "__Secure-1PSID"} <= names


async def test_the_profile_is_held_until_the_window_is_closed(room: Room) -> None:
    person = asyncio.create_task(room.sign_in())
    await until(lambda: is_signed_in(room))

    assert is_held(room.profile) == f"process {os.getpid()} on {os.uname().nodename}"
    with pytest.raises(ProfileInUse):
        await room.sign_in()

    await close_window(room)
    await person
    assert is_held(room.profile) == ""
    assert "alice" in room.heard[0]


async def test_a_window_that_outlives_the_program_that_opened_it_is_waited_for(
    room: Room,
) -> None:
    script = room.browser.read_text().replace("exec ", "").rstrip()
    room.browser.write_text(f"{script} >/dev/null 2>&1 &\n")
    person = asyncio.create_task(room.sign_in())
    await until(lambda: is_signed_in(room))

    assert not person.done()

    await close_window(room)
    await person


async def test_a_browser_that_cannot_show_a_window_says_what_a_sign_in_needs(room: Room) -> None:
    room.browser.write_text("#!/bin/sh\necho cannot open display >&2\nexit 1\n")

    with pytest.raises(BrowserMissing, match=r"(?s)cannot open display.*needs a screen"):
        await room.sign_in()

    assert is_held(room.profile) == ""
