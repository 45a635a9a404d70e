"""The farm of some settings: its store open, its files imported."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from farm.clock import Clock, SystemClock
from farm.config import Settings
from farm.model.jobs import Job
from farm.model.sources import SourceOptions
from farm.sources.child import read_in_child
from farm.sources.errand import Errand
from farm.sources.names import identity_of, sheet_of
from farm.store.base import Added
from farm.store.engine import open_store
from farm.store.facade import Store

log = logging.getLogger(__name__)

PAGE_OF_JOBS = 1000


@dataclass(frozen=True, kw_only=True)
class Farm:
    """Everything a command works with."""

    settings: Settings
    store: Store
    clock: Clock

    async def import_source(
        self, source: str, queue: str, options: SourceOptions | None = None
    ) -> Added:
        """Read a source and add its rows to a queue; InputError adds none of them."""
        errand = Errand.of(self.settings, source, options)
        with _garbage_left_lying(), await asyncio.to_thread(read_in_child, errand) as batch:
            for warning in batch.warnings:
                log.warning("%s", warning)
            if batch.completed:
                log.info("%d rows of %s are COMPLETED already", batch.completed, source)
            added = await self.store.add(
                queue, batch.rows, source=await asyncio.to_thread(identity_of, source)
            )
        if added.new and sheet_of(source) is not None:
            await self._warn_of_strangers(queue, batch.at_work)
        return added

    async def _warn_of_strangers(self, queue: str, at_work: Sequence[str]) -> None:
        """A sheet has no locks: what another store holds is drawn a second time here."""
        from farm.browser.profiles import known_profiles  # noqa: PLC0415  # for sheets alone

        known = {session.name for session in await self.store.sessions()}
        known |= {profile.name for profile in known_profiles(self.settings)}
        if strangers := sorted(set(at_work) - known):
            log.warning(
                "Rows of %s are in progress by %s, of whom this farm knows nothing. If another "
                "farm works on this sheet, both draw every row: let them share one store "
                "(FARM_DATABASE_URL), or give each a tab of its own.",
                queue,
                ", ".join(strangers),
            )

    async def jobs_of(self, queue: str) -> list[Job]:
        """All jobs of a queue, in id order."""
        jobs: list[Job] = []
        after: int | None = 0
        while after is not None:
            page = await self.store.page(queues=[queue], after=after, limit=PAGE_OF_JOBS)
            jobs.extend(page.jobs)
            after = page.after
        return jobs


@asynccontextmanager
async def open_farm(settings: Settings) -> AsyncIterator[Farm]:
    """The farm of these settings, its store open."""
    async with open_store(settings.database_url) as store:
        yield Farm(settings=settings, store=store, clock=SystemClock())


@contextmanager
def _garbage_left_lying() -> Iterator[None]:
    """Make records that all stay without looking through them for garbage again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
