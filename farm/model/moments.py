"""Moments: epoch seconds, and what a calendar and a clock on the wall say of them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo

from farm.errors import UsageError

MINUTES_A_DAY = 24 * 60
_LONGEST = 366 * 86400.0
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)([dhms])")
_CLOCK = re.compile(r"(?:(\d{4}-\d{2}-\d{2})[ T]+)?(\d{1,2}):(\d{2})")


def local(moment: float, zone: tzinfo) -> datetime:
    """What calendar and clock of a zone show."""
    return datetime.fromtimestamp(moment, zone)


def start_of_day(now: float, zone: tzinfo) -> float:
    """When the local day of `now` began."""
    return readings(local(now, zone).date(), 0, zone)[0]


def next_day(now: float, zone: tzinfo) -> float:
    """When the local day after that of `now` begins."""
    return readings(local(now, zone).date() + timedelta(days=1), 0, zone)[0]


def last_days(now: float, zone: tzinfo, count: int) -> dict[date, float]:
    """When each of the last local days began, that of `now` last."""
    today = local(now, zone).date()
    days = [today - timedelta(days=ago) for ago in range(count - 1, -1, -1)]
    return {day: readings(day, 0, zone)[0] for day in days}


def readings(day: date, minute: int, zone: tzinfo) -> list[float]:
    """The moments at which clocks show this minute of the day, in order.

    Two in the hour that exists twice; in the hour that does not exist the moment it is left out.
    """
    wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60)  # noqa: DTZ001
    first, second = (wall.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
    if first > second:
        return [_shift_between(second, first, zone)]
    return sorted({first, second})


def shift_of(day: date, zone: tzinfo) -> float | None:
    """When clocks are set forward or back on a day; None on an ordinary one."""
    begin = readings(day, 0, zone)[0]
    end = readings(day + timedelta(days=1), 0, zone)[0]
    if _offset(begin, zone) == _offset(end, zone):
        return None
    return _shift_between(begin, end, zone)


def _shift_between(before: float, after: float, zone: tzinfo) -> float:
    """The whole second from which on the offset is that of `after`."""
    low, high, new = int(before), int(after), _offset(after, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(middle, zone) == new else (middle, high)
    return float(high)


def _offset(moment: float, zone: tzinfo) -> timedelta | None:
    return local(moment, zone).utcoffset()


def duration(text: str) -> float:
    """`2h`, `30m`, `1d` or `1h30m` as seconds; UsageError for anything else."""
    joined = text.strip().lower().replace(" ", "")
    parts = _PART.findall(joined)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != joined or not seconds:
        raise UsageError(f"{text!r} is no duration. Write it like 2h, 30m, 1d or 1h30m.")
    if seconds > _LONGEST:
        raise UsageError(f"{text!r} is longer than a year.")
    return seconds


def until(text: str, now: float, zone: tzinfo) -> float:
    """The next moment meant by `07:00`, `2026-11-22 07:00` or, from now on, `8h`.

    Raises UsageError for what is none of them, and for a moment that is over.
    """
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return now + _duration_until(text)
    day, minute = _day(match[1], text), int(match[2]) * 60 + int(match[3])
    if minute >= MINUTES_A_DAY or int(match[3]) >= 60:  # noqa: PLR2004  # minutes an hour
        raise UsageError(f"{text!r} names no time of day: the clock goes from 00:00 to 23:59.")
    today = local(now, zone).date()
    days = [day] if day else [today, today + timedelta(days=1), today + timedelta(days=2)]
    ahead = [moment for d in days for moment in readings(d, minute, zone) if moment > now]
    if not ahead:
        raise UsageError(f"{text!r} is over: it is {local(now, zone):%Y-%m-%d %H:%M} now.")
    return ahead[0]


def _duration_until(text: str) -> float:
    try:
        return duration(text)
    except UsageError:
        raise UsageError(
            f"{text!r} names no moment. Write a time of day (07:00), a date with one "
            "(2026-11-22 07:00), or how long from now (8h)."
        ) from None


def _day(word: str | None, text: str) -> date | None:
    try:
        return date.fromisoformat(word) if word else None
    except ValueError:
        raise UsageError(f"{text!r} names a day that is in no calendar.") from None


def clock_time(moment: float, now: float, zone: tzinfo) -> str:
    """`07:00` today, `tomorrow 07:00`, else `Mon 23 Nov 07:00`."""
    then, today = local(moment, zone), local(now, zone).date()
    if then.date() == today:
        return f"{then:%H:%M}"
    if then.date() == today + timedelta(days=1):
        return f"tomorrow {then:%H:%M}"
    return f"{then:%a} {then.day} {then:%b} {then:%H:%M}"
