"""An incident: a distinct kind of failure, with the evidence of its first occurrence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from farm.model.causes import LIMITS, REFUSALS, Cause


class Extent(StrEnum):
    """How much of a failure is kept."""

    NONE = "none"  # nothing is wrong, or the user asked for it
    GLANCE = "glance"  # a picture and what farm read: the page is as it should be
    FULL = "full"


EXTENTS: Mapping[Cause, Extent] = {
    **dict.fromkeys(Cause, Extent.FULL),
    **dict.fromkeys(LIMITS | REFUSALS, Extent.GLANCE),
    Cause.MADE: Extent.NONE,
    Cause.CANCELLED: Extent.NONE,
    Cause.LIMITED_CAP: Extent.NONE,
    Cause.LIMITED_HOURS: Extent.NONE,
    Cause.LIMITED_BY_HAND: Extent.NONE,
}

_WORDS_IN_KEY = 8
_NUMBERED = re.compile(r"\W*\S*\d\S*")  # times, counts, codes: they differ each time


def incident_key(cause: Cause, role: str, said: str) -> str:
    """What makes two failures the same: cause, missing role, first words the page said.

    A limit and a refusal are each one incident, whatever the page said.
    """
    if EXTENTS[cause] is Extent.GLANCE:
        return cause.value
    words = _NUMBERED.sub(" ", said).casefold().split()[:_WORDS_IN_KEY]
    return ":".join(part for part in (cause.value, role, " ".join(words)) if part)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """One occurrence of a failure, as it is written down."""

    key: str
    cause: Cause
    role: str
    session: str
    job_id: int | None
    message: str
    at: float  # epoch seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """One distinct failure: cause, and role or selector. Times are epoch seconds, UTC."""

    id: int
    key: str  # cause and what tells it from others of the same cause
    cause: Cause
    role: str  # drift: the part of the page that is missing
    session: str  # of the first occurrence
    job_id: int | None
    message: str
    folder: str  # where its files are, relative to the logs folder; "" without any
    first_at: float
    last_at: float
    count: int


Keep: TypeAlias = Callable[[str, bytes | str], None]
"""Takes one part of the evidence by its file name: its bytes, or in words why there are none."""

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom of a part of a picture, in pixels."""
