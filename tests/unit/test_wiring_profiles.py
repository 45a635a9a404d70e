"""Which profiles may meet the real page."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.browser.profiles import PRACTICE_NAME, make_profile
from farm.config import Settings, load_settings
from farm.errors import UsageError
from farm.model.events import RunOptions
from farm.wiring.profiles import check_profiles, chosen, sign_in


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A folder with alice's profile, and one that a play on the stand-in left."""
    settings = load_settings(environ={}, cwd=tmp_path)
    make_profile(settings.profiles_dir, "alice")
    (make_profile(settings.profiles_dir, "demo-1").path / PRACTICE_NAME).touch()
    return settings


@pytest.mark.parametrize("options", [RunOptions(), RunOptions(profiles=("demo-1",))])
def test_a_profile_of_the_stand_in_is_no_hand_of_a_run(
    settings: Settings, options: RunOptions
) -> None:
    with pytest.raises(UsageError, match=r"demo-1 was made for the stand-in.*--replay"):
        chosen(settings, options)


async def test_it_is_neither_opened_for_a_look_nor_for_a_sign_in(settings: Settings) -> None:
    with pytest.raises(UsageError, match="made for the stand-in"):
        await check_profiles(settings, ["demo-1"])
    with pytest.raises(UsageError, match="made for the stand-in"):
        await sign_in(settings, "demo-1", lambda _: None)


def test_other_profiles_beside_it_work(settings: Settings) -> None:
    found = chosen(settings, RunOptions(profiles=("alice",)))

    assert [profile.name for profile in found] == ["alice"]


def test_behind_a_proxy_may_be_the_stand_in(tmp_path: Path, settings: Settings) -> None:
    proxied = load_settings({"proxy_server": "http://127.0.0.1:8080"}, environ={}, cwd=tmp_path)

    found = chosen(proxied, RunOptions(profiles=("demo-1",)))

    assert [profile.name for profile in found] == ["demo-1"]
    assert settings.profiles_dir == proxied.profiles_dir
