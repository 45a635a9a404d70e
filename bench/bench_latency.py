"""From the image in the page to the proven file, farm beside the seeds' recipe. Prints JSON.

    python -m bench.bench_latency [--images 24] [--recipe 6]

An init script in the page stamps `Date.now()` at the load event of each generated image. farm's
clock stops when its job is recorded as completed: the run of `farm start`, told by the event that
follows the commit, over every generation of the page and every kind of image source. The recipe's
stops when its file is written, unproven and unrecorded; it looks every 5 s whether the page shows
a new image of googleusercontent, waits 10 s more, and takes the file. It cannot see blob images,
so it gets none, and its look for a split prompt is left out: the words it looks for anywhere stand
hidden in every answer. Both drive the same browser against the same stand-in in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Self
from unittest import mock

import farm.wiring.staff
from bench.stage import NotMeasured, Stage, scenario, spread, stage, write_prompts
from farm.browser.profiles import make_profile
from farm.browser.session import BrowserSession
from farm.config import load_settings
from farm.model.events import JobChanged, RunEvent, RunOptions, SessionChanged
from farm.model.jobs import Job, JobState
from farm.replay.log import read_log
from farm.wiring.run import run

MARK = re.compile(r"\b(?:farm|recipe)-\d+\b")
PAIRS = (("a-2025-https", "b-2026-blob"), ("c-2025-blob", "d-2026-https"))
RECIPE_ACCOUNTS = ("recipe-2025-https", "recipe-2026-https")
POLL_SECONDS, SETTLE_SECONDS, GIVE_UP_SECONDS = 5.0, 10.0, 300.0  # the recipe's
PACE_SECONDS = 0.3
STEPS = ("ready", "saved", "recorded")  # what is committed after the image was loaded

STAMP_JS = """
document.addEventListener("load", (event) => {
  const at = Date.now(), image = event.target;
  if (!(image instanceof HTMLImageElement) || !image.closest("generated-image")) return;
  const turn = image.closest(".conversation-container");
  window.benchLoaded(at / 1000, turn.querySelector("user-query").textContent);
}, true);
"""

GOOGLE_IMAGES_JS = """() => Array.from(
  document.querySelectorAll('img[src*="googleusercontent.com"]'), (image) => image.src)"""


@dataclass(kw_only=True)
class StampedSession(BrowserSession):
    """A session whose page also tells when a generated image was loaded, and for which prompt."""

    loaded: dict[str, float] = field(default_factory=dict)  # mark of the prompt -> epoch seconds

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        await self.page.context.expose_function("benchLoaded", self._stamp)
        await self.page.context.add_init_script(STAMP_JS)
        return self

    def _stamp(self, at: float, text: str) -> None:
        for mark in MARK.findall(text):
            self.loaded.setdefault(mark, at)


@dataclass(kw_only=True)
class Watcher:
    """Notes when each fact about a job was committed, by the mark of its prompt."""

    at: dict[tuple[str, str], float] = field(default_factory=dict)  # (mark, phase)
    jobs: dict[str, Job] = field(default_factory=dict)

    def __call__(self, event: RunEvent) -> None:
        now = time.time()
        if isinstance(event, SessionChanged) and event.phase:
            self.at.setdefault((event.job_label.rpartition("/")[2], event.phase), now)
        elif isinstance(event, JobChanged) and event.job.state is JobState.COMPLETED:
            self.at.setdefault((event.job.prompt.id, "recorded"), now)
            self.jobs[event.job.prompt.id] = event.job


async def nothing_to_pay(_quote: object) -> bool:
    raise AssertionError("a browser session costs nothing")


async def farm_makes(
    scene: Stage, sessions: Sequence[str], marks: Sequence[str], loaded: dict[str, float]
) -> Watcher:
    """`farm start` with these sessions on a file with these prompts."""
    watcher = Watcher()
    settings = load_settings(scene.settings, environ={}, cwd=scene.home)
    options = RunOptions(
        sources=(str(write_prompts(scene.home / f"{marks[0]}.csv", marks)),),
        profiles=tuple(sessions),
        pace_seconds=PACE_SECONDS,
    )
    with mock.patch.object(
        farm.wiring.staff, "BrowserSession", partial(StampedSession, loaded=loaded)
    ):
        report = await run(
            settings, options, on_event=watcher, stop=asyncio.Event(), agree=nothing_to_pay
        )
    if report.exit_code or report.made != len(marks):
        raise NotMeasured(f"farm made {report.made} of {len(marks)} images: {report}")
    prove(scene, watcher.jobs)
    return watcher


def prove(scene: Stage, jobs: Mapping[str, Job]) -> None:
    """Every recorded file is a full-size image of its own prompt."""
    for mark, job in jobs.items():
        data = (scene.home / "downloads" / job.image_path).read_bytes()
        mine = [entry for entry in read_log(scene.log_path) if mark in MARK.findall(entry.text)]
        originals = {
            sha for e in mine for i in e.images for sha in (i.sha256_original, i.sha256_s0)
        }
        if len(mine) != 1 or hashlib.sha256(data).hexdigest() not in originals:
            raise NotMeasured(f"{job.image_path} is no original of {mark}")


async def recipe_makes(
    scene: Stage, account: str, marks: Sequence[str], loaded: dict[str, float]
) -> dict[str, float]:
    """When the file of each prompt stood on disk, epoch seconds."""
    profile = make_profile(scene.home / "profiles", account)
    saved = {}
    async with StampedSession(profile=profile, options=scene.launch, loaded=loaded) as session:
        for mark in marks:
            source = await recipe_image(session, mark)
            answer = await session.page.context.request.get(f"{source.rpartition('=')[0]}=s0")
            (scene.home / f"{mark}.jpg").write_bytes(await answer.body())
            saved[mark] = time.time()
    return saved


async def recipe_image(session: BrowserSession, mark: str) -> str:
    """Send a prompt and return the address of its image as the recipe finds it."""
    page = session.page
    await page.goto("https://gemini.google.com/images?hl=en")
    await page.locator(".ql-editor").first.fill(f"/imagine {mark} a lighthouse at dusk")
    await page.locator("button.send-button, gem-icon-button.send-button").first.click()
    before = set(await page.evaluate(GOOGLE_IMAGES_JS))
    begun = time.monotonic()
    while time.monotonic() - begun < GIVE_UP_SECONDS:
        new = [src for src in await page.evaluate(GOOGLE_IMAGES_JS) if src not in before]
        if new:
            await asyncio.sleep(SETTLE_SECONDS)
            return str(new[-1])
        await asyncio.sleep(POLL_SECONDS)
    raise NotMeasured(f"the recipe saw no image of {mark}")


def figures_of(seconds: Sequence[float]) -> dict[str, float]:
    """Count, least, median, 95th percentile (of all values, the nearest above) and most."""
    ranked = sorted(seconds)
    p95 = ranked[max(0, -(-95 * len(ranked) // 100) - 1)]
    return {
        "images": len(ranked),
        "min_seconds": round(ranked[0], 3),
        "median_seconds": round(statistics.median(ranked), 3),
        "p95_seconds": round(p95, 3),
        "max_seconds": round(ranked[-1], 3),
    }


@dataclass(kw_only=True)
class Tally:
    """All stamps of a measurement."""

    loaded: dict[str, float] = field(default_factory=dict)
    at: dict[tuple[str, str], float] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)  # mark -> session

    def add(self, watcher: Watcher) -> None:
        self.at |= watcher.at
        self.sessions |= {mark: job.session for mark, job in watcher.jobs.items()}

    def figures(self) -> dict[str, Any]:
        by_page: dict[str, list[str]] = {}
        for mark, session in self.sessions.items():
            by_page.setdefault(session.partition("-")[2], []).append(mark)
        pages = {page: self.of(marks) for page, marks in sorted(by_page.items())}
        return {**self.of(list(self.sessions)), "by_page": pages}

    def of(self, marks: Sequence[str]) -> dict[str, Any]:
        """The figures of some prompts, in all and by step."""
        moments = [(self.loaded[mark], *(self.at[mark, step] for step in STEPS)) for mark in marks]
        between = zip(*(pairwise(times) for times in moments), strict=True)
        medians = [statistics.median(end - start for start, end in step) for step in between]
        steps = {f"to {step}": round(value, 3) for step, value in zip(STEPS, medians, strict=True)}
        totals = figures_of([times[-1] - times[0] for times in moments])
        return {**totals, "median_seconds_by_step": steps}


async def measure(folder: Path, images: int, by_recipe: int) -> dict[str, Any]:
    marks = [f"farm-{n}" for n in range(images)]
    recipe_marks = [f"recipe-{n}" for n in range(by_recipe)]
    names = [*(name for pair in PAIRS for name in pair), *RECIPE_ACCOUNTS]
    accounts = {
        name: dict(zip(("ui", "image_src"), name.split("-")[1:], strict=True)) for name in names
    }
    delays = spread(marks, 1, 3) | spread(recipe_marks, 1, 1 + POLL_SECONDS)
    tally = Tally()
    async with stage(folder, scenario(accounts, delays)) as scene:
        await scene.sign_in(names)
        for index, pair in enumerate(PAIRS):
            some = marks[index :: len(PAIRS)]
            tally.add(await farm_makes(scene, pair, some, tally.loaded))
        saved = await asyncio.gather(
            *(
                recipe_makes(scene, account, recipe_marks[index::2], tally.loaded)
                for index, account in enumerate(RECIPE_ACCOUNTS)
            )
        )
    slow = [at - tally.loaded[mark] for some in saved for mark, at in some.items()]
    fast = tally.figures()
    recipe = figures_of(slow)
    ratio = recipe["median_seconds"] / fast["median_seconds"]
    return {"farm": fast, "recipe": recipe, "recipe_over_farm": round(ratio, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure from the loaded image to its file.")
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--recipe", type=int, default=6)
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(Path(folder), wish.images, wish.recipe))
        print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
