"""When a limit ends, read from the page's own sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

from farm.sites.gemini.words import fold

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january ene enero",
            "feb february febrero",
            "mar march marzo",
            "apr april abr abril",
            "may mayo",
            "jun june junio",
            "jul july julio",
            "aug august ago agosto",
            "sep sept september septiembre",
            "oct october octubre",
            "nov november noviembre",
            "dec december dic diciembre",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = "(?P<month>" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
_DAY = r"(?P<day>\d{1,2})\b(?:st|nd|rd|th)?"
_YEAR = r"(?:,? (?:de )?(?P<year>20\d\d))?"
_CLOCK = r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?(?: ?(?P<half>[ap])\.? ?m\b)?"
_NEAR = r"[^.!?]{0,40}?"  # same sentence, close by
DATED = (
    re.compile(rf"\b{_MONTH} {_DAY}{_YEAR},?(?: at|,)? {_CLOCK}", re.IGNORECASE),
    re.compile(rf"\b{_DAY} (?:de )?{_MONTH}{_YEAR},?(?: at| a las?|,)? {_CLOCK}", re.IGNORECASE),
)
UNDATED = (
    re.compile(rf"\bresets?{_NEAR} (?P<tomorrow>tomorrow )?at {_CLOCK}", re.IGNORECASE),
    re.compile(rf"\brestable[cz]\w*{_NEAR} (?P<tomorrow>mañana )?a las? {_CLOCK}", re.IGNORECASE),
)
NOON = 12


def reset_time(text: str, now: float, zone: tzinfo | None = None) -> float | None:
    """When the text says that a limit ends, in epoch seconds; None if it does not say.

    English and Spanish. `zone` is the page's, None the machine's own. A date without a year is the
    one nearest to `now`, a clock time without a date the next one.
    """
    said = fold(text)
    today = datetime.fromtimestamp(now, zone) if zone else datetime.fromtimestamp(now).astimezone()
    if dated := _first(DATED, said):
        return _dated(dated, today, zone)
    if undated := _first(UNDATED, said):
        return _undated(undated, today, zone)
    return None


def _first(patterns: Iterable[re.Pattern[str]], text: str) -> re.Match[str] | None:
    return next((m for p in patterns if (m := p.search(text))), None)


def _dated(found: re.Match[str], today: datetime, zone: tzinfo | None) -> float | None:
    year = found["year"]
    years = [int(year)] if year else [today.year - 1, today.year, today.year + 1]
    month = MONTHS[found["month"].lower()]
    moments = [_moment(found, (y, month, int(found["day"])), zone) for y in years]
    known = [m for m in moments if m is not None]
    return min(known, key=lambda m: abs(m - today.timestamp()), default=None)


def _undated(found: re.Match[str], today: datetime, zone: tzinfo | None) -> float | None:
    next_day = today + timedelta(days=1)
    now = _moment(found, (today.year, today.month, today.day), zone)
    later = _moment(found, (next_day.year, next_day.month, next_day.day), zone)
    if now is None or found["tomorrow"] or now <= today.timestamp():
        return later
    return now


def _moment(found: re.Match[str], day: tuple[int, int, int], zone: tzinfo | None) -> float | None:
    hour = int(found["hour"])
    if half := found["half"]:
        hour = hour % NOON + (NOON if half.lower() == "p" else 0)
    try:
        local = datetime(*day, hour, int(found["minute"] or 0), tzinfo=zone)
    except ValueError:  # the 30th of February, 25 o'clock
        return None
    # Without a zone this is the machine's local time, with its summer time of that very day.
    return local.timestamp()
