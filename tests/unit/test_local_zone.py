"""The machine's own time zone is the same as its entry in the database of zones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from farm.clock import LocalZone
from farm.model.moments import readings, shift_of

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=BERLIN)

pytestmark = pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of this system is set")


@pytest.fixture(autouse=True)
def _in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


def test_every_hour_of_a_year_is_shown_alike() -> None:
    local = LocalZone()

    for hour in range(365 * 24):
        moment = (NEW_YEAR + timedelta(hours=hour)).timestamp() + 1800
        ours, theirs = (datetime.fromtimestamp(moment, zone) for zone in (local, BERLIN))
        assert (ours.replace(tzinfo=None), ours.fold) == (theirs.replace(tzinfo=None), theirs.fold)
        assert (ours.timestamp(), ours.tzname()) == (moment, theirs.tzname())


def test_days_whose_clocks_are_set_are_read_alike() -> None:
    local = LocalZone()

    for day in (NEW_YEAR.date() + timedelta(days=n) for n in range(365)):
        assert shift_of(day, local) == shift_of(day, BERLIN)
        assert readings(day, 150, local) == readings(day, 150, BERLIN)
