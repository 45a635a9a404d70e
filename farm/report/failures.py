"""What went wrong, by cause: in words, with what to do and the first time it was seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from farm.report.pictures import SCREENSHOT, Pictures
from farm.report.place import Place, count
from farm.report.records import Failure, FirstSeen, Report, Row

_NAMED = 8  # jobs of a cause that are named
_SUMMARY = "index.html"


def failures(report: Report, shown: Pictures, place: Place) -> Iterator[str]:
    """The section, if anything went wrong."""
    if not report.failures:
        return
    rows = {row.job: row for row in report.rows}
    yield "<section id=failures>\n<h2>What went wrong</h2>\n<ul class=failures>\n"
    for failure in report.failures:
        look = "lost" if failure.lost else "passed"
        yield f"<li class={look}>\n<h3>{escape(failure.words.capitalize())}</h3>\n"
        yield f"<p class=soft>{_numbers(failure)} · <code>{failure.cause.value}</code></p>\n"
        yield f"<p>{escape(failure.advice)}</p>\n"
        yield from _jobs(failure, rows)
        if failure.first is not None:
            yield from _first(failure.first, shown, place)
        yield "</li>\n"
    yield "</ul>\n</section>\n"


def _numbers(failure: Failure) -> str:
    tries = count(failure.attempts, "attempt", "attempts")
    told = f"{tries} at {count(len(failure.jobs), 'job', 'jobs')}"
    if not failure.lost:
        return told
    return f"<b>{count(len(failure.lost), 'job', 'jobs')} without an image</b>, {told}"


def _jobs(failure: Failure, rows: Mapping[int, Row]) -> Iterator[str]:
    """Those it left without an image first."""
    jobs = [job for job in dict.fromkeys((*failure.lost, *failure.jobs)) if job in rows]
    if not jobs:
        return
    links = [f'<a href="#job-{job}">{escape(rows[job].id)}</a>' for job in jobs[:_NAMED]]
    more = f" and {len(jobs) - _NAMED:,} more" if len(jobs) > _NAMED else ""
    yield f"<p class=jobs>{', '.join(links)}{more}</p>\n"


def _first(first: FirstSeen, shown: Pictures, place: Place) -> Iterator[str]:
    times = "once" if first.count == 1 else f"{first.count:,} times"
    said = f": {escape(first.message)}" if first.message else ""
    yield f"<div class=incident>\n<p>First seen {place.moment(first.at)} by "
    yield f"{escape(first.session)}, {times} in all{said}</p>\n"
    link = place.evidence(first.folder, _SUMMARY)
    if picture := shown.of_incidents.get(first.id):
        image = f'<img alt="What the page showed" src="{picture}">'
        target = link or place.evidence(first.folder, SCREENSHOT)
        yield f'<a href="{escape(target)}">{image}</a>\n'
    if link:
        yield f'<p><a href="{escape(link)}">Evidence of incident {first.id}</a></p>\n'
    yield "</div>\n"
