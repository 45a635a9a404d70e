"""What APIs are told: sentences in place of the page's own form."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.compose import compose_natural
from farm.model.operations import Operation
from farm.model.prompts import ImageType, Prompt, Size

PROMPT = Prompt(
    id="1",
    filename="a.png",
    size=Size(1920, 1080),
    colors="#2563eb, white",
    typography="a bold serif",
    description="A mill by the river",
    negative="people, cars",
)


def test_a_row_becomes_sentences_with_every_field_of_it() -> None:
    assert compose_natural(PROMPT) == (
        "A mill by the river. Use the colour palette: #2563eb, white. Typography: a bold serif. "
        "Do not show: people, cars."
    )


def test_a_hero_carries_its_title_and_credit() -> None:
    hero = replace(PROMPT, image_type=ImageType.HERO, title="The Mill", author="Desk")

    assert 'the title "The Mill" and the author credit "Desk", exactly so.' in compose_natural(hero)
    assert "credit" not in compose_natural(replace(hero, author=""))


def test_the_twin_for_social_media_is_told_to_stay_without_text() -> None:
    text = compose_natural(replace(PROMPT, image_type=ImageType.HERO_OG, title="The Mill"))

    assert "no text" in text
    assert "The Mill" not in text
    assert "serif" not in text


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (Size(1920, 1080), "landscape, in the aspect ratio 16:9."),
        (Size(1080, 1350), "portrait, in the aspect ratio 4:5."),
        (Size(512, 512), "square, in the aspect ratio 1:1."),
        (Size(1200, 630), "landscape, in the aspect ratio 1.90:1."),
    ],
)
def test_a_proportion_is_spoken_where_there_is_no_field_for_it(size: Size, words: str) -> None:
    prompt = replace(PROMPT, size=size)

    assert words in compose_natural(prompt, ratio_in_words=True)
    assert words not in compose_natural(prompt)


def test_what_must_not_be_shown_is_left_to_the_field_where_there_is_one() -> None:
    assert "people" not in compose_natural(PROMPT, negative_in_words=False)


def test_a_change_of_a_picture_says_what_the_mask_is() -> None:
    prompt = replace(PROMPT, operation=Operation.REMOVE, mask="/m.png", description="The car")

    as_picture = compose_natural(prompt, mask_as_picture=True)

    assert as_picture.startswith("Take this out of the first picture")
    assert "the last picture, a mask, is white" in as_picture
    assert "the last picture" not in compose_natural(prompt)


def test_no_field_breaks_the_line() -> None:
    prompt = replace(PROMPT, description="A mill\nby  the river!", colors="red\nblue")

    assert "\n" not in compose_natural(prompt)
    assert compose_natural(prompt).startswith("A mill by the river! Use")
