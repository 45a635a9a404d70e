"""`farm incidents` on a store with evidence in its logs folder."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from farm.cli.app import app
from farm.config import has_display
from farm.errors import UsageError
from farm.model.causes import Cause
from farm.model.incidents import Sighting
from farm.store.engine import open_store

FOLDER = "incidents/20261121-010203-drift-1"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two incidents, the first with evidence."""
    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    asyncio.run(remember(tmp_path))
    (tmp_path / "logs" / FOLDER).mkdir(parents=True)
    (tmp_path / "logs" / FOLDER / "index.html").write_text("<h1>drift</h1>")


async def remember(home: Path) -> None:
    async with open_store(f"sqlite:///{home / 'farm.db'}") as store:
        for at in (1000.0, 2000.0):
            drift = await store.note_incident(sighting(Cause.DRIFT, "drift:send", at, role="send"))
        await store.file_incident(drift.id, FOLDER)
        await store.note_incident(sighting(Cause.TIMEOUT, "timeout", 3000.0))


def sighting(cause: Cause, key: str, at: float, role: str = "") -> Sighting:
    return Sighting(
        key=key, cause=cause, role=role, session="alice", job_id=7, message="why", at=at
    )


def farm(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_the_list_tells_count_cause_and_folder_the_last_met_first() -> None:
    head, first, second = farm("incidents").splitlines()

    assert head.split()[:3] == ["id", "count", "cause"]
    assert first.split()[:4] == ["2", "1", "timeout", "alice"]
    assert second.split()[:4] == ["1", "2", "drift", "(send)"]
    assert second.endswith(FOLDER)


def test_a_program_reads_the_list_with_and_without_its_word() -> None:
    listed = json.loads(farm("incidents", "list", "--json"))

    assert listed == json.loads(farm("incidents", "--json"))
    assert [(i["id"], i["cause"], i["count"]) for i in listed["incidents"]] == [
        (2, "timeout", 1),
        (1, "drift", 2),
    ]


def test_one_incident_is_shown_with_its_facts_and_files(tmp_path: Path) -> None:
    text, facts = (
        farm("incidents", "show", "1"),
        json.loads(farm("incidents", "show", "1", "--json")),
    )

    assert "role      send" in text
    assert facts["files"] == [str(tmp_path / "logs" / FOLDER / "index.html")]
    assert (facts["count"], facts["job"]) == (2, "#7")


def test_without_a_display_the_path_of_the_summary_is_said(tmp_path: Path) -> None:
    said = farm("incidents", "open", "1")

    assert said.strip() == str(tmp_path / "logs" / FOLDER / "index.html")


@pytest.mark.parametrize(
    ("words", "why"),
    [(("show", "9"), "no incident 9"), (("open", "2"), "has no evidence")],
)
def test_what_is_not_there_is_said(words: tuple[str, ...], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        farm("incidents", *words)


@pytest.mark.parametrize(
    ("platform", "environ", "there"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("darwin", {}, True),
        ("win32", {}, True),
    ],
)
def test_a_display_is_known_by_the_system_or_its_environment(
    platform: str, environ: dict[str, str], *, there: bool
) -> None:
    assert has_display(platform, environ) is there
