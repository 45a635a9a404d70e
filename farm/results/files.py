"""`<name>-completed.csv`, beside each source that is a file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from farm.model.jobs import Job
from farm.results.base import Links, Queues
from farm.results.links import link_of
from farm.sources.results import results_path, write_results


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
        for jobs in queues.values():
            if jobs and jobs[0].source:
                path = results_path(jobs[0].source, self.home)
                links = await self._links(jobs)
                await asyncio.to_thread(
                    write_results, path, jobs, downloads=self.shown, links=links
                )
                written.append(path)
        self.paths = tuple(written)
        return True

    async def finish(self, queues: Queues) -> None:
        """Once more; here SaveFailed is the run's to tell."""
        await self.write(queues)

    async def _links(self, jobs: Sequence[Job]) -> dict[int, str]:
        found = await self.links_of([job.id for job in jobs])
        links = {job.id: link_of(job, found.get(job.id, ())) for job in jobs}
        return {job_id: link for job_id, link in links.items() if link}
