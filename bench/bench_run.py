"""From the image in the page to the proven file: farm beside the seeds' recipe. Prints JSON.

    python bench/bench_run.py [--prompts 8] [--recipe 3] [--idle 15]

Both drive real browsers against the same stand-in in the same run. The recipe is the seeds': look
every 5 s whether an image is there, wait 10 s, download. An image counts as loaded in the page
when the stand-in sends it: its submission plus the stand-in's delay, so that drawing and loading
the picture count against both. DESIGN section 11 asks for
p95 <= 1 s, <= 150 MB of farm's own process with two sessions, < 2 % of a core while they wait.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil
from playwright.async_api import BrowserContext, Page, async_playwright

from farm.browser.launch import LaunchOptions, find_browser, is_root, launch_arguments
from farm.cli.find import all_jobs
from farm.config import load_settings
from farm.model.jobs import JobState
from farm.replay.scenario import Defaults, Scenario
from farm.replay.stand_in import StandIn
from farm.store.engine import open_store

FARM = str(Path(sys.executable).with_name("farm"))
APP = "https://gemini.google.com/app"
POLL_SECONDS, SETTLE_SECONDS = 5.0, 10.0  # the seeds' recipe
SESSIONS = ("bench-1", "bench-2")
PACE_SECONDS = 1.0
SITE = Scenario(defaults=Defaults(footer_seconds=0))  # the turn ends with its image


@asynccontextmanager
async def signed_in(profile: Path, proxy: str) -> AsyncIterator[BrowserContext]:
    """A browser on a profile that the stand-in has signed in."""
    options = LaunchOptions(proxy_server=proxy, ignore_https_errors=True, root=is_root())
    async with async_playwright() as playwright:
        browser = find_browser(load_settings().browser, playwright)
        arguments = launch_arguments(browser, options, None)
        context = await playwright.chromium.launch_persistent_context(profile, **arguments)
        query = urlencode({"auto": "1", "account": profile.name, "continue": APP})
        await context.pages[0].goto(f"https://accounts.google.com/ServiceLogin?{query}")
        yield context
        await context.close()


async def recipe(context: BrowserContext, texts: Sequence[str], folder: Path) -> list[float]:
    """When each file of the recipe stood on disk, epoch seconds."""
    page, saved = context.pages[0], []
    for number, text in enumerate(texts):
        await page.goto("https://gemini.google.com/images?hl=en")
        box = page.locator(".ql-editor").first
        await box.fill(text)
        await page.locator("button.send-button, gem-icon-button.send-button").first.click()
        source = await polled_image(page)
        await asyncio.sleep(SETTLE_SECONDS)
        answer = await context.request.get(source.partition("=")[0] + "=s0")
        (folder / f"recipe-{number}").write_bytes(await answer.body())
        saved.append(time.time())
    return saved


async def polled_image(page: Page) -> str:
    """The source of the first generated image, looked for at the recipe's pace."""
    while True:
        await asyncio.sleep(POLL_SECONDS)
        images = page.locator("generated-image img")
        if await images.count():
            return await images.first.get_attribute("src") or ""


def write_prompts(path: Path, count: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["Prompt ID", "Image Filename", "Size", "Description"])
        for n in range(1, count + 1):
            writer.writerow([n, f"bench-{n}.png", "1920x1080px", f"A harbour at dawn, view {n}"])


async def farm_run(home: Path, proxy: str, count: int, idle_seconds: float) -> dict[str, float]:
    """Let `farm start --watch` make the images, then watch it wait; memory and idle load."""
    environ = os.environ | {
        "FARM_HOME": str(home),
        "FARM_PROXY_SERVER": proxy,
        "FARM_IGNORE_HTTPS_ERRORS": "1",
    }
    words = ["start", str(home / "bench.csv"), "--watch", "--json", "--pace", str(PACE_SECONDS)]
    process = await asyncio.create_subprocess_exec(
        FARM, *words, env=environ, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    async for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "counts_changed" and event["counts"]["completed"] >= count:
            break
    drain = asyncio.create_task(process.stdout.read())
    own = psutil.Process(process.pid)
    await asyncio.sleep(PACE_SECONDS + 1)  # the last pace is over: both sessions wait for work
    before, began = sum(own.cpu_times()[:2]), time.monotonic()
    await asyncio.sleep(idle_seconds)
    load = (sum(own.cpu_times()[:2]) - before) / (time.monotonic() - began)
    memory = own.memory_info().rss / 2**20
    process.send_signal(signal.SIGTERM)
    await asyncio.gather(process.wait(), drain)
    return {"farm_rss_mb": round(memory, 1), "waiting_percent_of_a_core": round(100 * load, 2)}


async def completed(home: Path) -> list[float]:
    """When farm recorded each image, epoch seconds, in the order of its prompts."""
    async with open_store(f"sqlite+aiosqlite:///{home / 'farm.db'}") as store:
        jobs = await all_jobs(store, states=[JobState.COMPLETED])
    return [job.completed_at or 0.0 for job in jobs]


def waits(stand_in: StandIn, mark: str, kept: Sequence[float]) -> list[float]:
    """Seconds from each image standing in the page to its file, matched in time order."""
    shown = [s.at + SITE.defaults.delay_seconds for s in stand_in.log if s.account.startswith(mark)]
    return [end - start for start, end in zip(sorted(shown), sorted(kept), strict=True)]


async def measure(prompts: int, by_recipe: int, idle_seconds: float, home: Path) -> dict[str, Any]:
    write_prompts(home / "bench.csv", prompts)
    async with StandIn.open(scenario=SITE) as stand_in:
        for name in SESSIONS:
            async with signed_in(home / "profiles" / name, stand_in.proxy_url):
                pass
        load = await farm_run(home, stand_in.proxy_url, prompts, idle_seconds)
        farm = waits(stand_in, SESSIONS[0][:-1], await completed(home))
        texts = [f"/imagine Description: a lighthouse, view {n}" for n in range(by_recipe)]
        async with signed_in(home / "recipe", stand_in.proxy_url) as context:
            saved = await recipe(context, texts, home)
        slow = waits(stand_in, "recipe", saved)
    return {
        "images": len(farm),
        "image_to_file_p50_seconds": round(statistics.median(farm), 3),
        "image_to_file_p95_seconds": round(statistics.quantiles(farm, n=20)[18], 3),
        "recipe_image_to_file_p50_seconds": round(statistics.median(slow), 3),
        "times_faster_than_recipe": round(statistics.median(slow) / statistics.median(farm), 1),
        **load,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a run against the stand-in.")
    parser.add_argument("--prompts", type=int, default=8)
    parser.add_argument("--recipe", type=int, default=3)
    parser.add_argument("--idle", type=float, default=15)
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(wish.prompts, wish.recipe, wish.idle, Path(folder))
        print(json.dumps(asyncio.run(figures), indent=2))


if __name__ == "__main__":
    main()
