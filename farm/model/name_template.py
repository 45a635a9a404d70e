"""A pattern for where images go: `{date}/{id}-{filename}`, with any column of the row in braces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

_FIELD = re.compile(r"\{([^{}]*)\}")
_ROOTED = re.compile(r"[/\\~]|[A-Za-z]:")

Clean = Callable[[str], str]
"""Makes one folder or file name of a text; "" when nothing is left of it."""


def field_key(name: str) -> str:
    """Names that mean the same column: `Image Type`, `image_type` and `imagetype` do."""
    return re.sub(r"[\W_]+", "", name.casefold())


@dataclass(frozen=True, slots=True)
class NameTemplate:
    """Folders and a name without its extension, below the downloads folder."""

    text: str = "{date}/{filename}"

    def __post_init__(self) -> None:
        """ValueError for a pattern that can name nothing, or that leads out of its folder."""
        parts = self.text.split("/")
        bare = _FIELD.sub("", self.text)
        if "{" in bare or "}" in bare or not all(map(field_key, self._names())):
            raise ValueError(f"{self.text!r}: each {{ needs its }}, with a column's name between")
        if _ROOTED.match(self.text) or any(part.strip() in {"", ".", ".."} for part in parts):
            raise ValueError(f"{self.text!r} must stay below the downloads folder")

    @property
    def fields(self) -> frozenset[str]:
        """Keys of all columns it asks for."""
        return frozenset(map(field_key, self._names()))

    def folder(self, values: Mapping[str, str], clean: Clean) -> str:
        """The folder, with forward slashes; parts of which nothing is left are left out."""
        parts = self.text.split("/")[:-1]
        return "/".join(filter(None, (clean(_filled(part, values)) for part in parts)))

    def stem(self, values: Mapping[str, str]) -> str:
        """The name, uncleaned."""
        return _filled(self.text.rpartition("/")[2], values)

    def _names(self) -> Iterator[str]:
        return (match[1] for match in _FIELD.finditer(self.text))


def _filled(part: str, values: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda match: values.get(field_key(match[1]), ""), part)
