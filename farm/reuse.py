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
from farm.model.jobs import Job, JobState
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
        """A page of completed jobs after this id."""

    async def job(self, job_id: int) -> Job | None:
        """One job, as it stands."""

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
    _before: dict[bytes, int] | None = None  # jobs by content; only numbers: they may be many
    _made: dict[bytes, _Known] = field(default_factory=dict)  # by this run
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    _turns: WeakValueDictionary[bytes, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    @asynccontextmanager
    async def turn(self, job: Job) -> AsyncIterator[Turn]:
        """See `Reuse`; a row that cannot be compared waits for nobody."""
        key = await self._key(job.prompt)
        if not key:
            yield Afresh()
            return
        lock = self._turns.setdefault(key, asyncio.Lock())
        async with lock:
            anew = bool(await self.book.images(job.id))
            twin = None if anew else await self._twin(key)
            yield _Turn(reuse=self, key=key, twin=twin, job=job)

    def remember(self, key: bytes, job: Job, image: Image) -> None:
        """Equal rows find this picture from now on."""
        self._made[key] = _known(job, image)

    async def _key(self, prompt: Prompt) -> bytes:
        if prompt.mask:
            return b""
        try:
            return content_key(prompt.to_payload(), await self.digest(prompt.references))
        except Ended:  # whoever draws it says what is wrong with its pictures
            return b""

    async def _twin(self, key: bytes) -> _Known | None:
        if key in self._made:
            return self._made[key]
        job_id = (await self._all()).get(key)
        job = await self.book.job(job_id) if job_id is not None else None
        if job is None or job.state is not JobState.COMPLETED:  # it is drawn anew meanwhile
            return None
        found = [image for image in await self.book.images(job.id) if image.path == job.image_path]
        return _known(job, found[-1]) if found else None

    async def _all(self) -> dict[bytes, int]:
        """What was completed before, read once; a hundred thousand jobs take some seconds."""
        async with self._reading:
            if self._before is None:
                found: dict[bytes, int] = {}
                after = 0
                while page := await self.book.drawn(after):
                    found |= {one.key: one.job_id for one in page}
                    after = page[-1].job_id
                found.pop(b"", None)
                self._before = found
            return self._before


@dataclass(frozen=True, kw_only=True, slots=True)
class _Turn:
    """See `Turn`."""

    reuse: DrawnBefore
    key: bytes
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
            self.reuse.remember(self.key, self.job, images[0])


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
