"""Ctrl-C: once to finish what is in flight, twice to stop at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

HANG_UP = getattr(signal, "SIGHUP", None)  # Windows has none
SIGNALS = (signal.SIGINT, signal.SIGTERM, *([HANG_UP] if HANG_UP else []))


@dataclass(kw_only=True, slots=True)
class Interrupts:
    """Counts the signals of one run; SIGTERM and SIGHUP count like Ctrl-C."""

    soften: Callable[[], object]  # at the first one
    force: Callable[[], object]  # at every later one
    count: int = 0

    def __call__(self) -> None:
        """Take one signal."""
        self.count += 1
        if self.count == 1:
            self.soften()
        else:
            self.force()

    @property
    def forced(self) -> bool:
        """Whether the user would not wait."""
        return self.count > 1


@contextmanager
def catching(interrupts: Interrupts) -> Iterator[None]:
    """Send this process's signals to `interrupts` while the running loop is inside.

    A hang-up that `nohup` had ignored stays ignored: the night's run outlives its terminal.
    """
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in SIGNALS}
    if before.get(HANG_UP) is signal.SIG_IGN:
        del before[HANG_UP]
    for number in before:
        try:
            loop.add_signal_handler(number, interrupts)
        except NotImplementedError:  # Windows: no loop of it can watch for signals
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(interrupts))
    try:
        yield
    finally:
        for number, handler in before.items():
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)
            signal.signal(number, handler)
