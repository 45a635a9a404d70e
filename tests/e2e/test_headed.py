"""Headful debugging: real windows on a virtual screen."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from farm.browser.profiles import browsers_on
from farm.replay.plays import Condition
from farm.replay.scenario import FAST, Scenario

if TYPE_CHECKING:
    from house import Build


def says_completed(line: str) -> bool:
    said = json.loads(line) if line.startswith("{") else {}
    return said.get("event") == "job_changed" and said["job"]["state"] == "completed"


NEEDS_SCREEN = pytest.mark.skipif(
    shutil.which("Xvfb") is None, reason="no virtual screen: install Xvfb to run this"
)


@pytest.fixture
def screen() -> Iterator[str]:
    """A virtual screen of its own, on the first free display."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=(writing,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as display:
        yield f":{display.readline().strip()}"
    server.terminate()
    server.wait(timeout=10)


@NEEDS_SCREEN
async def test_a_window_works_slowly_and_stays_open_until_it_is_told_to_close(
    build: Build, screen: str
) -> None:
    house = await build(Scenario(defaults=FAST), DISPLAY=screen)
    running = await house.start(
        "start", str(house.prompts(1)), "--headed", "--slow-mo", "20", "--keep-open", "--json"
    )
    await running.until(says_completed)

    (browser,) = browsers_on(house.home / "profiles" / "account1")
    headless = [part for part in browser.cmdline() if part.startswith("--headless")]
    running.process.send_signal(signal.SIGINT)
    done = await running.end()

    assert headless == []
    assert done.code == 0
    assert set(house.saved().values()) <= house.originals(1)
    assert house.browsers() == []


@NEEDS_SCREEN
@pytest.mark.long
async def test_a_red_window_stays_before_the_person_and_goes_on_once_it_is_well(
    build: Build, screen: str
) -> None:
    house = await build(Scenario(defaults=FAST), DISPLAY=screen)
    account = house.stand_in.world.account("account1")
    account.suffer(Condition.REGION, 0.0, None)
    running = await house.start("start", str(house.prompts(1)), "--headed", "--json")
    await running.until(lambda line: '"state": "needs_person"' in line)
    (before,) = browsers_on(house.home / "profiles" / "account1")

    account.mend(Condition.REGION)
    woken = await house.farm("profiles", "wake", "account1")
    await running.until(says_completed)
    done = await running.end()

    assert (woken.code, done.code) == (0, 0), woken.err + done.err
    assert not before.is_running()  # it was the one window all the time, and is closed at the end
    assert len(house.saved()) == 1
