"""A plan: its course, its range, what it rests on, what would change it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from farm.model.allowance import Allowance
from farm.model.causes import Cause
from farm.model.experience import Try
from farm.model.forecast import Spent
from farm.model.hours import parse_hours
from farm.model.jobs import JobState
from farm.model.plan import OPENING_SECONDS, Facts, Known, lay_out
from farm.model.sessions import Session, SessionState

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 21, 12, tzinfo=BERLIN).timestamp()
LONG_AGO = NOON - 30 * 86400


def tries(count: int, seconds: float = 30.0, cause: Cause = Cause.MADE) -> tuple[Try, ...]:
    return tuple(
        Try(cause=cause, began=LONG_AGO + n * 7200, ended=LONG_AGO + n * 7200 + seconds)
        for n in range(count)
    )


def known(name: str = "alice", **more: Any) -> Known:
    session = {k: more.pop(k) for k in ("state", "cause", "next_ready_at") if k in more}
    return Known(
        session=Session(name=name, **session),
        **{"allowance": Allowance(), "tries": tries(50), **more},
    )


def facts(*accounts: Known, jobs: int = 31, files: int = 0, **counts: int) -> Facts:
    return Facts(
        in_queue=jobs,
        in_files=files,
        counts={JobState(state): number for state, number in counts.items()},
        accounts=accounts,
        pace_seconds=90.0,
        longest_try_seconds=600.0,
    )


def test_a_measured_account_is_reckoned_by_what_it_did() -> None:
    plan = lay_out(facts(known()), now=NOON, zone=BERLIN)

    assert plan.likely.done_at == pytest.approx(NOON + OPENING_SECONDS + 30 * 120 + 30, abs=0.1)
    assert plan.held_back_by is Spent.PACING


def test_rows_of_files_are_work_too() -> None:
    plan = lay_out(facts(known(), jobs=20, files=11), now=NOON, zone=BERLIN)

    assert plan.jobs == 31
    assert plan.likely.jobs == 31


def test_the_likely_end_lies_within_its_range() -> None:
    plan = lay_out(facts(known(tries=()), jobs=300), now=NOON, zone=BERLIN)

    assert plan.best.done_at is not None
    assert plan.likely.done_at is not None
    assert plan.worst.done_at is not None
    assert plan.best.done_at < plan.likely.done_at <= plan.worst.done_at


def test_failed_tries_cost_time_and_pace() -> None:
    half = (*tries(50), *tries(50, cause=Cause.TRANSIENT))

    plan = lay_out(facts(known(tries=half)), now=NOON, zone=BERLIN)

    assert plan.likely.done_at == pytest.approx(NOON + OPENING_SECONDS + 30 * 240 + 60, abs=0.1)


def test_a_session_that_needs_a_person_is_left_out() -> None:
    red = known("bob", state=SessionState.NEEDS_PERSON, cause=Cause.SIGNED_OUT)

    plan = lay_out(facts(known(), red), now=NOON, zone=BERLIN)

    assert [share.name for share in plan.likely.shares] == ["alice"]
    assert [basis.needs_person for basis in plan.bases] == [False, True]


def test_a_rest_that_holds_is_waited_for() -> None:
    resting = known(
        state=SessionState.RESTING, cause=Cause.LIMITED_QUOTA, next_ready_at=NOON + 3600
    )

    plan = lay_out(facts(resting, jobs=1), now=NOON, zone=BERLIN)

    assert plan.likely.done_at == pytest.approx(NOON + 3600 + OPENING_SECONDS + 30, abs=0.1)


def test_a_rest_by_the_users_own_rule_is_reckoned_anew() -> None:
    resting = known(
        state=SessionState.RESTING, cause=Cause.LIMITED_CAP, next_ready_at=NOON + 12 * 3600
    )

    plan = lay_out(facts(resting, jobs=1), now=NOON, zone=BERLIN)

    assert plan.likely.done_at == pytest.approx(NOON + OPENING_SECONDS + 30, abs=0.1)


def made(count: int, hours_ago: float) -> tuple[Try, ...]:
    ended = NOON - hours_ago * 3600
    return tuple(replace(t, began=ended - 30, ended=ended) for t in tries(count))


def test_what_was_made_before_the_window_counts_no_more() -> None:
    old = known(tries=(*made(30, hours_ago=6), *made(44, hours_ago=0.5)))

    plan = lay_out(facts(old, jobs=2), now=NOON, zone=BERLIN)

    assert plan.likely.done_at == pytest.approx(NOON + 4.5 * 3600 + 30, abs=0.1)


def test_jobs_that_ended_without_an_image_are_expected_again() -> None:
    plan = lay_out(
        facts(known(), completed=80, failed=15, review=5, cancelled=40), now=NOON, zone=BERLIN
    )

    assert plan.images_a_job == 0.8
    assert plan.images_basis == "measured: 80% of the jobs end with an image, from 100 jobs"


def test_one_more_account_and_a_dropped_cap_are_weighed() -> None:
    capped = known(allowance=Allowance(cap=10, reserve=2))

    plan = lay_out(facts(capped), now=NOON, zone=BERLIN)

    assert [change.what for change in plan.faster] == [
        "one more account",
        "no daily cap",
        "no daily reserve",
    ]
    assert all(change.done_at < (plan.likely.done_at or 0) for change in plan.faster)
    assert plan.held_back_by is Spent.CAP


def test_a_change_that_changes_nothing_is_not_told() -> None:
    always = known(allowance=Allowance(hours=parse_hours("00:00-24:00")))

    plan = lay_out(facts(always, jobs=1), now=NOON, zone=BERLIN)

    assert plan.faster == ()


def test_until_tells_how_far_it_gets_and_still_when_changes_would_end() -> None:
    plan = lay_out(facts(known(), jobs=100), now=NOON, zone=BERLIN, until=NOON + 3600)

    assert plan.likely.done_at is None
    assert plan.likely.jobs == 30
    assert plan.faster[0].done_at > NOON + 3600


def seat(number: int = 1, **more: Any) -> Known:
    return known(f"gemini-{number}", backend="gemini", **{"tries": tries(20, 10.0), **more})


def test_a_session_of_an_api_is_reckoned_by_its_own_tries_and_pace_without_a_limit() -> None:
    plan = lay_out(replace(facts(seat()), api_pace_seconds=2.0), now=NOON, zone=BERLIN)

    assert plan.likely.done_at == pytest.approx(NOON + 30 * 12 + 10, abs=0.1)
    assert plan.bases[0].quota is None
    assert plan.faster == ()


def test_tries_of_an_api_say_nothing_about_accounts() -> None:
    plan = lay_out(facts(known(tries=()), seat()), now=NOON, zone=BERLIN)

    assert [basis.seconds.measured for basis in plan.bases] == [False, True]


def test_an_api_nobody_asked_yet_is_assumed_to_be_faster_than_the_page() -> None:
    plan = lay_out(facts(known(tries=()), seat(tries=())), now=NOON, zone=BERLIN)

    assert [basis.seconds.basis for basis in plan.bases] == [
        "assumed: 40 s a try, because nothing was tried yet",
        "assumed: 20 s a try, because nothing was tried yet",
    ]


def test_rows_for_one_backend_alone_wait_for_it() -> None:
    only = {frozenset({"web"}): 31}

    plan = lay_out(replace(facts(known(), seat()), only=only), now=NOON, zone=BERLIN)

    assert [share.jobs for share in plan.likely.shares] == [31, 0]
