"""Image APIs as the settings open them: which way, under which label, and what is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from farm.backends.comfyui import ComfyUi
from farm.backends.fal import Fal
from farm.backends.gemini import GeminiApi
from farm.backends.openai import OpenAiApi
from farm.backends.sdwebui import SdWebui
from farm.catalogue import load_catalogue
from farm.config import load_settings
from farm.errors import UsageError
from farm.model.prompts import Prompt, Size
from farm.settings import Settings
from farm.testing.apis import CountingPurse
from farm.testing.clock import FakeClock
from farm.wiring.apis import (
    APIS,
    account_of,
    api_form,
    choice_of,
    gemini_auth,
    missing,
    open_api_hand,
)

CLOCK = FakeClock(time=datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp())
KEYS = {
    "GEMINI_API_KEY": "AIza-the-secret-key-of-gemini-0001",
    "OPENAI_API_KEY": "sk-the-secret-key-of-openai-0001",
    "FAL_KEY": "the-secret:key-of-fal",
}


def settings(home: Path, **environ: str) -> Settings:
    return load_settings(environ=environ, cwd=home)


@pytest.mark.parametrize(
    ("backend", "kind"),
    [
        ("gemini", GeminiApi),
        ("openai", OpenAiApi),
        ("fal", Fal),
        ("sdwebui", SdWebui),
        ("comfyui", ComfyUi),
    ],
)
def test_every_backend_is_opened_by_its_name_and_number(
    tmp_path: Path, backend: str, kind: type
) -> None:
    known = settings(tmp_path, **KEYS)

    hand = open_api_hand(known, backend, 2, clock=CLOCK, purse=CountingPurse())

    assert hand.name == f"{backend}-2"
    assert isinstance(hand.api, kind)
    assert hand.lanes[:1] == (f"session:{backend}-2",)


@pytest.mark.parametrize(
    ("backend", "word"),
    [("gemini", "GEMINI_API_KEY"), ("openai", "OPENAI_API_KEY"), ("fal", "FAL_KEY")],
)
def test_what_is_missing_is_named(tmp_path: Path, backend: str, word: str) -> None:
    bare = settings(tmp_path)

    assert word in missing(bare, backend)
    with pytest.raises(UsageError, match=word):
        open_api_hand(bare, backend, 1, clock=CLOCK, purse=CountingPurse())


def test_a_library_that_is_not_installed_is_named_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farm.wiring.apis.find_spec", lambda _name: None)

    assert "gemini-farm[openai]" in missing(settings(tmp_path, **KEYS), "openai")


@pytest.mark.parametrize(
    ("environ", "way"),
    [
        ({}, ""),
        ({"GEMINI_API_KEY": "k"}, "api-key"),
        ({"GOOGLE_API_KEY": "k"}, "api-key"),
        ({"GOOGLE_APPLICATION_CREDENTIALS": "sa.json"}, "service-account"),
        ({"GEMINI_API_KEY": "k", "GOOGLE_APPLICATION_CREDENTIALS": "sa.json"}, "api-key"),
        ({"GOOGLE_CLOUD_PROJECT": "p"}, "adc"),
        ({"FARM_GEMINI_AUTH": "proxy", "GEMINI_API_KEY": "k"}, "proxy"),
        ({"FARM_GEMINI_AUTH": "proxy"}, ""),
        ({"FARM_GEMINI_AUTH": "service-account", "GEMINI_API_KEY": "k"}, ""),
    ],
)
def test_the_way_to_gemini_follows_from_what_is_set(
    tmp_path: Path, environ: dict[str, str], way: str
) -> None:
    known = settings(tmp_path, **environ)

    assert gemini_auth(known) == way
    assert bool(missing(known, "gemini")) is (not way)


def test_the_seeds_switch_chooses_backend_and_model(tmp_path: Path) -> None:
    known = settings(
        tmp_path,
        IMAGE_GENERATION_MODEL_PROVIDER="OpenAI",
        IMAGE_GENERATION_MODEL_ID="gpt-image-2",
    )

    assert known.backends == ("openai",)
    assert choice_of(known, "openai", CLOCK, load_catalogue()).model == "gpt-image-2"


@pytest.mark.parametrize("name", ["Google", "vertex", "Vertex AI", "google_ai", "Gemini"])
def test_the_seeds_switch_takes_googles_names_for_gemini(tmp_path: Path, name: str) -> None:
    known = settings(tmp_path, IMAGE_GENERATION_MODEL_PROVIDER=f"{name}, OpenAI")

    assert known.backends == ("gemini", "openai")


def test_a_retired_model_in_the_settings_says_what_to_take(tmp_path: Path) -> None:
    known = settings(tmp_path, IMAGE_GENERATION_MODEL_ID="gpt-image-1", **KEYS)

    with pytest.raises(UsageError, match=r"Take gpt-image-2\.5-flare instead"):
        open_api_hand(known, "openai", 1, clock=CLOCK, purse=CountingPurse())


@pytest.mark.parametrize("backend", APIS)
def test_a_label_tells_keys_apart_and_opens_nothing(tmp_path: Path, backend: str) -> None:
    known = settings(tmp_path, **KEYS)

    label = account_of(known, backend)

    assert label
    assert not any(secret[-6:] in label for secret in KEYS.values())


def test_no_representation_of_settings_or_hands_shows_a_key(tmp_path: Path) -> None:
    known = settings(tmp_path, **KEYS, FARM_SDWEBUI_AUTH="ada:sd-password")
    hands = [open_api_hand(known, name, 1, clock=CLOCK, purse=CountingPurse()) for name in APIS]

    shown = repr((known, hands))

    assert not [secret for secret in (*KEYS.values(), "sd-password") if secret in shown]


@pytest.mark.parametrize(
    ("backend", "has", "lacks"),
    [
        ("gemini", "Do not show: people.", "aspect ratio"),
        ("openai", "Do not show: people.", "aspect ratio"),
        ("sdwebui", "A mill.", "people"),
    ],
)
def test_rows_are_worded_for_what_the_model_has_fields_for(
    tmp_path: Path, backend: str, has: str, lacks: str
) -> None:
    choice = choice_of(settings(tmp_path), backend, CLOCK, load_catalogue())
    row = Prompt(
        id="1", filename="a", description="A mill", negative="people", size=Size(1920, 1080)
    )

    text = api_form(choice)(row)

    assert has in text
    assert lacks not in text
