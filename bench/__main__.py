"""All budgets of DESIGN section 11 in one table: python -m bench [NAME …]; 1 when one is missed."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FARM = str(Path(sys.executable).with_name("farm"))


@dataclass(frozen=True, kw_only=True)
class Budget:
    """One figure and the bound it must keep."""

    name: str
    figure: str  # dotted path in the measurement's JSON
    least: float = float("-inf")
    most: float = float("inf")

    def row(self, figures: Mapping[str, Any]) -> tuple[bool, str]:
        """Whether it is kept, and its line of the table."""
        value: Any = figures
        for key in self.figure.split("."):
            value = value[key]
        kept = self.least <= value <= self.most
        bound = f"<= {self.most:g}" if self.most < float("inf") else f">= {self.least:g}"
        return kept, f"{'ok  ' if kept else 'MISS'}  {self.name:52} {value:>10g}   {bound}"


def script(name: str, *words: str) -> Mapping[str, Any]:
    """What a measurement printed."""
    done = subprocess.run(
        [sys.executable, str(HERE / name), *words], stdout=subprocess.PIPE, check=True
    )
    figures: Mapping[str, Any] = json.loads(done.stdout)
    return figures


def startup() -> Mapping[str, Any]:
    """How long `farm --help` takes; the best one, because the machine's other work is not ours."""
    times = []
    for _ in range(10):
        began = time.perf_counter()
        subprocess.run([FARM, "--help"], stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - began)
    return {"best": min(times), "median": statistics.median(times)}


Measurement = Callable[[], Mapping[str, Any]]
BENCHES: Mapping[str, tuple[Measurement, tuple[Budget, ...]]] = {
    "startup": (
        startup,
        (Budget(name="farm --help, best of ten, seconds", figure="best", most=0.3),),
    ),
    "import": (
        lambda: script("bench_import.py", "100000"),
        (
            Budget(
                name="100k rows read and checked, seconds",
                figure="100000.through_child.seconds",
                most=5,
            ),
        ),
    ),
    "store": (
        lambda: script("bench_store.py", "--rows", "1000000", "--rounds", "2000"),
        (
            Budget(
                name="claim + complete per second at 1M rows",
                figure="claim_complete_per_second",
                least=150,
            ),
            Budget(
                name="rows stored per second at 1M rows",
                figure="import_rows_per_second",
                least=20_000,
            ),
        ),
    ),
    "run": (
        lambda: script("bench_run.py"),
        (
            Budget(
                name="image in the page to recorded file, p95 seconds",
                figure="image_to_file_p95_seconds",
                most=1,
            ),
            Budget(
                name="times faster than looking every 5 s, waiting 10 s",
                figure="times_faster_than_recipe",
                least=10,
            ),
            Budget(name="farm's own process, two sessions, MB", figure="farm_rss_mb", most=150),
            Budget(
                name="two waiting sessions, % of a core",
                figure="waiting_percent_of_a_core",
                most=4,
            ),
        ),
    ),
}


def main() -> int:
    missed = 0
    for name in sys.argv[1:] or BENCHES:
        measurement, budgets = BENCHES[name]
        figures = measurement()
        for kept, row in (budget.row(figures) for budget in budgets):
            print(row, flush=True)
            missed += not kept
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
