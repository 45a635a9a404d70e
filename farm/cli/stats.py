"""`farm stats`: what a span of time came to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farm.cli.jobs import with_farm
from farm.cli.options import AsJson, QueueName
from farm.cli.plan import rough
from farm.cli.render import say, say_json, say_table
from farm.clock import LocalZone, SystemClock
from farm.model.moments import clock_time
from farm.model.stats import Share, Stats
from farm.model.stats import since as moment_of
from farm.model.stats import stats as sum_up

if TYPE_CHECKING:
    from farm.wiring.opened import Farm


def stats(
    *,
    since: Annotated[
        str, typer.Option(metavar="24h|DATE", help="Only attempts that ended since then.")
    ] = "",
    queue: QueueName = "",
    as_json: AsJson = False,
) -> None:
    """Count what was made and what was not, and how long images took.

    Counted are attempts, not jobs: a job that was tried twice counts twice. "Given back" are
    attempts that cost their job nothing, such as those that met a limit. Quantiles are over all
    attempts that made an image; images per hour over the time in which attempts were under way,
    with waits of up to 15 minutes between them.

    \b
    Examples:
      farm stats
      farm stats --since 24h
      farm stats --since 2026-11-21 --queue heroes --json
    """
    now, zone = SystemClock().now(), LocalZone()
    start = moment_of(since, now, zone) if since else None

    async def work(farm: Farm) -> Stats:
        return sum_up(await farm.store.tally(start, queue))

    found = with_farm(work)
    if as_json:
        say_json({"since": start, "queue": queue, **_shape(found)})
        return
    say(_summary(found))
    if found.first_at is None or found.last_at is None:
        return
    first, last = (clock_time(at, now, zone) for at in (found.first_at, found.last_at))
    say(f"first ended {first}, last {last}; {rough(found.worked_seconds)} of work")
    for word, shares in (("type", found.by_type), ("session", found.by_session)):
        say()
        say_table((word, "made", "failed", "given back", "success"), _rows(shares))
    say()
    causes = [(cause.value, str(number)) for cause, number in found.by_cause.items()]
    say_table(("cause", "attempts"), causes)


def _summary(found: Stats) -> str:
    total, took = found.total, found.durations
    parts = [f"{total.made} made, {total.failed} failed, {total.given_back} given back"]
    if total.success_rate is not None:
        parts.append(f"{total.success_rate:.1%} success")
    if found.images_per_hour is not None:
        parts.append(f"{found.images_per_hour:.1f} images per hour worked")
    if took.average is not None and took.p50 is not None and took.p95 is not None:
        parts.append(f"seconds an image: {took.average:.1f} on average")
        parts.append(f"{took.p50:.1f} median, {took.p95:.1f} p95")
    return " · ".join(parts)


def _rows(shares: Mapping[str, Share]) -> Iterable[tuple[str, ...]]:
    for name, share in shares.items():
        rate = share.success_rate
        yield (
            name,
            str(share.made),
            str(share.failed),
            str(share.given_back),
            "" if rate is None else f"{rate:.1%}",
        )


def _shape(found: Stats) -> dict[str, Any]:
    """The record, and the rates that it reckons."""
    return {
        "total": _share_shape(found.total),
        "by_type": {name: _share_shape(share) for name, share in found.by_type.items()},
        "by_session": {name: _share_shape(share) for name, share in found.by_session.items()},
        "by_cause": found.by_cause,
        "seconds": found.durations,
        "worked_seconds": found.worked_seconds,
        "images_per_hour": found.images_per_hour,
        "first_at": found.first_at,
        "last_at": found.last_at,
    }


def _share_shape(share: Share) -> dict[str, Any]:
    return {
        "made": share.made,
        "failed": share.failed,
        "given_back": share.given_back,
        "success_rate": share.success_rate,
    }
