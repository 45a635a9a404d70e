"""What the demo keeps apart from the user's own work."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.cli.demo import MARK, PROMPTS, demo_settings, forget, put_prompts
from farm.config import Settings, load_settings
from farm.errors import UsageError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    environ = {"ACCOUNT_1_PROFILE_PATH": "mine/alice", "FARM_DATABASE_URL": "sqlite+aiosqlite:///x"}
    return demo_settings(load_settings(environ=environ, cwd=tmp_path))


def test_the_demo_never_touches_the_users_queue_or_profiles(
    settings: Settings, tmp_path: Path
) -> None:
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path.as_posix()}/demo/farm.db"
    assert settings.profiles_dir == tmp_path / "demo" / "profiles"
    assert settings.profile_paths == {}


def test_the_images_of_the_demo_stand_in_the_downloads_folder(
    settings: Settings, tmp_path: Path
) -> None:
    assert settings.downloads_dir == tmp_path / "downloads"


async def test_a_folder_of_somebody_else_is_never_emptied(settings: Settings) -> None:
    settings.home.mkdir()
    keep = settings.home / "thesis.txt"
    keep.touch()

    with pytest.raises(UsageError, match="was not made by farm"):
        await forget(settings)

    assert keep.exists()


async def test_the_first_demo_has_nothing_to_forget(settings: Settings) -> None:
    await forget(settings)

    assert not settings.home.exists()


def test_the_prompts_are_copied_to_where_results_may_stand(settings: Settings) -> None:
    path = put_prompts(settings.home)

    assert path == settings.home / PROMPTS
    assert path.stat().st_size > 0
    assert (settings.home / MARK).exists()
