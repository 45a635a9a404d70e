"""Which turn of a page asks what we ask."""

from __future__ import annotations

import pytest

from farm.sites.gemini.composer import same_prompt
from farm.sites.gemini.page import folded

LONG = "/imagine Description: " + "a winding river in the morning mist, " * 9


@pytest.mark.parametrize(
    ("query", "wanted", "same"),
    [
        ("/imagine  a\nkite", "/imagine a kite", True),
        ("/imagine a kite", "/imagine a red kite", False),
        ('the "Orient" isn\'t far', "the “Orient” isn’t far", True),
        ("a family 👩👧", "a family 👩\u200d👧", True),
        (LONG[:250] + "…", LONG.strip(), True),
        (LONG[:250] + " ...", LONG.strip(), True),
        (LONG[:250], LONG.strip(), False),
        (LONG[:100] + "…", LONG.strip(), False),
    ],
    ids=[
        "white space", "another text", "typographic quotes", "joiners", "shortened by an ellipsis",
        "shortened by three dots", "a prompt that ours goes on from", "too short a beginning",
    ],
)  # fmt: skip
def test_a_turn_is_ours_when_it_shows_our_text(query: str, wanted: str, *, same: bool) -> None:
    assert same_prompt(query, folded(wanted)) is same
