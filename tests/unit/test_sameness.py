"""Which rows ask for the same picture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.model.operations import Operation
from farm.model.prompts import ImageType, Prompt, Size
from farm.model.sameness import content_key

ROW = Prompt(id="1", filename="a.png", description="a mill", size=Size(1024, 1024))


def key(prompt: Prompt, *references: str) -> bytes:
    return content_key(prompt.to_payload(), references)


@pytest.mark.parametrize(
    "other",
    [
        replace(ROW, id="2"),
        replace(ROW, filename="b.png"),
        replace(ROW, extra={"Site": "blog"}),
        Prompt.from_payload(ROW.to_payload()),
    ],
)
def test_names_and_other_columns_change_no_picture(other: Prompt) -> None:
    assert key(ROW) == key(other) != b""


@pytest.mark.parametrize(
    "other",
    [
        replace(ROW, description="a boat"),
        replace(ROW, size=Size(1920, 1080)),
        replace(ROW, size=None),
        replace(ROW, image_type=ImageType.HERO),
        replace(ROW, colors="blue"),
        replace(ROW, typography="serif"),
        replace(ROW, title="Mills"),
        replace(ROW, author="ada"),
        replace(ROW, negative="people"),
        replace(ROW, backend="gemini"),
        replace(ROW, model="flux-pro"),
        replace(ROW, operation=Operation.OUTPAINT),
        replace(ROW, factor=2.0),
        replace(ROW, seed=7),
        replace(ROW, id="1-v2"),
    ],
)
def test_whatever_changes_the_picture_tells_rows_apart(other: Prompt) -> None:
    assert key(ROW) != key(other)


def test_references_are_the_same_by_what_they_hold() -> None:
    here, there = replace(ROW, references=("/a.png",)), replace(ROW, references=("/b/a.png",))

    assert key(here, "sha-1") == key(there, "sha-1")
    assert key(here, "sha-1") != key(there, "sha-2")
    assert key(here, "sha-1") != key(ROW)


def test_the_same_variation_of_equal_rows_is_the_same() -> None:
    assert key(replace(ROW, id="7-v2")) == key(replace(ROW, id="9-v2"))
    assert key(replace(ROW, id="7-v2")) != key(replace(ROW, id="7-v3"))


def test_what_cannot_be_compared_has_no_key() -> None:
    unknown = replace(ROW, references=("/a.png",))

    assert key(unknown) == b""
    assert key(replace(unknown, mask="/m.png"), "sha-1") == b""
