"""What `farm start` is told about who draws: words checked, settings overridden, clashes told."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from farm.cli.app import app
from farm.cli.routes import Route, seconds_of
from farm.config import load_settings
from farm.errors import UsageError
from farm.model.events import RunOptions
from farm.settings import Settings


def settings(home: Path, route: Route, **environ: str) -> Settings:
    return load_settings(route.overrides(), environ=environ, cwd=home)


def proven(home: Path, route: Route, at: float | None = None, **environ: str) -> Settings:
    return route.proven(settings(home, route, **environ), RunOptions(deadline=at))


def test_options_override_the_environment(tmp_path: Path) -> None:
    route = Route(
        backends=("web,Gemini",),
        fallback=("fal", "openai"),
        when=("refused",),
        after="10m",
        models=("flux-pro", "gemini-3-pro-image"),
        a_run=2.5,
        a_day=4,
        reuse=True,
    )

    found = settings(tmp_path, route, FARM_BACKENDS="web", FARM_BUDGET_DAY="1", FARM_REUSE="no")

    assert found.backends == ("web", "gemini")
    assert found.fallback == ("fal", "openai")
    assert found.fallback_when == ("refused",)
    assert found.fallback_after == 600
    assert found.models == ("flux-pro", "gemini-3-pro-image")
    assert (found.budget_run, found.budget_day, found.reuse) == (2.5, 4, True)


def test_without_options_the_settings_stand(tmp_path: Path) -> None:
    found = settings(tmp_path, Route(), FARM_BACKENDS="fal", FARM_FALLBACK_AFTER="7")

    assert (found.backends, found.fallback_after) == (("fal",), 7)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("0", 0), ("10m", 600), ("1h30m", 5400), ("2.5", 2.5)]
)
def test_a_time_is_seconds_or_says_its_unit(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["-5", "soon", "10 parsecs"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no duration"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("route", "said"),
    [
        (Route(backends=("gemni",)), "Did you mean gemini"),
        (Route(fallback=("midjourney",)), "Known: web, gemini"),
        (Route(when=("exhausted,refussed",)), "Did you mean refused"),
        (Route(fallback=("web",)), "web cannot be a fallback"),
        (Route(backends=("web", "gemini"), fallback=("gemini",)), "works from the beginning"),
        (Route(when=("blocked",)), "There is no fallback"),
        (Route(after="10m"), "There is no fallback"),
        (Route(deadline="8h"), "There is no fallback"),
        (Route(fallback=("gemini",), when=("deadline",)), "--deadline 07:00"),
        (Route(models=("imagen-3.0-generate-002",), backends=("gemini",)), "was shut down"),
        (Route(models=("flux-pro",), backends=("gemini",)), "--backends gemini,fal"),
        (Route(models=("gemini-3-pro-imagee",), backends=("gemini",)), "Did you mean gemini-3-pro"),
    ],
)
def test_what_does_not_go_together_says_what_to_do(tmp_path: Path, route: Route, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        proven(tmp_path, route)


@pytest.mark.parametrize(
    "route",
    [
        Route(),
        Route(backends=("web,gemini",), fallback=("gemini",), when=("refused",)),
        Route(fallback=("gemini",), after="0"),
        Route(fallback=("fal",), models=("flux-pro",)),
        Route(backends=("gemini",), models=("gemini:a-new-one",)),
    ],
)
def test_what_goes_together_is_taken(tmp_path: Path, route: Route) -> None:
    proven(tmp_path, route)


def test_a_fallback_of_the_settings_that_draws_anyway_is_no_error(tmp_path: Path) -> None:
    proven(tmp_path, Route(backends=("gemini",)), FARM_FALLBACK="gemini")


def test_a_deadline_makes_the_occasion_possible(tmp_path: Path) -> None:
    route = Route(fallback=("gemini",), when=("deadline",))

    found = proven(tmp_path, route, 1.0)

    assert found.fallback_when == ("deadline",)


def test_who_names_a_deadline_alone_means_that_occasion_too(tmp_path: Path) -> None:
    found = proven(tmp_path, Route(fallback=("gemini",), deadline="8h"), 1.0)

    assert found.fallback_when == ("exhausted", "blocked", "deadline")


@pytest.mark.parametrize(
    ("arguments", "deadline", "until"),
    [
        ((), False, False),
        (("--until", "8h"), True, True),
        (("--deadline", "8h"), True, False),
    ],
)
def test_the_end_of_the_run_is_its_deadline_too(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    deadline: bool,
    until: bool,
) -> None:
    asked: list[RunOptions] = []

    def run(_settings: Settings, options: RunOptions, *, as_json: bool) -> int:
        assert not as_json
        asked.append(options)
        return 0

    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    monkeypatch.setenv("FARM_FALLBACK", "gemini")
    monkeypatch.setattr("farm.cli.start.run_and_show", run)

    CliRunner().invoke(app, ["start", "--yes", *arguments], catch_exceptions=False)

    (options,) = asked
    assert options.yes
    assert (options.deadline is not None, options.until is not None) == (deadline, until)
