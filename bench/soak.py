"""Hours of work under random deaths: every total exact, memory and processes flat.

    python -m bench.soak [--minutes 20] [--json FILE]       until the time is over
    python -m bench.soak --night [--prompts 120] [--json FILE]
                                                            one account limited, one signed out
                                                            half-way

The installed command works on a stand-in that refuses, stops, drops and decorates by a fixed mix,
while farm, its browsers, their pages and the network are hurt at random. In the first third of the
time farm itself is killed too; then one process lives to the end, and its memory is watched. Exit
code 1 when a rule is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.mayhem import (
    UNKNOWABLE,
    Mayhem,
    Scene,
    lies,
    mark_of,
    mixed_scenario,
    sign_in_again,
    sign_out,
    until,
)
from bench.stage import HEADER, Stage
from farm.replay.stand_in import StandIn

ACCOUNTS = ("account1", "account2", "account3")
BATCH, ENOUGH_OPEN = 30, 15
NIGHT_PROMPTS = 120
MOST_PROMPTS = 20_000  # of a soak of any length
SAMPLE_SECONDS = 3.0
WARM_UP_SECONDS = 45.0  # of the last life of farm
DRAIN_SECONDS = 180.0
AWAY_SECONDS = 15.0  # until a person signs in again
MIB = 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One look at farm's process and at what it leaves on disk."""

    at: float  # seconds since the soak began
    pid: int
    own_mb: float
    processes: int  # of the whole tree
    files: int  # open descriptors of farm itself
    wal_mb: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What must hold, and what was found."""

    name: str
    bound: str
    found: str
    kept: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """How long, how many, how cruel."""

    minutes: float
    prompts: int  # 0: as many as the time allows
    pause: tuple[float, float]
    seed: int
    night: bool = False


@asynccontextmanager
async def scene_in(folder: Path, wish: Wish) -> AsyncIterator[Scene]:
    """Three signed-in accounts on a stand-in with the mixed scenario."""
    limited = {"account3": {"quota_images": wish.prompts // 10}} if wish.night else {}
    scenario = mixed_scenario(wish.prompts or MOST_PROMPTS, limited)
    home = folder / "home"
    home.mkdir(mode=0o700)
    async with StandIn.open(scenario=scenario) as stand_in:
        stage = Stage(home=home, proxy_url=stand_in.proxy_url, log_path=folder / "unused")
        await stage.sign_in(ACCOUNTS)
        quick = {
            "FARM_RETRY_WAIT_SECONDS": "0.5",
            "FARM_GENERATION_TIMEOUT_SECONDS": "12",
            "FARM_PACE_JITTER": "0",
        }
        yield Scene(home=home, stand_in=stand_in, environ=stage.environ | quick, accounts=ACCOUNTS)


def write_batch(path: Path, numbers: range) -> Path:
    """A prompt file; a row's number is its id."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for n in numbers:
            text = f"{mark_of(n)} a paper boat number {n} on a still pond at sunrise"
            colors = "#2563eb, #ffffff"
            writer.writerow([n, "Regular", f"{n}.png", "1600x900px", colors, text, "PENDING"])
    return path


async def feed(scene: Scene, wish: Wish, until_time: float) -> int:
    """Add prompts as they are used up; how many it were."""
    given = 0
    while not wish.prompts or given < wish.prompts:
        if not wish.prompts and time.monotonic() > until_time:
            break
        if not wish.prompts and scene.count("pending", "delayed", "in_progress") > ENOUGH_OPEN:
            await asyncio.sleep(1)
            continue
        more = range(given + 1, given + 1 + (wish.prompts or BATCH))
        path = write_batch(scene.home / f"batch-{given}.csv", more)
        await scene.run("add", str(path))
        given += len(more)
    return given


async def sample(scene: Scene, samples: list[Sample], began: float) -> None:
    """Look at farm every few seconds, until cancelled."""
    while True:
        await asyncio.sleep(SAMPLE_SECONDS)
        if scene.farm is None or scene.farm.returncode is not None:
            continue
        with suppress(psutil.Error):
            samples.append(look(scene, psutil.Process(scene.farm.pid), began))


