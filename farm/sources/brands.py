"""`brands.toml`: what every picture of a brand has in common."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from farm.errors import InputError


@dataclass(frozen=True, kw_only=True, slots=True)
class Brand:
    """One table of the file."""

    suffix: str = ""  # put behind each description
    negative: str = ""  # added to what a picture must not show
    colors: str = ""  # for rows that name none
    typography: str = ""  # as above


def read_brands(path: Path) -> Mapping[str, Brand] | None:
    """The brands by casefolded name; None without a file, InputError with everything wrong."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError([f"{path} cannot be read: {error}."]) from error
    if problems := list(_problems(path, tables)):
        raise InputError(problems)
    return {name.casefold(): Brand(**_texts(table)) for name, table in tables.items()}


def no_such_brand(name: str, brands: Mapping[str, Brand]) -> str:
    """What to tell about a name that the file has not."""
    near = difflib.get_close_matches(name.casefold(), brands, n=1)
    guess = f"did you mean {near[0]}" if near else f"there are: {', '.join(brands) or 'none'}"
    return f"brands.toml has no brand {name!r}; {guess}"


def _texts(table: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: ", ".join(value) if isinstance(value, list) else value.strip()
        for key, value in table.items()
    }


def _problems(path: Path, tables: Mapping[str, Any]) -> Iterator[str]:
    keys = [field.name for field in fields(Brand)]
    for name, table in tables.items():
        if not isinstance(table, dict):
            yield f"{path}: {name} is no table; write [{name}] and its {', '.join(keys)} below."
            continue
        for key, value in table.items():
            if key not in keys:
                yield f"{path}, [{name}]: {key} is not known; a brand has {', '.join(keys)}."
            elif not _is_text(value):
                yield f"{path}, [{name}]: {key} must be a text or a list of texts."


def _is_text(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return isinstance(value, str)
