"""Keeping results current while a run goes on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from farm.clock import Clock
from farm.errors import FarmError
from farm.model.events import FileDelivered, JobChanged, RunEvent
from farm.model.jobs import Job
from farm.results.base import Jobs, Queues, Writer
from farm.results.files import ResultFiles

log = logging.getLogger(__name__)

PICTURE_SECONDS = 10.0  # a person who pressed Ctrl-C waits for them
HURRIED_SECONDS = 1.0  # and after the second one will not


@dataclass(kw_only=True)
class Results:
    """Brings every writer up to date after changes, each at its own pace.

    Inside `async with` a task for each writer waits for changes; leaving writes the last state, and
    then the report. A sheet that Google keeps busy holds up no file.
    """

    queues: Sequence[str]
    jobs_of: Jobs
    files: ResultFiles
    others: Sequence[Writer] = ()
    report: Callable[[float], Awaitable[Path | None]]  # with so many seconds for its pictures
    clock: Clock
    contact_sheet: Path | None = None  # the report, once it is written
    _changed: list[asyncio.Event] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The results files, as far as they are written."""
        return self.files.paths

    async def __aenter__(self) -> Self:
        """Start writing."""
        for writer in (self.files, *self.others):
            changed = asyncio.Event()
            self._changed.append(changed)
            keeping = self._keep_current(writer, changed)
            self._tasks.append(asyncio.create_task(keeping, name="results"))
        if self.others:
            self.wake()  # what an earlier run could not write is written now
        return self

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Write everything once more, whatever ended the run."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        queues = await self._queues()
        await self.files.finish(queues)
        for writer in self.others:
            await writer.finish(queues)
        hurried = isinstance(error, asyncio.CancelledError)
        self.contact_sheet = await self.report(HURRIED_SECONDS if hurried else PICTURE_SECONDS)

    def wake(self) -> None:
        """Look at the jobs again: something about them changed."""
        for changed in self._changed:
            changed.set()

    def watching(self, tell: Callable[[RunEvent], None]) -> Callable[[RunEvent], None]:
        """The same teller, with an ear for jobs that changed and files that arrived."""

        def listen(event: RunEvent) -> None:
            if isinstance(event, JobChanged | FileDelivered):
                self.wake()
            tell(event)

        return listen

    async def _keep_current(self, writer: Writer, changed: asyncio.Event) -> None:
        trouble = ""
        while True:
            await changed.wait()
            changed.clear()
            try:
                is_all, now = await writer.write(await self._queues()), ""
            except FarmError as error:  # it is written again, at the latest at the end
                is_all, now = False, str(error)
            if now and now != trouble:
                log.warning("%s", now)
            trouble = now
            if not is_all:
                changed.set()
            await self.clock.sleep(writer.rest_seconds)

    async def _queues(self) -> Queues:
        found: dict[str, Sequence[Job]] = {}
        for queue in self.queues:
            found[queue] = await self.jobs_of(queue)
        return found
