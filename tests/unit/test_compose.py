import random

import pytest

from farm.compose import COMMAND, DELIMITER, compose, fold
from farm.model.prompts import ImageType, Prompt, Size

ALPHABET = list(
    "ab |:/\n\r\t\v\x00\x1f\x7f\x85\u00a0\u00ad\u2028\u3000"
    "\u200b\u200c\u200d\u2060\ufeffé👩न मी\ufe0f\ud800"
)
LABELS = ("Size", "Colors", "Typography", "Description", "Title", "Published by")


def hero(**changes: object) -> Prompt:
    facts: dict[str, object] = {
        "id": "1",
        "image_type": ImageType.HERO,
        "filename": "hero-glass-garden.png",
        "size": Size(1920, 1080),
        "colors": "#2563eb, #ffffff",
        "typography": "Modern sans-serif",
        "description": "A glass house at dawn.",
        "title": "The Glass Garden",
        "author": "The Garden Desk",
    }
    return Prompt(**(facts | changes))  # type: ignore[arg-type]  # a table of changes


def fields_of(text: str) -> list[tuple[str, str]]:
    """Read a composed prompt the way its receiver would."""
    cells = text.removeprefix(f"{COMMAND} ").split(DELIMITER)
    return [(label, value) for label, _, value in (cell.partition(": ") for cell in cells)]


def noise(roll: random.Random, longest: int = 14) -> str:
    return "".join(roll.choices(ALPHABET, k=roll.randint(0, longest)))


def test_a_hero_has_all_six_fields_in_the_seeds_order() -> None:
    assert compose(hero()) == (
        "/imagine Size: 1920x1080px ||| Colors: #2563eb, #ffffff ||| "
        "Typography: Modern sans-serif ||| Description: A glass house at dawn. ||| "
        "Title: The Glass Garden ||| Published by: The Garden Desk"
    )


@pytest.mark.parametrize("image_type", [ImageType.HERO_OG, ImageType.REGULAR])
def test_only_a_hero_carries_title_and_author(image_type: ImageType) -> None:
    text = compose(hero(image_type=image_type))

    assert "Title:" not in text
    assert "Published by:" not in text


def test_what_a_picture_must_not_show_comes_last_and_only_where_it_is_said() -> None:
    text = compose(hero(negative="watermark, ||| logos\n"))

    assert text.endswith("||| Published by: The Garden Desk ||| Avoid: watermark, / logos")
    assert "Avoid" not in compose(hero())


def test_no_author_is_invented() -> None:
    assert compose(hero(author="")).endswith("||| Title: The Glass Garden")


def test_empty_fields_leave_no_trace() -> None:
    bare = hero(size=None, colors=" ", typography="\u200b", title="", author="")

    assert compose(bare) == "/imagine Description: A glass house at dawn."


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        ("one\r\n\r\ntwo\tthree", "one two three"),
        ("a\u2028b\u0085c\u00a0d\u3000e", "a b c d e"),
        ("ze\u200bro\ufeff wid\u2060th\u00ad", "zero width"),
        ("right\u202eleft\u202c", "rightleft"),
        ("nul\x00bell\x07", "nul bell"),
        ("a ||| Title: Mine", "a / Title: Mine"),
        ("a|||||b", "a/b"),
        ("a |\u200b|| b", "a / b"),
        ("a || b | c", "a || b | c"),
        ("Ünïcödé 東京 🌿", "Ünïcödé 東京 🌿"),
        ("family 👩\u200d👩\u200d👧", "family 👩\u200d👩\u200d👧"),
        ("Persian می\u200cخواهم", "Persian می\u200cخواهم"),
        ("hidden\u200d joiner", "hidden joiner"),
        ("lone \ud800 surrogate", "lone surrogate"),
    ],
)
def test_a_field_is_sent_as_one_harmless_line(raw: str, sent: str) -> None:
    assert compose(hero(description=raw, title="", author="")).endswith(f"Description: {sent}")


def test_folding_twice_changes_nothing_more() -> None:
    roll = random.Random(1)  # noqa: S311  # repeatable, not secret
    texts = [noise(roll) for _ in range(20_000)]

    assert [text for text in texts if fold(fold(text)) != fold(text)] == []


def test_no_content_can_add_drop_or_begin_a_field() -> None:
    roll = random.Random(2)  # noqa: S311  # repeatable, not secret

    for _ in range(5_000):
        prompt = hero(
            colors=noise(roll),
            typography=noise(roll),
            description="x" + noise(roll),
            title=noise(roll),
            author=noise(roll),
        )
        text = compose(prompt)
        given = ("size", prompt.colors, prompt.typography, "x", prompt.title, prompt.author)
        expected = [name for name, value in zip(LABELS, given, strict=True) if fold(value)]
        assert [label for label, _ in fields_of(text)] == expected, prompt
        assert fold(text) == text
        text.encode()
