"""One queue, browsers and APIs: whatever fails, every job is truthful and every cent accounted."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fake_gemini
import fake_sdwebui
import psutil
import pytest
from fake_gemini import FakeGemini
from fake_sdwebui import FakeSdWebui
from loopback import Fate
from playwright.async_api import async_playwright

from farm.browser.launch import find_browser
from farm.browser.profiles import browsers_on
from farm.replay.scenario import FAST, Scenario

if TYPE_CHECKING:
    from house import Build, House, Running

LIMITED = replace(FAST, quota_images=3, window_seconds=1e6)
FAULTS = (
    fake_gemini.Play(refused=fake_gemini.quota("PerMinute", delay="1s")),
    fake_gemini.Play(),
    fake_gemini.Play(finish="NO_IMAGE"),
    fake_gemini.Play(refused=fake_gemini.html(502)),
    fake_gemini.Play(fate=Fate.TRUNCATED),
    fake_gemini.Play(drawn=0, text="Which style do you want?"),
)
GPU_FAULTS = (
    fake_sdwebui.Play(failed=fake_sdwebui.OUT_OF_MEMORY),
    fake_sdwebui.Play(fate=Fate.LOST),
    fake_sdwebui.Play(grid=True),
)


@pytest.fixture
def gemini() -> Iterator[FakeGemini]:
    """Gemini's API on loopback."""
    with FakeGemini() as server:
        yield server


@pytest.fixture
def webui() -> Iterator[FakeSdWebui]:
    """A Stable Diffusion WebUI on loopback."""
    with FakeSdWebui(*GPU_FAULTS) as server:
        yield server


def with_gemini(server: FakeGemini, **more: str) -> dict[str, str]:
    return {
        "FARM_GEMINI_BASE_URL": server.url,
        "GEMINI_API_KEY": fake_gemini.KEY,
        "FARM_API_PACE_SECONDS": "0.2",
        "FARM_CONFIRM_ABOVE": "1000",
        **more,
    }


def rows_of(house: House, statement: str) -> list[Any]:
    with closing(sqlite3.connect(house.home / "farm.db")) as database:
        return database.execute(statement).fetchall()


def spent(house: House) -> dict[str, int]:
    """Millionths of a dollar in farm's own ledger, by state."""
    rows = rows_of(
        house,
        "SELECT state, sum(coalesce(spent_microusd, reserved_microusd)) FROM spend GROUP BY state",
    )
    return dict(rows)


async def mortal_browser(folder: Path) -> tuple[Path, Path]:
    """A browser that starts until a file stands beside it; both."""
    async with async_playwright() as playwright:
        browser = find_browser(os.environ.get("FARM_BROWSER", ""), playwright).path
    program, dead = folder / "browser", folder / "dead"
    program.write_text(f'#!/bin/sh\n[ -e "{dead}" ] && exit 1\nexec "{browser}" "$@"\n')
    program.chmod(0o700)
    return program, dead


def kill_browser(house: House, session: str, dead: Path) -> None:
    """Kill it, and let no other one start."""
    dead.touch()
    for browser in browsers_on(house.home / "profiles" / session):
        for process in [*browser.children(recursive=True), browser]:
            kill(process)


