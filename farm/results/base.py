"""The port of everything that results are written to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from farm.model.deliveries import Delivery
from farm.model.jobs import Job

Queues: TypeAlias = Mapping[str, Sequence[Job]]
"""All jobs of some queues, by queue."""


class Jobs(Protocol):
    """Where the jobs of a queue are listed."""

    async def __call__(self, queue: str) -> Sequence[Job]:
        """All jobs of a queue, in the order of their source."""


class Links(Protocol):
    """Where it is known what was delivered."""

    async def __call__(self, job_ids: Sequence[int]) -> Mapping[int, Sequence[Delivery]]:
        """What was delivered of each of these jobs."""


class Writer(Protocol):
    """A place that is to show how jobs stand, again and again while they change."""

    rest_seconds: float  # to be left between two writes

    async def write(self, queues: Queues) -> bool:
        """Bring the place up to date; whether that was all, so that no other try is needed.

        Raises FarmError, after which it is tried again: a write that fails stops no run.
        """

    async def finish(self, queues: Queues) -> None:
        """Write the last state, in bounded time; raises nothing that a run must hear of."""
