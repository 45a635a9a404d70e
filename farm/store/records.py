"""Rows of the tables as the records of farm.model, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any, Final, TypeAlias, TypeVar

import sqlalchemy as sa

from farm.model.causes import Cause
from farm.model.images import Image, Maker
from farm.model.jobs import Attempt, Job, JobState, Phase
from farm.model.prompts import Prompt
from farm.model.sessions import Session, SessionState
from farm.store.base import Event
from farm.store.schema import attempts, events, images, jobs, queues

AnyRow: TypeAlias = "sa.Row[*tuple[Any, ...]]"
T = TypeVar("T")

_OWN_COLUMNS: Final = (
    jobs.c.id,
    jobs.c.payload,
    jobs.c.version,
    jobs.c.state,
    jobs.c.lane,
    jobs.c.priority,
    jobs.c.not_before,
    jobs.c.attempts,
    jobs.c.max_attempts,
    jobs.c.crashes,
    jobs.c.cause,
    jobs.c.message,
    jobs.c.image_path,
    jobs.c.session,
    jobs.c.updated_at,
    jobs.c.completed_at,
    jobs.c.source_row,
)


def _of_queue(column: sa.Column[Any]) -> sa.Label[Any]:
    """A fact of the job's queue, as a subquery: RETURNING cannot join."""
    fact = sa.select(column).where(queues.c.id == jobs.c.queue_id).scalar_subquery()
    return fact.label(f"queue_{column.name}")


# What `job_of` reads; fits SELECT and RETURNING alike.
JOB_COLUMNS: Final = (*_OWN_COLUMNS, _of_queue(queues.c.name), _of_queue(queues.c.source))
ATTEMPT_COLUMNS: Final = tuple(attempts.c)
EVENT_COLUMNS: Final = tuple(events.c)
IMAGE_COLUMNS: Final = tuple(images.c)


def cause_of(word: str | None) -> Cause | None:
    """The stored cause, if there is one."""
    return Cause(word) if word else None


def job_of(row: AnyRow) -> Job:
    """A job from `JOB_COLUMNS`."""
    return Job(
        id=row.id,
        queue=row.queue_name,
        prompt=Prompt.from_payload(row.payload),
        version=row.version,
        state=JobState(row.state),
        lane=row.lane,
        priority=row.priority,
        not_before=row.not_before,
        attempts=row.attempts,
        max_attempts=row.max_attempts,
        crashes=row.crashes,
        cause=cause_of(row.cause),
        message=row.message,
        image_path=row.image_path,
        session=row.session,
        updated_at=row.updated_at,
        completed_at=row.completed_at,
        source=row.queue_source,
        row=row.source_row,
    )


def attempt_of(row: AnyRow) -> Attempt:
    """An attempt from `ATTEMPT_COLUMNS`."""
    return Attempt(
        id=row.id,
        job_id=row.job_id,
        number=row.number,
        session=row.session,
        phase=Phase(row.phase),
        facts=row.facts,
        started_at=row.started_at,
        phase_at=row.phase_at,
        cause=cause_of(row.cause),
        counted=row.counted,
        message=row.message,
    )


def event_of(row: AnyRow) -> Event:
    """A line of history from `EVENT_COLUMNS`."""
    return Event(id=row.id, job_id=row.job_id, at=row.at, kind=row.kind, data=row.data)


def image_of(row: AnyRow) -> Image:
    """An image from `IMAGE_COLUMNS`."""
    return Image(
        path=row.path,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        width_px=row.width_px,
        height_px=row.height_px,
        media_type=row.media_type,
        source=row.source,
        warnings=tuple(row.warnings),
        perceptual=row.perceptual or "",
        maker=Maker(
            backend=row.backend,
            account=row.account,
            model=row.model,
            cost_microusd=row.cost_microusd,
        ),
    )


def session_of(row: AnyRow) -> Session:
    """A session from the whole row."""
    values: dict[str, Any] = dict(row._mapping)  # noqa: SLF001  # SQLAlchemy's public name for it
    values["state"] = SessionState(values["state"])
    values["cause"] = cause_of(values["cause"])
    return Session(**values)


def session_values(session: Session) -> dict[str, Any]:
    """The columns of a session."""
    values = asdict(session)
    values["state"] = session.state.value
    values["cause"] = session.cause.value if session.cause else None
    return values


def image_values(image: Image) -> dict[str, Any]:
    """The columns of an image that the image itself knows."""
    values = asdict(image)
    return {**values, **values.pop("maker"), "warnings": list(image.warnings)}


def words(states: Sequence[JobState]) -> list[str]:
    """States as the tables hold them."""
    return [state.value for state in states]


def batched(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Items in tuples of this size: a database takes a limited number of parameters at once."""
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch
