"""What a session's own history says about its next limit."""

from __future__ import annotations

import pytest

from farm.model.causes import Cause
from farm.model.limits import Limit, learned_window
from farm.model.sessions import Session, SessionState

HOUR = 3600.0


def quota(
    at: float, *, lifted: float | None = None, told: float | None = None, mode: str = "Flash"
) -> Limit:
    return Limit(
        session="alice",
        mode=mode,
        cause=Cause.LIMITED_QUOTA,
        at=at * HOUR,
        until=(told if told is not None else at + 2) * HOUR,
        told=told is not None,
        lifted_at=None if lifted is None else lifted * HOUR,
    )


def test_without_experience_nothing_is_learned() -> None:
    assert learned_window([], "Flash") is None
    assert learned_window([quota(1)], "Flash") is None


def test_a_window_lasts_from_the_limit_to_the_first_image_after_it() -> None:
    assert learned_window([quota(1, lifted=5)], "Flash") == 4 * HOUR


def test_limits_without_an_image_between_them_are_one() -> None:
    history = [quota(1), quota(3), quota(5, lifted=7)]

    assert learned_window(history, "Flash") == 6 * HOUR


def test_what_the_page_told_counts_before_any_image() -> None:
    assert learned_window([quota(1, told=4)], "Flash") == 3 * HOUR


def test_the_usual_window_is_learned_and_not_the_longest() -> None:
    history = [quota(0, lifted=5), quota(10, lifted=15), quota(20, lifted=44)]

    assert learned_window(history, "Flash") == 5 * HOUR


def test_another_model_and_another_cause_teach_nothing() -> None:
    other = quota(1, lifted=5, mode="Pro")

    assert learned_window([other], "Flash") is None


def test_an_image_after_a_holiday_says_nothing_about_the_window() -> None:
    assert learned_window([quota(1, lifted=100)], "Flash") is None


@pytest.mark.parametrize(
    ("limited", "shown", "freed"),
    [("Pro", "Flash", True), ("Pro", "Pro", False), ("", "Flash", False), ("Pro", "", False)],
)
def test_a_limit_is_of_its_model_and_another_one_is_free(
    limited: str,
    shown: str,
    freed: bool,
) -> None:
    session = Session(
        name="alice", state=SessionState.RESTING, cause=Cause.LIMITED_QUOTA, mode=limited
    )

    assert session.is_freed_by(shown) is freed
