"""Browser or network are hurt and farm lives: what was asked for is fetched, not repeated."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from deaths import (
    TURNS,
    Point,
    assert_each_row_was_made_once,
    browser_of,
    renderers_of,
    torment,
)
from playwright.async_api import async_playwright

from farm.browser.launch import find_browser
from farm.replay.proxy import Proxy
from farm.replay.scenario import FAST, Scenario

if TYPE_CHECKING:
    from house import Build, House

Strike = Callable[["House", str], Coroutine[Any, Any, None]]
OUTAGE_SECONDS = 1.5
OUTAGE_LONG_SECONDS = 40  # three new browsers in a row would have failed by then
LOST_ANSWER_SECONDS = 8  # a page whose stream was cut never shows what the site has made


async def kill_browser(house: House, session: str) -> None:
    browser_of(house, session).kill()


async def kill_page(house: House, session: str) -> None:
    for renderer in renderers_of(house, session):
        renderer.kill()


async def close_tab(house: House, session: str) -> None:
    """Through the browser itself, as a click on the tab's cross would."""
    port = (house.home / "profiles" / session / "DevToolsActivePort").read_text().split()[0]
    origin = f"http://127.0.0.1:{port}/json"

    def close() -> None:
        with urlopen(f"{origin}/list") as answer:  # noqa: S310  # loopback
            tabs = json.load(answer)
        for tab in tabs:
            if tab["type"] == "page":
                urlopen(f"{origin}/close/{tab['id']}").close()  # noqa: S310

    await asyncio.to_thread(close)


async def cut_network(house: House, _session: str) -> None:
    house.stand_in.proxy.cut()
    await asyncio.sleep(OUTAGE_SECONDS)
    house.stand_in.proxy.mend()


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("strike", "points"),
    [
        (kill_browser, TURNS),
        pytest.param(kill_browser, tuple(Point), marks=pytest.mark.long),
        pytest.param(cut_network, tuple(Point), marks=pytest.mark.long),
        pytest.param(kill_page, tuple(Point), marks=pytest.mark.long),
        pytest.param(close_tab, tuple(Point), marks=pytest.mark.long),
    ],
)
async def test_a_death_at_any_point_costs_no_prompt_and_no_image(
    build: Build, strike: Strike, points: tuple[Point, ...], tmp_path: Path
) -> None:
    patience = str(LOST_ANSWER_SECONDS)
    house = await build(
        Scenario(defaults=FAST), accounts=2, FARM_GENERATION_TIMEOUT_SECONDS=patience
    )
    house.environment["FARM_BROWSER"] = str(await browser_with_a_door(tmp_path))
    rows = len(points) + 1
    if strike is cut_network:
        rows *= 2  # it hurts both sessions at once
    running = await house.start("start", str(house.prompts(rows)), "--sessions", "2", "--json")

    await torment(house, running, lambda session: strike(house, session), points)
    done = await running.end()

    assert done.code == 0, done.out[-2000:] + done.err
    assert_each_row_was_made_once(house, rows)
    assert house.browsers() == []


@pytest.mark.long
@pytest.mark.timeout(200)
@pytest.mark.parametrize("gone", [Proxy.cut, Proxy.freeze])
async def test_a_long_time_without_a_network_costs_its_time_and_no_session(
    build: Build, gone: Callable[[Proxy], None]
) -> None:
    house = await build(Scenario(defaults=FAST), accounts=2)
    running = await house.start("start", str(house.prompts(6)), "--sessions", "2", "--json")
    await running.until(lambda line: '"phase": "sending"' in line)

    gone(house.stand_in.proxy)
    await asyncio.sleep(OUTAGE_LONG_SECONDS)
    house.stand_in.proxy.mend()
    house.stand_in.proxy.thaw()
    done = await running.end()

    assert done.code == 0, done.out[-2000:] + done.err
    assert_each_row_was_made_once(house, 6)
    assert house.browsers() == []


async def browser_with_a_door(folder: Path) -> Path:
    """The same browser, which also listens for whoever closes its tabs by hand."""
    async with async_playwright() as playwright:
        browser = find_browser(os.environ.get("FARM_BROWSER", ""), playwright)
    script = folder / "browser"
    script.write_text(f'#!/bin/sh\nexec "{browser.path}" --remote-debugging-port=0 "$@"\n')
    script.chmod(stat.S_IRWXU)
    return script
