"""What the past says, and that it says what it rests on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.model.causes import Cause
from farm.model.experience import Try, quota_of, seconds_a_try, tries_a_job, working_tries
from farm.model.forecast import Quota
from farm.model.limits import Limit

HOUR = 3600.0


def tried(seconds: float, cause: Cause = Cause.MADE, began: float = 0.0) -> Try:
    return Try(cause=cause, began=began, ended=began + seconds)


def quota_limit(at: float, images: int, hours: float = 3.0) -> Limit:
    return Limit(
        session="alice",
        mode="",
        cause=Cause.LIMITED_QUOTA,
        at=at,
        until=at + hours * HOUR,
        told=True,
        images=images,
        lifted_at=at + hours * HOUR,
    )


def test_limits_deaths_and_what_slept_through_a_night_are_no_working_tries() -> None:
    good = tried(40)
    others = [
        tried(3, Cause.LIMITED_QUOTA),
        tried(3, Cause.SIGNED_OUT),
        tried(3, Cause.LEASE_EXPIRED),
        tried(9 * HOUR),
    ]

    assert working_tries([good, *others], 600) == [good]


def test_a_session_is_judged_by_its_own_tries_when_there_are_enough() -> None:
    own, slow = [tried(30 + n) for n in range(5)], [tried(100)] * 50

    estimate = seconds_a_try(own, [*own, *slow])

    assert estimate.likely == 32
    assert estimate.measured
    assert estimate.basis == "measured: 32.0 s a try, from 5 tries"


def test_a_new_session_is_judged_by_all() -> None:
    estimate = seconds_a_try([tried(10)], [tried(10), tried(50)])

    assert estimate.likely == 30
    assert estimate.basis.endswith("from 2 tries of all accounts")


def test_without_any_try_the_assumption_is_told_as_one() -> None:
    estimate = seconds_a_try([], [])

    assert not estimate.measured
    assert estimate.basis == "assumed: 40 s a try, because nothing was tried yet"


@pytest.mark.parametrize("tries", [[], [tried(40)], [tried(30), tried(90)] * 10])
def test_a_range_holds_its_likely_value_and_is_never_a_point(tries: list[Try]) -> None:
    estimate = seconds_a_try(tries, tries)

    assert 0 <= estimate.best < estimate.likely < estimate.worst


def test_more_tries_make_the_range_narrower() -> None:
    few, many = ([tried(30), tried(90)] * n for n in (3, 100))

    assert seconds_a_try(many, []).worst < seconds_a_try(few, []).worst


def test_failed_tries_count_against_the_jobs_they_were_for() -> None:
    tries = [tried(40)] * 8 + [tried(40, Cause.TRANSIENT)] * 2

    assert tries_a_job(tries, 1.0).likely == 1.25


def test_tries_that_all_failed_say_nothing_about_a_job() -> None:
    assert not tries_a_job([tried(40, Cause.TIMEOUT)] * 9, 1.0).measured


def test_an_allowance_is_learned_from_the_limits_met() -> None:
    history = [quota_limit(at * 10 * HOUR, images) for at, images in enumerate([50, 70, 60])]

    quota = quota_of(history, "", ())

    assert quota.likely == Quota(images=60, seconds=3 * HOUR)
    assert (quota.worst.images, quota.best.images) == (50, 70)
    assert quota.basis == "learned: 60 images, then 3.0 h of rest, from 3 limits"


def test_a_limit_met_again_without_an_image_in_between_is_no_second_one() -> None:
    first = quota_limit(0, 50)
    again = replace(quota_limit(2 * HOUR, 0), until=5 * HOUR)

    assert quota_of([replace(first, lifted_at=None), again], "", ()).likely.images == 50


def test_limits_of_another_model_say_nothing() -> None:
    quota = quota_of([quota_limit(0, 50)], "Pro", ())

    assert not quota.measured


def test_without_limits_the_least_that_others_saw_is_assumed_and_told() -> None:
    quota = quota_of((), "", ())

    assert quota.likely == Quota(images=45, seconds=5 * HOUR, from_first=True)
    assert quota.best.images == 185
    assert quota.basis.startswith("assumed: a limit after 45 images in 5 h")


def test_more_images_made_without_a_limit_raise_the_assumption() -> None:
    made_at = [n * 60.0 for n in range(80)]

    quota = quota_of((), "", made_at)

    assert quota.likely.images == 80
    assert "80 were made in such a time" in quota.basis


def test_images_spread_over_days_raise_nothing() -> None:
    made_at = [n * HOUR for n in range(200)]

    assert quota_of((), "", made_at).likely.images == 45
