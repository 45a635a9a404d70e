"""A prompt's stored values: all of it, and back again."""

from __future__ import annotations

from dataclasses import fields, replace

from farm.model.operations import Operation
from farm.model.prompts import ImageType, Prompt, Size

PROMPT = Prompt(
    id="7",
    image_type=ImageType.HERO,
    filename="mill.png",
    size=Size(1920, 1080),
    colors="#2563eb",
    typography="Sans",
    description="a mill 風車",
    title="The Mill",
    author="The Garden Desk",
    extra={"z": "1", "a": "2"},
)


def test_every_field_is_stored_and_read_back() -> None:
    prompt = replace(
        PROMPT,
        references=("/a.png", "https://b"),
        negative="text",
        backend="fal",
        model="m",
        operation=Operation.REMOVE,
        mask="/mask.png",
        factor=2.0,
        seed=7,
    )

    payload = prompt.to_payload()

    assert list(payload) == [field.name for field in fields(Prompt)]
    assert Prompt.from_payload(payload) == prompt


def test_what_few_rows_have_costs_the_others_nothing() -> None:
    payload = PROMPT.to_payload()

    few = {"references", "negative", "backend", "model", "operation", "mask", "factor", "seed"}
    assert not few & payload.keys()
    assert Prompt.from_payload(payload) == PROMPT


def test_pictures_to_go_by_and_a_backend_name_the_lane() -> None:
    assert PROMPT.lane == "any"
    assert replace(PROMPT, references=("/a.png",)).lane == "any+references"
    assert replace(PROMPT, references=("/a.png",), backend="fal").lane == "fal+references"
    both = replace(PROMPT, references=("/a.png",), mask="/m.png", operation=Operation.REMOVE)
    assert both.lane == "any+mask+references"


def test_the_order_of_columns_is_kept() -> None:
    payload = PROMPT.to_payload()

    assert list(Prompt.from_payload(payload).extra) == ["z", "a"]


def test_a_prompt_without_a_size_stays_without() -> None:
    prompt = replace(PROMPT, size=None)

    assert Prompt.from_payload(prompt.to_payload()) == prompt


def test_the_fingerprint_of_stored_jobs_stays_what_it_was() -> None:
    stored = "7c2372411973128c8ba9122c01d45c9a2633fd0cc594504de94cc131635383ba"

    assert PROMPT.fingerprint == stored
    assert replace(PROMPT, extra={}).fingerprint == stored
    assert replace(PROMPT, author="").fingerprint != stored
