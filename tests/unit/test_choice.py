"""Which model a row gets: its own, that of its type, the run's, or one that can do what it asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from farm.backends.api import Reference
from farm.backends.base import Work
from farm.backends.choice import Choice
from farm.catalogue import load_catalogue
from farm.config import load_settings
from farm.errors import UsageError
from farm.model.jobs import AttemptFacts, Phase
from farm.model.lanes import Need
from farm.model.operations import Operation
from farm.model.prompts import ImageType, Prompt
from farm.testing.clock import FakeClock
from farm.wiring.apis import api_form, choice_of

TODAY = date(2026, 11, 20)
CLOCK = FakeClock(time=datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp())
ROW = Prompt(id="1", filename="a.png", description="a mill")
HERO = replace(ROW, image_type=ImageType.HERO)
UPSCALE = replace(ROW, operation=Operation.UPSCALE, references=("a.png",), factor=2.0)


def choice(home: Path, backend: str, **environ: str) -> Choice:
    settings = load_settings(environ={f"FARM_{k}": v for k, v in environ.items()}, cwd=home)
    return choice_of(settings, backend, CLOCK, load_catalogue())


def work(prompt: Prompt) -> Work:
    return Work(
        job_id=1,
        attempt_id=1,
        prompt=prompt,
        text="a mill.",
        phase=Phase.CLAIMED,
        facts=AttemptFacts(),
        others=frozenset(),
    )


@pytest.mark.parametrize(
    ("prompt", "model"),
    [
        (replace(HERO, model="gemini-3.1-flash-lite-image"), "gemini-3.1-flash-lite-image"),
        (HERO, "gemini-3-pro-image"),
        (ROW, "gemini-nano-banana-2.1"),
        (replace(ROW, image_type=ImageType.HERO_OG), "gemini-3.1-flash-lite-image"),
    ],
)
def test_the_rows_model_comes_first_then_its_types_then_the_runs(
    tmp_path: Path, prompt: Prompt, model: str
) -> None:
    found = choice(
        tmp_path,
        "gemini",
        MODELS="gemini-nano-banana-2.1",
        MODELS_BY_TYPE="Hero = nano-banana-pro, hero-og=nano-banana-lite hero=flux-pro",
    )

    assert found.model_of(prompt).id == model


def test_each_backend_takes_its_own_models_of_a_type(tmp_path: Path) -> None:
    found = choice(tmp_path, "fal", MODELS_BY_TYPE="hero=nano-banana-pro, hero=flux-pro")

    assert "flux-pro" in found.model_of(HERO).names
    assert found.model_of(ROW) == load_catalogue().usual("fal", TODAY)


@pytest.mark.parametrize("text", ["hero", "hero=", "portrait=flux-pro", "=flux-pro"])
def test_what_is_no_type_and_model_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="FARM_MODELS_BY_TYPE"):
        choice(tmp_path, "fal", MODELS_BY_TYPE=text)


def test_a_model_of_a_type_that_was_shut_down_says_what_to_take(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="was shut down"):
        choice(tmp_path, "gemini", MODELS_BY_TYPE="hero=imagen-3.0-generate-002")


@pytest.mark.parametrize(
    "prompt",
    [
        UPSCALE,
        replace(UPSCALE, operation=Operation.OUTPAINT, factor=None),
        replace(ROW, references=("a.png",)),
    ],
)
def test_a_row_that_names_no_model_gets_one_that_can_do_it(tmp_path: Path, prompt: Prompt) -> None:
    found = choice(tmp_path, "fal").model_of(prompt)

    assert found.can(prompt.operation, prompt.needs)


def test_everybodys_jobs_are_taken_only_with_what_all_models_for_them_can(tmp_path: Path) -> None:
    usual = choice(tmp_path, "gemini")
    heroes = choice(tmp_path, "gemini", MODELS_BY_TYPE="hero=imagen-4.0-upscale-preview")

    assert usual.usual_needs() == {Need.MASK, Need.REFERENCES}
    assert heroes.usual_needs() == {Need.REFERENCES}


async def test_what_an_upscale_costs_follows_from_the_pixels_it_enlarges(tmp_path: Path) -> None:
    able = choice(tmp_path, "fal")
    small = replace(able, measure=lambda _: (1024, 1024))
    large = replace(able, measure=lambda _: (2048, 2048))

    costs = [(await one.request(work(UPSCALE), resolve))[1] for one in (small, large)]

    assert costs == [4_000, 16_000]


async def resolve(names: Sequence[str]) -> tuple[Reference, ...]:
    return tuple(Local(Path(name)) for name in names)


class Local:
    """A reference on disk."""

    media_type, sha256, size_bytes = "image/png", "", 1000

    def __init__(self, path: Path) -> None:
        self.path = path


def test_a_row_is_worded_for_the_model_that_reads_it(tmp_path: Path) -> None:
    form = api_form(choice(tmp_path, "gemini", MODELS_BY_TYPE="hero=nano-banana-pro"))

    assert form(HERO).startswith("a mill.")
    assert form(replace(HERO, model="imagen-3.0-generate-002")).startswith("a mill.")
