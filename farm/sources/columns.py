"""The columns of a prompt file: the seeds' thirteen, and how a header names them."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from farm.errors import InputError


class Column(StrEnum):
    """The seeds' columns, in their order and spelling."""

    ID = "Prompt ID"
    IMAGE_TYPE = "Image Type"
    FILENAME = "Image Filename"
    SIZE = "Size"
    COLORS = "Colors"
    TYPOGRAPHY = "Typography/Brand"
    DESCRIPTION = "Description"
    TITLE = "Title (Hero)"
    AUTHOR = "Author (Hero)"
    STATUS = "Status"
    IMAGE_PATH = "Generated Image Path"
    SESSION = "Session ID"
    GENERATED_AT = "Generated At"


ERROR, CAUSE = "Error", "Cause"
REPORTED = (ERROR, CAUSE)
"""Columns that farm adds to results after all others; read past when they come back."""

_ALIASES: Mapping[str, Column] = {
    "id": Column.ID,
    "type": Column.IMAGE_TYPE,
    "filename": Column.FILENAME,
    "file": Column.FILENAME,
    "imagefile": Column.FILENAME,
    "imagesize": Column.SIZE,
    "dimensions": Column.SIZE,
    "colours": Column.COLORS,
    "color": Column.COLORS,
    "colour": Column.COLORS,
    "typography": Column.TYPOGRAPHY,
    "prompt": Column.DESCRIPTION,
    "imageprompt": Column.DESCRIPTION,
    "title": Column.TITLE,
    "author": Column.AUTHOR,
    "publishedby": Column.AUTHOR,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """Which cell of a row belongs to which column; indexes count from zero."""

    known: Mapping[Column, int]
    extra: Mapping[str, int]  # in the file's order, names made unique
    width: int
    warnings: tuple[str, ...] = ()


def read_header(name: str, cells: Sequence[str]) -> Header:
    """Understand a header row; InputError if a column is there twice or Description is not."""
    known, problems = _known(name, cells)
    if Column.DESCRIPTION not in known:
        problems.append(_no_description(name, cells))
    if problems:
        raise InputError(problems)
    reported = {i for i, cell in enumerate(cells) if _plain(cell) in map(_plain, REPORTED)}
    passed = set(known.values()) | reported
    extra = _unique((i, cell.strip()) for i, cell in enumerate(cells) if i not in passed)
    return Header(
        known=known,
        extra=extra,
        width=len(cells),
        warnings=(*_near_misses(name, known, extra), *_overwritten(name, cells, reported)),
    )


def count_known(cells: Sequence[str]) -> int:
    """How many cells name a column farm knows: tells a header, and its delimiter."""
    canonical = {_plain(column) for column in Column}
    return sum(1 for cell in cells if _plain(cell) in canonical or _plain(cell) in _ALIASES)


def _plain(cell: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", cell).casefold())


def _known(name: str, cells: Sequence[str]) -> tuple[dict[Column, int], list[str]]:
    canonical = {_plain(column): column for column in Column}
    known: dict[Column, int] = {}
    problems = []
    for index, cell in enumerate(cells):
        column = canonical.get(_plain(cell))
        if column is None:
            continue
        if column in known:
            problems.append(
                f"{name}, header: columns {known[column] + 1} and {index + 1} are both "
                f"{column.value}; remove or rename one."
            )
        known.setdefault(column, index)
    for index, cell in enumerate(cells):
        alias = _ALIASES.get(_plain(cell))
        if alias is not None:
            known.setdefault(alias, index)
    return known, problems


def _no_description(name: str, cells: Sequence[str]) -> str:
    found = ", ".join(cell.strip() or "(no name)" for cell in cells)
    wanted = Column.DESCRIPTION.value
    near = difflib.get_close_matches(_plain(wanted), map(_plain, cells), n=1, cutoff=0.6)
    said = f"{name}, header: there is no column {wanted}; the first line names {_short(found)}."
    if near:
        guess = next(cell.strip() for cell in cells if _plain(cell) == near[0])
        return f"{said} Rename {guess!r} to {wanted!r}."
    return f"{said} The first line must name the columns: {', '.join(Column)}."


def _unique(cells: Iterator[tuple[int, str]]) -> dict[str, int]:
    extra: dict[str, int] = {}
    for index, cell in cells:
        name = cell or f"Column {index + 1}"
        twin = 2
        while name in extra:
            name = f"{cell} ({twin})"
            twin += 1
        extra[name] = index
    return extra


def _near_misses(name: str, known: Mapping[Column, int], extra: Mapping[str, int]) -> Iterator[str]:
    absent = {_plain(column): column for column in Column if column not in known}
    for cell in extra:
        near = difflib.get_close_matches(_plain(cell), absent, n=1, cutoff=0.75)
        if near:
            yield (
                f"{name}, header: column {cell!r} is not known and kept as it is; "
                f"did you mean {absent[near[0]].value!r}?"
            )


def _overwritten(name: str, cells: Sequence[str], reported: set[int]) -> Iterator[str]:
    if len(reported) == len(REPORTED):  # both together: farm's own results, read again
        return
    for index in reported:
        yield (
            f"{name}, header: farm writes its own column {cells[index].strip()!r} into the "
            "results; rename yours to keep it."
        )


def _short(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
