"""How fast the job store is: import, and claim + complete with a backlog.

    python bench/bench_store.py [--rows 100000] [--rounds 1000] [--once] [--url sqlite:///…]

Prints one JSON object. DESIGN section 11 asks for 100k rows imported in 5 s and for 150 claims a
second, each with its completion, at 1M rows on SQLite.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from farm.model.images import Image
from farm.model.jobs import Claim, JobState
from farm.model.prompts import Prompt, Size, SourceRow
from farm.store.engine import open_store
from farm.store.facade import Store

LANES = ("session:bench", "web", "any")
WORKER = "host:1:0:bench"


def rows(count: int) -> list[SourceRow]:
    return [
        SourceRow(
            prompt=Prompt(
                id=f"p-{number}",
                filename=f"image-{number}.png",
                size=Size(1920, 1080),
                colors="#0B3954, #FF6663",
                description=f"A quiet harbour at dawn, picture {number}, boats, gulls and mist",
                extra={"Notes": ""},
            ),
            row=number,
        )
        for number in range(1, count + 1)
    ]


async def one_job(store: Store, number: int) -> None:
    claim = await store.claim(WORKER, "bench", LANES)
    assert claim is not None
    await store.complete(claim, [image_of(claim, number)])


def image_of(claim: Claim, number: int) -> Image:
    return Image(
        path=f"2026-11-21/{claim.job.prompt.filename}",
        sha256=f"{number:064x}",
        size_bytes=900_000,
        width_px=1920,
        height_px=1080,
        media_type="image/png",
        source="s0",
    )


async def seconds(act: Callable[[], Awaitable[Any]]) -> float:
    start = time.perf_counter()
    await act()
    return time.perf_counter() - start


async def measure(url: str, count: int, rounds: int, *, once: bool) -> dict[str, float | None]:
    prompts = rows(count)
    async with open_store(url) as store:
        imported = await seconds(lambda: store.add("bench", prompts, "/bench.csv"))
        again = None if once else await seconds(lambda: store.add("bench", prompts, "/bench.csv"))
        cpu = time.process_time()
        one_by_one = [await seconds(lambda n=n: one_job(store, n)) for n in range(rounds)]
        cpu = time.process_time() - cpu
        eight = await seconds(lambda: at_once(store, 8, rounds))
        return {
            "rows": count,
            "import_seconds": round(imported, 2),
            "import_rows_per_second": round(count / imported),
            "reimport_seconds": None if again is None else round(again, 2),
            "claim_complete_per_second": round(rounds / sum(one_by_one)),
            "claim_complete_cpu_ms": round(
                1000 * cpu / rounds, 2
            ),  # whatever else the machine does
            "claim_complete_p95_ms": round(1000 * statistics.quantiles(one_by_one, n=20)[18], 1),
            "claim_complete_per_second_8_at_once": round(rounds / eight),
            "counts_ms": round(1000 * await seconds(store.counts), 1),
            "page_ms": round(1000 * await seconds(lambda: some_page(store)), 1),
            "left_for_ms": round(1000 * await seconds(lambda: store.left_for(LANES)), 1),
            "idle_maintain_ms": round(1000 * await seconds(store.maintain), 1),
            "heartbeat_ms": round(1000 * await seconds(lambda: store.heartbeat(WORKER)), 1),
        }


async def at_once(store: Store, workers: int, rounds: int) -> None:
    async def some(first: int) -> None:
        for number in range(first, rounds, workers):
            await one_job(store, rounds + number)

    async with asyncio.TaskGroup() as group:
        for first in range(workers):
            group.create_task(some(first))


async def some_page(store: Store) -> None:
    page = await store.page(states=[JobState.PENDING, JobState.FAILED], after=5000, limit=100)
    assert len(page.jobs) == 100


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the job store.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--once", action="store_true", help="do not import the rows again")
    parser.add_argument("--url", default="", help="an empty database; default: a new SQLite file")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = wish.url or str(Path(folder, "farm.db"))
        figures = measure(url, wish.rows, wish.rounds, once=wish.once)
        print(json.dumps(asyncio.run(figures), indent=2))


if __name__ == "__main__":
    main()
