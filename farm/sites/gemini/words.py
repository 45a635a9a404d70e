"""Comparing what a page says: folding, literals and regular expressions, in any language."""

from __future__ import annotations

import re
from collections.abc import Iterable

PLAIN = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u02bc": "'",
        "\u00b4": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u00a0": " ",
        "\u2007": " ",
        "\u2009": " ",
        "\u202f": " ",
        "\u200b": None,
        "\u200e": None,
        "\u200f": None,
        "\ufeff": None,
    }
)


def fold(text: str) -> str:
    """The text with plain apostrophes, quotes and spaces, white space folded to single blanks."""
    return " ".join(text.translate(PLAIN).split())


def shorten(text: str, limit: int = 300) -> str:
    """The folded text, cut at a limit of characters with an ellipsis."""
    folded = fold(text)
    return folded if len(folded) <= limit else folded[: limit - 1].rstrip() + "…"


def phrase(source: str) -> re.Pattern[str]:
    """A literal, or `/a regular expression/`, as a pattern for folded text; raises `re.error`."""
    if len(source) > 2 and source.startswith("/") and source.endswith("/"):  # noqa: PLR2004  # both slashes and something between
        return re.compile(source[1:-1].translate(PLAIN), re.IGNORECASE)
    return re.compile(re.escape(fold(source)), re.IGNORECASE)


def says(text: str, phrases: Iterable[re.Pattern[str]]) -> bool:
    """Whether folded text contains one of the phrases."""
    return any(p.search(text) for p in phrases)
