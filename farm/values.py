"""Text in, value out: how the settings are read. Pure; ValueError for a text that will not do."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from farm.model.hours import Hours, parse_hours
from farm.model.name_template import NameTemplate
from farm.model.prompts import ImageType
from farm.model.recipes import Focus, parse_formats
from farm.model.refusals import parse_refusals
from farm.model.schedule import Schedule, parse_schedule

_BETWEEN_ADDRESSES = re.compile(r"\s*,\s*(?=[A-Za-z][\w+.-]*://)|\s+")  # commas occur inside too
_TARGET = re.compile(r'"([^"]*)"|(\S+)')
_BETWEEN_TARGETS = re.compile(r",(?=[A-Za-z][\w+.-]+:|[./~])")
_WORDS = {"1": True, "true": True, "yes": True, "on": True}
_WORDS |= {"0": False, "false": False, "no": False, "off": False}

_TYPES = {kind.value.lower(): kind for kind in ImageType}

Parse = Callable[[str, Path], Any]
"""Text and FARM_HOME in, value out; ValueError when the text is not what `allowed` says."""


def text(text: str, _home: Path) -> str:
    """The text as it is."""
    return text


def path_from(text: str, home: Path) -> Path:
    """An absolute path, symbolic links kept; a relative one starts at `home`."""
    return Path(os.path.abspath(home / Path(text).expanduser()))  # noqa: PTH100  # keeps symlinks


def optional_path(text: str, home: Path) -> Path | None:
    """`path_from`; None for an empty text."""
    return path_from(text, home) if text else None


def flag(text: str, _home: Path) -> bool:
    """Yes or no."""
    try:
        return _WORDS[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def number(least: float, most: float = math.inf) -> Parse:
    """A parser of numbers between these."""

    def parse(text: str, _home: Path) -> float:
        value = float(text)
        if not least <= value <= most or math.isinf(value):
            raise ValueError(text)
        return value

    return parse


def count(least: int) -> Parse:
    """A parser of whole numbers from here on."""

    def parse(text: str, _home: Path) -> int:
        if int(text) < least:
            raise ValueError(text)
        return int(text)

    return parse


def refusals(text: str, _home: Path) -> str:
    """A refusal policy, as it was written."""
    parse_refusals(text)
    return text


def hours(text: str, _home: Path) -> Hours:
    """Working hours."""
    return parse_hours(text)


def schedule(text: str, _home: Path) -> Schedule:
    """How many sessions work at which time of the day."""
    return parse_schedule(text)


def choice(words: tuple[str, ...]) -> Parse:
    """A parser of one of these words."""

    def parse(text: str, _home: Path) -> str:
        if text.lower() not in words:
            raise ValueError(text)
        return text.lower()

    return parse


def some_of(words: tuple[str, ...]) -> Parse:
    """A parser of some of these words, apart by commas or blanks; none for none."""

    def parse(text: str, _home: Path) -> tuple[str, ...]:
        found = _words(text.lower())
        if not set(found) <= set(words):
            raise ValueError(text)
        return found

    return parse


def words(text: str, _home: Path) -> tuple[str, ...]:
    """Words apart by commas or blanks, each once."""
    return _words(text)


def models_by_type(text: str, _home: Path) -> tuple[tuple[ImageType, str], ...]:
    """Models for types of images, such as `hero=some-model, regular=another`."""
    found = []
    for word in _words(re.sub(r"\s*=\s*", "=", text)):
        kind, equals, model = word.partition("=")
        if not (equals and model) or kind.lower() not in _TYPES:
            raise ValueError(text)
        found.append((_TYPES[kind.lower()], model))
    return tuple(found)


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, re.split(r"[\s,]+", text))))


def focus(text: str, _home: Path) -> str:
    """What a cut keeps, as it was written."""
    Focus.parse(text)
    return text


def formats(text: str, _home: Path) -> str:
    """Formats of copies, as they were written."""
    parse_formats(text)
    return text


def language(text: str, _home: Path) -> str:
    """A language tag."""
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", text):
        raise ValueError(text)
    return text


def addresses(text: str, _home: Path) -> tuple[str, ...]:
    """Addresses with a scheme, apart by commas or blanks."""
    found = tuple(_BETWEEN_ADDRESSES.split(text.strip(" ,\t\r\n")))
    if not all(re.match(r"[A-Za-z][\w+.-]*://.", address) for address in found):
        raise ValueError(text)
    return found


def name_template(text: str, _home: Path) -> str:
    """A pattern for names; see `farm.model.name_template`."""
    return NameTemplate(text).text


def targets(text: str, _home: Path) -> tuple[str, ...]:
    """Places to deliver to, apart by commas or blanks; one with a blank in it stands in quotes.

    `farm.deliver` knows their kinds.
    """
    found = (quoted or bare.strip(",") for quoted, bare in _TARGET.findall(text))
    each = (_BETWEEN_TARGETS.split(target) for target in found)
    return tuple(filter(None, (target for some in each for target in some)))


def same(text: str) -> str:
    """An alias in the setting's own unit."""
    return text


def milliseconds(text: str) -> str:
    """An alias in milliseconds, in seconds."""
    return str(float(text) / 1000)
