"""Working hours: when the user lets sessions work, by the clock on the wall."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta, tzinfo

from farm.model.moments import MINUTES_A_DAY, local, readings, shift_of

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EVERY_DAY = frozenset(range(7))
_AHEAD_DAYS = 16  # a weekly window may fall into the hour that clocks leave out
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*(?:-|–)\s*(\d{1,2}):(\d{2})")


class HoursError(ValueError):
    """Working hours that cannot be read; the message says which part is wrong, and how."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A span of the day; one that closes before it opens ends on the next day."""

    opens: int  # minutes after midnight
    closes: int
    days: frozenset[int] = _EVERY_DAY  # on which it opens; Monday is 0

    def holds(self, weekday: int, minute: int) -> bool:
        """Whether the window is open when clocks show this."""
        if self.opens < self.closes:
            return weekday in self.days and self.opens <= minute < self.closes
        evening = weekday in self.days and minute >= self.opens
        return evening or ((weekday - 1) % 7 in self.days and minute < self.closes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hours:
    """All windows; without any it is always open."""

    windows: tuple[Window, ...] = ()
    text: str = ""  # as the user wrote them

    def __str__(self) -> str:
        return self.text


ALWAYS = Hours()


def parse_hours(text: str) -> Hours:
    """`08:00-22:00`, `22:00-07:00` or `mon-fri 08:00-18:00, sat, sun 10:00-14:00`.

    Days without a span share that of the days after them. Raises HoursError.
    """
    windows: list[Window] = []
    days: frozenset[int] = frozenset()
    for part in text.split(","):
        words, _, span = _split(part.strip(), text)
        days |= _days(words)
        if span:
            windows.append(_window(span, days or _EVERY_DAY))
            days = frozenset()
    if days:
        raise HoursError(f"{text!r} ends with days that have no hours.")
    return Hours(windows=tuple(windows), text=text.strip())


def _split(part: str, text: str) -> tuple[str, str, str]:
    """Days and span of one part."""
    if not part:
        raise HoursError(f"{text!r} has an empty part: write spans like 08:00-22:00.")
    if part[0].isdigit():
        return "", "", part
    return part.partition(" ")


def _days(words: str) -> frozenset[int]:
    if not words:
        return frozenset()
    first, dash, last = words.lower().replace("–", "-").partition("-")
    begin = _weekday(first, words)
    end = _weekday(last, words) if dash else begin
    return frozenset((begin + n) % 7 for n in range((end - begin) % 7 + 1))


def _weekday(word: str, words: str) -> int:
    for number, names in enumerate(zip(_DAYS, _LONG, strict=True)):
        if word in names:
            return number
    raise HoursError(f"{word!r} in {words!r} is no weekday: write {', '.join(_DAYS)}.")


def _window(span: str, days: frozenset[int]) -> Window:
    match = _SPAN.fullmatch(span.strip())
    if match is None:
        raise HoursError(f"{span.strip()!r} is no span of time: write it like 08:00-22:00.")
    opens, closes = _minute(match[1], match[2]), _minute(match[3], match[4])
    if opens == MINUTES_A_DAY:
        raise HoursError("A day cannot open at 24:00: write 00:00.")
    if opens == closes:
        raise HoursError(f"{span.strip()!r} ends when it begins; the whole day is 00:00-24:00.")
    return Window(opens=opens, closes=closes, days=days)


def _minute(hour: str, minute: str) -> int:
    value = int(hour) * 60 + int(minute)
    if int(minute) >= 60 or value > MINUTES_A_DAY:  # noqa: PLR2004  # minutes an hour
        raise HoursError(f"{hour}:{minute} is no time of day.")
    return value


def open_at(hours: Hours, now: float, zone: tzinfo) -> bool:
    """Whether sessions may work now."""
    if not hours.windows:
        return True
    wall = local(now, zone)
    return holds(hours, wall.weekday(), wall.hour * 60 + wall.minute)


def holds(hours: Hours, weekday: int, minute: int) -> bool:
    """Whether a window is open when clocks show this; Monday is 0."""
    return any(window.holds(weekday, minute) for window in hours.windows)


def next_opening(hours: Hours, now: float, zone: tzinfo) -> float:
    """When sessions may work again, in epoch seconds; `now` itself when they may."""
    if open_at(hours, now, zone):
        return now
    return next((e for e in edges(hours, now, zone) if open_at(hours, e, zone)), math.inf)


def next_closing(hours: Hours, now: float, zone: tzinfo) -> float:
    """Until when sessions may work, in epoch seconds; `now` itself when closed, inf if never."""
    if not open_at(hours, now, zone):
        return now
    if not hours.windows:
        return math.inf
    return next((e for e in edges(hours, now, zone) if not open_at(hours, e, zone)), math.inf)


def edges(hours: Hours, now: float, zone: tzinfo) -> Iterator[float]:
    """Every moment after `now` at which a window may open or close, in order."""
    marks = {0} | {m % MINUTES_A_DAY for w in hours.windows for m in (w.opens, w.closes)}
    today = local(now, zone).date()
    for ahead in range(_AHEAD_DAYS):
        day = today + timedelta(days=ahead)
        moments = {moment for mark in marks for moment in readings(day, mark, zone)}
        shift = shift_of(day, zone)
        moments |= {shift} if shift is not None else set()
        yield from (moment for moment in sorted(moments) if moment > now)
