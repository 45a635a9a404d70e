"""`farm backends` and the APIs in `farm doctor`, over the doubles of the providers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fake_gemini
import fake_sdwebui
import pytest
from fake_gemini import FakeGemini
from typer.testing import CliRunner, Result

from farm.cli.app import app
from farm.config import load_settings
from farm.doctor.apis import apis_section
from farm.doctor.findings import Finding, Level
from farm.testing.clock import FakeClock

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def gemini(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGemini]:
    assert home
    with FakeGemini() as fake:
        monkeypatch.setenv("GEMINI_API_KEY", fake_gemini.KEY)
        monkeypatch.setenv("FARM_GEMINI_BASE_URL", fake.url)
        yield fake


def backends(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["backends", *arguments], catch_exceptions=False)


def one(result: Result, name: str) -> dict[str, Any]:
    return next(b for b in json.loads(result.stdout)["backends"] if b["name"] == name)


def findings(home: Path, **environ: str) -> tuple[Finding, ...]:
    settings = load_settings(environ=environ, cwd=home)
    return asyncio.run(apis_section(settings, FakeClock(time=NOW))).findings


def test_each_says_what_is_missing_or_how_it_is_reached_and_never_a_key(gemini: FakeGemini) -> None:
    result = backends("--json")

    ready, lacks = one(result, "gemini"), one(result, "openai")
    assert (ready["ready"], ready["auth"], ready["missing"]) == (True, "api-key", "")
    assert ready["account"].startswith("key-")
    assert ready["usual_model"] in gemini.models
    assert (lacks["ready"], lacks["missing"]) == (
        False,
        "openai needs a key: set OPENAI_API_KEY or FARM_OPENAI_API_KEY.",
    )
    assert fake_gemini.KEY not in result.output
    assert gemini.asked == []


def test_a_proof_draws_nothing_and_a_bad_key_is_exit_code_one(
    gemini: FakeGemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = backends("--check", "--json")
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-not-a-key-0123456789abcdefghij")
    bad = backends("--check", "--json")

    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert one(good, "gemini")["checked"]
    assert one(bad, "gemini")["trouble"]["cause"] == "key_rejected"
    assert gemini.ledger == []


def test_what_runs_at_home_is_asked_only_where_it_is_named(gemini: FakeGemini) -> None:
    assert gemini
    result = backends("--check", "--json")

    assert not one(result, "sdwebui")["checked"]
    assert one(backends("sdwebui", "--check", "--json"), "sdwebui")["checked"]


def test_of_what_needs_no_key_only_asking_tells_whether_it_is_there(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home
    with fake_sdwebui.FakeSdWebui() as fake:
        monkeypatch.setenv("FARM_SDWEBUI_URL", fake.url)
        unasked, there = backends("sdwebui"), backends("sdwebui", "--check")
        unknown = one(backends("sdwebui", "--json"), "sdwebui")["ready"]

    gone = backends("sdwebui", "--check")

    assert f"not asked: at {fake.url}" in unasked.stdout
    assert unknown is None
    assert f"ready: at {fake.url}" in there.stdout
    assert f"no answer: at {fake.url}" in gone.stdout


def test_models_that_were_shut_down_are_listed_only_when_all_are(home: Path) -> None:
    assert home
    usual, every = backends("--json"), backends("--all", "--json")

    def ids(result: Result) -> set[str]:
        return {model["id"] for model in one(result, "openai")["models"]}

    assert "dall-e-3" not in ids(usual)
    assert "dall-e-3" in ids(every)
    assert "Take gpt-image-2.5-flare instead" in backends("openai", "--all").stdout


def test_the_doctor_asks_each_that_is_set_up(gemini: FakeGemini, home: Path) -> None:
    environ = {"GEMINI_API_KEY": fake_gemini.KEY, "FARM_GEMINI_BASE_URL": gemini.url}

    (fine,) = findings(home, **environ)
    (bad,) = findings(home, **{**environ, "GEMINI_API_KEY": "AIza-not-a-key-0123456789abcdef"})
    gemini.models.remove("gemini-nano-banana-2.1")
    (gone,) = findings(home, **environ)

    assert [one.level for one in (fine, bad, gone)] == [Level.OK, Level.BROKEN, Level.BROKEN]
    assert "retired" in gone.what


def test_the_doctor_misses_what_the_queue_is_to_be_worked_by(home: Path) -> None:
    (finding,) = findings(home, FARM_BACKENDS="web,openai")

    assert finding.level is Level.BROKEN
    assert "OPENAI_API_KEY" in finding.what


def test_the_doctor_warns_of_a_model_whose_last_day_is_near(home: Path) -> None:
    found = findings(home, FARM_MODELS="gpt-image-1-mini")

    assert [(one.level, one.todo) for one in found][-1] == (
        Level.WARNING,
        "take gpt-image-2.5-flare instead: FARM_MODELS",
    )
    assert "in 10 days" in found[-1].what


def test_a_server_of_ones_own_that_is_not_running_is_told(home: Path) -> None:
    with fake_sdwebui.FakeSdWebui() as fake:
        url = fake.url
        (running,) = findings(home, FARM_SDWEBUI_URL=url)
    (gone,) = findings(home, FARM_SDWEBUI_URL=url)

    assert running.level is Level.OK
    assert gone.level in {Level.WARNING, Level.BROKEN}


def test_offline_nobody_is_asked(gemini: FakeGemini, home: Path) -> None:
    settings = load_settings(
        environ={"GEMINI_API_KEY": fake_gemini.KEY, "FARM_GEMINI_BASE_URL": gemini.url}, cwd=home
    )

    section = asyncio.run(apis_section(settings, FakeClock(time=NOW), offline=True))

    assert [one.level for one in section.findings] == [Level.NOTE]
    assert gemini.asked == []
