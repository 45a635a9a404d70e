"""Three accounts: one is limited, one signed out half-way, all hurt at random.

A short night; `make night` is one of 120 prompts.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

PROMPTS = 30
ROOT = Path(__file__).parents[2]


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_after_a_night_of_deaths_every_job_tells_the_truth(tmp_path: Path) -> None:
    told = tmp_path / "night.json"

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.soak", "--night", "--prompts", str(PROMPTS),
        "--json", str(told), cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    table, _ = await process.communicate()

    assert process.returncode == 0, table.decode()
    night = json.loads(told.read_text(encoding="utf-8"))
    assert (night["prompts"], night["lies"]) == (PROMPTS, [])
    assert sum(night["blows"].values()) >= 3
