"""From a prompt file to stored jobs, as `farm add` does it. Prints JSON.

    python -m bench.bench_intake [ROWS …]

The whole of `Farm.import_source` into a new store: the start of the child that reads the file, its
reading and checking, the way back, the rows' storing. The median of three, as a busy machine makes
it noisy; a small file is imported before, so that imports of modules do not count.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.bench_import import write_prompts
from bench.stage import NotMeasured
from farm.config import load_settings
from farm.store.base import Added
from farm.wiring.opened import Farm, open_farm

WARM_UP_ROWS = 10
RUNS = 3


async def imported(folder: Path, rows: int) -> dict[str, Any]:
    """Import a file of so many rows into empty stores, and once more unchanged."""
    path, homes = prepared(folder, rows)
    first = []
    for home in homes:
        async with open_farm(load_settings({"home": home}, environ={}, cwd=home)) as farm:
            first.append(await seconds(farm, path, Added(new=rows)))
            if home is homes[-1]:
                again = await seconds(farm, path, Added(unchanged=rows))
    usual = statistics.median(first)
    return {
        "file_mb": round(path.stat().st_size / 1e6, 1),
        "seconds": round(usual, 2),
        "of_runs": [round(run, 2) for run in first],
        "rows_per_second": round(rows / usual),
        "again_seconds": round(again, 2),
    }


def prepared(folder: Path, rows: int) -> tuple[Path, list[Path]]:
    """A file of so many rows, and a folder for each store."""
    homes = [folder / str(run) for run in range(RUNS)]
    for home in homes:
        home.mkdir(parents=True)
    write_prompts(folder / "prompts.csv", rows)
    return folder / "prompts.csv", homes


async def seconds(farm: Farm, path: Path, wanted: Added) -> float:
    """How long an import takes that must come to this."""
    begun = time.perf_counter()
    added = await farm.import_source(str(path), "bench")
    passed = time.perf_counter() - begun
    if added != wanted:
        raise NotMeasured(f"the import came to {added}, not {wanted}")
    return passed


async def measure(folder: Path, sizes: list[int]) -> dict[str, Any]:
    await imported(folder / "warm-up", WARM_UP_ROWS)
    return {str(rows): await imported(folder / str(rows), rows) for rows in sizes}


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:]] or [10_000, 100_000]
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(measure(Path(folder), sizes)), indent=2))


if __name__ == "__main__":
    main()
