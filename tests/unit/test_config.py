"""Settings: where they come from, which one wins, what bad ones are told."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from farm.config import SETTINGS, Settings, load_settings
from farm.errors import UsageError

NOT_IN_THE_TABLE = {"profile_paths", "cdp_endpoints", "sources", "warnings"}


def load(home: Path, /, **environ: str) -> Settings:
    return load_settings(environ=environ, cwd=home)


def test_every_setting_is_a_field_and_every_field_a_setting() -> None:
    fields = {f.name for f in dataclasses.fields(Settings)} - NOT_IN_THE_TABLE

    assert {setting.key for setting in SETTINGS} == fields


def test_every_default_of_the_table_is_the_default_of_the_record(tmp_path: Path) -> None:
    settings = load(tmp_path)

    for setting in SETTINGS:
        if not setting.default.startswith(("`", "the ", "empty")):
            parsed = setting.parse(setting.default, tmp_path)
            assert parsed == getattr(settings, setting.key), setting.name


def test_everything_lives_in_the_current_folder_unless_told_otherwise(tmp_path: Path) -> None:
    settings = load(tmp_path)

    assert settings.home == tmp_path
    assert settings.profiles_dir == tmp_path / "profiles"
    assert settings.downloads_dir == tmp_path / "downloads"
    assert settings.log_dir == tmp_path / "logs"
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path.as_posix()}/farm.db"


@pytest.mark.parametrize("winner", ["command line", "environment", "dotenv", "toml", "default"])
def test_sources_win_in_the_documented_order(tmp_path: Path, winner: str) -> None:
    order = ["default", "toml", "dotenv", "environment", "command line"]
    present = order[: order.index(winner) + 1]
    seconds = {"default": 90, "toml": 11, "dotenv": 22, "environment": 33, "command line": 44}
    if "toml" in present:
        (tmp_path / "farm.toml").write_text("prompt_delay_seconds = 11\n")
    if "dotenv" in present:
        (tmp_path / ".env").write_text("FARM_PROMPT_DELAY_SECONDS=22\n")
    environ = {"FARM_PROMPT_DELAY_SECONDS": "33"} if "environment" in present else {}
    overrides = {"prompt_delay_seconds": 44 if winner == "command line" else None}

    settings = load_settings(overrides, environ=environ, cwd=tmp_path)

    assert settings.prompt_delay_seconds == seconds[winner]


def test_the_home_folder_brings_its_own_files(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    (home / ".env").write_text("FARM_UI_LANGUAGE=de\n")
    (elsewhere / ".env").write_text("FARM_UI_LANGUAGE=fr\n")

    settings = load(elsewhere, FARM_HOME=str(home))

    assert (settings.home, settings.ui_language) == (home, "de")


def test_a_dotenv_file_of_the_current_folder_may_name_the_home(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FARM_HOME=farmhouse\nFARM_STEALTH=off\n")

    settings = load(tmp_path)

    assert (settings.home, settings.stealth) == (tmp_path / "farmhouse", "off")


def test_the_names_of_the_seeds_are_understood(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        PROMPT_DELAY_MS="1500",
        LOG_LEVEL="DEBUG",
        LOG_DIR="./notes",
        DOWNLOAD_BASE_DIR="pictures",
    )

    assert settings.prompt_delay_seconds == 1.5
    assert settings.log_level == "debug"
    assert settings.log_dir == tmp_path / "notes"
    assert settings.downloads_dir == tmp_path / "pictures"


def test_the_name_of_farm_beats_the_name_of_the_seeds(tmp_path: Path) -> None:
    settings = load(tmp_path, PROMPT_DELAY_MS="1500", FARM_PROMPT_DELAY_SECONDS="7")

    assert settings.prompt_delay_seconds == 7


def test_profiles_named_one_by_one_may_lie_anywhere(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        ACCOUNT_1_PROFILE_PATH="./profiles/account1",
        ACCOUNT_2_PROFILE_PATH="/srv/chrome/second",
    )

    assert settings.profile_path("account1") == tmp_path / "profiles" / "account1"
    assert settings.profile_path("second") == Path("/srv/chrome/second")
    assert settings.profile_path("third") == tmp_path / "profiles" / "third"


def test_two_profiles_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ACCOUNT_2_PROFILE_PATH=.*rename one"):
        load(tmp_path, ACCOUNT_1_PROFILE_PATH="/a/work", ACCOUNT_2_PROFILE_PATH="/b/work")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("FARM_PROMPT_DELAY_SECONDS", "-1"),
        ("FARM_PROMPT_DELAY_SECONDS", "nan"),
        ("FARM_PROMPT_DELAY_SECONDS", "inf"),
        ("FARM_PROMPT_DELAY_SECONDS", "90s"),
        ("FARM_PACE_JITTER", "1.5"),
        ("FARM_GENERATION_TIMEOUT_SECONDS", "0"),
        ("FARM_HEADLESS", "maybe"),
        ("FARM_STEALTH", "max"),
        ("FARM_LOG_LEVEL", "loud"),
        ("FARM_UI_LANGUAGE", "en&x=1"),
        ("PROMPT_DELAY_MS", "soon"),
    ],
)
def test_a_bad_value_is_told_with_its_name_and_what_is_allowed(
    tmp_path: Path, name: str, text: str
) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path, **{name: text})

    message = str(caught.value)
    rule = next(s for s in SETTINGS if name in {s.name, *s.aliases})
    assert message.startswith(f"{name}={text!r} (from the environment) is not {rule.allowed}")


def test_a_bad_value_in_a_file_is_told_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "farm.toml").write_text('headless = "perhaps"\n')

    with pytest.raises(UsageError, match=r"farm\.toml"):
        load(tmp_path)


@pytest.mark.parametrize("text", ["= 1", "headless = [1]", "headless = \xff"])
def test_a_broken_settings_file_is_a_usage_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "farm.toml").write_bytes(text.encode("latin-1"))

    with pytest.raises(UsageError, match=r"farm\.toml"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("1", True), ("TRUE", True), ("yes", True), ("On", True)),
        *(("0", False), ("False", False), ("no", False), ("OFF", False)),
    ],
)
def test_booleans_are_written_in_eight_ways(tmp_path: Path, text: str, value: bool) -> None:
    assert load(tmp_path, FARM_HEADLESS=text).headless is value


def test_true_and_false_of_toml_are_booleans(tmp_path: Path) -> None:
    (tmp_path / "farm.toml").write_text("headless = false\nignore_https_errors = true\n")

    settings = load(tmp_path)

    assert (settings.headless, settings.ignore_https_errors) == (False, True)


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("ntfy://topic", ["ntfy://topic"]),
        ("ntfy://a,json://b , tgram://c/d", ["ntfy://a", "json://b", "tgram://c/d"]),
        ("ntfy://a  json://b\nslack://c", ["ntfy://a", "json://b", "slack://c"]),
        (
            "mailto://x.example?to=a,b webhook+https://c",
            ["mailto://x.example?to=a,b", "webhook+https://c"],
        ),
    ],
)
def test_addresses_of_messages_stand_apart_by_spaces_or_commas(
    tmp_path: Path, text: str, addresses: list[str]
) -> None:
    assert list(load(tmp_path, FARM_NOTIFY=text).notify) == addresses


def test_a_bad_address_of_messages_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="FARM_NOTIFY") as refused:
        load(tmp_path, FARM_NOTIFY="ntfy://topic open-sesame")

    assert "open-sesame" not in str(refused.value)


def test_an_empty_value_means_unset(tmp_path: Path) -> None:
    assert load(tmp_path, FARM_PROMPT_DELAY_SECONDS=" ").prompt_delay_seconds == 90


def test_an_unknown_name_is_told_with_the_nearest_known_one(tmp_path: Path) -> None:
    (warning,) = load(tmp_path, FARM_PROMPT_DELAY="5").warnings

    assert "FARM_PROMPT_DELAY (from the environment)" in warning
    assert "FARM_PROMPT_DELAY_SECONDS?" in warning


def test_names_that_are_not_ours_are_not_warned_about(tmp_path: Path) -> None:
    assert load(tmp_path, PATH="/bin", PROMPT="$", ACCOUNT_1_PROFILE_PATH="p").warnings == ()


def test_passwords_do_not_show_in_the_repr(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        FARM_PROXY_SERVER="http://alice:hunter22@127.0.0.1:1",
        FARM_DATABASE_URL="postgresql+asyncpg://farm:hunter22@127.0.0.1/farm",
    )

    assert settings.proxy_server.startswith("http://alice")
    assert "hunter22" not in repr(settings)


def test_it_is_known_where_each_value_came_from(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PROMPT_DELAY_MS=500\nFARM_HEADLESS=no\n")

    settings = load(tmp_path, FARM_HEADLESS="yes")

    assert settings.sources == {
        "PROMPT_DELAY_MS": str(tmp_path / ".env"),
        "FARM_HEADLESS": "the environment",
    }
