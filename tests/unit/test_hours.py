"""Working hours, on ordinary days and on those whose clocks are set."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from farm.model.hours import (
    ALWAYS,
    HoursError,
    next_closing,
    next_opening,
    open_at,
    parse_hours,
)

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = "mon-fri 08:00-18:00, sat 10:00-14:00"


def at(text: str, fold: int = 0) -> float:
    """21 November 2026 is a Saturday."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp()


@pytest.mark.parametrize(
    ("hours", "now", "is_open"),
    [
        ("08:00-22:00", "2026-11-21 07:59:59", False),
        ("08:00-22:00", "2026-11-21 08:00", True),
        ("08:00-22:00", "2026-11-21 22:00", False),
        ("22:00-07:00", "2026-11-21 23:00", True),
        ("22:00-07:00", "2026-11-21 06:59", True),
        ("22:00-07:00", "2026-11-21 07:00", False),
        ("fri 22:00-07:00", "2026-11-21 06:00", True),
        ("fri 22:00-07:00", "2026-11-21 23:00", False),
        ("fri-mon 08:00-09:00", "2026-11-22 08:30", True),
        ("fri-mon 08:00-09:00", "2026-11-24 08:30", False),
        ("Saturday, sun 10:00-14:00", "2026-11-21 12:00", True),
        ("Saturday, sun 10:00-14:00", "2026-11-20 12:00", False),
        ("18:00-24:00", "2026-11-21 23:59", True),
        (WEEK, "2026-11-20 17:59", True),
        (WEEK, "2026-11-21 09:00", False),
        (WEEK, "2026-11-21 10:00", True),
        (WEEK, "2026-11-22 12:00", False),
    ],
)
def test_sessions_work_inside_the_hours_only(hours: str, now: str, is_open: bool) -> None:
    assert open_at(parse_hours(hours), at(now), BERLIN) is is_open


@pytest.mark.parametrize(
    ("hours", "now", "opening"),
    [
        ("08:00-22:00", "2026-11-21 12:00", "2026-11-21 12:00"),
        ("08:00-22:00", "2026-11-21 23:00", "2026-11-22 08:00"),
        ("22:00-07:00", "2026-11-21 12:00", "2026-11-21 22:00"),
        (WEEK, "2026-11-21 15:00", "2026-11-23 08:00"),
        ("fri 08:00-09:00", "2026-11-20 09:00", "2026-11-27 08:00"),
    ],
)
def test_the_next_opening_is_found(hours: str, now: str, opening: str) -> None:
    assert next_opening(parse_hours(hours), at(now), BERLIN) == at(opening)


@pytest.mark.parametrize(
    ("hours", "now", "closing"),
    [
        ("08:00-22:00", "2026-11-21 12:00", "2026-11-21 22:00"),
        ("22:00-07:00", "2026-11-21 23:00", "2026-11-22 07:00"),
        ("mon-sun 12:00-24:00, 00:00-12:00, mon 03:00-04:00", "2026-11-21 12:00", ""),
        ("fri 12:00-24:00, sat 00:00-06:00", "2026-11-20 13:00", "2026-11-21 06:00"),
        ("08:00-22:00", "2026-11-21 23:00", "2026-11-21 23:00"),
    ],
)
def test_the_next_closing_is_found(hours: str, now: str, closing: str) -> None:
    expected = at(closing) if closing else math.inf

    assert next_closing(parse_hours(hours), at(now), BERLIN) == expected


def test_without_hours_it_is_always_open() -> None:
    now = at("2026-11-21 12:00")

    assert next_opening(ALWAYS, now, BERLIN) == now
    assert next_closing(ALWAYS, now, BERLIN) == math.inf


def test_an_opening_that_the_clocks_leave_out_is_when_they_are_set_forward() -> None:
    hours = parse_hours("02:30-05:00")

    assert next_opening(hours, at("2026-03-29 00:00"), BERLIN) == at("2026-03-29 03:00")


def test_a_window_that_the_clocks_leave_out_opens_a_week_later() -> None:
    hours = parse_hours("sun 02:10-02:50")

    assert next_opening(hours, at("2026-03-28 12:00"), BERLIN) == at("2026-04-05 02:10")


def test_a_night_with_a_shift_has_the_length_its_clocks_say() -> None:
    night = parse_hours("22:00-07:00")
    spring, autumn = at("2026-03-28 22:00"), at("2026-10-24 22:00")

    assert next_closing(night, spring, BERLIN) - spring == 8 * 3600
    assert next_closing(night, autumn, BERLIN) - autumn == 10 * 3600


def test_hours_that_clocks_show_twice_are_open_twice() -> None:
    hours = parse_hours("01:30-02:15")
    first_close = at("2026-10-25 02:15", fold=0)

    assert next_closing(hours, at("2026-10-25 01:30"), BERLIN) == first_close
    assert next_opening(hours, first_close, BERLIN) == at("2026-10-25 02:00", fold=1)
    assert next_closing(hours, at("2026-10-25 02:00", fold=1), BERLIN) == at(
        "2026-10-25 02:15", fold=1
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("8-18", "'8-18' is no span of time"),
        ("mon-fir 08:00-18:00", "'fir' in 'mon-fir' is no weekday"),
        ("25:00-26:00", "25:00 is no time of day"),
        ("08:60-09:00", "08:60 is no time of day"),
        ("08:00-08:00", "ends when it begins"),
        ("24:00-08:00", "cannot open at 24:00"),
        ("08:00-10:00,,12:00-14:00", "empty part"),
        ("mon 08:00-10:00, tue", "days that have no hours"),
        ("", "empty part"),
        ("08:00-10:00 12:00-14:00", "no span of time"),
    ],
)
def test_hours_that_cannot_be_read_are_told_by_the_part_that_is_wrong(text: str, told: str) -> None:
    with pytest.raises(HoursError, match=told):
        parse_hours(text)
