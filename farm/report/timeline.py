"""Who did what when: attempts, rests and paces of every session, in stretches of work. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from itertools import groupby, pairwise

from farm.log import redact
from farm.model.causes import LIMITS, NEEDS_PERSON, Cause
from farm.model.chronicle import Chronicle, Tried
from farm.model.jobs import JobState
from farm.model.limits import ASKED_RESTS, Limit
from farm.model.moments import start_of_day
from farm.model.sessions import SessionState
from farm.report.records import Doing, Span, Stretch, Track
from farm.report.words import CAUSE_WORDS

LONGEST_ATTEMPT_SECONDS = 3600.0  # what took longer lay open while farm was dead
PACE_SECONDS = 900.0  # a longer wait without a reason is no work; `farm stats` reckons alike
BREAK_SECONDS = 8 * 3600.0  # without any attempt: the next one begins another stretch
DAY_SECONDS = 24 * 3600.0
MAX_STRETCHES = 7
MAX_BUCKETS = 12
_BUCKETS = (60.0, 300.0, 600.0, 1800.0, 3600.0)
_MINUTES = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 180.0, 360.0)
_STEPS = (1.0, 2.0, 5.0, 10.0, 30.0, *(60 * minutes for minutes in _MINUTES))
_AFTER_LIMIT_SECONDS = 60.0  # a limit is written down when its attempt is settled, or just after


@dataclass(frozen=True, slots=True)
class Work:
    """An attempt as it is drawn: from when to when a session was at it."""

    began: float
    ended: float
    tried: Tried


def works(chronicle: Chronicle) -> list[Work]:
    """All attempts by their beginning, without the time in which nobody was at them."""
    held = {job.id for job in chronicle.jobs if job.state is JobState.IN_PROGRESS}
    found = (_work(tried, chronicle.now, tried.job_id in held) for tried in chronicle.tries)
    return sorted(found, key=lambda work: (work.began, work.tried.job_id, work.tried.number))


def _work(tried: Tried, now: float, is_held: bool) -> Work:  # noqa: FBT001  # of `works` alone
    began, ended = tried.began, tried.ended
    if ended is None:
        ended = now if is_held else tried.heard_at
    if ended - began > LONGEST_ATTEMPT_SECONDS:
        if tried.cause is Cause.MADE:
            began = ended - LONGEST_ATTEMPT_SECONDS
        else:
            ended = min(tried.heard_at, began + LONGEST_ATTEMPT_SECONDS)
    return Work(began, max(began, ended), tried)


def worked_seconds(work: Iterable[Work]) -> float:
    """The time in which anybody was at work, short waits between attempts included."""
    total, reached = 0.0, float("-inf")
    for one in work:  # by beginning
        if one.began > reached + PACE_SECONDS:
            total += one.ended - one.began
        elif one.ended > reached:
            total += one.ended - reached
        reached = max(reached, one.ended)
    return total


def stretches(
    work: Sequence[Work], chronicle: Chronicle, newest: int = MAX_STRETCHES
) -> tuple[Stretch, ...]:
    """The newest stretches of work, the last one first."""
    spans = tracks(work, chronicle)
    windows = list(_windows(work))[-newest:]
    return tuple(_stretch(began, ended, work, spans) for began, ended in reversed(windows))


def _windows(work: Sequence[Work]) -> Iterator[tuple[float, float]]:
    """From when to when there was work, cut at long breaks and after each day."""
    began = ended = None
    for one in work:
        if began is None or ended is None:
            began, ended = one.began, one.ended
        elif one.began > ended + BREAK_SECONDS or one.ended > began + DAY_SECONDS:
            yield began, ended
            began, ended = one.began, one.ended
        ended = max(ended, one.ended)
    if began is not None and ended is not None:
        yield began, ended


def _stretch(
    began: float, ended: float, work: Sequence[Work], spans: Mapping[str, Sequence[Span]]
) -> Stretch:
    ended = max(ended, began + 1.0)
    of = {name: tuple(_clipped(all_, began, ended)) for name, all_ in spans.items()}
    bucket = bucket_seconds(ended - began)
    first = began // bucket * bucket  # round by the clock too, in all but a few time zones
    images = [0] * (int((ended - first) // bucket) + 1)
    for one in work:
        if one.tried.cause is Cause.MADE and began <= one.ended <= ended:
            images[int((one.ended - first) // bucket)] += 1
    return Stretch(
        began=began,
        ended=ended,
        tracks=tuple(Track(session=redact(name), spans=mine) for name, mine in of.items() if mine),
        bucket_seconds=bucket,
        first_bucket=first,
        images=tuple(images),
    )


def _clipped(spans: Sequence[Span], began: float, ended: float) -> Iterator[Span]:
    for span in spans:
        if span.ended >= began and span.began <= ended:
            yield replace(span, began=max(began, span.began), ended=min(ended, span.ended))


def bucket_seconds(seconds: float) -> float:
    """How long the parts are in which images are counted."""
    return next((b for b in _BUCKETS if seconds / b <= MAX_BUCKETS), _BUCKETS[-1])


def tracks(work: Sequence[Work], chronicle: Chronicle) -> dict[str, list[Span]]:
    """By session what it did, with the waits between its attempts, by name."""
    mine: defaultdict[str, list[Work]] = defaultdict(list)
    limits: defaultdict[str, list[Limit]] = defaultdict(list)
    for one in work:
        mine[one.tried.session].append(one)
    for limit in chronicle.limits:
        limits[limit.session].append(limit)
    return {name: _track(mine[name], limits[name], chronicle) for name in sorted(mine | limits)}


def _track(work: Sequence[Work], limits: Sequence[Limit], chronicle: Chronicle) -> list[Span]:
    asked = _asked(work, [one for one in limits if one.cause in ASKED_RESTS], chronicle)
    met = [one for one in limits if one.cause not in ASKED_RESTS]
    waits: list[Span] = []
    for before, after in pairwise(work):
        waits += _wait(before, after.began, met)
    if work:
        waits += _last_wait(work[-1], met, chronicle)
    spans = [*map(_attempt, work), *asked, *(_before(wait, asked) for wait in waits)]
    return sorted(spans, key=lambda span: (span.began, span.ended))


def _asked(work: Sequence[Work], rests: Sequence[Limit], chronicle: Chronicle) -> list[Span]:
    """Rests by the user's own word, each until it ends, another begins or the session works."""
    begins = sorted([one.began for one in work] + [one.at for one in rests])
    woken = {s.name: s.since for s in chronicle.sessions if s.state is not SessionState.RESTING}
    found = []
    for rest in rests:
        later = next((begin for begin in begins if begin > rest.at), None)
        if later is None and woken.get(rest.session, 0.0) > rest.at:
            later = woken[rest.session]
        ended = max(rest.at, min(rest.until, chronicle.now if later is None else later))
        words = CAUSE_WORDS[rest.cause]
        found.append(Span(doing=Doing.ASKED, began=rest.at, ended=ended, words=words))
    return found


