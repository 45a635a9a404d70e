"""`{Column}` in a text, filled from the row it stands in.

Only a name alone in braces is one: `{City}`, `{Title (Hero)}`. Everything else in braces stays as
it is, so that a prompt written as JSON survives. `{{City}}` gives `{City}`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from farm.sources.columns import plain_name

_FIELD = re.compile(
    r"\{\{(?P<kept>[^\W\d][\w ()/-]{0,60})\}\}|\{(?P<name>[^\W\d][\w ()/-]{0,60})\}"
)


class UnknownField(ValueError):
    """A name in braces that no column has; the text says what to do."""


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its fields filled; `values` by `plain_name`. UnknownField for a wrong one."""

    def filled(found: re.Match[str]) -> str:
        if found["kept"]:
            return f"{{{found['kept']}}}"
        value = values.get(plain_name(found["name"]))
        if value is None:
            raise UnknownField(_unknown(found["name"], values))
        return value

    return _FIELD.sub(filled, text) if "{" in text else text


def fields_in(text: str) -> list[str]:
    """The names that stand in braces, as they are written."""
    return [found["name"] for found in _FIELD.finditer(text) if found["name"]]


def _unknown(name: str, values: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(plain_name(name), values, n=1)
    guess = f"did you mean {{{near[0]}}}? " if near else ""
    return f"{{{name}}} names no column; {guess}write {{{{{name}}}}} to keep it as it is"
