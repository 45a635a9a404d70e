"""Prompts as Markdown, in the form they came from: what is read back is what was written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import groupby

from farm.errors import UsageError
from farm.sources.cells import Cells
from farm.sources.checks import image_type_of
from farm.sources.columns import SEED_COLUMNS, TEMPLATE, Column, column_named
from farm.sources.markdown import (
    FENCE,
    FIELD,
    HEADER,
    HEADING,
    PART,
    PARTS,
    RULE,
    SLUG,
    SPAN,
    Part,
    heading_for,
    type_by,
)

Fields = dict[str, str]
"""A prompt's cells by their columns' names."""

_LABELS: Mapping[str, str] = {
    Column.ID: "ID",
    Column.IMAGE_TYPE: "Type",
    Column.FILENAME: "File",
    Column.TYPOGRAPHY: "Typography",
    Column.DESCRIPTION: "Prompt",
    Column.TITLE: "Title",
    Column.AUTHOR: "Author",
}
_ORDER = (*SEED_COLUMNS[:7], *[c for c in Column if c not in SEED_COLUMNS[:7]])
_OWN = frozenset({HEADING, SLUG, PART})


class Form(StrEnum):
    """The seeds' two forms."""

    FIELDS = "fields"
    SLUG = "slug"


def markdown_of(cells: Cells, form: Form | None = None) -> str:
    """The whole text; UsageError for a column or row that the form has no place for."""
    rows = list(_rows(cells))
    if form is None:
        form = Form.SLUG if all(row.get(SLUG) and row.get(PART) for row in rows) else Form.FIELDS
    _refuse_names(cells, form)
    if form is Form.FIELDS:
        blocks = [_block(cells, row, number) for number, row in enumerate(rows, 1)]
    else:
        placed = [_placed(cells, index, row) for index, row in enumerate(rows)]
        blocks = [_blocks_of_slug(cells, group) for group in _together(placed)]
    return "\n".join(blocks)


def _rows(cells: Cells) -> Iterator[Fields]:
    columns = {c.value: cells.column(c) for c in _ORDER if c in cells.known or c is Column.ID}
    names = [*columns, *cells.extra]
    for row in zip(*columns.values(), *cells.extra.values(), strict=True):
        yield dict(zip(names, row, strict=True))


def _block(cells: Cells, row: Fields, number: int) -> str:
    kind = image_type_of(row.get(Column.IMAGE_TYPE, ""))
    if kind is not None:
        row = row | {Column.IMAGE_TYPE.value: kind.value}
    heading = row.get(HEADING) or heading_for(row)
    told = {name: text for name, text in row.items() if text and name != HEADING}
    if row[Column.ID] == str(number):
        del told[Column.ID.value]
    if type_by(heading) is kind:
        del told[Column.IMAGE_TYPE.value]
    return _written(heading, ((_label(cells, name), text) for name, text in told.items()))


def _together(rows: Sequence[tuple[Part, Fields]]) -> Iterator[list[tuple[Part, Fields]]]:
    """Rows that make one block: the same slug and heading, each part once, in the parts' order."""
    for _, group in groupby(rows, key=lambda row: (row[1][SLUG], row[1].get(HEADING, ""))):
        block: list[tuple[Part, Fields]] = []
        for part, row in group:
            if block and PARTS.index(part) <= PARTS.index(block[-1][0]):
                yield block
                block = []
            block.append((part, row))
        yield block


def _blocks_of_slug(cells: Cells, rows: Sequence[tuple[Part, Fields]]) -> str:
    first = rows[0][1]
    wanted = [_differing(part, row) for part, row in rows]
    names = [name for name in first if name not in _OWN]
    shared = {
        name: first[name]
        for name in names
        if first[name]
        and name != Column.DESCRIPTION
        and all(w.get(name) == first[name] for w in wanted)
    }
    told = [(SLUG, first[SLUG]), *((_label(cells, n), text) for n, text in shared.items())]
    for (part, _), want in zip(rows, wanted, strict=True):
        own = {name: text for name, text in want.items() if name not in shared}
        told += [(f"{part.name} {_label(cells, name)}", text) for name, text in own.items()]
    return _written(first.get(HEADING) or first[SLUG], told)


def _differing(part: Part, row: Fields) -> Fields:
    """What a row says that its slug does not say already; an empty cell too, if it does."""
    usual = part.defaults(row[SLUG])
    return {
        name: text for name, text in row.items() if name not in _OWN and text != usual.get(name, "")
    }


def _placed(cells: Cells, index: int, row: Fields) -> tuple[Part, Fields]:
    """The part a row is, by its own word or its file name."""
    for part in PARTS:
        if row.get(SLUG) and row.get(PART, "").casefold() == part.name.casefold():
            return part, row
        named = re.fullmatch(rf"{part.prefix}-(?P<slug>.+)\.\w+", row.get(Column.FILENAME, ""))
        kind = image_type_of(row.get(Column.IMAGE_TYPE, ""))
        if named is not None and kind is part.image_type:
            return part, row | {SLUG: row.get(SLUG) or named["slug"]}
    names = ", ".join(f"{part.prefix}-….png ({part.name})" for part in PARTS)
    raise UsageError(
        f"{cells.place(index)}: its file name is none of {names}; write --form {Form.FIELDS}."
    )


def _label(cells: Cells, name: str) -> str:
    if name == Column.DESCRIPTION and cells.is_template:
        return TEMPLATE
    column = column_named(name)
    if column is None or any(column_named(other) is column for other in cells.extra):
        return name
    return _LABELS.get(name, name)


def _written(heading: str, fields: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> str:
    lines = [f"### {' '.join(heading.split())}", ""]
    for label, text in fields:
        value = re.sub(r"\r\n?", "\n", text)
        if label.endswith("File") and "`" not in value:
            lines.append(f"**{label}:** `{value}`")
        elif _is_plain(value):
            lines.append(f"**{label}:** {value}".rstrip())
        else:
            longest = max(map(len, re.findall(r"`+", value)), default=0)
            fence = "`" * max(3, longest + 1)
            lines += [f"**{label}:**", f"{fence}text", value, fence]
    return "\n".join([*lines, ""])


def _is_plain(text: str) -> bool:
    """Whether a value can stand without a fence around it."""
    marks = (FENCE, FIELD, HEADER, RULE)
    if SPAN.fullmatch(text) or text != text.strip():
        return False
    first, *others = text.split("\n")
    return not FENCE.match(first) and not any(m.match(line) for line in others for m in marks)


def _refuse_names(cells: Cells, form: Form) -> None:
    parts = tuple(f"{part.name.casefold()} " for part in PARTS)
    for name in cells.extra:
        means_part = name.casefold().startswith(parts)
        of_prompt = column_named(name.partition(" ")[2]) is Column.DESCRIPTION
        if FIELD.fullmatch(f"**{name}:** x") is None or (
            means_part and (of_prompt or form is Form.SLUG)
        ):
            raise UsageError(f"{cells.name}: a column called {name!r} cannot be a Markdown field.")
