"""Reading the settings: the only place of farm that looks at the environment, `.env`, `farm.toml`.

Command line > environment > `.env` > `farm.toml` > default, setting by setting.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from farm.errors import UsageError
from farm.model.allowance import Allowance
from farm.model.hours import HoursError, parse_hours
from farm.settings import (
    PREFIX,
    SETTINGS,
    Setting,
    Settings,
)
from farm.values import path_from, same

__all__ = [
    "ACCOUNT_ALIAS",
    "ALIASES",
    "ENDPOINT_NAME",
    "KNOWN_NAMES",
    "PROFILE_FILE",
    "SETTINGS",
    "ProfileSettings",
    "Settings",
    "allowance_of",
    "endpoint_key",
    "load_settings",
    "profile_settings",
    "read_profile_file",
]

_ACCOUNT = re.compile(r"^(?:FARM_)?ACCOUNT_(\d+)_PROFILE_PATH$")
ACCOUNT_ALIAS = "ACCOUNT_n_PROFILE_PATH"
_ENDPOINT = re.compile(r"^FARM_PROFILE_([A-Z0-9_]+)_CDP$")
_AN_ENDPOINT = re.compile(r"(?:https?|wss?)://[^\s/?#]+(?:[/?]\S*)?")
ENDPOINT_NAME = "FARM_PROFILE_<NAME>_CDP"
PROFILE_FILE = "farm-profile.toml"
KNOWN_NAMES = frozenset(s.name for s in SETTINGS)
ALIASES = frozenset(alias for s in SETTINGS for alias in s.aliases)


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileSettings:
    """What a user set for one profile alone; None: as for all profiles."""

    # The running browser to attach to; "": farm launches one on the profile.
    cdp: str = field(default="", repr=False)
    daily_cap: int | None = None  # images a day at most
    daily_reserve: int | None = None  # images a day left to the person
    working_hours: str | None = None  # such as "09:00-18:00"


def endpoint_key(name: str) -> str:
    """A profile's name as the variable of its endpoint spells it: `work.1` is `WORK_1`."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


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
    sources: dict[str, str] = {}
    for setting in SETTINGS[1:]:
        found = _find(setting, layers)
        if found is not None:
            values[setting.key] = _parse(setting, *found, home)
            sources[found[0]] = found[2]
    values.setdefault("profiles_dir", home / "profiles")
    values.setdefault("downloads_dir", home / "downloads")
    values.setdefault("log_dir", home / "logs")
    values.setdefault("database_url", f"sqlite+aiosqlite:///{(home / 'farm.db').as_posix()}")
    values["profile_paths"] = MappingProxyType(_profile_paths(layers, home))
    values["cdp_endpoints"] = MappingProxyType(_cdp_endpoints(layers))
    values["sources"] = MappingProxyType(sources)
    return Settings(**values, warnings=tuple(_warnings(layers)))


def has_display(platform: str, environ: Mapping[str, str] | None = None) -> bool:
    """Whether a window could be opened here; macOS and Windows always have a place for one."""
    known = os.environ if environ is None else environ
    return platform in {"darwin", "win32"} or bool(
        known.get("DISPLAY") or known.get("WAYLAND_DISPLAY")
    )


def profile_settings(settings: Settings, name: str) -> ProfileSettings:
    """What the user set for one profile: its `farm-profile.toml`, and the endpoint's variable.

    The variable wins. Raises UsageError naming the file and the key.
    """
    own = read_profile_file(settings.profile_path(name))
    endpoint = settings.cdp_endpoints.get(endpoint_key(name), "")
    return replace(own, cdp=endpoint) if endpoint else own


def read_profile_file(folder: Path) -> ProfileSettings:
    """The `farm-profile.toml` in a profile's folder; all unset without one."""
    path = folder / PROFILE_FILE
    table = _toml_table(path)
    for key, value in table.items():
        if key not in _PROFILE_KEYS:
            near = difflib.get_close_matches(key, _PROFILE_KEYS, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(_PROFILE_KEYS)}."
            raise UsageError(f"{path}: {key} is no key of a profile. {hint}")
        good, allowed = _PROFILE_KEYS[key]
        if not good(value):
            raise UsageError(f"{path}: {key} = {value!r} is not {allowed}.")
    return ProfileSettings(**table)


