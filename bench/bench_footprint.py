"""What farm's own process costs with two sessions: memory at work, load while waiting. Prints JSON.

    python -m bench.bench_footprint [--rows 12] [--wait 22]

Two runs of `farm start --sessions 2` on a terminal, as its user sees it: the live table is the
costliest display. The first works through a prompt file and its memory is sampled, the peak taken
from the kernel; browsers, the Playwright driver and the child that reads the file stand beside it.
The second makes one image per session and is then watched while both sessions wait for their pace.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import statistics
import struct
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bench.stage import FARM, NotMeasured, Stage, scenario, spread, stage, write_prompts
from farm.config import load_settings
from farm.model.sessions import SessionState
from farm.store.engine import open_store

SESSIONS = ("one", "two")
SAMPLE_SECONDS, FAMILY_SECONDS = 0.1, 0.4
WORKING_PACE_SECONDS, WAITING_PACE_SECONDS = 0.3, 300.0
RUN_SECONDS, START_SECONDS = 180.0, 60.0
COLUMNS, LINES = 120, 40
MIB = 2**20


@dataclass(kw_only=True)
class Memory:
    """Resident memory over a run: farm's own samples, the peak of each kind of child."""

    own: list[tuple[float, int]] = field(default_factory=list)  # epoch seconds, bytes
    peak: int = 0
    family: dict[str, int] = field(default_factory=dict)

    def look(self, process: psutil.Process) -> None:
        """One sample of farm's process; the kernel's own peak where it tells one."""
        self.own.append((time.time(), process.memory_info().rss))
        self.peak = max(self.peak, self.own[-1][1], kernel_peak(process.pid))

    def look_around(self, process: psutil.Process) -> None:
        """One sample of its children, summed by kind."""
        now: dict[str, int] = {}
        for child in process.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                kind = kind_of(child.name())
                now[kind] = now.get(kind, 0) + child.memory_info().rss
        for kind, size in now.items():
            self.family[kind] = max(size, self.family.get(kind, 0))

    def steady(self, since: float) -> float:
        """The median after a moment, in bytes."""
        return statistics.median(size for at, size in self.own if at >= since)


def kernel_peak(pid: int) -> int:
    """The most memory a process ever held; 0 where /proc does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def kind_of(name: str) -> str:
    """Which of farm's children a process is."""
    if name.startswith("node"):
        return "playwright_driver"
    return "file_reader" if name.startswith("python") else "browsers"


@asynccontextmanager
async def farm_on_a_terminal(scene: Stage, words: Sequence[str]) -> AsyncIterator[psutil.Process]:
    """`farm start` with a terminal of its own that somebody reads; ended with the block."""
    import fcntl  # noqa: PLC0415  # neither is there on Windows, where nothing else here is either
    import pty  # noqa: PLC0415
    import termios  # noqa: PLC0415

    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environ = scene.environ | {"TERM": "xterm-256color"}
    process = await asyncio.create_subprocess_exec(
        FARM, "start", *words, cwd=scene.home, env=environ, stdin=its, stdout=its, stderr=its
    )
    os.close(its)
    loop = asyncio.get_running_loop()
    loop.add_reader(ours, drain, ours, loop)
    try:
        yield psutil.Process(process.pid)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
        await process.wait()
        loop.remove_reader(ours)
        os.close(ours)


def drain(terminal: int, loop: asyncio.AbstractEventLoop) -> None:
    """Read what the display drew; the end of the program is an error on Linux."""
    try:
        os.read(terminal, 2**16)
    except OSError:
        loop.remove_reader(terminal)


async def memory_at_work(scene: Stage, rows: int) -> dict[str, Any]:
    """Run a prompt file to its end and look at memory all the time."""
    path = write_prompts(scene.home / "work.csv", [f"work-{n}" for n in range(rows)])
    words = [str(path), "--sessions", "2", "--pace", str(WORKING_PACE_SECONDS)]
    memory = Memory()
    async with farm_on_a_terminal(scene, words) as process, asyncio.timeout(RUN_SECONDS):
        await sampled(memory, process)
    async with open_store(database(scene)) as store:
        page = await store.page(queues=["work"], limit=rows)
    made = [job.completed_at for job in page.jobs if job.completed_at is not None]
    if len(made) != rows:
        raise NotMeasured(f"farm made {len(made)} of {rows} images")
    return {
        "rows": rows,
        "peak_mb": round(memory.peak / MIB, 1),
        "steady_mb": round(memory.steady(min(made)) / MIB, 1),
        "beside_it_mb": {kind: round(size / MIB) for kind, size in sorted(memory.family.items())},
    }


async def sampled(memory: Memory, process: psutil.Process) -> None:
    """Look until the process is gone."""
    next_family = 0.0
    with suppress(psutil.NoSuchProcess):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            memory.look(process)
            if time.monotonic() >= next_family:
                memory.look_around(process)
                next_family = time.monotonic() + FAMILY_SECONDS
            await asyncio.sleep(SAMPLE_SECONDS)


async def load_while_waiting(scene: Stage, seconds: float) -> dict[str, Any]:
    """Let each session make an image and watch both wait for the next."""
    path = write_prompts(scene.home / "wait.csv", [f"wait-{n}" for n in range(6)])
    words = [str(path), "--sessions", "2", "--pace", str(WAITING_PACE_SECONDS)]
    async with farm_on_a_terminal(scene, words) as process:
        await both_wait(scene)
        driver = next(c for c in process.children() if kind_of(c.name()) == "playwright_driver")
        begun, own, other = time.monotonic(), busy(process), busy(driver)
        await asyncio.sleep(seconds)
        passed = time.monotonic() - begun
        own, other = busy(process) - own, busy(driver) - other
        memory = process.memory_info().rss
    return {
        "seconds": round(passed, 1),
        "percent_of_a_core_per_session": round(100 * own / passed / len(SESSIONS), 2),
        "driver_percent_of_a_core": round(100 * other / passed, 2),
        "mb": round(memory / MIB, 1),
    }


async def both_wait(scene: Stage) -> None:
    """Return when both sessions made an image in this run and wait for their pace."""
    begun = time.time()
    async with open_store(database(scene)) as store, asyncio.timeout(START_SECONDS):
        while True:
            sessions = await store.sessions()
            waiting = [s for s in sessions if s.state is SessionState.PACING and s.since > begun]
            if len(waiting) == len(SESSIONS):
                return
            await asyncio.sleep(0.5)


def busy(process: psutil.Process) -> float:
    """Seconds of a core a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


def database(scene: Stage) -> str:
    return load_settings(scene.settings, environ={}, cwd=scene.home).database_url


async def measure(folder: Path, rows: int, wait_seconds: float) -> dict[str, Any]:
    delays = spread([f"work-{n}" for n in range(rows)], 1, 2)
    async with stage(folder, scenario({}, delays)) as scene:
        await scene.sign_in(SESSIONS)
        return {
            "working": await memory_at_work(scene, rows),
            "waiting": await load_while_waiting(scene, wait_seconds),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure farm's own memory and idle load.")
    parser.add_argument("--rows", type=int, default=12)
    parser.add_argument("--wait", type=float, default=22)
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(measure(Path(folder), wish.rows, wish.wait)), indent=2))


if __name__ == "__main__":
    main()
