"""What is to happen, as data: defaults, accounts and ordered rules, read from TOML.

    [defaults]
    ui = "2026"
    delay_seconds = 3

    [accounts.second]
    language = "de"
    quota_images = 5

    [[rules]]                 # the first rule that fits is played
    play = "refusal"
    kind = "person"
    marker = "row-07"         # a whole word of the prompt
    times = 1

A rule with `at = "load"` waits for a page instead of a prompt, and may set how that page looks;
one with `at = "upload"` waits for a file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from farm.errors import UsageError
from farm.replay.plays import PLAYS, VARIANTS, Play, When

Ui = Literal["2025", "2026"]
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "ui": get_args(Ui),
    "at": get_args(When),
    "image_src": ("https", "blob"),
    "image_family": ("gg", "gg-dl"),
    "original": ("jpeg", "png"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Defaults:
    """How the site is when no rule says otherwise. Delays are seconds."""

    ui: Ui = "2025"
    language: str = "en"
    mode: str = "Flash"
    delay_seconds: float = 2.0  # from sending to the image
    first_delay_seconds: float = 0.3  # from sending to the first sign of an answer
    footer_seconds: float = 0.6  # from the image to the end of the turn
    hydrate_seconds: float = 0.2  # until the composer is there
    sidebar_seconds: float = 0.5
    account_seconds: float = 0.5  # until the account mark, or Sign in, is there
    mode_seconds: float = 0.4
    image_src: str = "https"  # "blob": the page fetches the preview and revokes it
    image_family: str = "gg"  # of https sources
    original: str = "jpeg"  # the type of what the button gives
    quota_images: int = 0  # per account and window; 0: no limit
    window_seconds: float = 5 * 3600  # after which a limit ends
    my_stuff: bool = True  # thumbnails of earlier images on the landing page
    notices: bool = False  # one-time notices with "Got it"
    drift: Mapping[str, str] = field(default_factory=dict)  # any token of the page -> another


FAST = Defaults(
    delay_seconds=0.4,
    first_delay_seconds=0.1,
    footer_seconds=0.15,
    hydrate_seconds=0.05,
    sidebar_seconds=0.1,
    account_seconds=0.1,
    mode_seconds=0.1,
)
"""A site in a hurry, for runs that prove something else than patience."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One thing to happen, and when; a condition that is not given always holds."""

    play: str = "ok"
    kind: str = ""
    at: When = "send"
    n: tuple[int, ...] = ()  # send: number of the submission; else of the account's page, or file
    account: str | None = None
    text: str = ""  # a part of the prompt
    marker: str = ""  # a whole word of the prompt
    times: int | None = None  # how often the rule may be played
    code: int = 1095  # of toasts and numbered errors
    of: int | None = None  # duplicate: of which submission; else of the one before
    for_seconds: float | None = None  # a condition mends itself after this; a quota only lasts so
    delay_seconds: float | None = None
    ui: Ui | None = None
    language: str | None = None
    mode: str | None = None
    drift: Mapping[str, str] = field(default_factory=dict)

    @property
    def plays(self) -> Play:
        """The table's row for this rule."""
        return VARIANTS.get((self.play, self.kind), PLAYS[self.play])

    @property
    def chosen_kind(self) -> str:
        """The given kind, or the play's first."""
        return self.kind or self.plays.kinds[0]


