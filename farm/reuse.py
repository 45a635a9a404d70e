"""Reuse: a row that asks for what was drawn before gets a copy of that picture.

Rows that ask for the same take turns within a run: the first one is drawn, the others find it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from weakref import WeakValueDictionary

from farm.errors import Ended
from farm.files import saving
from farm.model.images import REUSED, Image, Maker, RawImage
from farm.model.jobs import Job
from farm.model.prompts import Prompt
from farm.model.sameness import Drawn, content_key


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """The bytes of an equal row's picture, not yet under their name."""

    raw: RawImage
    maker: Maker
    of: str  # `queue/prompt id` of the row it was drawn for


class Turn(Protocol):
    """A row whose turn it is among those that ask for the same."""

    async def copy(self, attempt_id: int) -> Copy | None:
        """The picture of an equal row, if there is one that still stands."""

    def made(self, images: Sequence[Image]) -> None:
        """The row has its picture: equal ones find it from now on."""


class Reuse(Protocol):
    """Who knows what was drawn before."""

    def turn(self, job: Job) -> AbstractAsyncContextManager[Turn]:
        """Wait until no equal row is being drawn."""


class ReuseBook(Protocol):
    """What reuse needs of the job store."""

    async def drawn(self, after: int = 0) -> tuple[Drawn, ...]:
        """A page of completed jobs after this id, each with its picture."""

    async def images(self, job_id: int) -> tuple[Image, ...]:
        """Every image a job ever had."""


@dataclass(frozen=True, slots=True)
class Afresh:
    """Every row is drawn."""

    @asynccontextmanager
    async def turn(self, job: Job) -> AsyncIterator[Turn]:  # noqa: ARG002  # nothing is known
        """At once."""
        yield self

    async def copy(self, attempt_id: int) -> Copy | None:  # noqa: ARG002
        """There is none."""
        return None

    def made(self, images: Sequence[Image]) -> None:
        """Nobody asks for it."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A picture that equal rows may have."""

    path: str
    sha256: str
    model: str
    of: str


@dataclass(kw_only=True)
class DrawnBefore:
    """Finds equal rows among those completed before the run and those it draws itself.

    A row that had a picture before is drawn: its user wants another one.
    """

    book: ReuseBook
    downloads: Path
    part_path: Callable[[int, int], Path]
    digest: Callable[[Sequence[str]], Awaitable[Sequence[str]]]  # sha256 of references, or Ended
    _known: dict[str, _Known] | None = None
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    _turns: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    @asynccontextmanager
    async def turn(self, job: Job) -> AsyncIterator[Turn]:
        """See `Reuse`; a row that cannot be compared waits for nobody."""
        key = await self._key(job.prompt)
        if not key:
            yield Afresh()
            return
        lock = self._turns.setdefault(key, asyncio.Lock())
        async with lock:
            known = await self._all()
            anew = bool(await self.book.images(job.id))
            yield _Turn(
                reuse=self, known=known, key=key, twin=None if anew else known.get(key), job=job
            )

    async def _key(self, prompt: Prompt) -> str:
        if prompt.mask:
            return ""
        try:
            return content_key(prompt, await self.digest(prompt.references))
        except Ended:  # whoever draws it says what is wrong with its pictures
            return ""

    async def _all(self) -> dict[str, _Known]:
        """What was completed before, read once."""
        async with self._reading:
            if self._known is None:
                found: dict[str, _Known] = {}
                after = 0
                while page := await self.book.drawn(after):
                    found |= {one.key: _known(one.job, one.image) for one in page}
                    after = page[-1].job.id
                found.pop("", None)
                self._known = found
            return self._known


@dataclass(frozen=True, kw_only=True, slots=True)
class _Turn:
    """See `Turn`."""

    reuse: DrawnBefore
    known: dict[str, _Known]
    key: str
    twin: _Known | None
    job: Job

    async def copy(self, attempt_id: int) -> Copy | None:
        """See `Turn`."""
        if self.twin is None:
            return None
        part = self.reuse.part_path(attempt_id, 0)
        raw = await asyncio.to_thread(
            _copied, self.reuse.downloads / self.twin.path, part, self.twin.sha256
        )
        if raw is None:
            return None
        maker = Maker(backend=REUSED, model=self.twin.model, cost_microusd=0)
        return Copy(raw=raw, maker=maker, of=self.twin.of)

    def made(self, images: Sequence[Image]) -> None:
        """See `Turn`."""
        if images:
            self.known[self.key] = _known(self.job, images[0])


def _known(job: Job, image: Image) -> _Known:
    label = f"{job.queue}/{job.prompt.id}"
    return _Known(path=image.path, sha256=image.sha256, model=image.maker.model, of=label)


def _copied(file: Path, part: Path, sha256: str) -> RawImage | None:
    """The bytes of a file at `part`; None when they are not those that were proven."""
    try:
        data = file.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(data).hexdigest() != sha256:
        return None
    with saving(part):
        part.write_bytes(data)
    return RawImage(
        part=part,
        sha256=sha256,
        size_bytes=len(data),
        source=REUSED,
        preview_px=(0, 0),
        full_size=True,
    )
