"""From a prompt file to stored jobs, as `farm add` does it. Prints JSON.

    python -m bench.bench_intake [ROWS …]

The whole of `Farm.import_file` into a new store each time: the start of the child that reads the
file, its reading and checking, the way back, the rows' storing. A small file is imported first, so
that imports of modules do not count twice.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.bench_import import write_prompts
from bench.stage import NotMeasured
from farm.config import load_settings
from farm.wiring import open_farm

WARM_UP_ROWS = 10


async def imported(folder: Path, rows: int) -> dict[str, Any]:
    """Import a file of so many rows into the store of an empty folder, and once more unchanged."""
    home = folder / str(rows)
    home.mkdir()
    path = home / "prompts.csv"
    write_prompts(path, rows)
    async with open_farm(load_settings({"home": home}, environ={}, cwd=home)) as farm:
        begun = time.perf_counter()
        added = await farm.import_file(path, "bench")
        first = time.perf_counter() - begun
        again = await farm.import_file(path, "bench")
        second = time.perf_counter() - begun - first
    if (added.new, again.unchanged) != (rows, rows):
        raise NotMeasured(f"{added.new} of {rows} rows were added, {again.unchanged} known again")
    return {
        "file_mb": round(path.stat().st_size / 1e6, 1),
        "seconds": round(first, 2),
        "rows_per_second": round(rows / first),
        "again_seconds": round(second, 2),
    }


async def measure(folder: Path, sizes: list[int]) -> dict[str, Any]:
    await imported(folder, WARM_UP_ROWS)
    return {str(rows): await imported(folder, rows) for rows in sizes}


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:]] or [10_000, 100_000]
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(measure(Path(folder), sizes)), indent=2))


if __name__ == "__main__":
    main()