OK = Rule()


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """Everything a scenario file says."""

    defaults: Defaults = field(default_factory=Defaults)
    accounts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    def defaults_of(self, account: str) -> Defaults:
        """The defaults, with what the scenario says about this account."""
        return replace(self.defaults, **self.accounts.get(account, {}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Occasion:
    """A prompt or a page that a rule may be waiting for."""

    at: When
    n: int
    account: str
    text: str = ""


class Cues:
    """Picks rules and remembers how often each was played."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._played = [0] * len(rules)

    def take(self, occasion: Occasion) -> Rule | None:
        """The first rule that fits and is not used up; taking it counts."""
        for index, rule in enumerate(self._rules):
            used_up = rule.times is not None and self._played[index] >= rule.times
            if not used_up and fits(rule, occasion):
                self._played[index] += 1
                return rule
        return None


def fits(rule: Rule, occasion: Occasion) -> bool:
    """Whether every condition of the rule holds."""
    return (
        rule.at == occasion.at
        and (not rule.n or occasion.n in rule.n)
        and rule.account in {None, occasion.account}
        and rule.text in occasion.text
        and (not rule.marker or _has_word(occasion.text, rule.marker))
    )


def _has_word(text: str, word: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


def changed_defaults(defaults: Defaults, changes: Mapping[str, Any]) -> Defaults:
    """Defaults with some keys changed; UsageError names what is wrong."""
    return replace(defaults, **_checked(Defaults, changes, "defaults"))


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file; UsageError names the file and the place of what is wrong."""
    try:
        return parse_scenario(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise UsageError(f"{path}: the scenario cannot be read: {exc.strerror}") from exc
    except UsageError as exc:
        raise UsageError(f"{path}: {exc}") from exc


def parse_scenario(text: str) -> Scenario:
    """Read a scenario from TOML; UsageError names the place of what is wrong."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise UsageError(f"the scenario is no TOML: {exc}") from exc
    unknown = data.keys() - {"defaults", "accounts", "rules"}
    if unknown:
        raise UsageError(f"unknown table {min(unknown)!r}; known: defaults, accounts, rules")
    defaults = _record(Defaults, data.get("defaults", {}), "defaults")
    accounts = {
        name: _checked(Defaults, table, f"accounts.{name}")
        for name, table in data.get("accounts", {}).items()
    }
    rules = tuple(_rule(table, i) for i, table in enumerate(data.get("rules", []), start=1))
    return Scenario(defaults=defaults, accounts=accounts, rules=rules)


def _rule(table: Mapping[str, Any], number: int) -> Rule:
    where = f"rule {number}"
    play = table.get("play", "ok")
    if play not in PLAYS:
        raise UsageError(f"{where}: unknown play {play!r}; known: {', '.join(sorted(PLAYS))}")
    values = dict(table)
    values.setdefault("at", PLAYS[play].at)
    if isinstance(values.get("n"), int):
        values["n"] = [values["n"]]
    rule = _record(Rule, values, where)
    known_kinds = PLAYS[play].kinds
    if rule.kind and rule.kind not in known_kinds:
        kinds = ", ".join(filter(None, known_kinds)) or "none"
        raise UsageError(f"{where}: {play} has no kind {rule.kind!r}; known: {kinds}")
    return rule


_R = TypeVar("_R", Defaults, Rule)


def _record(kind: type[_R], table: Mapping[str, Any], where: str) -> _R:
    return kind(**_checked(kind, table, where))


def _checked(kind: type[_R], table: Mapping[str, Any], where: str) -> dict[str, Any]:
    known = {f.name: f for f in fields(kind)}
    values = {}
    for key, value in table.items():
        if key not in known:
            raise UsageError(f"{where}: unknown key {key!r}; known: {', '.join(sorted(known))}")
        values[key] = _value(known[key], value, f"{where}: {key}")
    return values


def _value(known: Field[Any], value: Any, where: str) -> Any:
    choices = _CHOICES.get(known.name)
    if choices is not None and value not in choices:
        raise UsageError(f"{where} = {value!r}; known: {', '.join(choices)}")
    expected = _types(known)
    if isinstance(value, bool) is not (expected is bool) or not isinstance(value, expected):
        raise UsageError(f"{where} = {value!r} is of the wrong type")
    return tuple(value) if isinstance(value, list) else value


def _types(known: Field[Any]) -> Any:
    annotation = str(known.type)
    for name, types in _TYPES:
        if name in annotation:
            return types
    raise TypeError(f"no TOML type for {annotation}")


_TYPES: tuple[tuple[str, Any], ...] = (
    ("Mapping", dict),
    ("tuple", list),
    ("float", (int, float)),
    ("bool", bool),
    ("int", int),
    ("str", str),
    ("Ui", str),
    ("When", str),
)