def kill(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.kill()


async def kill_after(house: House, running: Running, session: str, images: int, dead: Path) -> None:
    """Let a session make some images, then never work again."""
    made = 0

    def has_made(line: str) -> bool:
        nonlocal made
        made += f'"session": "{session}"' in line and '"cause": "made"' in line
        return made >= images

    await running.until(has_made)
    kill_browser(house, session, dead)
    await running.until(lambda line: _stopped(line, session))


def _stopped(line: str, session: str) -> bool:
    return f'"name": "{session}"' in line and '"state": "stopped"' in line


def drawn_for(house: House, gemini: FakeGemini, webui: FakeSdWebui | None, n: int) -> Counter[str]:
    """Whole pictures that were made of a row, by who made them."""
    mark = f"Row-{n}:"
    found = Counter(web=sum(entry.accepted for entry in house.submissions(n)))
    found["gemini"] = sum(mark in sale.text for sale in gemini.ledger)
    found["sdwebui"] = sum(mark in one.payload["prompt"] for one in (webui.drawn if webui else ()))
    return found


def assert_adds_up(house: House, gemini: FakeGemini) -> None:
    """To the cent, but for answers that were lost: nobody knows their price, and most is taken."""
    estimated, told = rows_of(
        house,
        "SELECT sum(spent_microusd * estimated), sum(spent_microusd * (1 - estimated)) FROM spend "
        "WHERE backend = 'gemini'",
    )[0]
    lost = gemini.microusd - told
    assert "reserved" not in spent(house)
    assert 0 < lost <= estimated


def makers(house: House) -> dict[str, str]:
    """By row, the backend that the store says made its image."""
    rows = rows_of(
        house,
        "SELECT jobs.prompt_id, images.backend FROM images JOIN jobs ON jobs.id = images.job_id "
        "WHERE jobs.state = 'completed'",
    )
    return dict(rows)


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_sixty_jobs_of_browsers_and_apis_are_all_truthful_and_add_up(
    build: Build, gemini: FakeGemini, webui: FakeSdWebui, tmp_path: Path
) -> None:
    gemini.plays.extend(FAULTS * 2)
    house = await build(
        Scenario(defaults=LIMITED),
        accounts=2,
        **with_gemini(
            gemini,
            FARM_BACKENDS="web,gemini,sdwebui",
            FARM_SDWEBUI_URL=webui.url,
            FARM_API_PACE_SECONDS="1.5",
        ),
    )
    house.environment["FARM_BROWSER"], dead = map(str, await mortal_browser(tmp_path))
    running = await house.start("start", str(house.prompts(60)), "--json")

    await kill_after(house, running, "account2", 2, Path(dead))
    done = await running.end(240)

    jobs = await house.jobs()
    failed = {name: job["cause"] for name, job in jobs.items() if job["state"] == "failed"}
    made = makers(house)
    assert made.keys() | failed.keys() == {str(n) for n in range(1, 61)}, done.err
    # The API answered one row so twice, or was out of order for it three times.
    assert set(failed.values()) <= {"text_only", "transient"}
    assert done.code == (1 if failed else 0), done.err
    assert len(house.saved()) == len(set(house.saved().values())) == len(made) >= 57
    for n, backend in made.items():
        assert drawn_for(house, gemini, webui, int(n))[backend] >= 1, (n, backend)
    assert Counter(makers(house).values()).keys() == {"web", "gemini", "sdwebui"}
    assert_adds_up(house, gemini)


@pytest.mark.timeout(150)
async def test_when_every_session_has_died_the_api_makes_the_rest_and_each_file_says_so(
    build: Build, gemini: FakeGemini, tmp_path: Path
) -> None:
    house = await build(
        Scenario(defaults=FAST),
        accounts=1,
        **with_gemini(gemini, FARM_FALLBACK="gemini", FARM_FALLBACK_AFTER="0"),
    )
    house.environment["FARM_BROWSER"], dead = map(str, await mortal_browser(tmp_path))
    running = await house.start("start", str(house.prompts(5)), "--json", "--pace", "3")

    await kill_after(house, running, "account1", 1, Path(dead))
    done = await running.end()

    assert done.code == 0, done.err
    by = Counter(makers(house).values())
    assert by["web"] >= 1
    assert by["web"] + by["gemini"] == 5
    assert len(gemini.ledger) == by["gemini"]
    assert spent(house) == {"settled": gemini.microusd}
    assert any("fallback takes jobs" in event.get("text", "") for event in done.events)


@pytest.mark.timeout(150)
async def test_eight_workers_and_kill_9_never_pass_the_budget(
    build: Build, gemini: FakeGemini
) -> None:
    house = await build(
        Scenario(defaults=FAST),
        accounts=0,
        **with_gemini(
            gemini,
            FARM_BACKENDS="gemini",
            FARM_API_CONCURRENCY="8",
            FARM_BUDGET_DAY="0.60",
        ),
    )
    prompts = str(house.prompts(40))
    dice = random.Random(7)  # noqa: S311  # when to strike

    for _ in range(3):
        running = await house.start("start", prompts, "--json")
        await running.until(lambda line: '"phase": "sending"' in line)
        await asyncio.sleep(dice.uniform(0, 0.5))  # somewhere among the requests in flight
        await running.kill()
    done = await house.farm("start", prompts, "--json")

    ledger = spent(house)
    assert done.code == 3, done.err
    assert gemini.microusd <= 600_000
    assert sum(ledger.values()) <= 600_000
    assert gemini.microusd <= sum(ledger.values())
    assert_no_row_was_bought_twice(gemini, 40)
    assert_truthful(house, gemini, json.loads((await house.farm("queue", "list", "--json")).out))


def assert_no_row_was_bought_twice(gemini: FakeGemini, rows: int) -> None:
    bought = [sum(f"Row-{n}:" in sale.text for sale in gemini.ledger) for n in range(1, rows + 1)]
    assert max(bought) == 1


def assert_truthful(house: House, gemini: FakeGemini, told: dict[str, Sequence[Any]]) -> None:
    """Completed rows have a picture that was sold; open ones were never asked for."""
    sold = [sale.text for sale in gemini.ledger]
    for job in told["jobs"]:
        asked = sum(f"Row-{job['prompt']['id']}:" in text for text in sold)
        if job["state"] == "completed":
            assert asked == 1
            assert (house.home / "downloads" / job["image_path"]).is_file()
        elif job["state"] != "review":
            assert asked == 0, job
