"""Where a run is to deliver to, proven before it begins."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from farm.config import load_settings
from farm.errors import UsageError
from farm.model.events import RunOptions
from farm.store.engine import open_store
from farm.wiring.run import run


async def started(home: Path, target: str) -> None:
    """A run with one row, which ends before anybody is hired at the latest."""
    (home / "p.csv").write_text("Description\nA hill\n")
    settings = load_settings({"deliver": target, "home": str(home)}, environ={}, cwd=home)
    options = RunOptions(sources=(str(home / "p.csv"),))

    async def agree(_: Any) -> bool:
        return True

    await run(settings, options, on_event=lambda _: None, stop=asyncio.Event(), agree=agree)


async def test_a_folder_on_a_disk_that_is_not_mounted_ends_a_run_before_it_begins(
    tmp_path: Path,
) -> None:
    with pytest.raises(UsageError, match="make it, or mount the disk"):
        await started(tmp_path, str(tmp_path / "gone" / "disk"))

    async with open_store(tmp_path / "farm.db") as store:
        assert await store.queues() == ()


async def test_a_folder_that_can_be_made_is_no_reason_to_stop(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no profile"):
        await started(tmp_path, str(tmp_path / "disk"))