def allowance_of(settings: Settings, name: str) -> Allowance:
    """What the user allows an account: the profile's own values, else those for all.

    UsageError for hours that are none, naming the file, and for a reserve as large as the cap.
    """
    own = profile_settings(settings, name)
    hours, cap, reserve = settings.working_hours, own.daily_cap, own.daily_reserve
    if own.working_hours is not None:
        try:
            hours = parse_hours(own.working_hours)
        except HoursError as error:
            path = settings.profile_path(name) / PROFILE_FILE
            raise UsageError(f"{path}: working_hours: {error}") from None
    cap = settings.daily_cap if cap is None else cap
    reserve = settings.daily_reserve if reserve is None else reserve
    if cap and reserve >= cap:
        raise UsageError(
            f"{name}: a daily reserve of {reserve} leaves nothing of the daily cap of {cap}."
        )
    return Allowance(hours=hours, cap=cap, reserve=reserve)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_hours(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_endpoint(value: object) -> bool:
    return isinstance(value, str) and bool(_AN_ENDPOINT.fullmatch(value))


_A_COUNT = "a whole number, 0 or more"
_AN_ADDRESS = "the address of a browser's debugging port, such as http://127.0.0.1:9222"
_PROFILE_KEYS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "cdp": (_is_endpoint, _AN_ADDRESS),
    "daily_cap": (_is_count, _A_COUNT),
    "daily_reserve": (_is_count, _A_COUNT),
    "working_hours": (_is_hours, 'a text such as "09:00-18:00"'),
}


def _find_home(layers: list[_Layer], here: Path) -> tuple[Path, list[_Layer]]:
    """FARM_HOME and the layers with `.env`; a `.env` in the current folder may name the home."""
    found = _find(SETTINGS[0], layers)
    if found is not None:
        home = _parse(SETTINGS[0], *found, here)
        return home, [*layers, _read_dotenv(home / ".env")]
    dotenv = _read_dotenv(here / ".env")
    home = path_from(dotenv.values.get("FARM_HOME", "") or ".", here)
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
        return setting.parse(setting.aliases.get(name, same)(text), home)
    except HoursError as error:
        raise UsageError(f"{name} (from {source}): {error}") from None
    except ValueError:
        allowed = f"{setting.allowed}, in milliseconds" if name.endswith("_MS") else setting.allowed
        said = name if setting.secret else f"{name}={text!r}"
        raise UsageError(f"{said} (from {source}) is not {allowed}.") from None


def _read_dotenv(path: Path) -> _Layer:
    if not path.is_file():
        return _Layer(label=str(path), values={})
    from dotenv import dotenv_values  # noqa: PLC0415  # only where there is a .env

    try:
        values = dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    return _Layer(label=str(path), values={k: v for k, v in values.items() if v is not None})


def _toml_table(path: Path) -> dict[str, Any]:
    """The file's table, empty without a file."""
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def _read_toml(path: Path) -> _Layer:
    values: dict[str, str] = {}
    for key, value in _toml_table(path).items():
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
                numbered.setdefault(int(match[1]), path_from(text.strip(), home))
    paths: dict[str, Path] = {}
    for number in sorted(numbered):
        path = numbered[number]
        if paths.setdefault(path.name, path) != path:
            raise UsageError(
                f"ACCOUNT_{number}_PROFILE_PATH={path} and {paths[path.name]} have the same folder "
                "name. A profile is known by it: rename one."
            )
    return paths


def _cdp_endpoints(layers: Iterable[_Layer]) -> dict[str, str]:
    """Endpoints of running browsers, by the name of the profile as the variable spells it."""
    endpoints: dict[str, str] = {}
    for layer in layers:
        for name, text in layer.values.items():
            match = _ENDPOINT.match(name)
            if not match or not text.strip():
                continue
            if not _is_endpoint(text.strip()):
                raise UsageError(f"{name}={text!r} (from {layer.label}) is not {_AN_ADDRESS}.")
            endpoints.setdefault(match[1], text.strip())
    return endpoints


def _warnings(layers: Iterable[_Layer]) -> Iterator[str]:
    """One sentence per name that begins with FARM_ and that nobody reads."""
    for layer in layers:
        for name in sorted(layer.values):
            if not name.startswith(PREFIX) or name in KNOWN_NAMES:
                continue
            if _ACCOUNT.match(name) or _ENDPOINT.match(name):
                continue
            near = difflib.get_close_matches(name, sorted(KNOWN_NAMES), n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            yield f"{name} (from {layer.label}) is no setting of farm and was passed over.{hint}"
