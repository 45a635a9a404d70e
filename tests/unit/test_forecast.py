"""The course of a queue, against cases reckoned by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from farm.model.allowance import Allowance
from farm.model.forecast import Account, Course, Quota, Spent, alike, forecast
from farm.model.hours import parse_hours

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600.0


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


NOON = at("2026-11-21 12:00")
ALICE = Account(name="alice", generating_seconds=30, pacing_seconds=90)  # 30 an hour


def course(jobs: int, *accounts: Account, now: float = NOON, until: float | None = None) -> Course:
    return forecast(jobs, accounts, now=now, zone=BERLIN, until=until)


def seconds(jobs: int, *accounts: Account) -> float:
    done_at = course(jobs, *accounts).done_at
    assert done_at is not None
    return done_at - NOON


def test_one_account_makes_one_job_after_the_other() -> None:
    assert seconds(1, ALICE) == pytest.approx(30, abs=0.02)
    assert seconds(10, ALICE) == pytest.approx(9 * 120 + 30, abs=0.02)


def test_an_empty_queue_is_done_now() -> None:
    assert seconds(0, ALICE) == 0


def test_two_accounts_share_the_queue() -> None:
    done = course(11, ALICE, alike(ALICE, "bob"))

    assert done.done_at == pytest.approx(NOON + 5 * 120 + 30, abs=0.02)
    assert [share.jobs for share in done.shares] == [6, 5]


def test_a_slow_account_gets_fewer_jobs() -> None:
    slow = replace(ALICE, name="bob", generating_seconds=270)

    done = course(8, ALICE, slow)

    assert [share.jobs for share in done.shares] == [6, 2]


def test_a_rest_that_holds_now_is_waited_for() -> None:
    resting = replace(ALICE, ready_at=NOON + HOUR, opening_seconds=5)

    done = course(1, resting)

    assert done.done_at == pytest.approx(NOON + HOUR + 35, abs=0.02)
    assert done.shares[0].seconds[Spent.RESTING] == HOUR
    assert done.shares[0].seconds[Spent.OPENING] == 5


def test_a_quota_reckoned_from_the_limit_rests_after_so_many_images() -> None:
    limited = replace(ALICE, quota=Quota(images=10, seconds=2 * HOUR))

    assert seconds(10, limited) == pytest.approx(9 * 120 + 30, abs=0.02)
    assert seconds(11, limited) == pytest.approx(10 * 120 + 2 * HOUR + 30, abs=0.02)
    assert seconds(21, limited) == pytest.approx(20 * 120 + 4 * HOUR + 30, abs=0.02)


def test_a_quota_reckoned_from_the_first_image_rests_for_what_is_left_of_its_window() -> None:
    limited = replace(ALICE, quota=Quota(images=10, seconds=2 * HOUR, from_first=True))

    assert seconds(11, limited) == pytest.approx(2 * HOUR + 30, abs=0.02)
    assert seconds(21, limited) == pytest.approx(4 * HOUR + 30, abs=0.02)


def test_a_window_longer_than_its_images_take_is_never_waited_for() -> None:
    limited = replace(ALICE, quota=Quota(images=60, seconds=HOUR, from_first=True))

    assert seconds(600, limited) == pytest.approx(599 * 120 + 30, abs=0.02)


def test_what_was_made_in_the_window_already_counts() -> None:
    limited = replace(ALICE, quota=Quota(images=10, seconds=HOUR), made_in_window=8)

    assert seconds(3, limited) == pytest.approx(2 * 120 + HOUR + 30, abs=0.02)


def test_a_daily_cap_goes_on_at_midnight() -> None:
    capped = replace(ALICE, allowance=Allowance(cap=50, reserve=10), made_today=30)

    done = course(11, capped)

    assert done.done_at == pytest.approx(at("2026-11-22 00:00:30"), abs=0.02)
    assert done.shares[0].seconds[Spent.CAP] == pytest.approx(12 * HOUR - 10 * 120)


def test_what_is_made_after_midnight_counts_for_the_new_day() -> None:
    capped = replace(ALICE, allowance=Allowance(cap=40))

    done = course(71, capped, now=at("2026-11-21 23:00"))  # 30 until midnight, 40 after it

    assert done.done_at == pytest.approx(at("2026-11-23 00:00:30"), abs=0.02)


def test_a_daily_cap_of_many_days_makes_so_many_each_day() -> None:
    capped = replace(ALICE, allowance=Allowance(cap=40))

    done = course(40 * 100 + 1, capped)

    assert done.done_at == pytest.approx(at("2027-03-01 00:00:30"), abs=0.02)


def test_nothing_begins_outside_the_hours() -> None:
    office = replace(ALICE, allowance=Allowance(hours=parse_hours("08:00-13:00")))

    done = course(31, office)

    assert done.done_at == pytest.approx(at("2026-11-22 08:00:30"), abs=0.02)
    assert done.shares[0].seconds[Spent.CLOSED] == 19 * HOUR


def test_a_closed_account_opens_first() -> None:
    night = replace(ALICE, allowance=Allowance(hours=parse_hours("22:00-07:00")), opening_seconds=5)

    assert course(1, night).done_at == pytest.approx(at("2026-11-21 22:00:35"), abs=0.02)


def test_hours_on_the_day_of_the_shift_are_as_long_as_its_clocks_say() -> None:
    night = replace(ALICE, allowance=Allowance(hours=parse_hours("22:00-07:00")))

    done = course(301, night, now=at("2026-10-24 22:00"))  # ten hours of 30 jobs

    assert done.done_at == pytest.approx(at("2026-10-25 22:00:30"), abs=0.02)


WEB, GEMINI = frozenset({"web"}), frozenset({"gemini"})
SEAT = Account(name="gemini-1", crew="gemini", generating_seconds=10, pacing_seconds=10)  # 180


def test_accounts_and_sessions_of_an_api_share_what_both_can_make() -> None:
    done = course(21, ALICE, SEAT)

    assert done.done_at == pytest.approx(NOON + 17 * 20 + 10, abs=0.02)
    assert [(share.crew, share.jobs) for share in done.shares] == [("web", 3), ("gemini", 18)]


def test_jobs_that_one_crew_alone_can_make_wait_for_it() -> None:
    done = forecast(21, [ALICE, SEAT], now=NOON, zone=BERLIN, only={WEB: 11})

    assert done.done_at == pytest.approx(NOON + 10 * 120 + 30, abs=0.02)
    assert [share.jobs for share in done.shares] == [11, 10]


def test_who_has_no_more_jobs_spends_no_more_time() -> None:
    done = forecast(12, [ALICE, SEAT], now=NOON, zone=BERLIN, only={WEB: 11, GEMINI: 1})

    assert sum(done.shares[1].seconds.values()) == pytest.approx(10, abs=0.02)


def test_jobs_that_several_crews_can_make_go_to_those_with_time_left() -> None:
    other = replace(SEAT, name="openai-1", crew="openai")

    done = forecast(
        23, [ALICE, SEAT, other], now=NOON, zone=BERLIN, only={WEB: 3, GEMINI | {"openai"}: 20}
    )

    assert [share.jobs for share in done.shares] == [3, 10, 10]


def test_until_cuts_the_course_and_counts_what_is_done() -> None:
    cut = course(100, ALICE, until=NOON + HOUR)

    assert cut.done_at is None
    assert (cut.jobs, cut.ends_at) == (30, NOON + HOUR)


def test_without_accounts_nothing_is_ever_done() -> None:
    assert course(1).done_at is None


def test_the_times_of_a_share_add_up_to_the_whole() -> None:
    busy = replace(
        ALICE,
        ready_at=NOON + 100,
        opening_seconds=7,
        quota=Quota(images=7, seconds=3000),
        allowance=Allowance(hours=parse_hours("08:00-13:30, 15:00-20:00"), cap=33),
    )

    done = course(80, busy)

    assert sum(done.shares[0].seconds.values()) == pytest.approx(done.ends_at - NOON)


@pytest.mark.parametrize(
    ("until", "generating", "pacing"), [(15, 15, 0), (100, 30, 70), (250, 70, 180)]
)
def test_a_job_cut_in_two_counts_as_far_as_it_got(
    until: float, generating: float, pacing: float
) -> None:
    cut = course(9, ALICE, until=NOON + until)

    spent = cut.shares[0].seconds
    assert (spent[Spent.GENERATING], spent[Spent.PACING]) == (generating, pacing)


def test_jobs_without_an_image_use_up_no_quota() -> None:
    picky = replace(ALICE, images_a_job=0.5, quota=Quota(images=10, seconds=HOUR))

    done = course(20, picky)

    assert done.done_at == pytest.approx(NOON + 19 * 120 + 30, abs=0.02)
    assert done.shares[0].images == 10


def one_by_one(jobs: int, account: Account, now: float) -> float:
    """The same rules, played out job by job for an account without hours or cap."""
    assert account.quota is not None
    clock, made, first, ended = now, 0, None, now
    for _ in range(jobs):
        if (
            first is not None
            and account.quota.from_first
            and clock >= first + account.quota.seconds
        ):
            made, first = 0, None
        if made >= account.quota.images:
            since = first if account.quota.from_first and first is not None else clock
            clock, made, first = since + account.quota.seconds, 0, None
        first = clock if first is None else first
        ended = clock + account.generating_seconds
        clock, made = clock + account.generating_seconds + account.pacing_seconds, made + 1
    return ended


@pytest.mark.parametrize("jobs", [1, 44, 45, 46, 90, 91, 1000])
@pytest.mark.parametrize("from_first", [True, False])
def test_stretches_end_when_jobs_played_one_by_one_end(jobs: int, from_first: bool) -> None:
    limited = replace(ALICE, quota=Quota(images=45, seconds=5 * HOUR, from_first=from_first))

    done = course(jobs, limited)

    assert done.done_at == pytest.approx(one_by_one(jobs, limited, NOON), abs=0.02)


def test_a_hundred_thousand_jobs_are_laid_out_in_few_stretches() -> None:
    limited = replace(
        ALICE,
        quota=Quota(images=45, seconds=5 * HOUR, from_first=True),
        allowance=Allowance(hours=parse_hours("mon-fri 06:00-23:00, sat, sun 10:00-22:00")),
    )
    many = [alike(limited, f"account{n}") for n in range(40)]

    done = course(100_000, *many)

    assert done.done_at is not None
    assert sum(share.jobs for share in done.shares) == 100_000
