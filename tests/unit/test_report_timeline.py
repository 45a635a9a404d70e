"""Who did what when: stretches, waits between attempts, round moments, bars too thin to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from reporting import BEGAN, job, tried

from farm.model.causes import Cause
from farm.model.chronicle import Chronicle, Tried
from farm.model.jobs import JobState
from farm.model.limits import Limit
from farm.model.sessions import Session, SessionState
from farm.report.records import Doing, Span, Stretch
from farm.report.timeline import merged, stretches, ticks, worked_seconds, works

HOUR = 3600.0


def told(tries: Sequence[Tried], **more: object) -> Chronicle:
    facts: dict[str, object] = {"now": BEGAN + 100 * HOUR, "jobs": (job(1),), "tries": tuple(tries)}
    return Chronicle(**(facts | more))  # type: ignore[arg-type]


def drawn(chronicle: Chronicle) -> tuple[Stretch, ...]:
    return stretches(works(chronicle), chronicle)


def doings(stretch: Stretch, session: str = "alice") -> list[tuple[Doing, float, float]]:
    (track,) = [one for one in stretch.tracks if one.session == session]
    return [(span.doing, span.began - BEGAN, span.ended - BEGAN) for span in track.spans]


def limit(at: float, until: float) -> Limit:
    return Limit(
        session="alice", mode="", cause=Cause.LIMITED_QUOTA, at=BEGAN + at, until=BEGAN + until
    )


def test_a_short_wait_between_attempts_is_the_pace_a_long_one_is_left_blank() -> None:
    (stretch,) = drawn(told([tried(1, 0, 30), tried(2, 120, 150), tried(3, 2000, 2030)]))

    assert doings(stretch) == [
        (Doing.MADE, 0, 30),
        (Doing.PACE, 30, 120),
        (Doing.MADE, 120, 150),
        (Doing.MADE, 2000, 2030),
    ]


def test_a_limit_is_rested_for_until_it_ends_or_the_session_is_woken() -> None:
    at_limit = tried(1, 0, 30, Cause.LIMITED_QUOTA, counted=False)

    (full,) = drawn(told([at_limit, tried(2, 4000, 4030)], limits=(limit(31, 3631),)))
    (woken,) = drawn(told([at_limit, tried(2, 900, 930)], limits=(limit(31, 3631),)))

    assert doings(full)[:2] == [(Doing.BACK, 0, 30), (Doing.REST, 30, 3631)]
    assert doings(woken)[1] == (Doing.REST, 30, 900)


def asked(at: float, until: float, cause: Cause = Cause.LIMITED_HOURS) -> Limit:
    return replace(limit(at, until), cause=cause)


def test_a_rest_by_the_users_own_rule_is_drawn_to_its_end_or_the_next_attempt() -> None:
    tries = [tried(1, 0, 30), tried(2, 4000, 4030)]

    (full,) = drawn(told(tries, limits=(asked(120, 3600),)))
    (woken,) = drawn(told(tries, limits=(asked(120, 9000),)))

    assert doings(full)[1:-1] == [(Doing.ASKED, 120, 3600)]
    assert doings(woken)[1:-1] == [(Doing.ASKED, 120, 4000)]


def test_a_rest_by_the_users_word_takes_the_place_of_the_wait_before_it() -> None:
    at_limit = tried(1, 0, 30, Cause.LIMITED_QUOTA, counted=False)
    rests = (limit(31, 3631), asked(600, 900, Cause.LIMITED_BY_HAND))

    (stretch,) = drawn(told([at_limit, tried(2, 900, 930)], limits=rests))

    assert doings(stretch)[1:-1] == [(Doing.REST, 30, 600), (Doing.ASKED, 600, 900)]


def test_a_rest_that_the_next_run_finds_again_is_drawn_once() -> None:
    tries = [tried(1, 0, 30), tried(2, 0, 9000, session="bob")]
    tries[1] = replace(tries[1], began=BEGAN + 8970)

    (stretch,) = drawn(told(tries, limits=(asked(60, 90_000), asked(3000, 90_000))))

    assert doings(stretch)[1:] == [(Doing.ASKED, 60, 3000), (Doing.ASKED, 3000, 9000)]


def test_a_session_that_was_woken_and_had_no_more_to_do_rests_no_longer() -> None:
    tries = [tried(1, 0, 30), replace(tried(2, 0, 9000, session="bob"), began=BEGAN + 8970)]
    woken = Session(name="alice", state=SessionState.STOPPED, since=BEGAN + 500)

    (stretch,) = drawn(told(tries, limits=(asked(60, 90_000),), sessions=(woken,)))

    assert doings(stretch)[1:] == [(Doing.ASKED, 60, 500)]


def test_a_session_that_rested_all_the_while_has_a_lane() -> None:
    bob = [tried(1, 0, 30, session="bob"), tried(2, 600, 630, session="bob")]

    (stretch,) = drawn(told(bob, limits=(asked(-3600, 90_000),)))

    assert doings(stretch) == [(Doing.ASKED, 0, 630)]


def test_a_limit_of_another_hour_explains_no_wait() -> None:
    at_limit = tried(1, 0, 30, Cause.LIMITED_QUOTA, counted=False)

    (stretch,) = drawn(told([at_limit, tried(2, 100, 130)], limits=(limit(9000, 9999),)))

    assert doings(stretch)[1] == (Doing.PACE, 30, 100)


def test_a_rest_that_holds_still_goes_on_while_others_work() -> None:
    tries = [
        tried(1, 0, 30, Cause.LIMITED_QUOTA, counted=False),
        tried(2, 0, 7200, session="bob"),
    ]
    tries[1] = replace(tries[1], began=BEGAN + 7170)

    (stretch,) = drawn(told(tries, limits=(limit(30, 9000),)))

    assert doings(stretch)[-1] == (Doing.REST, 30, 7200)


def test_a_session_that_needs_a_person_waits_until_it_works_again_or_to_the_end() -> None:
    lost = tried(1, 0, 30, Cause.SIGNED_OUT, counted=False)
    red = Session(name="alice", state=SessionState.NEEDS_PERSON)
    bob = replace(tried(3, 0, 3000, session="bob"), began=BEGAN + 2950)

    (mended,) = drawn(told([lost, tried(2, 2000, 2030)]))
    (still_red,) = drawn(told([lost, bob], sessions=(red,)))

    assert doings(mended)[1] == (Doing.PERSON, 30, 2000)
    assert doings(still_red)[1] == (Doing.PERSON, 30, 3000)


def test_a_long_break_begins_another_stretch_and_the_newest_comes_first() -> None:
    tries = [tried(1, 0, 30), tried(2, 9 * HOUR, 9 * HOUR + 60), tried(3, 10 * HOUR, 10 * HOUR + 9)]

    late, early = drawn(told(tries))

    assert (late.began - BEGAN, late.ended - BEGAN) == (9 * HOUR, 10 * HOUR + 9)
    assert early.ended - BEGAN == 30


def test_a_stretch_is_a_day_at_most() -> None:
    tries = [tried(n, n * HOUR, n * HOUR + 60) for n in range(60)]

    lengths = [one.ended - one.began for one in drawn(told(tries))]

    assert len(lengths) == 3
    assert max(lengths) <= 24 * HOUR


def test_an_attempt_that_lay_open_while_farm_was_dead_is_not_drawn_so_long() -> None:
    dead = replace(tried(1, 0, 30 * HOUR, Cause.LEASE_EXPIRED), heard_at=BEGAN + 40)
    fetched = tried(2, 0, 30 * HOUR)

    one, other = works(told([dead, fetched]))

    assert (one.began - BEGAN, one.ended - BEGAN) == (0, 40)
    assert (other.began - BEGAN, other.ended - BEGAN) == (29 * HOUR, 30 * HOUR)


def test_an_open_attempt_lasts_until_now_if_somebody_holds_its_job() -> None:
    held, parked = tried(1, 0, None), tried(2, 0, None, session="bob")
    jobs = (job(1, state=JobState.IN_PROGRESS), job(2))

    (stretch,) = drawn(told([held, parked], jobs=jobs, now=BEGAN + 50))

    assert doings(stretch) == [(Doing.OPEN, 0, 50)]
    assert doings(stretch, "bob") == [(Doing.OPEN, 0, 5)]


def test_images_are_counted_in_parts_that_are_round_by_the_clock() -> None:
    tries = [tried(n, n * 600 + 1500, n * 600 + 1530) for n in range(36)]

    (stretch,) = drawn(told(tries))

    assert (stretch.bucket_seconds, stretch.first_bucket) == (1800, BEGAN)
    assert sum(stretch.images) == 36
    assert stretch.images[:3] == (1, 3, 3)


def test_time_worked_is_the_union_of_all_attempts_and_short_waits_between_them() -> None:
    tries = [
        tried(1, 0, 100),
        tried(2, 50, 150, session="bob"),
        tried(3, 250, 300),
        tried(4, 5000, 5100),
    ]

    assert worked_seconds(works(told(tries))) == 300 + 100


@pytest.mark.parametrize(
    ("seconds", "first", "step"),
    [(4, 0, 1), (300, 0, 60), (2800, 0, 600), (10 * HOUR, 0, 2 * HOUR), (24 * HOUR, 0, 3 * HOUR)],
)
def test_ticks_are_few_and_round(seconds: float, first: float, step: float) -> None:
    marks = ticks(BEGAN, BEGAN + seconds, UTC)

    assert marks[0] - BEGAN == first
    assert {b - a for a, b in pairwise(marks)} == {step}
    assert len(marks) <= 9


def test_ticks_are_round_by_the_local_clock() -> None:
    began = BEGAN + 1000

    marks = ticks(began, began + 10 * HOUR, ZoneInfo("Asia/Kolkata"))

    assert {(mark - BEGAN + 5.5 * HOUR) % (2 * HOUR) for mark in marks} == {0}
    assert began <= marks[0]


def span(doing: Doing, began: float, ended: float) -> Span:
    return Span(doing=doing, began=began, ended=ended, job=1)


def test_bars_that_the_eye_cannot_tell_apart_are_drawn_as_one_of_their_kind() -> None:
    spans = [
        span(Doing.MADE, 0, 1),
        span(Doing.FAILED, 1, 2),
        span(Doing.MADE, 3, 4),
        span(Doing.MADE, 90, 190),
        span(Doing.MADE, 200, 300),
    ]

    found = sorted(merged(spans, 20), key=lambda one: one.began)

    assert [(one.doing, one.began, one.ended, one.number) for one in found] == [
        (Doing.MADE, 0, 4, 2),
        (Doing.FAILED, 1, 2, 1),
        (Doing.MADE, 90, 190, 1),
        (Doing.MADE, 200, 300, 1),
    ]
