"""Time as an argument: whoever waits or dates something is handed a Clock."""

from __future__ import annotations

import asyncio
import time
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
