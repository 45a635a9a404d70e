"""How fast a prompt file becomes checked rows, and what that costs in memory. Prints JSON.

    python bench/bench_import.py [ROWS …]

Budgets: 10,000 rows in 1 s and 100,000 in 5 s after imports; the farm's own process stays small
because the file is read in a child.
"""

from __future__ import annotations

import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEADER = (
    "Prompt ID",
    "Image Type",
    "Image Filename",
    "Size",
    "Colors",
    "Typography/Brand",
    "Description",
    "Title (Hero)",
    "Author (Hero)",
    "Status",
    "Generated Image Path",
    "Session ID",
    "Generated At",
    "Campaign",
)
SIZES = ("1920x1080px", "1600x900px", "1200x630px", "1200x1600px", "1080x1080px")

IN_PROCESS = """
import json, resource, sys, time
from pathlib import Path
from farm.sources.table import Table
begun = time.perf_counter()
rows = len(Table(Path(sys.argv[1])).read().rows)
print(json.dumps({"rows": rows, "seconds": time.perf_counter() - begun,
                  "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""

THROUGH_CHILD = """
import json, resource, sys, time
from pathlib import Path
from farm.sources.child import read_in_child
from farm.sources.errand import Errand
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
begun = time.perf_counter()
with read_in_child(Errand(source=sys.argv[1])) as incoming:
    rows = sum(1 for _ in incoming.rows)
print(json.dumps({"rows": rows, "seconds": time.perf_counter() - begun, "rss_before_mb": before,
                  "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def write_prompts(path: Path, rows: int) -> None:
    text = "A quiet courtyard with climbing roses, warm light and long shadows, number {}. " * 4
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for n in range(1, rows + 1):
            kind = ("Hero", "Hero-OG", "Regular")[n % 3]
            lines = text.format(n, n, n, n) + ("\nSecond line." if n % 5 == 0 else "")
            head = [n, kind, f"hero-courtyard-{n}.png", SIZES[n % 5], "#2563eb, #ffffff"]
            tail = [f"Courtyard {n}", "The Garden Desk", "PENDING", "", "", "", "spring"]
            writer.writerow([*head, "Modern sans-serif", lines, *tail])


def run(code: str, path: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, check=True, text=True
    )
    said: dict[str, float] = json.loads(done.stdout)
    return said | {"rows_per_second": said["rows"] / said["seconds"]}


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:]] or [10_000, 100_000]
    results: dict[str, object] = {"python": sys.version.split()[0], "at": time.time()}
    with tempfile.TemporaryDirectory() as folder:
        for rows in sizes:
            path = Path(folder) / f"{rows}.csv"
            write_prompts(path, rows)
            results[str(rows)] = {
                "file_mb": path.stat().st_size / 1e6,
                "in_process": run(IN_PROCESS, path),
                "through_child": run(THROUGH_CHILD, path),
            }
    results["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
