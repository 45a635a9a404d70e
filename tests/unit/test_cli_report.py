"""`farm report` on the store of a short night."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest
from night import live_through
from typer.testing import CliRunner

from farm.cli.app import app
from farm.errors import UsageError

JOBS = 14


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a night of fourteen jobs in it."""
    home = tmp_path_factory.mktemp("home")
    asyncio.run(live_through(home, jobs=JOBS, seconds=600))
    return home


@pytest.fixture(autouse=True)
def _home(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_HOME", str(house))
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


def farm(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_a_page_of_all_jobs_is_written_where_runs_write_it(house: Path) -> None:
    said = farm("report", "--open")

    page = house / "downloads" / "contact-sheet.html"
    assert said.strip() == f"report: {page}"
    text = page.read_text(encoding="utf-8")
    assert [f"id=job-{n}>" in text or f"id=job-{n} " in text for n in range(1, JOBS + 1)] == (
        [True] * JOBS
    )
    assert "0.0336 USD" in text


def test_a_page_goes_where_it_is_asked_for_and_still_finds_its_originals(
    house: Path, tmp_path: Path
) -> None:
    farm("report", "--out", str(tmp_path / "r.html"), "--queue", "spring campaign")

    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert f"{house.name}/downloads/2026-11-21/" in text


def test_a_program_reads_everything_and_no_page_is_written(house: Path) -> None:
    (house / "downloads" / "contact-sheet.html").unlink(missing_ok=True)

    told = json.loads(farm("report", "--json"))

    assert told["queues"] == ["spring campaign"]
    assert len(told["rows"]) == JOBS
    assert {one["session"] for one in told["accounts"]} == {"alice", "bob", "carol", "openai-1"}
    assert told["costs"][0]["model"] == "gpt-image-1.5"
    assert not (house / "downloads" / "contact-sheet.html").exists()


def test_the_table_is_written_to_a_file_or_printed(tmp_path: Path) -> None:
    farm("report", "--csv", str(tmp_path / "night.csv"))

    written = (tmp_path / "night.csv").read_text(encoding="utf-8")
    assert list(csv.DictReader(io.StringIO(farm("report", "--csv", "-")))) == list(
        csv.DictReader(io.StringIO(written))
    )
    assert len(written.splitlines()) == JOBS + 1


def test_a_span_without_anything_in_it_is_said() -> None:
    with pytest.raises(UsageError, match="no job changed"):
        farm("report", "--since", "1s")


def test_an_unknown_queue_is_said() -> None:
    with pytest.raises(UsageError, match="no queue 'heroes'"):
        farm("report", "--queue", "heroes")


def test_two_things_cannot_both_be_printed() -> None:
    with pytest.raises(UsageError, match="standard output"):
        farm("report", "--csv", "-", "--json")