def look(scene: Scene, farm: psutil.Process, began: float) -> Sample:
    wal = scene.home / "farm.db-wal"
    return Sample(
        at=round(time.monotonic() - began, 1),
        pid=farm.pid,
        own_mb=round(farm.memory_info().rss / MIB, 1),
        processes=1 + len(farm.children(recursive=True)),
        files=farm.num_fds(),
        wal_mb=round(wal.stat().st_size / MIB, 2) if wal.exists() else 0.0,
    )


async def misfortunes(scene: Scene, prompts: int) -> None:
    """Half-way through the night an account is signed out, until somebody signs it in again."""
    await until(lambda: scene.count("completed", "failed", "review") >= prompts // 2, 3600)
    sign_out(scene, "account2")
    await asyncio.sleep(AWAY_SECONDS)
    sign_in_again(scene, "account2")


async def soak(folder: Path, wish: Wish) -> dict[str, Any]:
    """Work, suffer, finish, and count."""
    began, samples = time.monotonic(), list[Sample]()
    async with scene_in(folder, wish) as scene:
        mayhem = Mayhem(scene=scene, dice=random.Random(wish.seed), pause=wish.pause)  # noqa: S311
        given = await suffer(scene, mayhem, wish, samples, began)
        drained = await finish(scene)
        found = list(lies(scene, given))
        rules = [
            *rules_of_truth(scene, found, drained=drained),
            *(() if wish.night else rules_of_stamina(samples)),
            *rules_of_order(scene, mayhem),
        ]
        return {
            "seconds": round(time.monotonic() - began),
            "prompts": given,
            "submissions": len(scene.stand_in.log),
            "blows": dict(mayhem.done),
            "lives_of_farm": scene.lives,
            "seed": wish.seed,
            "rules": [asdict(rule) for rule in rules],
            "lies": found,
            "surprises": scene.surprises,
            "samples": [asdict(one) for one in samples],
        }


async def suffer(
    scene: Scene, mayhem: Mayhem, wish: Wish, samples: list[Sample], began: float
) -> int:
    """The time of random deaths; how many prompts were given."""
    time_over = began + 60 * wish.minutes
    tasks = [
        asyncio.create_task(scene.keep_running()),
        asyncio.create_task(sample(scene, samples, began)),
        asyncio.create_task(mayhem.rage()),
    ]
    if wish.night:
        tasks.append(asyncio.create_task(misfortunes(scene, wish.prompts)))
    else:
        tasks.append(asyncio.create_task(spare_farm(mayhem, 60 * wish.minutes / 3)))
    try:
        given = await feed(scene, wish, time_over)
        if wish.night:
            few = given // 10
            await until(lambda: scene.count("pending", "delayed", "in_progress") <= few, 900)
            await tasks[-1]
    finally:
        for task in tasks[1:]:
            task.cancel()
        await asyncio.wait(tasks[1:])
    scene.keeper = tasks[0]
    return given


async def spare_farm(mayhem: Mayhem, seconds: float) -> None:
    """After the first third one farm lives to the end."""
    await asyncio.sleep(seconds)
    mayhem.may_kill_farm = False


async def finish(scene: Scene) -> bool:
    """Let everything come to its end in peace; whether it did.

    Sessions that were killed too often in a row have stopped, and a person wakes them.
    """
    for (name,) in scene.rows("SELECT name FROM sessions WHERE state = 'stopped'"):
        await scene.run("profiles", "wake", str(name))
    drained = await until(
        lambda: scene.count("pending", "delayed", "in_progress") == 0, DRAIN_SECONDS
    )
    scene.ending = True
    if scene.farm is not None and scene.farm.returncode is None:
        scene.farm.send_signal(signal.SIGINT)
    assert scene.keeper is not None
    await scene.keeper
    return drained


def rules_of_truth(scene: Scene, found: Sequence[str], *, drained: bool) -> list[Rule]:
    code = scene.farm.returncode if scene.farm is not None else None
    jobs = scene.rows("SELECT state, cause FROM jobs")
    unknown, most = sum(job == UNKNOWABLE for job in jobs), max(2, len(jobs) // 30)
    return [
        Rule(name="every job has ended", bound="yes", found=str(drained), kept=drained),
        Rule(
            name="lies about jobs, submissions and files",
            bound="0",
            found=str(len(found)),
            kept=not found,
        ),
        Rule(
            name="jobs nobody can know the truth about",
            bound=f"<= {most}",
            found=str(unknown),
            kept=unknown <= most,
        ),
        Rule(
            name="endings of farm that nobody caused",
            bound="0",
            found=str(len(scene.surprises)),
            kept=not scene.surprises,
        ),
        Rule(name="last exit code", bound="0, 1", found=str(code), kept=code in {0, 1}),
    ]


def rules_of_order(scene: Scene, mayhem: Mayhem) -> list[Rule]:
    """What may lie about when all is over."""
    browsers = len(scene.browsers())
    zombies = [
        process
        for process in psutil.Process().children(recursive=True)
        if process.status() == psutil.STATUS_ZOMBIE
    ]
    parts = len(list((scene.home / "downloads" / ".parts").glob("*")))
    most = mayhem.done["farm"] * len(scene.accounts)
    return [
        Rule(name="browsers left", bound="0", found=str(browsers), kept=browsers == 0),
        Rule(name="zombies left", bound="0", found=str(len(zombies)), kept=not zombies),
        Rule(
            name="part files left (by killed farms only)",
            bound=f"<= {most}",
            found=str(parts),
            kept=parts <= most,
        ),
    ]


def rules_of_stamina(samples: Sequence[Sample]) -> list[Rule]:
    """The median of the last third of farm's last life against that of its first third."""
    last = [one for one in samples if samples and one.pid == samples[-1].pid]
    warm = [one for one in last if one.at - last[0].at > WARM_UP_SECONDS]
    third = len(warm) // 3
    if not third:
        return [Rule(name="samples of the last life", bound="> 2", found="0", kept=False)]

    def grown(name: str, most: float) -> Rule:
        first, end = (
            statistics.median(float(getattr(one, name)) for one in part)
            for part in (warm[:third], warm[-third:])
        )
        return Rule(
            name=f"{name}, last third over first",
            bound=f"<= {first:g} + {most:g}",
            found=f"{end:g}",
            kept=end <= first + most,
        )

    return [grown("own_mb", 15), grown("processes", 2), grown("files", 6), grown("wal_mb", 8)]


def table(result: Mapping[str, Any]) -> str:
    lines = [f"{'':4}  {'rule':45} {'bound':>14} {'found':>10}"]
    for rule in result["rules"]:
        verdict = "ok" if rule["kept"] else "MISS"
        lines.append(f"{verdict:4}  {rule['name']:45} {rule['bound']:>14} {rule['found']:>10}")
    return "\n".join([*lines, *map(str, result["lies"]), *map(str, result["surprises"])])


def asked() -> tuple[Wish, Path | None]:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description="Hours of deaths.")
    minutes = float(os.environ.get("SOAK_MINUTES") or 20)
    parser.add_argument("--minutes", type=float, default=minutes, help="or SOAK_MINUTES")
    parser.add_argument("--night", action="store_true", help="so many prompts, however long")
    parser.add_argument("--prompts", type=int, default=NIGHT_PROMPTS, help="of a night")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write there, not to stdout")
    words = parser.parse_args()
    wish = Wish(
        minutes=words.minutes,
        prompts=words.prompts if words.night else 0,
        pause=(5, 12) if words.night else (4, 12),
        seed=words.seed,
        night=words.night,
    )
    return wish, words.json


def main() -> int:
    wish, path = asked()
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(soak(Path(folder), wish))
    print(table(result), flush=True)
    text = json.dumps(result, indent=2)
    if path is None:
        print(f"\n{text}")
    else:
        path.write_text(f"{text}\n", encoding="utf-8")
    return 0 if all(rule["kept"] for rule in result["rules"]) else 1


if __name__ == "__main__":
    sys.exit(main())
