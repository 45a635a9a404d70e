"""The jobs: pictures as cards, the rest as lines, each with everything that is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from urllib.parse import quote, urlsplit

from farm.model.jobs import JobState
from farm.model.money import in_dollars
from farm.report.pictures import Pictures
from farm.report.place import Place, length
from farm.report.records import Copy, Picture, Report, Row, Trial
from farm.report.words import SECTIONS

MAX_LISTED = 2000
"""Jobs of a section without a picture; a longer list is for `farm report --csv`."""
_ALT = 140
_OPENED = frozenset({"http", "https", "file"})
_KILO = 1000


def sections(report: Report) -> list[tuple[str, str, int]]:
    """Anchor, title and number of jobs of each section."""
    return [
        (section.anchor, section.title, sum(row.state in section.states for row in report.rows))
        for section in SECTIONS
    ]


def jobs(report: Report, shown: Pictures, place: Place) -> Iterator[str]:
    """All sections that have jobs."""
    for section in SECTIONS:
        rows = [row for row in report.rows if row.state in section.states]
        if rows:
            yield f"<section id={section.anchor}>\n"
            yield f"<h2>{section.title} <span>{len(rows):,}</span></h2>\n"
            yield from _cards([row for row in rows if row.job in shown.of_jobs], shown, place)
            yield from _lines([row for row in rows if row.job not in shown.of_jobs], place)
            yield "</section>\n"


def _cards(rows: Sequence[Row], shown: Pictures, place: Place) -> Iterator[str]:
    if not rows:
        return
    yield "<ul class=cards>\n"
    for row in rows:
        yield f"<li id=job-{row.job} class={row.state.value}>\n"
        yield _image(row, shown.of_jobs[row.job], place)
        yield from _facts(row, place)
        yield "</li>\n"
    yield "</ul>\n"


def _image(row: Row, data: str, place: Place) -> str:
    if not data or row.picture is None:
        return "<div class=gone>The file is missing or broken</div>\n"
    about = f"{row.name}: {row.description}"
    alt = about if len(about) <= _ALT else about[: _ALT - 1] + "…"
    image = f'<img alt="{escape(alt)}" decoding=async src="{data}">'
    return f'<a class=picture href="{escape(place.original(row.picture.path))}">{image}</a>\n'


def _lines(rows: Sequence[Row], place: Place) -> Iterator[str]:
    if not rows:
        return
    yield "<ul class=rows>\n"
    for row in rows[:MAX_LISTED]:
        yield f"<li id=job-{row.job} class={row.state.value}>\n"
        yield from _facts(row, place)
        yield "</li>\n"
    yield "</ul>\n"
    if len(rows) > MAX_LISTED:
        yield f"<p>and {len(rows) - MAX_LISTED:,} more, in <code>farm report --csv</code></p>\n"


def _facts(row: Row, place: Place) -> Iterator[str]:
    yield f"<h3>{escape(row.name)}</h3>\n"
    yield f"<p class=where>{escape(_where(row))}</p>\n"
    if row.state is not JobState.COMPLETED:
        word = row.status.replace("_", " ").capitalize()
        why = f" {escape(row.words)}" if row.words else ""
        yield f"<p class=why><b>{word}</b>{why}</p>\n"
    warnings = row.picture.warnings if row.picture else ()
    for said in dict.fromkeys((row.message, *warnings, row.trouble)):
        if said:
            yield f"<p class=said>{escape(said)}</p>\n"
    yield from _details(row, place)


def _where(row: Row) -> str:
    maker = row.picture.backend if row.picture and row.picture.backend != "web" else ""
    who = row.session or (row.picture.account if row.picture else "")
    return " · ".join(filter(None, (f"{row.queue}/{row.id}", who, "" if maker in who else maker)))


def _details(row: Row, place: Place) -> Iterator[str]:
    yield "<details><summary>Prompt and facts</summary>\n"
    yield f"<p class=prompt>{escape(row.description)}</p>\n<dl>\n"
    for name, value in (*_asked(row), *_known(row, place)):
        yield f"<div><dt>{name}</dt><dd>{value}</dd></div>\n"
    yield "</dl>\n"
    if row.trials:
        yield "<ol class=trials>\n"
        for trial in row.trials:
            yield f"<li value={trial.number}>{_trial(trial, place)}</li>\n"
        yield "</ol>\n"
    yield "</details>\n"


def _asked(row: Row) -> Iterator[tuple[str, str]]:
    for name, value in row.asked.items():
        yield escape(name), escape(value)


def _known(row: Row, place: Place) -> Iterator[tuple[str, str]]:
    """Names and values of the picture and its files, as HTML."""
    if row.picture is not None:
        yield from _of_picture(row.picture, place)
    if row.copies:
        links = (_file(copy, place) for copy in row.copies)
        yield "Copies", ", ".join(links)
    if row.delivered:
        yield "Delivered", "<br>".join(map(_delivered, row.delivered))
    if row.earlier:
        yield "Earlier images", f"{row.earlier:,}"


def _of_picture(picture: Picture, place: Place) -> Iterator[tuple[str, str]]:
    yield "File", f'<a href="{escape(place.original(picture.path))}">{escape(picture.path)}</a>'
    if picture.width_px:
        yield "Pixels", f"{picture.width_px} × {picture.height_px}"
    if picture.size_bytes:
        kind = picture.media_type.removeprefix("image/").upper()
        yield "Size on disk", f"{_size(picture.size_bytes)} {escape(kind)}"
    if picture.made_at is not None:
        yield "Made", place.moment(picture.made_at)
    maker = (picture.backend, picture.account, picture.model)
    if any(maker):
        yield "Made by", escape(" · ".join(filter(None, maker)))
    if picture.cost_microusd is not None and picture.backend != "web":
        yield "Cost", in_dollars(picture.cost_microusd) if picture.cost_microusd else "free"


def _size(size_bytes: int) -> str:
    kilo = size_bytes / _KILO
    return f"{kilo / _KILO:.1f} MB" if kilo >= _KILO else f"{kilo:.0f} KB"


def _file(copy: Copy, place: Place) -> str:
    return f'<a href="{escape(place.original(copy.path))}">{escape(copy.name)}</a>'


def _delivered(copy: Copy) -> str:
    if urlsplit(copy.link).scheme not in _OPENED:
        return escape(copy.name)
    safe = quote(copy.link, safe="/:?&=%#+,;@!$'()*~[]-._")
    return f'<a href="{escape(safe)}" rel="noreferrer noopener">{escape(copy.name)}</a>'


def _trial(trial: Trial, place: Place) -> str:
    took = f", {length(trial.ended - trial.began)}" if trial.ended is not None else ""
    said = f": {trial.message}" if trial.message and trial.message != trial.words else ""
    told = f"{place.seconds(trial.began)} {trial.session}{took}: {trial.words}{said}"
    return escape(told)
