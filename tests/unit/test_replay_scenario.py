"""What a scenario file may say, and which rule a prompt meets."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.errors import UsageError
from farm.replay.plays import PLAYS, Toast
from farm.replay.scenario import Cues, Occasion, Rule, fits, load_scenario, parse_scenario


def prompt(text: str = "a red kite", *, n: int = 1, account: str = "first") -> Occasion:
    return Occasion(at="send", n=n, account=account, text=text)


def test_an_empty_scenario_is_the_default_one() -> None:
    scenario = parse_scenario("")

    assert scenario.defaults.ui == "2025"
    assert scenario.rules == ()


def test_an_account_may_differ_from_the_defaults() -> None:
    scenario = parse_scenario('[defaults]\nui = "2026"\n[accounts.second]\nlanguage = "de"')

    assert scenario.defaults_of("first").language == "en"
    assert scenario.defaults_of("second").language == "de"
    assert scenario.defaults_of("second").ui == "2026"


def test_every_play_can_be_named() -> None:
    text = "\n".join(f'[[rules]]\nplay = "{name}"' for name in PLAYS)

    assert [rule.play for rule in parse_scenario(text).rules] == list(PLAYS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rules]]\nplay = 'dance'", "rule 1: unknown play 'dance'"),
        ("[[rules]]\n[[rules]]\ncolour = 'red'", "rule 2: unknown key 'colour'"),
        ("[[rules]]\nplay = 'refusal'\nkind = 'odd'", "refusal has no kind 'odd'"),
        ("[[rules]]\nplay = 'ok'\nkind = 'odd'", "known: none"),
        ("[[rules]]\ntimes = 'twice'", "rule 1: times = 'twice' is of the wrong type"),
        ("[[rules]]\ntimes = true", "rule 1: times = True is of the wrong type"),
        ("[defaults]\nui = '2024'", "defaults: ui = '2024'; known: 2025, 2026"),
        ("[defaults]\nmy_stuff = 1", "defaults: my_stuff = 1 is of the wrong type"),
        ("[accounts.second]\ncolour = 'red'", "accounts.second: unknown key 'colour'"),
        ("[rule]", "unknown table 'rule'"),
        ("[defaults", "no TOML"),
    ],
)
def test_a_wrong_scenario_is_told_where_it_is_wrong(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=r"^[^\n]*$") as caught:
        parse_scenario(text)

    assert said in str(caught.value)


def test_a_wrong_scenario_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "night.toml"
    path.write_text("[rule]", encoding="utf-8")

    with pytest.raises(UsageError, match=r"night\.toml: unknown table"):
        load_scenario(path)
    with pytest.raises(UsageError, match="cannot be read"):
        load_scenario(tmp_path / "missing.toml")


@pytest.mark.parametrize(
    ("rule", "fitting"),
    [
        (Rule(), True),
        (Rule(n=(1, 3)), True),
        (Rule(n=(2,)), False),
        (Rule(account="first"), True),
        (Rule(account="second"), False),
        (Rule(account=""), False),
        (Rule(text="red"), True),
        (Rule(text="blue"), False),
        (Rule(marker="red"), True),
        (Rule(marker="re"), False),
        (Rule(at="load"), False),
    ],
)
def test_a_rule_fits_when_all_its_conditions_hold(rule: Rule, fitting: bool) -> None:
    assert fits(rule, prompt("a red kite")) is fitting


def test_a_marker_is_a_whole_word() -> None:
    rule = Rule(marker="row-1")

    assert fits(rule, prompt("kite row-1."))
    assert not fits(rule, prompt("kite row-12"))
    assert not fits(rule, prompt("kite arrow-1"))


def test_a_used_up_rule_makes_room_for_the_next() -> None:
    cues = Cues((Rule(play="quota", times=1), Rule(play="refusal", times=1)))

    taken = [cues.take(prompt()) for _ in range(3)]

    assert [rule and rule.play for rule in taken] == ["quota", "refusal", None]


def test_a_rule_that_does_not_fit_is_not_used_up() -> None:
    cues = Cues((Rule(play="quota", times=1, account="second"),))

    assert cues.take(prompt(account="first")) is None
    assert cues.take(prompt(account="second")) is not None


def test_page_wide_plays_wait_for_a_page_unless_told_otherwise() -> None:
    rules = parse_scenario(
        "[[rules]]\nplay = 'challenge'\n[[rules]]\nplay = 'challenge'\nat = 'send'"
    ).rules

    assert [rule.at for rule in rules] == ["load", "send"]


def test_a_toast_after_sending_is_accepted_and_one_at_sending_is_not() -> None:
    scenario = parse_scenario("[[rules]]\nplay='toast'\n[[rules]]\nplay='toast'\nkind='after'")

    at_send, after = scenario.rules

    assert (at_send.plays.accepted, at_send.plays.toast) == (False, Toast.SEND)
    assert (after.plays.accepted, after.plays.toast) == (True, Toast.AFTER)
