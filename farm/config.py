"""Settings: the only place of farm that reads the environment, `.env` and `farm.toml`.

Command line > environment > `.env` > `farm.toml` > default, setting by setting. `SETTINGS` is the
one table of them all: parsing, messages and docs/settings.md come from it.
"""

from __future__ import annotations

import difflib
import math
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from farm.errors import UsageError

PREFIX = "FARM_"
STEALTH = ("off", "minimal", "full")
LOG_LEVELS = ("debug", "info", "warning", "error")
_WORDS = {"1": True, "true": True, "yes": True, "on": True}
_WORDS |= {"0": False, "false": False, "no": False, "off": False}
_ACCOUNT = re.compile(r"^(?:FARM_)?ACCOUNT_(\d+)_PROFILE_PATH$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Everything a user can set, read once at the start and handed down."""

    home: Path  # where profiles/, downloads/, logs/ and farm.db live
    database_url: str = field(repr=False)  # may carry a password
    profiles_dir: Path  # each folder in it is a profile
    profile_paths: Mapping[str, Path]  # profiles that live elsewhere, by name
    downloads_dir: Path  # where finished images go, by day
    prompt_delay_seconds: float = 90.0  # the pace: wait between two prompts of a session
    pace_jitter: float = 0.2  # how far a wait may stray from the pace, as a fraction of it
    generation_timeout_seconds: float = 300.0  # without an image after so long: timeout
    retry_wait_seconds: float = 30.0  # before a failed prompt is tried again; doubled each time
    max_wait_seconds: float = 900.0  # a run that does not watch waits so long for a resting session
    headless: bool = True  # browsers without windows
    browser: str = ""  # path or channel; "" takes the best one installed
    proxy_server: str = field(default="", repr=False)  # may carry a password
    ignore_https_errors: bool = False  # only for a proxy that terminates TLS
    selectors: Path | None = None  # a selector pack in place of the shipped one
    ui_language: str = "en"  # asked of the page with ?hl=
    stealth: str = "minimal"  # how much playwright-stealth hides
    log_level: str = "info"  # of the file in log_dir
    log_dir: Path  # one file per run
    warnings: tuple[str, ...] = ()  # about names nobody reads, for the command line to show

    def profile_path(self, name: str) -> Path:
        """The folder of a profile, whether it exists or not."""
        return self.profile_paths.get(name, self.profiles_dir / name)


Parse = Callable[[str, Path], Any]
"""Text and FARM_HOME in, value out; ValueError when the text is not what `allowed` says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One row of the table."""

    key: str  # the field of Settings; FARM_<KEY> in the environment, <key> in farm.toml
    text: str  # what it does, for docs/settings.md
    parse: Parse
    allowed: str  # for messages: what a good value looks like
    default: str  # as the documents show it
    aliases: Mapping[str, Callable[[str], str]] = field(default_factory=dict)  # seeds' name: unit

    @property
    def name(self) -> str:
        """The name in the environment and in `.env`."""
        return PREFIX + self.key.upper()


def _text(text: str, _home: Path) -> str:
    return text


def _path(text: str, home: Path) -> Path:
    return Path(os.path.abspath(home / Path(text).expanduser()))  # noqa: PTH100  # keeps symlinks


def _optional_path(text: str, home: Path) -> Path | None:
    return _path(text, home) if text else None


def _flag(text: str, _home: Path) -> bool:
    try:
        return _WORDS[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def _number(least: float, most: float = math.inf) -> Parse:
    def parse(text: str, _home: Path) -> float:
        value = float(text)
        if not least <= value <= most or math.isinf(value):
            raise ValueError(text)
        return value

    return parse


def _choice(words: tuple[str, ...]) -> Parse:
    def parse(text: str, _home: Path) -> str:
        if text.lower() not in words:
            raise ValueError(text)
        return text.lower()

    return parse


def _language(text: str, _home: Path) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", text):
        raise ValueError(text)
    return text


def _same(text: str) -> str:
    return text


def _milliseconds(text: str) -> str:
    return str(float(text) / 1000)


_A_FLAG = "1, true, yes, on or 0, false, no, off"
_A_PATH = "a path; a relative one starts at FARM_HOME"

SETTINGS: tuple[Setting, ...] = (
    Setting(
        key="home",
        text="The folder that holds `profiles/`, `downloads/`, `logs/`, `farm.db`, `.env` and "
        "`farm.toml`.",
        parse=_path,
        allowed="a path; a relative one starts at the current folder",
        default="the current folder",
    ),
    Setting(
        key="database_url",
        text="The job store, as an SQLAlchemy URL with an async driver.",
        parse=_text,
        allowed="a URL such as sqlite+aiosqlite:////home/alice/farm.db",
        default="`farm.db` in FARM_HOME",
    ),
    Setting(
        key="profiles_dir",
        text="The folder whose sub-folders are the browser profiles.",
        parse=_path,
        allowed=_A_PATH,
        default="`profiles` in FARM_HOME",
    ),
    Setting(
        key="downloads_dir",
        text="Where finished images go, in one folder per day.",
        parse=_path,
        allowed=_A_PATH,
        default="`downloads` in FARM_HOME",
        aliases={"DOWNLOAD_BASE_DIR": _same},
    ),
    Setting(
        key="prompt_delay_seconds",
        text="The pace: how long a session waits between two prompts.",
        parse=_number(0),
        allowed="a number of seconds, 0 or more",
        default="90",
        aliases={"PROMPT_DELAY_MS": _milliseconds},
    ),
    Setting(
        key="pace_jitter",
        text="How far each wait may stray from the pace, as a fraction of it.",
        parse=_number(0, 1),
        allowed="a number from 0 to 1",
        default="0.2",
    ),
    Setting(
        key="generation_timeout_seconds",
        text="How long an answer may take to show its image.",
        parse=_number(1),
        allowed="a number of seconds, 1 or more",
        default="300",
    ),
    Setting(
        key="retry_wait_seconds",
        text="The first wait before a failed prompt is tried again; it doubles up to tenfold.",
        parse=_number(0, 86400),
        allowed="a number of seconds, 0 or more",
        default="30",
    ),
    Setting(
        key="max_wait_seconds",
        text="How long a run that ends with its queue waits for the soonest resting session before "
        "it stops with exit code 3; `--watch` waits for ever.",
        parse=_number(0),
        allowed="a number of seconds, 0 or more",
        default="900",
    ),
    Setting(
        key="headless",
        text="Whether browsers run without windows; `--headed` overrides it.",
        parse=_flag,
        allowed=_A_FLAG,
        default="yes",
    ),
    Setting(
        key="browser",
        text="Which browser to drive. Empty takes the first there is of: Google Chrome, "
        "Playwright's Chromium, the system's chromium.",
        parse=_text,
        allowed="a path of a browser, or a channel such as chrome",
        default="empty",
    ),
    Setting(
        key="proxy_server",
        text="The proxy all sessions go through.",
        parse=_text,
        allowed="a URL such as http://127.0.0.1:3128",
        default="empty",
    ),
    Setting(
        key="ignore_https_errors",
        text="Accept certificates that cannot be checked: only for a proxy that terminates TLS.",
        parse=_flag,
        allowed=_A_FLAG,
        default="no",
    ),
    Setting(
        key="selectors",
        text="A selector pack (TOML) in place of the shipped one.",
        parse=_optional_path,
        allowed=_A_PATH,
        default="empty",
    ),
    Setting(
        key="ui_language",
        text="The language asked of the page.",
        parse=_language,
        allowed="a language tag such as en or pt-BR",
        default="en",
    ),
    Setting(
        key="stealth",
        text="How much playwright-stealth hides: nothing, only `navigator.webdriver`, or all it "
        "can (which may contradict a real profile).",
        parse=_choice(STEALTH),
        allowed=", ".join(STEALTH),
        default="minimal",
    ),
    Setting(
        key="log_level",
        text="What the log file of a run keeps; the terminal shows warnings and worse.",
        parse=_choice(LOG_LEVELS),
        allowed=", ".join(LOG_LEVELS),
        default="info",
        aliases={"LOG_LEVEL": _same},
    ),
    Setting(
        key="log_dir",
        text="Where each run leaves its log file.",
        parse=_path,
        allowed=_A_PATH,
        default="`logs` in FARM_HOME",
        aliases={"LOG_DIR": _same},
    ),
)

ACCOUNT_ALIAS = "ACCOUNT_n_PROFILE_PATH"
KNOWN_NAMES = frozenset(s.name for s in SETTINGS)
ALIASES = frozenset(alias for s in SETTINGS for alias in s.aliases)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Layer:
    """One source of settings: names as in the environment, values as text."""

    label: str
    values: Mapping[str, str]


def load_settings(
    overrides: Mapping[str, object] = MappingProxyType({}),
    *,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Settings:
    """Read all sources; `overrides` are the command line's, by field name, None meaning unset.

    Raises UsageError for the first bad value, naming setting, source and what is allowed.
    """
    here = cwd or Path.cwd()
    given = {PREFIX + k.upper(): str(v) for k, v in overrides.items() if v is not None}
    layers = [
        _Layer(label="the command line", values=given),
        _Layer(label="the environment", values=dict(os.environ if environ is None else environ)),
    ]
    home, layers = _find_home(layers, here)
    layers.append(_read_toml(home / "farm.toml"))
    values: dict[str, Any] = {"home": home}
    for setting in SETTINGS[1:]:
        found = _find(setting, layers)
        if found is not None:
            values[setting.key] = _parse(setting, *found, home)
    values.setdefault("profiles_dir", home / "profiles")
    values.setdefault("downloads_dir", home / "downloads")
    values.setdefault("log_dir", home / "logs")
    values.setdefault("database_url", f"sqlite+aiosqlite:///{(home / 'farm.db').as_posix()}")
    values["profile_paths"] = MappingProxyType(_profile_paths(layers, home))
    return Settings(**values, warnings=tuple(_warnings(layers)))


def _find_home(layers: list[_Layer], here: Path) -> tuple[Path, list[_Layer]]:
    """FARM_HOME and the layers with `.env`; a `.env` in the current folder may name the home."""
    found = _find(SETTINGS[0], layers)
    if found is not None:
        home = _parse(SETTINGS[0], *found, here)
        return home, [*layers, _read_dotenv(home / ".env")]
    dotenv = _read_dotenv(here / ".env")
    home = _path(dotenv.values.get("FARM_HOME", "") or ".", here)
    return home, [*layers, dotenv]


def _find(setting: Setting, layers: Iterable[_Layer]) -> tuple[str, str, str] | None:
    """The name, text and source of the first layer that sets it; an alias only after the name."""
    for layer in layers:
        for name in (setting.name, *setting.aliases):
            text = layer.values.get(name, "").strip()
            if text:
                return name, text, layer.label
    return None


def _parse(setting: Setting, name: str, text: str, source: str, home: Path) -> Any:
    try:
        return setting.parse(setting.aliases.get(name, _same)(text), home)
    except ValueError:
        allowed = f"{setting.allowed}, in milliseconds" if name.endswith("_MS") else setting.allowed
        raise UsageError(f"{name}={text!r} (from {source}) is not {allowed}.") from None


def _read_dotenv(path: Path) -> _Layer:
    if not path.is_file():
        return _Layer(label=str(path), values={})
    from dotenv import dotenv_values  # noqa: PLC0415  # only where there is a .env

    try:
        values = dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    return _Layer(label=str(path), values={k: v for k, v in values.items() if v is not None})


def _read_toml(path: Path) -> _Layer:
    if not path.is_file():
        return _Layer(label=str(path), values={})
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    values: dict[str, str] = {}
    for key, value in table.items():
        if not isinstance(value, str | int | float):
            raise UsageError(f"{path}: {key} must be one text, number or true/false.")
        values[PREFIX + key.upper()] = str(value)
    return _Layer(label=str(path), values=values)


def _profile_paths(layers: Iterable[_Layer], home: Path) -> dict[str, Path]:
    """Profiles named by the seeds' ACCOUNT_n_PROFILE_PATH, by the folder's name."""
    numbered: dict[int, Path] = {}
    for layer in layers:
        for name, text in layer.values.items():
            match = _ACCOUNT.match(name)
            if match and text.strip():
                numbered.setdefault(int(match[1]), _path(text.strip(), home))
    paths: dict[str, Path] = {}
    for number in sorted(numbered):
        path = numbered[number]
        if paths.setdefault(path.name, path) != path:
            raise UsageError(
                f"ACCOUNT_{number}_PROFILE_PATH={path} and {paths[path.name]} have the same folder "
                "name. A profile is known by it: rename one."
            )
    return paths


def _warnings(layers: Iterable[_Layer]) -> Iterator[str]:
    """One sentence per name that begins with FARM_ and that nobody reads."""
    for layer in layers:
        for name in sorted(layer.values):
            if not name.startswith(PREFIX) or name in KNOWN_NAMES or _ACCOUNT.match(name):
                continue
            near = difflib.get_close_matches(name, sorted(KNOWN_NAMES), n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            yield f"{name} (from {layer.label}) is no setting of farm and was passed over.{hint}"
