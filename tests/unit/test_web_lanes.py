"""What a browser session may be given."""

from __future__ import annotations

from farm.backends.web import lanes_of
from farm.model.lanes import Need, lane
from farm.model.prompts import Prompt


def test_a_session_serves_its_own_lane_first_and_rows_with_references_before_plain_ones() -> None:
    assert lanes_of("alice") == (
        "session:alice",
        "web+references",
        "web",
        "any+references",
        "any",
    )


def test_a_row_with_references_waits_where_only_able_hands_look() -> None:
    row = Prompt(id="1", filename="kite", description="a kite", references=("/kite.png",))

    assert row.lane in lanes_of("alice")
    assert row.lane != Prompt(id="1", filename="kite", description="a kite").lane


def test_what_a_session_cannot_do_it_is_not_given() -> None:
    assert lane("web", (Need.MASK,)) not in lanes_of("alice")
