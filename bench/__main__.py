"""All budgets of DESIGN section 11 in one table; exit code 1 when one is missed.

    python -m bench [--json FILE] [NAME …]

Every figure is measured by this run, each measurement in a process of its own. Loopback only. What
is not measured within six minutes counts as missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.budgets import BUDGETS, HEADLINE, line
from bench.stage import FARM

ROOT = Path(__file__).parent.parent
HELP_RUNS = 10
LIMIT_SECONDS = 360.0  # of the whole run: what does not fit is missed, not waited for
CLOSING_SECONDS = 30.0  # for a measurement that is interrupted, to end its browsers
YARDSTICK_ROUNDS = 10_000_000

_BEGAN = time.monotonic()


def script(name: str, *words: str) -> Mapping[str, Any]:
    """What a measurement printed."""
    command = [sys.executable, "-m", f"bench.{name}", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            said, _ = process.communicate(timeout=_BEGAN + LIMIT_SECONDS - time.monotonic())
        except BaseException:
            process.send_signal(signal.SIGINT)
            process.wait(CLOSING_SECONDS)
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    figures: Mapping[str, Any] = json.loads(said)
    return figures


def startup() -> Mapping[str, Any]:
    """How long `farm --help` takes."""
    times = []
    for _ in range(HELP_RUNS):
        began = time.perf_counter()
        subprocess.run([FARM, "--help"], stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - began)
    return {
        "runs": HELP_RUNS,
        "min_seconds": round(min(times), 3),
        "median_seconds": round(statistics.median(times), 3),
    }


MEASUREMENTS: Mapping[str, Callable[[], Mapping[str, Any]]] = {
    "startup": startup,
    "intake": lambda: script("bench_intake"),
    "steps": lambda: script("bench_steps"),
    "latency": lambda: script("bench_latency"),
    "footprint": lambda: script("bench_footprint"),
    "store": lambda: script("bench_store", "--rows", "1000000", "--rounds", "2000", "--once"),
}


def measured(name: str) -> Mapping[str, Any]:
    """The figures of a measurement; none when it failed, which its own output tells."""
    began = time.monotonic()
    try:
        figures = MEASUREMENTS[name]()
    except subprocess.SubprocessError as error:
        print(f"{name} was not measured: {error}", file=sys.stderr)
        return {}
    return {**figures, "measured_in_seconds": round(time.monotonic() - began, 1)}


def yardstick() -> float:
    """How long a plain loop takes here: figures of two machines compare by it."""
    total, began = 0, time.perf_counter()
    for number in range(YARDSTICK_ROUNDS):
        total += number
    return round(time.perf_counter() - began, 2)


def load() -> float | None:
    """Processes that wanted a core in the last minute; None where the system does not tell."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "ten_million_additions_seconds": yardstick(),
        "load_before": load(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the budgets.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASUREMENTS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write there, not to stdout")
    wish = parser.parse_args()
    if unknown := set(wish.names) - set(MEASUREMENTS):
        parser.error(f"no measurement {min(unknown)!r}; known: {', '.join(MEASUREMENTS)}")
    result: dict[str, Any] = {"machine": machine(), "budgets": [], "figures": {}}
    print(HEADLINE, flush=True)
    for name in wish.names or MEASUREMENTS:
        figures = result["figures"][name] = measured(name)
        for budget in BUDGETS[name]:
            checked = budget.check(figures)
            result["budgets"].append(checked)
            print(line(checked), flush=True)
    text = json.dumps(result, indent=2)
    if wish.json is None:
        print(f"\n{text}")
    else:
        wish.json.write_text(f"{text}\n", encoding="utf-8")
    return 0 if all(checked["kept"] for checked in result["budgets"]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
