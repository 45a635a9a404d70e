"""The timeline as pictures: a lane for each session, images by time below, words beside them.

What is drawn stretches with the page, so it holds no letters; what is written stands around it.
Outcomes differ in place and height as well as in colour: made goes up, the rest down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape

from farm.report.place import Place, count, length
from farm.report.records import Doing, Report, Span, Stretch, Track
from farm.report.timeline import merged, ticks

_SHORT_SECONDS = 120.0  # minutes alone would hardly tell its ends apart
_WIDE = 1000.0
_LEAST = 1.5  # of these units; thinner bars are drawn as one
_TALL, _LOW = 48, 40  # of a lane, and of the images below
_BOXES = {  # top and height of each
    Doing.MADE: (2, 26),
    Doing.OPEN: (8, 20),
    Doing.FAILED: (28, 18),
    Doing.BACK: (28, 10),
    Doing.REST: (20, 16),
    Doing.ASKED: (20, 16),
    Doing.PERSON: (20, 16),
    Doing.PACE: (27, 2),
}
_WAITS = {Doing.PACE: 0, Doing.REST: 1, Doing.ASKED: 1, Doing.PERSON: 1}  # drawn first
_CLASSES = {doing: doing.name.lower() for doing in Doing}
_LEGEND = {
    Doing.MADE: "made",
    Doing.FAILED: "failed",
    Doing.BACK: "given back",
    Doing.OPEN: "under way",
    Doing.REST: "rest: a limit",
    Doing.ASKED: "rest: your own rule or word",
    Doing.PERSON: "needs a person",
    Doing.PACE: "pace",
}


def timeline(report: Report, place: Place) -> Iterator[str]:
    """The section, if anything was tried."""
    if not report.stretches:
        return
    names = {row.job: f"{row.queue}/{row.id}" for row in report.rows}
    yield "<section id=timeline>\n<h2>Who did what when</h2>\n"
    yield from _legend(report)
    for stretch in report.stretches:
        yield f"<h3>{_span_words(stretch, place)}</h3>\n<div class=chart>\n"
        for track in stretch.tracks:
            yield from _lane(track, stretch, place, names)
        yield from _images(stretch, place)
        yield from _axis(stretch, place)
        yield "</div>\n"
    yield "</section>\n"


def _span_words(stretch: Stretch, place: Place) -> str:
    began, ended = stretch.began, stretch.ended
    if ended - began < _SHORT_SECONDS:
        return f"{place.day(began)}, {place.seconds(began)} – {place.seconds(ended)}"
    same = place.day(began) == place.day(ended)
    end = place.clock(ended) if same else place.moment(ended)
    return f"{place.moment(began)} – {end} <span>{length(ended - began)}</span>"


def _legend(report: Report) -> Iterator[str]:
    there = {span.doing for one in report.stretches for track in one.tracks for span in track.spans}
    yield "<ul class=legend aria-hidden=true>\n"
    for doing, words in _LEGEND.items():
        if doing in there:
            top, tall = _BOXES[doing]
            yield f"<li><svg viewBox='0 0 10 {_TALL}' width=10 height=24 preserveAspectRatio=none>"
            yield f"<rect class={_CLASSES[doing]} y={top} width=10 height={tall} /></svg>"
            yield f"{words}</li>\n"
    yield "</ul>\n"


def _lane(track: Track, stretch: Stretch, place: Place, names: dict[int, str]) -> Iterator[str]:
    scale = _WIDE / (stretch.ended - stretch.began)
    yield f"<p class=lane>{escape(track.session)} <span>{_sum(track)}</span></p>\n"
    yield f"<svg class=track viewBox='0 0 {_WIDE:.0f} {_TALL}' preserveAspectRatio=none role=img "
    yield f'aria-label="{escape(f"{track.session}: {_sum(track)}")}">\n'
    yield f"<path class=ground d='M0 28H{_WIDE:.0f}' />\n"
    spans = merged(track.spans, _LEAST / scale)
    for span in sorted(spans, key=lambda one: (_WAITS.get(one.doing, 2), one.began)):
        top, tall = _BOXES[span.doing]
        left = (span.began - stretch.began) * scale
        wide = min(max((span.ended - span.began) * scale, _LEAST), _WIDE - left + _LEAST)
        yield f"<rect class={_CLASSES[span.doing]} x={left:.1f} y={top} width={wide:.1f} "
        yield f"height={tall}><title>{escape(_tip(span, place, names))}</title></rect>\n"
    yield "</svg>\n"


def _sum(track: Track) -> str:
    """What a track holds, in words."""
    numbers: Counter[Doing] = Counter()
    seconds: Counter[Doing] = Counter()
    for span in track.spans:
        numbers[span.doing] += span.number
        seconds[span.doing] += round(span.ended - span.began)
    told = [f"{numbers[Doing.MADE]:,} made"]
    told += [f"{numbers[d]:,} {d.value}" for d in (Doing.FAILED, Doing.BACK) if numbers[d]]
    told += _rests(track)
    if seconds[Doing.PERSON]:
        told.append(f"waited {length(seconds[Doing.PERSON])} for a person")
    return ", ".join(told)


def _rests(track: Track) -> Iterator[str]:
    """How long it rested for what, the longest first."""
    seconds: Counter[str] = Counter()
    for span in track.spans:
        if span.doing in (Doing.REST, Doing.ASKED):
            seconds[span.words] += round(span.ended - span.began)
    for words, long in seconds.most_common():
        if long:
            yield f"rested {length(long)} ({words})"


def _tip(span: Span, place: Place, names: dict[int, str]) -> str:
    when = f"{place.seconds(span.began)} – {place.seconds(span.ended)}"
    took = length(span.ended - span.began)
    if span.number > 1 and span.doing not in _WAITS:
        return f"{when}: {count(span.number, 'attempt', 'attempts')} {span.doing.value}"
    name = names.get(span.job, "") if span.job is not None else ""
    what = f"{name}: {span.words}" if name else span.words or span.doing.value
    return f"{when} ({took}): {what}"


def _images(stretch: Stretch, place: Place) -> Iterator[str]:
    most = max(stretch.images)
    if not most or len(stretch.images) < 2:  # noqa: PLR2004  # one bar says nothing
        return
    every, scale = stretch.bucket_seconds, _WIDE / (stretch.ended - stretch.began)
    starts = [stretch.first_bucket + n * every for n in range(len(stretch.images))]
    bars = list(zip(starts, stretch.images, strict=True))
    told = ", ".join(f"{place.clock(at)} {number}" for at, number in bars)
    yield f"<p class=lane>Images <span>in each {length(every)}, {most:,} at most</span></p>\n"
    yield f"<svg class=bars viewBox='0 0 {_WIDE:.0f} {_LOW}' preserveAspectRatio=none role=img "
    yield f'aria-label="Images in each {length(every)}: {told}">\n'
    for at, number in bars:
        left = max(0.0, at - stretch.began) * scale
        wide = min((at + every - stretch.began) * scale, _WIDE) - left
        tall = number / most * (_LOW - 2)
        yield f"<rect class=made x={left + 1:.1f} y={_LOW - tall:.1f} width={max(wide - 2, 1):.1f} "
        yield f"height={tall:.1f}><title>from {place.clock(at)}: {number:,}</title></rect>\n"
    yield "</svg>\n"


def _axis(stretch: Stretch, place: Place) -> Iterator[str]:
    seconds = stretch.ended - stretch.began
    marks = ticks(stretch.began, stretch.ended, place.zone)
    fine = len(marks) > 1 and (marks[1] - marks[0]) % 60 != 0
    yield "<ol class=axis aria-hidden=true>\n"
    for n, at in enumerate(marks):
        words = place.seconds(at) if fine else place.clock(at)
        side = (at - stretch.began) / seconds
        edge = " first" if side < 0.04 else " last" if side > 0.96 else ""  # noqa: PLR2004
        look = "odd" if n % 2 else "even"
        yield f'<li class="{look}{edge}" style="left:{side:.2%}">{words}</li>\n'
    yield "</ol>\n"
