"""How many sessions of an API may work at which time of the day."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import tzinfo
from itertools import pairwise

from farm.model.hours import ALWAYS, Hours, HoursError, Window, edges, holds, open_at, parse_hours
from farm.model.moments import MINUTES_A_DAY


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Hours, and how many sessions work in them."""

    hours: Hours
    sessions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """Spans of the day; where two hold the first one counts, outside all of them `otherwise`."""

    spans: tuple[Span, ...] = ()
    text: str = ""  # as the user wrote it

    def __str__(self) -> str:
        return self.text


ALWAYS_THE_SAME = Schedule()


def parse_schedule(text: str) -> Schedule:
    """`00:00-08:00=8, 08:00-22:00=2` or `sat, sun 00:00-24:00=4`; raises HoursError."""
    spans: list[Span] = []
    begun: list[str] = []  # days that share the span of those after them
    for part in text.split(","):
        hours, equals, sessions = part.partition("=")
        begun.append(hours.strip())
        if equals:
            spans.append(Span(hours=parse_hours(", ".join(begun)), sessions=_count(sessions, part)))
            begun = []
    if begun:
        raise HoursError(f"{begun[-1]!r} does not say how many: write it like 08:00-22:00=2.")
    return Schedule(spans=tuple(spans), text=text.strip())


def _count(text: str, part: str) -> int:
    if not text.strip().isdecimal():
        raise HoursError(f"{part.strip()!r} ends with no number of sessions, 0 or more.")
    return int(text)


def sessions_at(schedule: Schedule, now: float, zone: tzinfo, otherwise: int) -> int:
    """How many sessions may work now."""
    return next((s.sessions for s in schedule.spans if open_at(s.hours, now, zone)), otherwise)


def next_turn(schedule: Schedule, number: int, now: float, zone: tzinfo, otherwise: int) -> float:
    """When the n-th session may work, in epoch seconds; `now` itself when it may, inf if never."""
    moments = (now, *_edges(schedule, now, zone))
    turns = (m for m in moments if number <= sessions_at(schedule, m, zone, otherwise))
    return next(turns, math.inf)


def hours_of(schedule: Schedule, number: int, otherwise: int) -> Hours:
    """The working hours of the n-th session, which has some."""
    windows = [window for span in schedule.spans for window in span.hours.windows]
    marks = {0, MINUTES_A_DAY} | {mark for w in windows for mark in (w.opens, w.closes)}
    parts = [(day, *ends) for day in range(7) for ends in pairwise(sorted(marks))]
    turns = tuple(
        Window(opens=opens, closes=closes, days=frozenset({day}))
        for day, opens, closes in parts
        if number <= _sessions_on(schedule, day, opens, otherwise)
    )
    return ALWAYS if len(turns) == len(parts) else Hours(windows=turns, text=str(schedule))


def _sessions_on(schedule: Schedule, weekday: int, minute: int, otherwise: int) -> int:
    holding = (s.sessions for s in schedule.spans if holds(s.hours, weekday, minute))
    return next(holding, otherwise)


def most_sessions(schedule: Schedule, now: float, zone: tzinfo, otherwise: int) -> int:
    """How many sessions may ever work at once."""
    moments = (now, *_edges(schedule, now, zone))
    return max(sessions_at(schedule, moment, zone, otherwise) for moment in moments)


def _edges(schedule: Schedule, now: float, zone: tzinfo) -> tuple[float, ...]:
    windows = tuple(window for span in schedule.spans for window in span.hours.windows)
    return tuple(edges(Hours(windows=windows), now, zone)) if windows else ()
