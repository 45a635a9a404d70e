"""What the demo and rehearsals keep apart from the user's own work."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.cli.apart import apart, copies
from farm.cli.demo import MARK, PROMPTS, forget, put_prompts
from farm.config import Settings, load_settings
from farm.errors import UsageError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    environ = {"ACCOUNT_1_PROFILE_PATH": "mine/alice", "FARM_DATABASE_URL": "sqlite+aiosqlite:///x"}
    return apart(load_settings(environ=environ, cwd=tmp_path), "demo")


def test_a_run_apart_never_touches_the_users_queue_profiles_or_pictures(
    settings: Settings, tmp_path: Path
) -> None:
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path.as_posix()}/demo/farm.db"
    assert settings.profiles_dir == tmp_path / "demo" / "profiles"
    assert settings.profile_paths == {}
    assert settings.downloads_dir == tmp_path / "demo" / "downloads"


def test_prompts_are_copied_so_that_results_do_not_land_beside_the_users_own(
    settings: Settings, tmp_path: Path
) -> None:
    prompts = tmp_path / "heroes.csv"
    prompts.write_text("Description\na mill\n")

    (copy,) = copies([str(prompts)], settings.home)

    assert copy == str(settings.home / "heroes.csv")
    assert Path(copy).read_text() == prompts.read_text()


def test_a_missing_file_keeps_its_name_for_the_error(settings: Settings, tmp_path: Path) -> None:
    lost = str(tmp_path / "lost.csv")

    assert copies([lost], settings.home) == (lost,)


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
