"""The list of models: what is usual, what is retired, what a user may name."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from farm.catalogue import load_catalogue
from farm.errors import UsageError
from farm.model.fitting import Order, estimate
from farm.model.lanes import Need
from farm.model.models import Status
from farm.model.operations import Operation

TODAY = date(2026, 11, 20)
CATALOGUE = load_catalogue()
BACKENDS = ("gemini", "openai", "fal", "sdwebui", "comfyui")
LIVING = [model for model in CATALOGUE.models if not model.retired(TODAY)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_backend_has_a_usual_model_that_answers_and_whose_price_is_known(
    backend: str,
) -> None:
    usual = CATALOGUE.usual(backend, TODAY)

    assert not usual.retired(TODAY)
    assert Operation.GENERATE in usual.operations
    assert estimate(usual, Order(), TODAY) is not None


@pytest.mark.parametrize(
    "name",
    [
        "imagen-3.0-generate-002",
        "imagen-3.0-generate-001",
        "imagen-3.0-capability-001",
        "imagen-4",
        "gemini-3-pro-image-preview",
        "gemini-2.5-flash-image-preview",
        "gemini-2.0-flash",
        "gpt-image-1",
        "dall-e-3",
        "dall-e-2",
    ],
)
def test_every_model_of_older_documents_is_known_as_retired_and_names_another(name: str) -> None:
    model = CATALOGUE.find(name)

    assert model is not None
    with pytest.raises(UsageError, match=r"was shut down.* Take .+ instead\."):
        CATALOGUE.take(name, model.backend, TODAY)


@pytest.mark.parametrize("model", CATALOGUE.models, ids=lambda model: model.id)
def test_what_is_to_be_taken_instead_answers_itself(model: object) -> None:
    replacement = getattr(model, "replacement", "").partition(" ")[0]
    if replacement:
        instead = CATALOGUE.find(replacement)

        assert instead is not None
        assert not instead.retired(TODAY)


def test_a_model_dies_on_its_day_by_itself() -> None:
    model = CATALOGUE.find("gpt-image-1.5")

    assert model is not None
    assert not model.retired(date(2026, 11, 30))
    assert model.retired(date(2026, 12, 1))
    assert "2026-12-01" in model.obituary(date(2026, 12, 1))


def test_no_two_models_answer_to_one_name() -> None:
    names = [(m.backend, name.lower()) for m in CATALOGUE.models for name in m.names]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("model", LIVING, ids=lambda model: model.id)
def test_prices_of_a_model_leave_no_size_or_quality_out(model: object) -> None:
    found = next(m for m in LIVING if m is model)
    if not found.prices:
        return
    tiers, qualities = found.tiers or ("",), found.qualities or ("",)
    priced = {(price.tier, price.quality) for price in found.prices}

    for tier in tiers:
        for quality in qualities:
            assert priced & {(tier, quality), ("", quality), (tier, ""), ("", "")}


def test_a_model_nobody_told_farm_of_can_what_its_kin_can_at_an_unknown_price() -> None:
    model = CATALOGUE.take("gemini-9-image", "gemini", TODAY)

    assert (model.id, model.status) == ("gemini-9-image", Status.PREVIEW)
    assert model.needs == frozenset({Need.REFERENCES, Need.MASK})
    assert estimate(model, Order(), TODAY) is None


def test_the_users_models_are_sorted_by_backend() -> None:
    chosen = CATALOGUE.chosen(["nano-banana-pro", "openai:gpt-image-9"], TODAY)

    assert {name: model.id for name, model in chosen.items()} == {
        "gemini": "gemini-3-pro-image",
        "openai": "gpt-image-9",
    }


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["gpt-image-1"], "Take gpt-image-2.5-flare instead"),
        (["gpt-image-9"], "no model that farm knows"),
        (["nowhere:x"], "no model that farm knows"),
        (["gpt-image-2", "gpt-image-2.5-flare"], "both of openai"),
    ],
)
def test_a_wrong_choice_of_models_says_what_is_wrong(words: list[str], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        CATALOGUE.chosen(words, TODAY)


def test_a_job_no_usual_model_can_do_goes_to_one_that_can() -> None:
    assert CATALOGUE.able("fal", Operation.UPSCALE, TODAY).operations == (Operation.UPSCALE,)
    assert CATALOGUE.able("gemini", Operation.GENERATE, TODAY) is CATALOGUE.usual("gemini", TODAY)


def test_a_list_of_ones_own_adds_models_and_replaces_some(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text(
        '[[model]]\nbackend = "openai"\nid = "gpt-image-2"\n'
        "price = [{ valid_from = 2026-11-01, usd = 0.5 }]\n"
        '[[model]]\nbackend = "fal"\nid = "fal-ai/new"\n'
    )

    catalogue = load_catalogue(tmp_path)

    own = catalogue.find("gpt-image-2", "openai")
    assert own is not None
    assert estimate(own, Order(), TODAY) == 500_000
    assert catalogue.find("fal-ai/new") is not None
    assert len(catalogue.models) == len(CATALOGUE.models) + 1


@pytest.mark.parametrize("text", ["model = 3", "[[model]]\nid = 'x'", "[[model", "x = 1"])
def test_a_list_that_is_none_names_its_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "models.toml").write_text(text)

    with pytest.raises(UsageError, match=r"models\.toml"):
        load_catalogue(tmp_path)
