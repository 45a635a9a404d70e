"""What a rule says about a prompt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from farm.model.prompts import Prompt, SourceRow


class Severity(StrEnum):
    """How much it matters."""

    ERROR = "error"  # not to be drawn as it stands
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that could be better."""

    rule: str
    column: str
    said: str  # what is so, without its subject and full stop
    advice: str = ""  # what to do, a clause
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """A finding and the row of the source it is about."""

    row: int
    finding: Finding


OfPrompt = Callable[[Prompt], Iterator[Finding]]
"""A rule that looks at one prompt."""

OfAll = Callable[[Sequence[SourceRow]], Iterator[Placed]]
"""A rule that compares all prompts of a source."""
