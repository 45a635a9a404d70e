"""What every source of prompts gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from farm.model.prompts import SourceRow


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """All prompts of one source, checked, in its order."""

    rows: tuple[SourceRow, ...]
    completed: int = 0  # rows passed over because their Status says COMPLETED
    warnings: tuple[str, ...] = ()  # sentences for the user; none of them stops a run
    at_work: tuple[str, ...] = ()  # sessions that rows in progress name


class Source(Protocol):
    """One file, sheet or stream of prompts."""

    @property
    def name(self) -> str:
        """What the user called it, for messages."""

    def read(self) -> Batch:
        """Read and check everything; blocking.

        Raises `InputError` with all problems found, each with its row and column. What comes back
        is whole: there is no batch of a source with a problem.
        """
