"""The columns of a prompt file: the seeds' thirteen, farm's own, and how a header names them."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from farm.errors import InputError


class Column(StrEnum):
    """The seeds' columns, in their order and spelling, then farm's."""

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
    REFERENCES = "Reference Images"
    NEGATIVE = "Negative Prompt"
    BACKEND = "Backend"
    MODEL = "Model"
    OPERATION = "Operation"
    MASK = "Mask"
    FACTOR = "Upscale Factor"
    SEED = "Seed"
    BRAND = "Brand"
    VARIATIONS = "Variations"
    WITH_OG = "With OG"


SEED_COLUMNS: tuple[Column, ...] = tuple(Column)[:13]
OWN_COLUMNS: tuple[Column, ...] = tuple(Column)[13:21]
"""What a job may carry beside the seeds' columns; written where a job has it."""

NEEDED = f"{Column.DESCRIPTION} at least, and each further one holds a prompt"
"""What goes on after "must name the columns"."""

TEMPLATE = "Prompt Template"
"""A description whose `{Column}` are filled from its row, whatever the options say."""

ERROR, CAUSE = "Error", "Cause"
LINK, PREVIEW = "Image Link", "Image Preview"  # where a delivered image is, and its thumbnail
REPORTED = (ERROR, CAUSE, LINK, PREVIEW)
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
    "references": Column.REFERENCES,
    "reference": Column.REFERENCES,
    "referenceimage": Column.REFERENCES,
    "negative": Column.NEGATIVE,
    "avoid": Column.NEGATIVE,
    "factor": Column.FACTOR,
    "og": Column.WITH_OG,
    "prompttemplate": Column.DESCRIPTION,
    "descriptiontemplate": Column.DESCRIPTION,
    "template": Column.DESCRIPTION,
}
_TEMPLATES = frozenset({"prompttemplate", "descriptiontemplate", "template"})
_OTHERS_OWN = frozenset({"site", "focus", "slug", "part", "heading", "scene", "mood"})
"""Columns that mean something elsewhere: no misspelling of one of these."""


Pairs = Sequence[tuple[str, str]]
"""Columns as farm knows them, each with what a source calls it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """Which cell of a row belongs to which column; indexes count from zero."""

    known: Mapping[Column, int]
    extra: Mapping[str, int]  # in the file's order, names made unique
    width: int
    is_template: bool = False  # its descriptions are to be filled from their rows
    warnings: tuple[str, ...] = ()


def read_header(name: str, cells: Sequence[str], mapping: Pairs = ()) -> Header:
    """Understand a header row; InputError if a column is there twice or Description is not.

    `mapping` says what the header calls columns that farm knows, and goes before all else.
    """
    mapped, wrong = _mapped(name, cells, mapping)
    if wrong:
        raise InputError(wrong)
    known, problems = _known(name, cells, mapped)
    if Column.DESCRIPTION not in known:
        problems.append(_no_description(name, cells))
    if problems:
        raise InputError(problems)
    reported = {i for i, cell in enumerate(cells) if plain_name(cell) in map(plain_name, REPORTED)}
    passed = set(known.values()) | reported
    extra = _unique((i, cell.strip()) for i, cell in enumerate(cells) if i not in passed)
    return Header(
        known=known,
        extra=extra,
        width=len(cells),
        is_template=plain_name(cells[known[Column.DESCRIPTION]]) in _TEMPLATES,
        warnings=(*_near_misses(name, known, extra), *_overwritten(name, cells, reported)),
    )


def count_known(cells: Sequence[str]) -> int:
    """How many cells name a column farm knows: tells a header, and its delimiter."""
    canonical = {plain_name(column) for column in Column}
    return sum(1 for cell in cells if plain_name(cell) in canonical or plain_name(cell) in _ALIASES)


def plain_name(cell: str) -> str:
    """A column's name without case, blanks and signs: how names are compared."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", cell).casefold())


def column_named(text: str) -> Column | None:
    """The column a name means, whatever its spelling; None if farm knows none."""
    plain = plain_name(text)
    return next((c for c in Column if plain_name(c) == plain), _ALIASES.get(plain))


def _mapped(name: str, cells: Sequence[str], mapping: Pairs) -> tuple[dict[Column, int], list[str]]:
    there = {plain_name(cell): index for index, cell in reversed(list(enumerate(cells)))}
    mapped, problems = {}, []
    for wanted, called in mapping:
        column, index = column_named(wanted), there.get(plain_name(called))
        if column is None:
            guess = _hint(wanted, [*Column])
            problems.append(f"--map {wanted}={called}: farm knows no column {wanted!r}.{guess}")
        elif index is None:
            guess = _hint(called, [cell.strip() for cell in cells])
            problems.append(
                f"{name}, header: no column is called {called!r}, as --map says.{guess}"
            )
        else:
            mapped[column] = index
    return mapped, problems


def _hint(name: str, names: Sequence[str]) -> str:
    there = {plain_name(other): str(other) for other in names if other}
    near = difflib.get_close_matches(plain_name(name), there, n=1, cutoff=0.6)
    if near:
        return f" Did you mean {there[near[0]]!r}?"
    return f" There are: {_short(', '.join(there.values()))}."


def _known(
    name: str, cells: Sequence[str], mapped: Mapping[Column, int]
) -> tuple[dict[Column, int], list[str]]:
    canonical = {plain_name(column): column for column in Column}
    known = dict(mapped)
    problems = []
    for index, cell in enumerate(cells):
        column = canonical.get(plain_name(cell))
        if column is None or column in mapped or index in mapped.values():
            continue
        if column in known:
            problems.append(
                f"{name}, header: columns {known[column] + 1} and {index + 1} are both "
                f"{column.value}; remove or rename one."
            )
        known.setdefault(column, index)
    for index, cell in enumerate(cells):
        alias = _ALIASES.get(plain_name(cell))
        if alias is not None and index not in known.values():
            known.setdefault(alias, index)
    return known, problems


def _no_description(name: str, cells: Sequence[str]) -> str:
    found = ", ".join(cell.strip() or "(no name)" for cell in cells)
    wanted = Column.DESCRIPTION.value
    near = difflib.get_close_matches(plain_name(wanted), map(plain_name, cells), n=1, cutoff=0.6)
    said = f"{name}, header: there is no column {wanted}; the first line names {_short(found)}."
    if near:
        guess = next(cell.strip() for cell in cells if plain_name(cell) == near[0])
        return f"{said} Rename {guess!r} to {wanted!r}."
    return f"{said} The first line must name the columns: {', '.join(SEED_COLUMNS)}."


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
    absent = {plain_name(column): column for column in Column if column not in known}
    for cell in extra:
        near = difflib.get_close_matches(plain_name(cell), absent, n=1, cutoff=0.75)
        if near and plain_name(cell) not in _OTHERS_OWN:
            yield (
                f"{name}, header: column {cell!r} is not known and kept as it is; "
                f"did you mean {absent[near[0]].value!r}?"
            )


def _overwritten(name: str, cells: Sequence[str], reported: set[int]) -> Iterator[str]:
    if {plain_name(ERROR), plain_name(CAUSE)} <= {plain_name(cells[i]) for i in reported}:
        return  # both together: farm's own results, read again
    for index in reported:
        yield (
            f"{name}, header: farm writes its own column {cells[index].strip()!r} into the "
            "results; rename yours to keep it."
        )


def _short(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
