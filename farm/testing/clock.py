"""Time that passes when somebody sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class FakeClock:
    """A clock for tests: a sleep returns at once and sets the clock ahead by its length.

    `on_sleep` is awaited after every sleep, for instance to set a database's clock ahead as well.
    A sleep of a task that is cancelled before the loop comes round moves nothing.
    """

    time: float = 1_000_000.0  # epoch seconds
    on_sleep: Callable[[float], Awaitable[None]] | None = None
    set_by: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        """Epoch seconds."""
        return self.time

    def monotonic(self) -> float:
        """The same, but for what somebody set the clock by."""
        return self.time - self.set_by

    def jump(self, seconds: float) -> None:
        """Set the clock, as a person or a time server does."""
        self.time += seconds
        self.set_by += seconds

    async def sleep(self, seconds: float) -> None:
        """Let others run, then be later."""
        await asyncio.sleep(0)
        self.time += max(0.0, seconds)
        self.slept.append(seconds)
        if self.on_sleep is not None:
            await self.on_sleep(max(0.0, seconds))
