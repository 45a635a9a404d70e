"""The top of a page: what came of it in numbers, and who needs you."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from farm.model.jobs import JobState
from farm.model.money import in_dollars
from farm.model.sessions import SessionState
from farm.report.place import Place, length
from farm.report.records import Report, Totals
from farm.report.words import ADVICE

_PARTS = (
    (JobState.COMPLETED, "made", "made"),
    (JobState.REVIEW, "look", "to look at"),
    (JobState.FAILED, "failed", "failed"),
)


def header(report: Report, place: Place) -> Iterator[str]:
    """Title, progress and figures."""
    totals, at = report.totals, report.made_at
    yield f"<header>\n<h1>{escape(', '.join(report.queues)) or 'No jobs'}</h1>\n"
    made = totals.by_state[JobState.COMPLETED]
    since = f", what changed since {place.moment(report.since)}" if report.since else ""
    yield f"<p><b>{made:,} of {totals.jobs:,}</b> images made{since} · "
    yield f"<time datetime={place.iso(at)}>{place.moment(at)}</time> "
    yield f"<span class=soft>{escape(place.zone_name(at))}</span></p>\n"
    yield from _bar(totals)
    yield "<dl class=figures>\n"
    for name, value in _figures(totals):
        yield f"<div><dt>{name}</dt><dd>{value}</dd></div>\n"
    yield "</dl>\n"
    yield from _notices(report)
    yield "</header>\n"


def _bar(totals: Totals) -> Iterator[str]:
    told = ", ".join(f"{totals.by_state[state]:,} {words}" for state, _, words in _PARTS)
    yield f'<div class=bar role=img aria-label="{told}, of {totals.jobs:,}">'
    for state, look, _ in _PARTS:
        if number := totals.by_state[state]:
            yield f'<span class=is-{look} style="width:{number / totals.jobs:.2%}"></span>'
    yield "</div>\n"


def _figures(totals: Totals) -> Iterator[tuple[str, str]]:
    yield "Made", f"{totals.by_state[JobState.COMPLETED]:,}"
    for state, _, words in _PARTS[1:]:
        if totals.by_state[state]:
            yield words.capitalize(), f"{totals.by_state[state]:,}"
    if totals.left:
        yield "Left", f"{totals.left:,}"
    if totals.left_seconds is not None:
        yield "Left, at this pace", f"{length(totals.left_seconds)} of work"
    if totals.images_per_hour is not None:
        yield "Images an hour", f"{totals.images_per_hour:.1f}"
    if totals.worked_seconds:
        yield "Time worked", length(totals.worked_seconds)
    if totals.spent_microusd or totals.open_microusd:
        maybe = f" + {in_dollars(totals.open_microusd)} open" if totals.open_microusd else ""
        yield "Cost", in_dollars(totals.spent_microusd) + maybe


def _notices(report: Report) -> Iterator[str]:
    needed = [use for use in report.accounts if use.state is SessionState.NEEDS_PERSON]
    if not needed:
        return
    yield "<ul class=notices>\n"
    for use in needed:
        advice = ADVICE[use.cause].replace("NAME", use.session) if use.cause else ""
        told = " ".join(filter(None, (use.message, advice)))
        yield f"<li><b>{escape(use.session)} needs you.</b> {escape(told)}</li>\n"
    yield "</ul>\n"


def navigation(report: Report, sections: list[tuple[str, str, int]]) -> Iterator[str]:
    """Links to what the page has."""
    links = [
        ("failures", "What went wrong", len(report.failures)),
        ("timeline", "Who did what when", len(report.stretches)),
        ("accounts", "Accounts", len(report.accounts)),
        ("costs", "Cost", len(report.costs)),
    ]
    yield "<nav aria-label=Contents><ul>\n"
    for anchor, title, number in (*links, *sections):
        if number:
            yield f'<li><a href="#{anchor}">{title}</a></li>\n'
    yield "</ul></nav>\n"
