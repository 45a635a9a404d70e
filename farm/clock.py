"""Time as an argument: whoever waits or dates something is handed a Clock."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol


class Clock(Protocol):
    """What farm knows about time."""

    def now(self) -> float:
        """Epoch seconds, UTC: for dates that outlive the process."""

    def monotonic(self) -> float:
        """Seconds since some start, never set back: for durations."""

    async def sleep(self, seconds: float) -> None:
        """Wait; zero and less only let other tasks run. Cancellation ends it at once."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """Epoch seconds of the system clock."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds of the system's monotonic clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the running event loop."""
        await asyncio.sleep(max(0.0, seconds))


class LocalZone(tzinfo):
    """The machine's own time zone, with the days on which its clocks are set."""

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """What local clocks are ahead of UTC at a local time; `fold` tells the two of one hour."""
        return None if dt is None else _as_local(dt).utcoffset()

    def dst(self, dt: datetime | None) -> timedelta | None:  # noqa: ARG002  # not known
        """Not known: only the whole offset is."""
        return None

    def tzname(self, dt: datetime | None) -> str | None:
        """The zone's name at a local time."""
        return None if dt is None else _as_local(dt).tzname()

    def fromutc(self, dt: datetime) -> datetime:
        """The local time of a moment."""
        moment = dt.replace(tzinfo=UTC).timestamp()
        return datetime.fromtimestamp(moment).replace(tzinfo=self)  # noqa: DTZ006  # local it is


def _as_local(dt: datetime) -> datetime:
    return dt.replace(tzinfo=None).astimezone()
