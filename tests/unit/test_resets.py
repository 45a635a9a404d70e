"""When a limit ends, in the page's own words."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from farm.sites.gemini.resets import reset_time

MORNING = "2026-07-25T09:30"


def at(moment: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("until your limit resets on Jul 25 at 2:18 PM.", MORNING, "2026-07-25T14:18"),
        ("until your limit resets on Jul 25 at 2:18\u202fPM.", MORNING, "2026-07-25T14:18"),
        ("resets on July 26, 2026 at 12:05 AM", MORNING, "2026-07-26T00:05"),
        ("resets on Jul 25 at 12 PM", MORNING, "2026-07-25T12:00"),
        ("resets on 26 Jul at 14:18", MORNING, "2026-07-26T14:18"),
        ("resets on Jan 1 at 1:00 AM", "2026-12-31T22:00", "2027-01-01T01:00"),
        ("resets on Jul 24 at 2:18 PM", MORNING, "2026-07-24T14:18"),
        ("Your limit resets at 2:18 PM.", MORNING, "2026-07-25T14:18"),
        ("Your limit resets at 2:18 AM.", MORNING, "2026-07-26T02:18"),
        ("Your limit resets tomorrow at 11 AM.", MORNING, "2026-07-26T11:00"),
        (
            "hasta que se restablezca tu límite el 25 de jul a las 14:18",
            MORNING,
            "2026-07-25T14:18",
        ),
        ("se restablezca el 1 de enero a la 1:05 p. m.", "2026-12-31T22:00", "2027-01-01T13:05"),
        ("se restablecerá a las 16:00", MORNING, "2026-07-25T16:00"),
    ],
)
def test_a_reset_time_is_read(text: str, now: str, expected: str) -> None:
    assert reset_time(text, at(now), UTC) == at(expected)


@pytest.mark.parametrize(
    "text",
    [
        "I can create more images as soon as your limit resets. Check your usage in Settings.",
        "resets on Feb 30 at 2:18 PM",
        "resets on Jul 25 at 27:99",
        "come back tomorrow and we can make more",
        "",
    ],
)
def test_what_tells_no_time_gives_none(text: str) -> None:
    assert reset_time(text, at(MORNING), UTC) is None


def test_the_clock_of_the_page_is_the_clock_of_its_zone() -> None:
    text = "until your limit resets on Jul 25 at 2:18 PM"

    berlin = reset_time(text, at(MORNING), ZoneInfo("Europe/Berlin"))

    assert berlin == at("2026-07-25T14:18", "Europe/Berlin") == at("2026-07-25T12:18")


def test_a_day_with_another_offset_keeps_its_own_clock() -> None:
    text = "until your limit resets on Oct 26 at 9:00 AM"
    before_the_change = at("2026-10-24T20:00", "Europe/Berlin")

    moment = reset_time(text, before_the_change, ZoneInfo("Europe/Berlin"))

    assert moment == at("2026-10-26T08:00")
