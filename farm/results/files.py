"""`<name>-completed.csv`, beside each source that is a file."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from farm.model.jobs import Job
from farm.results.base import Links, Queues
from farm.results.links import link_of
from farm.sources.names import sheet_of
from farm.sources.results import SUFFIX, results_path, write_results


@dataclass(kw_only=True)
class ResultFiles:
    """Writes whole files: a reader sees the old one or the new one."""

    home: Path  # where results go that have no writable folder of their own
    shown: Path  # the downloads folder as the files name it
    links_of: Links
    rest_seconds: float = 3.0
    paths: tuple[Path, ...] = ()  # written so far

    async def write(self, queues: Queues) -> bool:
        """Write all files anew; SaveFailed if the disk refuses."""
        written = []
        for queue, jobs in queues.items():
            if jobs and jobs[0].source:
                path = self.path_of(queue, jobs[0].source)
                await self.write_to(path, jobs)
                written.append(path)
        self.paths = tuple(written)
        return True

    async def finish(self, queues: Queues) -> None:
        """Once more; here SaveFailed is the run's to tell."""
        await self.write(queues)

    async def write_to(self, path: Path, jobs: Sequence[Job]) -> None:
        """Write one file, of the kind its name says, with the links of what was delivered."""
        links = await self._links(jobs)
        await asyncio.to_thread(write_results, path, jobs, downloads=self.shown, links=links)

    def path_of(self, queue: str, source: str) -> Path:
        """A sheet's file has the queue's name: nobody knows a sheet by its id."""
        name = re.sub(r"[^\w. -]+", "-", queue) if sheet_of(source) else ""
        return self.home / f"{name}{SUFFIX}" if name else results_path(source, self.home)

    async def _links(self, jobs: Sequence[Job]) -> dict[int, str]:
        found = await self.links_of([job.id for job in jobs])
        links = {job.id: link_of(job, found.get(job.id, ())) for job in jobs}
        return {job_id: link for job_id, link in links.items() if link}
