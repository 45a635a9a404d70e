"""What a run leaves beside its images: `<name>-completed.csv` and a contact sheet."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from farm.clock import Clock
from farm.errors import SaveFailed
from farm.model.events import JobChanged, RunEvent
from farm.model.jobs import Job
from farm.report import contact_sheet
from farm.sources.results import results_path, write_results

log = logging.getLogger(__name__)

WRITE_SECONDS = 3.0
"""A results file is written again so often at most, and once more at the end."""


class Jobs(Protocol):
    """Where the jobs of a queue are listed."""

    async def __call__(self, queue: str) -> Sequence[Job]:
        """All jobs of a queue, in the order of their source."""


@dataclass(kw_only=True)
class Results:
    """Keeps the results files of some queues current while the run goes on.

    Inside `async with` a task writes after changes; leaving writes the last state and the sheet.
    """

    queues: Sequence[str]
    jobs_of: Jobs
    home: Path  # where results go that have no writable folder of their own
    downloads: Path
    shown: Path  # the downloads folder as the results file names it
    sheet: Path
    clock: Clock
    paths: tuple[Path, ...] = ()
    contact_sheet: Path | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _writer: asyncio.Task[Any] | None = None

    async def __aenter__(self) -> Self:
        """Start writing."""
        self._writer = asyncio.create_task(self._keep_current(), name="results")
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Write everything once more, whatever ended the run."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait([self._writer])
        jobs = await self._write()
        if jobs:
            await asyncio.to_thread(contact_sheet, jobs, self.downloads, self.sheet)
            self.contact_sheet = self.sheet

    def watching(self, tell: Callable[[RunEvent], None]) -> Callable[[RunEvent], None]:
        """The same teller, with an ear for jobs that changed."""

        def listen(event: RunEvent) -> None:
            if isinstance(event, JobChanged):
                self._changed.set()
            tell(event)

        return listen

    async def _keep_current(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._write()
            except SaveFailed as error:  # it is written again, at the latest at the end
                log.warning("%s", error)
            await self.clock.sleep(WRITE_SECONDS)

    async def _write(self) -> list[Job]:
        written: list[Path] = []
        everything: list[Job] = []
        for queue in self.queues:
            jobs = await self.jobs_of(queue)
            everything.extend(jobs)
            if jobs and jobs[0].source:
                path = results_path(Path(jobs[0].source), self.home)
                await asyncio.to_thread(write_results, path, jobs, downloads=self.shown)
                written.append(path)
        self.paths = tuple(written)
        return everything
