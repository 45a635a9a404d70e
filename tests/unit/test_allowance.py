"""The user's own limits: cap, reserve and hours."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from farm.model.allowance import Allowance, next_allowed
from farm.model.causes import Cause
from farm.model.hours import parse_hours

BERLIN = ZoneInfo("Europe/Berlin")
DAY = parse_hours("08:00-22:00")
NIGHT = parse_hours("22:00-07:00")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


NOON = at("2026-11-21 12:00")
LATE = at("2026-11-21 23:00")


@pytest.mark.parametrize(
    ("allowance", "now", "made", "expected"),
    [
        (Allowance(), NOON, 9999, None),
        (Allowance(cap=50), NOON, 49, None),
        (Allowance(cap=50), NOON, 50, ("2026-11-22 00:00", Cause.LIMITED_CAP)),
        (Allowance(cap=50, reserve=10), NOON, 39, None),
        (Allowance(cap=50, reserve=10), NOON, 40, ("2026-11-22 00:00", Cause.LIMITED_CAP)),
        (Allowance(cap=50, reserve=60), NOON, 0, ("2026-11-22 00:00", Cause.LIMITED_CAP)),
        (Allowance(reserve=10), NOON, 500, None),
        (Allowance(hours=DAY), NOON, 0, None),
        (Allowance(hours=DAY), LATE, 0, ("2026-11-22 08:00", Cause.LIMITED_HOURS)),
        (Allowance(hours=DAY, cap=50), NOON, 50, ("2026-11-22 08:00", Cause.LIMITED_CAP)),
        (Allowance(hours=DAY, cap=50), LATE, 50, ("2026-11-22 08:00", Cause.LIMITED_HOURS)),
        (Allowance(hours=NIGHT, cap=50), LATE, 50, ("2026-11-22 00:00", Cause.LIMITED_CAP)),
        (Allowance(hours=NIGHT, cap=50), NOON, 50, ("2026-11-22 00:00", Cause.LIMITED_CAP)),
    ],
)
def test_a_session_waits_for_what_holds_it_longest(
    allowance: Allowance, now: float, made: int, expected: tuple[str, Cause] | None
) -> None:
    found = next_allowed(now, BERLIN, allowance, made)

    assert (found and found[:2]) == (expected and (at(expected[0]), expected[1]))


def test_a_cap_is_told_with_what_is_kept_back() -> None:
    found = next_allowed(NOON, BERLIN, Allowance(cap=50, reserve=10), 40)

    assert found is not None
    assert found[2] == (
        "40 images made today; the daily cap is 50, 10 of it kept back for you. "
        "Next image from tomorrow 00:00 on."
    )


def test_closed_hours_are_told_as_the_user_wrote_them() -> None:
    found = next_allowed(LATE, BERLIN, Allowance(hours=DAY), 0)

    assert found is not None
    assert found[2] == "Outside the working hours (08:00-22:00). Next image from tomorrow 08:00 on."


def test_a_cap_of_a_long_day_lasts_to_its_own_midnight() -> None:
    found = next_allowed(at("2026-10-25 01:00"), BERLIN, Allowance(cap=1), 1)

    assert found is not None
    assert found[0] == at("2026-10-26 00:00")
