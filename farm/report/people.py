"""What each account did, and what each model cost."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from farm.model.causes import Cause
from farm.model.money import in_dollars
from farm.model.sessions import SessionState
from farm.report.place import Place, length
from farm.report.records import Cost, LimitMet, Report, Use
from farm.report.words import CAUSE_WORDS

_LIMITS = 5  # the newest of an account that are told one by one
_HEAD = ("Backend", "Model", "Key", "Requests", "Images", "Spent", "Each", "Open")
_ABOUT_COST = (
    "Open is what may have been billed for requests that farm never heard of again. "
    "Sums with ≈ hold requests at farm's own price."
)


def accounts(report: Report, place: Place) -> Iterator[str]:
    """The section, if anybody worked."""
    if not report.accounts:
        return
    yield "<section id=accounts>\n<h2>Accounts</h2>\n<ul class=accounts>\n"
    for use in report.accounts:
        yield f"<li>\n<h3>{escape(use.session)}</h3>\n{_state(use, place)}"
        yield "<dl class=figures>\n"
        for name, value in _figures(use):
            yield f"<div><dt>{name}</dt><dd>{value}</dd></div>\n"
        yield "</dl>\n"
        yield from _causes(use)
        yield from _limits(use, place)
        yield "</li>\n"
    yield "</ul>\n</section>\n"


def _state(use: Use, place: Place) -> str:
    if use.state is SessionState.RESTING and use.until is not None:
        why = CAUSE_WORDS[use.cause] if use.cause else ""
        return f"<p class=soft>rests until {place.moment(use.until)}: {escape(why)}</p>\n"
    if use.state is SessionState.NEEDS_PERSON:
        why = CAUSE_WORDS[use.cause] if use.cause else use.message
        return f"<p class=person>needs a person: {escape(why)}</p>\n"
    return ""


def _figures(use: Use) -> Iterator[tuple[str, str]]:
    yield "Images", f"{use.images:,}"
    yield "Attempts", f"{use.attempts:,}"
    if use.average_seconds is not None and use.p95_seconds is not None:
        yield "Average", f"{use.average_seconds:.1f} s"
        yield "95 % within", f"{use.p95_seconds:.1f} s"


def _causes(use: Use) -> Iterator[str]:
    most = max(use.by_cause.values(), default=0)
    yield "<ul class=causes>\n"
    for cause, number in use.by_cause.items():
        look = "made" if cause is Cause.MADE else "other"
        yield f"<li><span>{escape(CAUSE_WORDS[cause])}</span> <b>{number:,}</b>"
        yield f'<i class=is-{look} style="width:{number / most:.1%}"></i></li>\n'
    yield "</ul>\n"


def _limits(use: Use, place: Place) -> Iterator[str]:
    if not use.limits:
        return
    title = f"Limits met: {len(use.limits):,}"
    yield f"<details><summary>{title}</summary>\n<ul>\n"
    for limit in reversed(use.limits[-_LIMITS:]):
        yield f"<li>{_limit(limit, place)}</li>\n"
    if len(use.limits) > _LIMITS:
        yield f"<li>and {len(use.limits) - _LIMITS:,} before these</li>\n"
    yield "</ul></details>\n"


def _limit(limit: LimitMet, place: Place) -> str:
    known = "told by the page" if limit.told else "learned or by default"
    model = f" ({escape(limit.model)})" if limit.model else ""
    return (
        f"{place.moment(limit.at)}: {escape(limit.words)}{model}, after {limit.images:,} images; "
        f"rest of {length(limit.until - limit.at)}, {known}"
    )


def costs(report: Report) -> Iterator[str]:
    """The section, if anything was paid."""
    if not report.costs:
        return
    yield "<section id=costs>\n<h2>Cost</h2>\n"
    yield '<div class=scroll tabindex=0 role=region aria-label="Cost by model">\n<table>\n'
    heads = "".join(f"<th scope=col>{name}</th>" for name in _HEAD)
    yield f"<thead><tr>{heads}</tr></thead>\n<tbody>\n"
    for cost in report.costs:
        yield _cost(cost)
    totals = report.totals
    open_ = in_dollars(totals.open_microusd) if totals.open_microusd else ""
    yield "</tbody>\n<tfoot><tr><th scope=row colspan=5>Together</th>"
    yield f"<td>{in_dollars(totals.spent_microusd)}</td><td></td><td>{open_}</td></tr></tfoot>\n"
    yield f"</table>\n</div>\n<p class=soft>{_ABOUT_COST}</p>\n</section>\n"


def _cost(cost: Cost) -> str:
    about = "≈ " if cost.estimated else ""
    each = in_dollars(round(cost.spent_microusd / cost.images)) if cost.images else ""
    cells = (
        cost.model,
        cost.account,
        f"{cost.requests:,}",
        f"{cost.images:,}",
        about + in_dollars(cost.spent_microusd),
        each,
        in_dollars(cost.open_microusd) if cost.open_microusd else "",
    )
    told = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr><th scope=row>{escape(cost.backend)}</th>{told}</tr>\n"
