"""Counting what a span of time came to, on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from farm.model.causes import Cause
from farm.model.prompts import ImageType
from farm.model.stats import Share, Stats, stats

if TYPE_CHECKING:
    from tests.contract.conftest import Desk

HOUR = 3600.0


async def make(desk: Desk, name: str, seconds: float, *, pause: float = 0.0) -> None:
    """One image that takes so long, some time after the one before."""
    await desk.add(name)
    desk.wait(pause)
    claim = await desk.claim()
    desk.wait(seconds)
    await desk.complete(claim)


async def counted(desk: Desk, since: float | None = None, queue: str = "") -> Stats:
    return stats(await desk.store.tally(since, queue))


async def test_a_store_without_an_attempt_has_nothing_to_say(desk: Desk) -> None:
    await desk.add("one")
    await desk.claim()  # still open

    found = await counted(desk)

    assert found.total == Share()
    assert (found.by_type, found.by_session, found.by_cause) == ({}, {}, {})
    assert (found.durations.average, found.durations.p95, found.images_per_hour) == (None,) * 3
    assert (found.worked_seconds, found.first_at) == (0.0, None)


async def test_attempts_are_counted_by_type_by_session_and_by_cause(desk: Desk) -> None:
    hero = desk.row("hero", image_type=ImageType.HERO)
    await desk.store.add("q", [hero, desk.row("two"), desk.row("three")], "/p.csv")
    await desk.complete(await desk.claim("alice"))
    await desk.store.fail(await desk.claim("bob"), Cause.REFUSED_POLICY, "no", None)
    await desk.store.give_back(await desk.claim("bob"), Cause.LIMITED_QUOTA, "used up")

    found = await counted(desk)

    assert found.total == Share(made=1, failed=1, given_back=1)
    assert found.total.success_rate == 0.5
    assert found.by_type == {
        "Hero": Share(made=1),
        "Regular": Share(failed=1, given_back=1),
    }
    assert found.by_session == {"alice": Share(made=1), "bob": Share(failed=1, given_back=1)}
    assert found.by_cause == dict.fromkeys(
        [Cause.LIMITED_QUOTA, Cause.MADE, Cause.REFUSED_POLICY], 1
    )


async def test_quantiles_are_durations_that_occurred(desk: Desk) -> None:
    for number, seconds in enumerate([40, 10, 30, 20, 100]):
        await make(desk, f"n{number}", seconds)

    durations = (await counted(desk)).durations

    assert durations.number == 5
    assert durations.average == pytest.approx(40, abs=0.5)
    assert durations.p50 == pytest.approx(30, abs=0.5)
    assert durations.p95 == pytest.approx(100, abs=0.5)


async def test_attempts_without_an_image_have_no_part_in_the_durations(desk: Desk) -> None:
    await make(desk, "one", 10)
    await desk.add("two")
    claim = await desk.claim()
    desk.wait(300)
    await desk.store.fail(claim, Cause.TIMEOUT, "none", None)

    durations = (await counted(desk)).durations

    assert durations.number == 1
    assert durations.p95 == pytest.approx(10, abs=0.5)


async def test_images_per_hour_are_reckoned_over_the_hours_worked(desk: Desk) -> None:
    await make(desk, "one", 60)
    await make(desk, "two", 60, pause=60)  # a pace belongs to the work
    await make(desk, "three", 60, pause=5 * HOUR)  # a rest does not

    found = await counted(desk)

    assert found.worked_seconds == pytest.approx(240, abs=2)
    assert found.images_per_hour == pytest.approx(45, abs=1)


async def test_two_sessions_at_once_work_one_hour_not_two(desk: Desk) -> None:
    await desk.add("one", "two")
    first, second = await desk.claim("alice"), await desk.claim("bob")
    desk.wait(600)
    await desk.complete(first)
    await desk.complete(second)

    assert (await counted(desk)).worked_seconds == pytest.approx(600, abs=2)


async def test_an_attempt_that_lay_open_over_night_is_no_night_of_work(desk: Desk) -> None:
    await make(desk, "one", 8 * HOUR)

    found = await counted(desk)

    assert found.worked_seconds == pytest.approx(HOUR, abs=2)
    assert found.durations.average == pytest.approx(8 * HOUR, abs=2)


async def test_a_span_and_a_queue_bound_everything(desk: Desk) -> None:
    await make(desk, "old", 10)
    desk.wait(30 * HOUR)
    await make(desk, "new", 20)
    await desk.finish("other", queue="b")
    since = (await desk.only("new")).completed_at
    assert since is not None

    day = await counted(desk, since=since - HOUR, queue="q")

    assert day.total == Share(made=1)
    assert day.durations.p50 == pytest.approx(20, abs=0.5)
    assert day.first_at == pytest.approx(since, abs=1)
    assert (await counted(desk, queue="b")).total == Share(made=1)
    assert (await counted(desk, queue="unknown")).total == Share()
    assert (await counted(desk)).total == Share(made=3)
