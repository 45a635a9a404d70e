"""What was drawn small is made large: a job of its own, queued before the small one ends.

In this order a death in between leaves a job that is recovered, whose sequel is queued once more:
the same key and fingerprint change nothing.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from farm.model.enlarging import Enlargement
from farm.model.images import Image
from farm.model.jobs import AttemptFacts, Claim, Job
from farm.model.operations import Operation
from farm.model.prompts import SourceRow
from farm.sources.filenames import enlarged
from farm.store.base import Added, Importable

log = logging.getLogger(__name__)

LARGE = "-large"


class SequelBook(Protocol):
    """What enlarging needs of the job store."""

    async def find(self, queue: str | None, prompt_id: str) -> tuple[Job, ...]:
        """The jobs of this prompt id."""

    async def add(
        self, queue: str, rows: Iterable[Importable], source: str, *, priority: int = 0
    ) -> Added:
        """Import rows into a queue."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SequelRow(SourceRow):
    """The row that enlarges a picture. Another original asks for another picture."""

    original_sha256: str
    regenerate: bool = True  # honoured once for each original

    @property
    def fingerprint(self) -> str:
        """Over the prompt and the original's bytes."""
        return hashlib.sha256(
            f"{self.prompt.fingerprint} {self.original_sha256}".encode()
        ).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Enlarging:
    """Queues the enlarging of what an attempt drew small; see `farm.settlement.Sequel`."""

    store: SequelBook
    downloads: Path

    async def __call__(self, claim: Claim, images: Sequence[Image]) -> None:
        """Add the row, unless the user has one of that id."""
        facts = AttemptFacts.of(claim.attempt)
        if not facts.enlarge:
            return
        job, how = claim.job, Enlargement(**facts.enlarge)
        row = self._row(job, images[0], how)
        same = await self.store.find(job.queue, row.prompt_id)
        if any(known.prompt.operation is not Operation.UPSCALE for known in same):
            log.warning("a row of this id is not an enlargement", extra={"id": row.prompt_id})
            return
        await self.store.add(job.queue, [row], job.source, priority=job.priority)

    def _row(self, job: Job, original: Image, how: Enlargement) -> SequelRow:
        prompt = replace(
            job.prompt,
            id=job.prompt.id + LARGE,
            filename=enlarged(job.prompt.filename),
            references=(str((self.downloads / original.path).resolve()),),
            operation=Operation.UPSCALE,
            factor=how.factor,
            backend=how.backend,
            model=how.model,
            mask="",
            seed=None,
        )
        return SequelRow(prompt=prompt, row=job.row, original_sha256=original.sha256)
