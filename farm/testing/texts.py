"""What is sent in tests of everything but prompts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from farm.model.causes import Cause
from farm.model.jobs import Job


@dataclass(kw_only=True)
class PlainTexts:
    """Sends each job's description; `before` is called first."""

    before: Callable[[Job], object] = lambda _job: None

    async def text(self, job: Job, earlier: Sequence[Cause]) -> str:
        """The description, with how the earlier attempts ended."""
        self.before(job)
        return " ".join(["/imagine", job.prompt.description, *earlier])
