"""What a user sets for one profile alone: its file, the variable of its endpoint, and slips."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.browser.profiles import known_profiles, place_of
from farm.config import ProfileSettings, load_settings, profile_settings
from farm.errors import UsageError

ENDPOINT = "http://127.0.0.1:9222"


def read(home: Path, text: str | None = None, /, name: str = "alice", **environ: str) -> object:
    if text is not None:
        folder = home / "profiles" / name
        folder.mkdir(parents=True)
        (folder / "farm-profile.toml").write_text(text)
    return profile_settings(load_settings(environ=environ, cwd=home), name)


def test_a_profile_without_a_file_has_nothing_of_its_own(tmp_path: Path) -> None:
    assert read(tmp_path) == ProfileSettings()


def test_the_file_of_a_profile_sets_what_concerns_it_alone(tmp_path: Path) -> None:
    text = f'cdp = "{ENDPOINT}"\ndaily_cap = 80\ndaily_reserve = 0\nworking_hours = "08:00-22:00"'

    assert read(tmp_path, text) == ProfileSettings(
        cdp=ENDPOINT, daily_cap=80, daily_reserve=0, working_hours="08:00-22:00"
    )


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("alice", "FARM_PROFILE_ALICE_CDP"),
        ("work.1", "FARM_PROFILE_WORK_1_CDP"),
        ("a-b_c", "FARM_PROFILE_A_B_C_CDP"),
    ],
)
def test_an_endpoint_may_come_from_the_environment(
    tmp_path: Path, name: str, variable: str
) -> None:
    settings = load_settings(environ={variable: ENDPOINT}, cwd=tmp_path)

    assert profile_settings(settings, name).cdp == ENDPOINT
    assert profile_settings(settings, "other").cdp == ""
    assert settings.warnings == ()


def test_the_variable_wins_over_the_file_and_leaves_the_rest_of_it(tmp_path: Path) -> None:
    text = 'cdp = "http://127.0.0.1:1"\ndaily_cap = 3'

    found = read(tmp_path, text, FARM_PROFILE_ALICE_CDP=ENDPOINT)

    assert found == ProfileSettings(cdp=ENDPOINT, daily_cap=3)


def test_an_endpoint_may_stand_in_the_dotenv_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"FARM_PROFILE_ALICE_CDP={ENDPOINT}\n")

    assert read(tmp_path) == ProfileSettings(cdp=ENDPOINT)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("daily_cup = 5", "daily_cup is no key of a profile. Did you mean daily_cap?"),
        ("colour = 5", "Known: cdp, daily_cap, daily_reserve, working_hours."),
        ("daily_cap = -1", "daily_cap = -1 is not a whole number"),
        ("daily_cap = true", "daily_cap = True is not a whole number"),
        ('daily_reserve = "5"', "daily_reserve = '5' is not a whole number"),
        ("working_hours = 9", "working_hours = 9 is not a text such as"),
        ('cdp = "9222"', "cdp = '9222' is not the address of a browser's debugging port"),
        ("cdp = 9222", "cdp = 9222 is not the address"),
        ("cdp = ", "cannot be read"),
    ],
)
def test_a_slip_in_the_file_names_the_file_and_the_key(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(UsageError) as raised:
        read(tmp_path, text)

    assert str(tmp_path / "profiles" / "alice" / "farm-profile.toml") in str(raised.value)
    assert told in str(raised.value)


def test_an_endpoint_that_is_none_names_the_variable_and_its_source(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"FARM_PROFILE_ALICE_CDP='on' \(from the environment\)"):
        read(tmp_path, FARM_PROFILE_ALICE_CDP="on")


def test_an_endpoint_alone_makes_a_profile_in_small_letters(tmp_path: Path) -> None:
    read(tmp_path, "daily_cap = 3", name="work.1")
    environ = {"FARM_PROFILE_WORK_1_CDP": ENDPOINT, "FARM_PROFILE_ALICE_CDP": ENDPOINT}

    found = known_profiles(load_settings(environ=environ, cwd=tmp_path))

    assert [(p.name, p.cdp) for p in found] == [("alice", ENDPOINT), ("work.1", ENDPOINT)]
    assert found[0].path == tmp_path / "profiles" / "alice"


def test_the_file_in_a_profiles_folder_makes_it_one_to_attach_to(tmp_path: Path) -> None:
    read(tmp_path, f'cdp = "{ENDPOINT}"')
    read(tmp_path, "", name="bob")

    found = known_profiles(load_settings(environ={}, cwd=tmp_path))

    assert [(p.name, p.cdp) for p in found] == [("alice", ENDPOINT), ("bob", "")]


@pytest.mark.parametrize(
    ("endpoint", "place"),
    [
        ("", ""),
        ("http://127.0.0.1:9222/json?token=x", "http://127.0.0.1:9222"),
        ("ws://browser/devtools/browser/secret", "ws://browser"),
    ],
)
def test_an_endpoint_is_shown_without_what_opens_it(endpoint: str, place: str) -> None:
    assert place_of(endpoint) == place
