"""Counting ended attempts over a span of time; the database counts, whatever their number."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from farm.model.causes import Cause
from farm.model.stats import Durations, Endings, Tally
from farm.store.database import Database
from farm.store.schema import attempts, jobs, queues

_PAUSE_SECONDS: Final = 900.0  # a longer wait between two attempts is no work
_LONGEST_SECONDS: Final = 3600.0  # an attempt that took longer lay open while farm was dead


class SqlTallies:
    """What `farm stats` asks of the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tally(self, since: float | None = None, queue: str = "") -> Tally:
        """Attempts that ended since a moment, of one queue or all. Times are epoch seconds."""
        ended = _ended(since, queue)
        async with self._database.read() as connection:
            groups = (await connection.execute(_groups(ended))).all()
            made = (await connection.execute(_durations(ended))).one()
            span = (await connection.execute(_span(ended))).one()
        return Tally(
            endings=tuple(_endings(row) for row in groups),
            durations=Durations(
                number=made.number, average=made.average, p50=made.p50, p95=made.p95
            ),
            worked_seconds=span.worked or 0.0,
            first_at=span.first_at,
            last_at=span.last_at,
        )


def _endings(row: Any) -> Endings:
    return Endings(
        image_type=row.image_type,
        session=row.session,
        cause=Cause(row.cause),
        counted=row.counted,
        number=row.number,
    )


def _ended(since: float | None, queue: str) -> sa.Select[Any]:
    """The attempts in question; the index by day finds those of a span."""
    chosen = sa.select(attempts).where(attempts.c.ended_at.is_not(None))
    if since is not None:
        chosen = chosen.where(attempts.c.ended_at >= since)
    if queue:
        asked = sa.select(queues.c.id).where(queues.c.name == queue).scalar_subquery()
        # Attempt by attempt: joined, the planner begins with all jobs the queue ever had.
        its_own = sa.select(jobs.c.queue_id).where(jobs.c.id == attempts.c.job_id)
        chosen = chosen.where(its_own.scalar_subquery() == asked)
    return chosen


def _groups(ended: sa.Select[Any]) -> sa.Select[Any]:
    of = ended.subquery("ended")
    image_type = jobs.c.payload["image_type"].as_string().label("image_type")
    group = (image_type, of.c.session, of.c.cause, of.c.counted)
    return (
        sa.select(*group, sa.func.count().label("number"))
        .join_from(of, jobs, of.c.job_id == jobs.c.id)
        .group_by(*group)
    )


def _durations(ended: sa.Select[Any]) -> sa.Select[Any]:
    """Average and quantiles over every single one, none of them a sample."""
    made = ended.where(attempts.c.cause == Cause.MADE.value).subquery("made")
    seconds = (made.c.ended_at - made.c.started_at).label("seconds")
    ranked = sa.select(
        seconds,
        sa.func.row_number().over(order_by=seconds).label("rank"),
        sa.func.count().over().label("number"),
    ).subquery("ranked")

    def at(percent: int) -> sa.ColumnElement[float]:
        rank = (ranked.c.number * percent + 99) // 100
        return sa.func.max(sa.case((ranked.c.rank == rank, ranked.c.seconds)))

    return sa.select(
        sa.func.count().label("number"),
        sa.func.avg(ranked.c.seconds).label("average"),
        at(50).label("p50"),
        at(95).label("p95"),
    )


def _span(ended: sa.Select[Any]) -> sa.Select[Any]:
    """First, last, and the time in which work was done: the union of all attempts' times.

    Each attempt, in the order in which they began, adds what it reaches beyond those before it.
    """
    of = ended.where(attempts.c.cause != Cause.LEASE_EXPIRED.value).subquery("ended")
    start, end = of.c.started_at, of.c.ended_at
    begin = sa.case((end - start > _LONGEST_SECONDS, end - _LONGEST_SECONDS), else_=start)
    pieces = sa.select(begin.label("begin"), end.label("end")).subquery("pieces")
    reached = sa.func.max(pieces.c.end).over(
        order_by=(pieces.c.begin, pieces.c.end), rows=(None, -1)
    )
    steps = sa.select(pieces.c.begin, pieces.c.end, reached.label("reached")).subquery("steps")
    apart = sa.or_(steps.c.reached.is_(None), steps.c.begin > steps.c.reached + _PAUSE_SECONDS)
    more = sa.case(
        (apart, steps.c.end - steps.c.begin),
        (steps.c.end > steps.c.reached, steps.c.end - steps.c.reached),
        else_=0.0,
    )
    return sa.select(
        sa.func.sum(more).label("worked"),
        sa.func.min(steps.c.end).label("first_at"),
        sa.func.max(steps.c.end).label("last_at"),
    )
