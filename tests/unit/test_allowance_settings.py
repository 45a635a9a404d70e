"""Hours, cap and reserve: for all accounts, and for one of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.config import allowance_of, load_settings
from farm.errors import UsageError
from farm.model.allowance import Allowance
from farm.model.hours import parse_hours

FOR_ALL = {
    "FARM_WORKING_HOURS": "08:00-22:00",
    "FARM_DAILY_CAP": "50",
    "FARM_DAILY_RESERVE": "5",
}


def profile(home: Path, text: str) -> None:
    (home / "profiles" / "alice").mkdir(parents=True)
    (home / "profiles" / "alice" / "farm-profile.toml").write_text(text)


def test_what_is_set_for_all_holds_for_an_account_without_own_values(tmp_path: Path) -> None:
    settings = load_settings(environ=FOR_ALL, cwd=tmp_path)

    assert allowance_of(settings, "alice") == Allowance(
        hours=parse_hours("08:00-22:00"), cap=50, reserve=5
    )


def test_a_profile_overrides_each_value_by_itself(tmp_path: Path) -> None:
    profile(tmp_path, 'daily_cap = 0\nworking_hours = "22:00-07:00"\n')
    settings = load_settings(environ=FOR_ALL, cwd=tmp_path)

    assert allowance_of(settings, "alice") == Allowance(
        hours=parse_hours("22:00-07:00"), cap=0, reserve=5
    )


def test_bad_hours_are_told_with_their_source_and_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"FARM_WORKING_HOURS \(from the environment\): 'fir' in"):
        load_settings(environ={"FARM_WORKING_HOURS": "mon-fir 08:00-18:00"}, cwd=tmp_path)


def test_bad_hours_of_a_profile_are_told_with_its_file(tmp_path: Path) -> None:
    profile(tmp_path, 'working_hours = "8-18"\n')
    settings = load_settings(environ={}, cwd=tmp_path)

    with pytest.raises(UsageError, match=r"farm-profile\.toml: working_hours: '8-18'"):
        allowance_of(settings, "alice")


def test_a_reserve_that_takes_the_whole_cap_is_refused(tmp_path: Path) -> None:
    settings = load_settings(environ={**FOR_ALL, "FARM_DAILY_RESERVE": "50"}, cwd=tmp_path)

    with pytest.raises(UsageError, match="leaves nothing of the daily cap of 50"):
        allowance_of(settings, "alice")
