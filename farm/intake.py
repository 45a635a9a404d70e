"""Sources that are looked at again while a run goes on, and imported when they changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from farm.clock import Clock
from farm.errors import FarmError, InputError
from farm.model.events import Notice, Tell

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""A file is looked at so often; one that looks the same twice is no longer being written."""

_PROBLEMS_TOLD = 5


class Look(Protocol):
    """A cheap look at a source."""

    async def __call__(self) -> str | None:
        """What tells this state of the source from others; None while it cannot be seen."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A source, how it is looked at, and what imports it."""

    name: str  # for the user
    look: Look
    take: Callable[[], Awaitable[str]]  # imports it and says in words what came, "" for nothing
    every_seconds: float = LOOK_SECONDS
    settles: bool = True  # a change counts only when the source looks the same twice


@dataclass(kw_only=True)
class Intake:
    """Imports sources anew when they changed, inside `async with`.

    A save that is broken is a warning with its problems: what was imported before stays as it is,
    and the next save is looked at. Nothing that goes wrong here stops a run.
    """

    sources: Sequence[Watched]
    clock: Clock
    tell: Tell
    on_import: Callable[[], None] = lambda: None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        """Start looking. The first look imports once more: it may have changed since the last."""
        for source in self.sources:
            watching = self._watch(source)
            self._tasks.append(asyncio.create_task(watching, name=f"watch {source.name}"))
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Look no more; an import that has begun comes to its end in the store."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _watch(self, source: Watched) -> None:
        taken = before = None
        while True:
            await self.clock.sleep(source.every_seconds)
            seen = await _looked(source)
            is_settled = seen == before or not source.settles
            before = seen
            if seen is None or seen == taken or not is_settled:
                continue
            if await self._take(source):
                taken = seen

    async def _take(self, source: Watched) -> bool:
        """Whether this state of the source needs no other try."""
        try:
            said = await source.take()
        except InputError as error:
            told = error.problems[:_PROBLEMS_TOLD]
            more = len(error.problems) - len(told)
            rest = f" And {more} more." if more else ""
            self._warn(f"{source.name} is left as it was: {' '.join(told)}{rest}")
            return True
        except FarmError as error:
            self._warn(f"{source.name} could not be looked at again: {error}")
            return not error.retryable
        if said:
            self.tell(Notice(level="info", text=f"{source.name}: {said}"))
        self.on_import()
        return True

    def _warn(self, text: str) -> None:
        self.tell(Notice(level="warning", text=text))


async def _looked(source: Watched) -> str | None:
    try:
        return await source.look()
    except FarmError as error:  # the line to it; the next look may see it
        log.info("%s cannot be seen: %s", source.name, error)
        return None


def file_look(path: Path) -> Look:
    """A look at a file's time, size and identity; None while it is not there."""

    async def look() -> str | None:
        return await asyncio.to_thread(_state_of, path)

    return look


def _state_of(path: Path) -> str | None:
    try:
        facts = path.stat()
    except OSError:  # editors put a new file in the old one's place
        return None
    return f"{facts.st_mtime_ns} {facts.st_size} {facts.st_ino}"