def _before(wait: Span, asked: Sequence[Span]) -> Span:
    """A wait, as far as no rest by the user's word took its place."""
    within = (one.began for one in asked if wait.began <= one.began < wait.ended)
    return replace(wait, ended=min(within, default=wait.ended))


def _attempt(work: Work) -> Span:
    tried = work.tried
    words = "under way" if tried.cause is None else CAUSE_WORDS[tried.cause]
    doing = _doing(tried)
    return Span(doing=doing, began=work.began, ended=work.ended, job=tried.job_id, words=words)


def _doing(tried: Tried) -> Doing:
    if tried.cause is None:
        return Doing.OPEN
    if tried.cause is Cause.MADE:
        return Doing.MADE
    return Doing.FAILED if tried.counted else Doing.BACK


def _wait(before: Work, until: float, limits: Sequence[Limit]) -> list[Span]:
    """What a session waited for between an attempt and the next, as far as it is known."""
    if until <= before.ended:
        return []
    limit = _limit_after(before, until, limits)
    if limit is not None:
        return [_rest(before, min(until, limit.until), limit.cause)]
    if before.tried.cause in NEEDS_PERSON:
        return [_for_person(before, until)]
    if until - before.ended > PACE_SECONDS:
        return []
    return [Span(doing=Doing.PACE, began=before.ended, ended=until)]


def _last_wait(last: Work, limits: Sequence[Limit], chronicle: Chronicle) -> list[Span]:
    """What a session has waited for since its last attempt: a limit, or still a person."""
    limit = _limit_after(last, chronicle.now, limits)
    if limit is not None:
        return [_rest(last, min(chronicle.now, limit.until), limit.cause)]
    is_red = any(
        one.name == last.tried.session and one.state is SessionState.NEEDS_PERSON
        for one in chronicle.sessions
    )
    is_alike = last.tried.cause in NEEDS_PERSON
    return [_for_person(last, chronicle.now)] if is_red and is_alike else []


def _rest(before: Work, until: float, cause: Cause) -> Span:
    ended = max(until, before.ended)
    return Span(doing=Doing.REST, began=before.ended, ended=ended, words=CAUSE_WORDS[cause])


def _for_person(before: Work, until: float) -> Span:
    words = CAUSE_WORDS[before.tried.cause] if before.tried.cause else ""
    ended = max(until, before.ended)
    return Span(doing=Doing.PERSON, began=before.ended, ended=ended, words=words)


def _limit_after(before: Work, until: float, limits: Sequence[Limit]) -> Limit | None:
    """The limit that an attempt ended in."""
    if before.tried.cause not in LIMITS and before.tried.cause is not Cause.TRANSIENT:
        return None
    near = (
        one
        for one in limits
        if before.ended - _AFTER_LIMIT_SECONDS <= one.at <= min(until, before.ended + PACE_SECONDS)
    )
    return min(near, key=lambda one: abs(one.at - before.ended), default=None)


def ticks(began: float, ended: float, zone: tzinfo, most: int = 8) -> list[float]:
    """Round moments of the local clock within a stretch, evenly spaced."""
    step = next((s for s in _STEPS if (ended - began) / s <= most), _STEPS[-1])
    midnight = start_of_day(began, zone)
    first = midnight + -(-(began - midnight) // step) * step
    count = int((ended - first) // step) + 1 if first <= ended else 0
    return [first + n * step for n in range(count)]


def merged(spans: Iterable[Span], least_seconds: float) -> Iterator[Span]:
    """Spans of one kind that stand closer than the eye can tell, told as one."""
    by_kind = sorted(spans, key=lambda span: (span.doing, span.began))
    for _, alike in groupby(by_kind, key=lambda span: span.doing):
        last: Span | None = None
        for span in alike:
            if last is None:
                last = span
            elif _is_near(last, span, least_seconds):
                number = last.number + span.number
                last = replace(last, ended=max(last.ended, span.ended), number=number, job=None)
            else:
                yield last
                last = span
        if last is not None:
            yield last


def _is_near(last: Span, span: Span, least_seconds: float) -> bool:
    """Whether one of the two, or what is between them, is too thin to be seen."""
    if span.began - last.ended >= least_seconds:
        return False
    return min(last.ended - last.began, span.ended - span.began) < least_seconds
