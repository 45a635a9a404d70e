"""Pictures as the command line names them: proven to be there, and what they say of themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from farm.errors import NoPicture, UsageError
from farm.model.prompts import Size

_NAME_CHARS = 48
_ADDRESS = ("https://", "http://")


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A picture that is to be changed."""

    stem: str
    size: Size | None = None  # as shown; None for one that is not here yet
    title: str = ""  # of the row that it was made from
    author: str = ""

    @classmethod
    def of(cls, text: str) -> Self:
        """What is known about it; UsageError for a file that is no picture."""
        if text.lower().startswith(_ADDRESS):
            return cls(stem=Path(unquote(urlsplit(text).path)).stem or "picture")
        from farm.steps.metadata import read_facts
        from farm.steps.pictures import read_picture

        path = Path(text)
        try:
            facts, seen = read_facts(path), read_picture(path)
        except (NoPicture, OSError) as error:
            raise UsageError(f"{text} is no picture that can be read: {error}") from error
        row = facts.prompt if facts else {}
        return cls(
            stem=path.stem,
            size=Size(*seen.size_px),
            title=str(row.get("title", "")),
            author=str(row.get("author", "")),
        )


def places(texts: Sequence[str]) -> tuple[str, ...]:
    """Absolute paths, and addresses as they are; UsageError for a file that is not there."""
    return tuple(map(_place, texts))


def _place(text: str) -> str:
    if text.lower().startswith(_ADDRESS):
        return text
    path = Path(text).expanduser().absolute()
    if not path.is_file():
        raise UsageError(f"{text} is not there.")
    return str(path)


def file_name(out: Path | None, text: str) -> str:
    """What the original is to be called: as the file that was asked for, or after the words."""
    if out is not None:
        return out.name
    words = re.sub(r"\W+", "-", text.lower()).strip("-_")
    return words[:_NAME_CHARS].rstrip("-_")


def words(text: str, option: str) -> str:
    """The text; UsageError when it says nothing."""
    if not text.strip():
        raise UsageError(f"{option} says nothing: in a few words, what is it to be?")
    return text.strip()
