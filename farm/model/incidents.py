"""An incident: a distinct kind of failure, with the evidence of its first occurrence."""

from __future__ import annotations

from dataclasses import dataclass

from farm.model.causes import Cause


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
