"""What an answer cost: by the price book, by farm's own rates, or by nobody's."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from farm.backends.pricing import GOOGLE, OPENAI, Tokens, priced
from farm.catalogue import load_catalogue
from farm.model.models import Model

TODAY = date(2026, 11, 20)
TOKENS = Tokens(text_in=10, text_out=50, image_out=1120)
USAGE = {
    "promptTokenCount": 10,
    "candidatesTokenCount": 1120,
    "thoughtsTokenCount": 50,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 10}],
    "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}],
}


def model(name: str) -> Model:
    found = load_catalogue().find(name)
    assert found is not None
    return found


def cost(body: dict[str, Any], of: Model, tokens: Tokens = TOKENS) -> int | None:
    return priced(body, GOOGLE, of, tokens, TODAY)


def test_the_price_book_knows_pictures_thoughts_and_words() -> None:
    body = {"usageMetadata": USAGE, "modelVersion": "gemini-nano-banana-2.1"}

    assert cost(body, model("gemini-nano-banana-2.1")) == 33_990  # 33_600 + 375 + 15


def test_a_model_the_book_does_not_know_is_priced_by_farms_own_rates() -> None:
    body = {"usageMetadata": USAGE, "modelVersion": "gemini-of-tomorrow"}

    assert cost(body, model("gemini-nano-banana-2.1")) == 33_990


def test_a_model_that_nobody_knows_has_no_price() -> None:
    body = {"usageMetadata": USAGE, "modelVersion": "gemini-of-tomorrow"}

    assert cost(body, replace(model("gemini-nano-banana-2.1"), rates=())) is None


def test_a_usage_of_no_shape_has_no_price_by_the_book() -> None:
    nano = replace(model("gemini-nano-banana-2.1"), rates=())

    assert cost({"usageMetadata": 3, "modelVersion": nano.id}, nano) is None
    assert cost({}, nano) is None


def test_openais_pictures_that_are_read_are_paid_too() -> None:
    flare = model("gpt-image-2.5-flare")
    usage = {
        "input_tokens": 320,
        "input_tokens_details": {"text_tokens": 20, "image_tokens": 300},
        "output_tokens": 439,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": 439},
        "total_tokens": 759,
    }

    body = {"model": flare.id, "usage": usage}

    assert priced(body, OPENAI, flare, Tokens(), TODAY) == 100 + 2400 + 13_170
