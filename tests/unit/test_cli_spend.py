"""`farm spend`: sums that add up, and what nobody knows told apart."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from farm.cli.app import app
from farm.model.money import Bill, Budget, Receipt
from farm.store.engine import open_store


@pytest.fixture
def spent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Three requests of today, one of long ago; the day of today."""
    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    today = f"{datetime.now().astimezone():%Y-%m-%d}"

    async def spend() -> None:
        async with open_store(f"sqlite:///{tmp_path / 'farm.db'}") as store:
            rows = ((1, "gemini", today), (2, "gemini", today), (3, "fal", today))
            for attempt, backend, day in (*rows, (4, "fal", "2020-01-01")):
                bill = Bill(
                    attempt_id=attempt, job_id=attempt, backend=backend, account="key 1",
                    model=f"{backend}-model", estimate_microusd=40_000,
                )  # fmt: skip
                await store.reserve(bill, day=day, run="r", budget=Budget())
            await store.settle(1, Receipt(spent_microusd=33_600))
            await store.settle(3, Receipt(spent_microusd=3_000, estimated=True))

    asyncio.run(spend())
    return today


def run(*arguments: str) -> str:
    return CliRunner().invoke(app, ["spend", *arguments], catch_exceptions=False).stdout


def test_each_backend_has_its_sum_and_what_is_open_is_told_apart(spent: str) -> None:
    lines = [line.split() for line in run("--by", "backend").splitlines()]

    assert spent
    assert lines[1:3] == [
        ["fal", "1", "0.003", "USD", "1"],
        ["gemini", "2", "0.0336", "USD", "0.04", "USD"],
    ]
    assert " ".join(lines[3]) == "today: 0.0366 USD all: 0.0366 USD"


def test_a_program_gets_whole_millionths(spent: str) -> None:
    told = json.loads(run("--json", "--days", "5000"))

    assert told["total_microusd"] == {"spent": 36_600, "open": 80_000}
    assert [one["day"] for one in told["spendings"]] == ["2020-01-01", spent, spent]


def test_nothing_spent_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_HOME", str(tmp_path))

    assert run() == "Nothing was spent in the last 30 days.\n"
