"""Moments, as calendars and clocks on the wall name them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from farm.errors import UsageError
from farm.model.moments import (
    clock_time,
    duration,
    next_day,
    readings,
    shift_of,
    start_of_day,
    until,
)

BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # its clocks move by half an hour
HAVANA = ZoneInfo("America/Havana")  # its clocks move at midnight


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


NOW = at("2026-11-21 20:00")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("21:30", at("2026-11-21 21:30")),
        ("07:00", at("2026-11-22 07:00")),
        ("7:00", at("2026-11-22 07:00")),
        ("20:00", at("2026-11-22 20:00")),
        ("2026-11-22 07:00", at("2026-11-22 07:00")),
        ("2026-11-22T07:00", at("2026-11-22 07:00")),
        ("8h", NOW + 8 * 3600),
        ("1h30m", NOW + 5400),
    ],
)
def test_until_means_the_next_such_moment(text: str, moment: float) -> None:
    assert until(text, NOW, BERLIN) == moment


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("25:00", "00:00 to 23:59"),
        ("07:60", "00:00 to 23:59"),
        ("2026-02-30 07:00", "no calendar"),
        ("2026-11-21 07:00", "is over: it is 2026-11-21 20:00"),
        ("morning", "names no moment"),
        ("0h", "names no moment"),
        ("", "names no moment"),
    ],
)
def test_what_is_no_moment_ahead_is_told_as_what_it_is(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        until(text, NOW, BERLIN)


def test_a_time_that_the_clocks_leave_out_is_the_moment_they_are_set_forward() -> None:
    before = at("2026-03-28 20:00")

    assert until("02:30", before, BERLIN) == at("2026-03-29 03:00")


def test_of_a_time_that_exists_twice_the_one_still_ahead_is_meant() -> None:
    between = at("2026-10-25 02:45", fold=0)

    assert until("02:30", at("2026-10-24 20:00"), BERLIN) == at("2026-10-25 02:30", fold=0)
    assert until("02:30", between, BERLIN) == at("2026-10-25 02:30", fold=1)


@pytest.mark.parametrize(
    ("day", "moment"),
    [
        (date(2026, 3, 29), at("2026-03-29 03:00")),
        (date(2026, 10, 25), at("2026-10-25 02:00", fold=1)),
        (date(2026, 11, 21), None),
    ],
)
def test_the_moment_clocks_are_set_is_found_to_the_second(day: date, moment: float | None) -> None:
    assert shift_of(day, BERLIN) == moment


def test_clocks_that_move_by_half_an_hour_are_understood() -> None:
    day = date(2026, 4, 5)

    assert readings(day, 105, LORD_HOWE) == [
        at("2026-04-05 01:45", LORD_HOWE, fold=0),
        at("2026-04-05 01:45", LORD_HOWE, fold=1),
    ]


def test_a_day_that_begins_at_one_begins_at_one() -> None:
    noon = at("2026-03-08 12:00", HAVANA)

    assert start_of_day(noon, HAVANA) == at("2026-03-08 01:00", HAVANA)


def test_a_day_of_25_hours_ends_after_25_hours() -> None:
    noon = at("2026-10-25 12:00")

    assert next_day(noon, BERLIN) - start_of_day(noon, BERLIN) == 25 * 3600


@pytest.mark.parametrize(
    ("text", "seconds"), [("2h", 7200), ("30m", 1800), ("1d", 86400), ("1.5h", 5400), ("90s", 90)]
)
def test_durations_are_numbers_with_units(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["2", "h", "-2h", "2h later", "0m", "2x", "400d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        duration(text)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (at("2026-11-21 21:05"), "21:05"),
        (at("2026-11-22 07:00"), "tomorrow 07:00"),
        (at("2026-11-30 07:00"), "Mon 30 Nov 07:00"),
    ],
)
def test_a_moment_is_told_as_people_tell_it(moment: float, text: str) -> None:
    assert clock_time(moment, NOW, BERLIN) == text
