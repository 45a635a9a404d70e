"""Asking the user before money is spent."""

from __future__ import annotations

import asyncio
import os
import sys
from threading import Thread
from typing import TYPE_CHECKING

from farm.errors import UsageError

if TYPE_CHECKING:
    from farm.cli.live import Stage
    from farm.model.quote import Quote

_YES = frozenset({"y", "yes"})
_LONGEST_ANSWER = 1024


async def ask_consent(stage: Stage, quote: Quote) -> bool:
    """Whether the user wants to spend it; UsageError where there is no terminal to ask at."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            f"{quote} There is no terminal to ask at. If you agree, add --yes; FARM_CONFIRM_ABOVE "
            "says from which amount on farm asks, --budget how much the run may cost."
        )
    with stage.aside():
        sys.stderr.write(f"{quote} Go on? [y/N] ")
        sys.stderr.flush()
        return (await _answer(sys.stdin.fileno())).strip().lower() in _YES


async def _answer(terminal: int) -> str:
    """A line from the terminal, read so that neither the loop nor the end of farm waits for it."""
    loop = asyncio.get_running_loop()
    said: asyncio.Future[str] = loop.create_future()

    def tell(text: str) -> None:
        if not said.done():
            said.set_result(text)

    def read() -> None:
        # Not sys.stdin: a thread that holds its lock would make the interpreter's end fail.
        try:
            text = os.read(terminal, _LONGEST_ANSWER).decode(errors="replace")
        except OSError:  # the terminal is gone
            text = ""
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, text)

    Thread(target=read, name="answer", daemon=True).start()
    return await said
