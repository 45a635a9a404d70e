"""Rows of Google Sheets, kept as the jobs stand: in few writes, and without holding a run up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from farm.clock import Clock
from farm.errors import FarmError, GoogleBusy, GoogleError
from farm.google_apis import Access, Line, sheets
from farm.model.deliveries import Delivery
from farm.model.jobs import Job
from farm.results.base import Links, Queues
from farm.results.links import link_of, preview_of
from farm.sources.columns import Pairs
from farm.sources.names import sheet_of
from farm.sources.sheet_entries import Entry, Told, entries_of, told_of
from farm.sources.sheet_writing import Written, write_entries
from farm.sources.sheets import place_of

log = logging.getLogger(__name__)

REST_SECONDS = 6.0
"""Between two writes: four reads and two writes each, and Google allows 60 of both a minute."""

LONGEST_REST_SECONDS = 300.0
FINISH_SECONDS = 75.0  # a minute's quota comes back within it
ROWS_AT_ONCE = 500


class Memory(Protocol):
    """What is remembered of a queue's sheet across runs; see `farm.store.sheets`."""

    async def written(self, queue: str) -> Mapping[str, str]:
        """By prompt id, the digest of what was last written to its row."""

    async def marked(self, queue: str) -> frozenset[int]:
        """Jobs whose REGEN mark an import has seen."""

    async def note_written(
        self, queue: str, written: Mapping[str, str], replaced: Sequence[int]
    ) -> None:
        """Remember what stands there now, and whose marks were written over."""


class Locks:
    """One for each sheet: it is not written while it is being read, nor the other way round.

    Otherwise an import could find a REGEN that farm has written over meanwhile, and take it for
    another one.
    """

    def __init__(self) -> None:
        self._of: dict[str, asyncio.Lock] = {}

    def of(self, source: str) -> asyncio.Lock:
        """The lock of a sheet, by how the store calls it."""
        return self._of.setdefault(source, asyncio.Lock())


@dataclass(kw_only=True)
class Pen:
    """A line to Google that stays open from write to write; blocking, for one caller at a time."""

    access: Access
    _open: ExitStack = field(default_factory=ExitStack)
    _line: Line | None = None

    def write(
        self, source: str, entries: Sequence[Entry], news: Sequence[str], mapping: Pairs
    ) -> Written:
        """See `write_entries`; the line is opened anew after an error."""
        try:
            if self._line is None:
                self._line = self._open.enter_context(sheets(self.access))
            return write_entries(self._line, place_of(source), entries, news, mapping=mapping)
        except GoogleError:
            self.close()
            raise

    def close(self) -> None:
        """Hang up."""
        self._open.close()
        self._line = None


@dataclass(kw_only=True)
class SheetResults:
    """Writes what changed into the sheets that queues came from.

    What stands there is remembered in the store after it was written, so that a run that is killed
    in between writes the same once more, and a run that ends well writes nothing twice.
    """

    pen: Pen
    memory: Memory
    links_of: Links
    shown: Path  # the downloads folder as the sheet names it
    clock: Clock
    locks: Locks = field(default_factory=Locks)
    mapping: Pairs = ()
    with_preview: bool = False
    rest_seconds: float = REST_SECONDS
    rows: int = 0  # written so far
    _under_way: asyncio.Task[bool] | None = None

    async def write(self, queues: Queues) -> bool:
        """Write what changed in each sheet; a sheet that fails is tried again ever more rarely."""
        is_all, trouble = True, None
        for queue, jobs in queues.items():
            if jobs and sheet_of(jobs[0].source) is not None:
                try:
                    is_all &= await self._write_one(queue, jobs)
                except FarmError as error:  # the others are written nevertheless
                    trouble = error
        if trouble is None:
            self.rest_seconds = REST_SECONDS
            return is_all
        asked = trouble.after_seconds if isinstance(trouble, GoogleError) else 0.0
        doubled = min(self.rest_seconds * 2, LONGEST_REST_SECONDS)
        self.rest_seconds = max(asked, doubled if trouble.retryable else LONGEST_REST_SECONDS)
        raise trouble

    async def finish(self, queues: Queues) -> None:
        """Try for a bounded time; then say what is left and how to write it later."""
        if trouble := await self.push(queues):
            names = " ".join(queues)
            log.warning("%s Write the rest later with: farm sheets push %s", trouble, names)
        else:
            await asyncio.to_thread(self.pen.close)

    async def push(self, queues: Queues) -> str:
        """Write everything, with several tries: why it could not be done, "" if it was."""
        if self._under_way is not None and not self._under_way.done():
            _, hanging = await asyncio.wait([self._under_way], timeout=FINISH_SECONDS)
            if hanging:
                return "Google does not answer."
        until, trouble = self.clock.monotonic() + FINISH_SECONDS, ""
        self.rest_seconds = REST_SECONDS / 2
        while (left := until - self.clock.monotonic()) > 0:
            try:
                if await self.write(queues):
                    return ""
            except GoogleBusy as error:
                trouble = str(error)
            except FarmError as error:
                return str(error)
            await self.clock.sleep(min(self.rest_seconds, left))
        return trouble or "Not every row could be written in time."

    async def _write_one(self, queue: str, jobs: Sequence[Job]) -> bool:
        """Shielded: a thread that has begun to write cannot be stopped, and must not meet another.

        Nothing is asked of Google where nothing changed.
        """
        written, entries = await self.memory.written(queue), await self._entries(queue, jobs)
        digests = {e.id: e.digest for e in entries if _is_news(e, written)}
        if not digests:
            return True
        news = dict(list(digests.items())[:ROWS_AT_ONCE])
        work = self._flush(queue, jobs[0].source, entries, news)
        self._under_way = asyncio.create_task(work, name=f"sheet of {queue}")
        return await asyncio.shield(self._under_way) and len(news) == len(digests)

    async def _flush(
        self, queue: str, source: str, entries: Sequence[Entry], news: Mapping[str, str]
    ) -> bool:
        async with self.locks.of(source):
            became = await asyncio.to_thread(
                self.pen.write, source, entries, list(news), self.mapping
            )
            written = dict(await self.memory.written(queue))
            settled = {*became.done, *became.missing}  # a row that is gone is not looked for again
            written.update({name: news[name] for name in settled if name in news})
            for name in became.moved:
                written[name] = ""  # nothing says so: it is written anew
            await self.memory.note_written(queue, written, became.replaced)
            self.rows += len(became.done)
        for row in became.strangers:
            log.warning(
                "The sheet was sorted while farm wrote to it: look at row %d, it may hold the "
                "results of another row.",
                row,
            )
        return not became.moved

    async def _entries(self, queue: str, jobs: Sequence[Job]) -> list[Entry]:
        marked = await self.memory.marked(queue)
        found = await self.links_of([job.id for job in jobs])
        return entries_of([self._told(job, found.get(job.id, ()), marked) for job in jobs])

    def _told(self, job: Job, deliveries: Sequence[Delivery], marked: frozenset[int]) -> Told:
        path = (self.shown / job.image_path).as_posix() if job.image_path else ""
        return told_of(
            job,
            path=path,
            link=link_of(job, deliveries),
            preview=preview_of(job, deliveries) if self.with_preview else "",
            seen=job.id in marked,
            moment=_utc(job.completed_at),
        )


def _is_news(entry: Entry, written: Mapping[str, str]) -> bool:
    if any(job.seen for job in entry.jobs):
        return True  # until its mark is written over
    if entry.id not in written:
        return entry.is_news
    return entry.digest != written[entry.id]


def _utc(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
