"""How many sessions of an API work at which time of the day."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from farm.model.hours import ALWAYS, HoursError, open_at
from farm.model.schedule import (
    hours_of,
    most_sessions,
    next_turn,
    parse_schedule,
    sessions_at,
)

ZONE = ZoneInfo("Europe/Berlin")
SEED = parse_schedule("00:00-08:00=8, 08:00-22:00=2, 22:00-24:00=4")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp()


@pytest.mark.parametrize(
    ("clock", "sessions"),
    [("00:00", 8), ("07:59", 8), ("08:00", 2), ("21:59", 2), ("22:00", 4), ("23:59", 4)],
)
def test_each_time_of_the_day_has_its_number(clock: str, sessions: int) -> None:
    assert sessions_at(SEED, at(f"2026-11-21 {clock}"), ZONE, 1) == sessions


def test_outside_of_all_spans_the_usual_number_works() -> None:
    night = parse_schedule("22:00-06:00=6")

    assert sessions_at(night, at("2026-11-21 23:00"), ZONE, 2) == 6
    assert sessions_at(night, at("2026-11-21 05:00"), ZONE, 2) == 6
    assert sessions_at(night, at("2026-11-21 12:00"), ZONE, 2) == 2


def test_days_share_the_span_after_them_and_the_first_span_that_holds_counts() -> None:
    weekend = parse_schedule("sat, sun 00:00-24:00=9, 08:00-18:00=0")

    assert sessions_at(weekend, at("2026-11-21 12:00"), ZONE, 2) == 9  # a Saturday
    assert sessions_at(weekend, at("2026-11-23 12:00"), ZONE, 2) == 0
    assert sessions_at(weekend, at("2026-11-23 20:00"), ZONE, 2) == 2


@pytest.mark.parametrize(
    ("number", "turn"),
    [
        (1, "2026-11-21 12:00"),
        (2, "2026-11-21 12:00"),
        (3, "2026-11-21 22:00"),
        (4, "2026-11-21 22:00"),
        (5, "2026-11-22 00:00"),
        (8, "2026-11-22 00:00"),
    ],
)
def test_a_session_works_again_when_so_many_may(number: int, turn: str) -> None:
    assert next_turn(SEED, number, at("2026-11-21 12:00"), ZONE, 1) == at(turn)


def test_a_session_beyond_every_span_never_works() -> None:
    assert next_turn(SEED, 9, at("2026-11-21 12:00"), ZONE, 99) == math.inf


@pytest.mark.parametrize(
    ("text", "otherwise", "most"),
    [
        ("00:00-08:00=8, 08:00-24:00=2", 99, 8),
        ("00:00-08:00=1", 3, 3),
        ("00:00-24:00=0", 3, 0),
        ("mon 09:00-10:00=7", 2, 7),
    ],
)
def test_as_many_seats_are_taken_as_may_ever_work_at_once(
    text: str, otherwise: int, most: int
) -> None:
    noon = at("2026-11-24 12:00")

    assert most_sessions(parse_schedule(text), noon, ZONE, otherwise) == most


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("08:00-22:00", "does not say how many"),
        ("08:00-22:00=2, mon", "does not say how many"),
        ("08:00-22:00=two", "no number of sessions"),
        ("08:00-22:00=-1", "no number of sessions"),
        ("8-22=2", "no span of time"),
        ("someday 08:00-22:00=2", "no weekday"),
        ("=2", "empty part"),
    ],
)
def test_what_cannot_be_read_says_which_part_and_how(text: str, said: str) -> None:
    with pytest.raises(HoursError, match=said):
        parse_schedule(text)


@pytest.mark.parametrize(
    "text", [str(SEED), "22:00-06:00=6", "sat, sun 00:00-24:00=9, 08:00-18:00=1"]
)
@pytest.mark.parametrize("number", [1, 2, 4, 6])
def test_the_hours_of_a_session_are_those_in_which_so_many_may_work(text: str, number: int) -> None:
    schedule = parse_schedule(text)
    moments = [at("2026-11-20 00:15") + half * 1800 for half in range(4 * 48)]

    hours = hours_of(schedule, number, 2)

    assert [open_at(hours, moment, ZONE) for moment in moments] == [
        number <= sessions_at(schedule, moment, ZONE, 2) for moment in moments
    ]


def test_a_session_that_may_always_work_has_no_hours() -> None:
    assert hours_of(SEED, 2, 1) is ALWAYS
