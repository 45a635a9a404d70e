"""Sums over ended attempts."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from farm.errors import UsageError
from farm.model.causes import Cause
from farm.model.stats import Durations, Endings, Share, Tally, since, stats

NOON = 1_795_262_400.0  # 2026-11-21 12:00 UTC
ZONE = timezone(timedelta(hours=2))


def endings(
    number: int, cause: Cause, *, counted: bool = True, kind: str = "Hero", session: str = "alice"
) -> Endings:
    return Endings(image_type=kind, session=session, cause=cause, counted=counted, number=number)


def tally(*ended: Endings, worked: float = 7200.0) -> Tally:
    return Tally(
        endings=ended, durations=Durations(), worked_seconds=worked, first_at=None, last_at=None
    )


def test_every_attempt_is_made_failed_or_given_back() -> None:
    found = stats(
        tally(
            endings(6, Cause.MADE, counted=False),
            endings(2, Cause.TIMEOUT, kind="Regular"),
            endings(1, Cause.LIMITED_QUOTA, counted=False, session="bob"),
        )
    )

    assert found.total == Share(made=6, failed=2, given_back=1)
    assert found.total.success_rate == 0.75
    assert found.by_type["Regular"].success_rate == 0
    assert found.by_session["bob"].success_rate is None


def test_the_most_frequent_cause_comes_first() -> None:
    found = stats(
        tally(endings(1, Cause.DRIFT), endings(2, Cause.MADE), endings(4, Cause.DROPPED, kind="x"))
    )

    assert list(found.by_cause.items()) == [(Cause.DROPPED, 4), (Cause.MADE, 2), (Cause.DRIFT, 1)]


def test_images_per_hour_need_an_image_and_time() -> None:
    assert stats(tally(endings(6, Cause.MADE))).images_per_hour == 3
    assert stats(tally(endings(6, Cause.MADE), worked=0)).images_per_hour is None
    assert stats(tally(endings(6, Cause.DROPPED))).images_per_hour is None


@pytest.mark.parametrize(
    ("text", "hours_ago"),
    [
        ("24h", 24),
        ("7d", 168),
        ("90m", 1.5),
        ("2026-11-21", 14),  # midnight, two hours before that of UTC
        ("2026-11-21 13:00", 1),
        ("2026-11-21T13:00:00+00:00", -1),
    ],
)
def test_a_span_begins_so_long_ago_or_at_a_date(text: str, hours_ago: float) -> None:
    if hours_ago < 0:
        with pytest.raises(UsageError, match="still to come"):
            since(text, NOON, ZONE)
    else:
        assert since(text, NOON, ZONE) == NOON - hours_ago * 3600


@pytest.mark.parametrize("text", ["yesterday", "24", "2026-13-01", "-1h"])
def test_anything_else_is_no_moment(text: str) -> None:
    with pytest.raises(UsageError, match="Write how long ago"):
        since(text, NOON, ZONE)
