"""Prompts from a CSV file: comma, semicolon or tab; UTF-8 or UTF-16; columns in any order."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from farm.errors import InputError
from farm.sources.base import Batch
from farm.sources.cells import Cells
from farm.sources.columns import NEEDED, Header, Pairs, count_known, read_header
from farm.sources.decode import read_text
from farm.sources.formulas import unguard
from farm.sources.rows import check

if TYPE_CHECKING:
    import _csv

DELIMITERS = ",;\t"
MAX_SURPLUS = 50  # cells beyond the header; a row with more is no row of this table
_END = "\0end of the table"  # a record of its own, unless a quote is open
_HEADER_BYTES = 65_536  # the header is looked for in so much


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV or TSV file on disk."""

    path: Path

    @property
    def name(self) -> str:
        """The path as the user gave it."""
        return str(self.path)

    def read(self) -> Batch:
        """See `farm.sources.base.Source`."""
        return parse(self.name, read_text(self.path))


def parse(name: str, text: str) -> Batch:
    """The prompts of a CSV text; InputError with all problems."""
    return check(cells_of(name, text))


def cells_of(name: str, text: str, mapping: Pairs = ()) -> Cells:
    """The cells of a CSV text; InputError where it is no table of prompts."""
    plain, skipped = _without_hint(_to_last_row(text))
    body = plain.encode()  # as text, a reader would hold it as four bytes a letter
    delimiter = _delimiter(body)
    records = _parsed(name, body, delimiter)
    filled = [index for index, record in enumerate(records) if "".join(record).strip()]
    if not filled:
        raise InputError([f"{name} is empty; its first line must name the columns, {NEEDED}."])
    top, rows = records[filled[0]], [records[index] for index in filled[1:]]
    columns = _columns(rows, least=len(top))
    header = read_header(name, _header_cells(_plain(top), columns), mapping)
    if not rows:
        raise InputError([f"{name} has a header and no rows; add one prompt per line."])

    @cache
    def lines() -> Sequence[int]:
        begins = [line for line, _ in _records(body, delimiter)]
        return [begins[index] + skipped for index in filled[1:]]

    return Cells(
        name=name,
        known={column: columns[i] for column, i in header.known.items()},
        extra={column: columns[i] for column, i in header.extra.items()},
        line_of=lambda index: lines()[index],
        broken=dict(_ragged(columns, list(map(len, rows)), header)),
        is_template=header.is_template,
        warnings=header.warnings,
    )


def _to_last_row(text: str) -> str:
    """The text without blank lines at its end; the last row keeps its empty cells."""
    filled = len(text.rstrip("\r\n \t\0"))
    ends = [end for mark in "\r\n\0" if (end := text.find(mark, filled)) >= 0]
    return text[: min(ends, default=len(text))]


def _without_hint(text: str) -> tuple[str, int]:
    """Drop the line `sep=;` with which Excel marks a delimiter; how many lines were dropped."""
    hint = re.match(r"sep=.\r?\n", text, re.IGNORECASE)
    return (text[hint.end() :], 1) if hint else (text, 0)


def _reader(body: bytes, delimiter: str) -> _csv.Reader:
    lines = io.TextIOWrapper(io.BytesIO(body), encoding="utf-8", errors="ignore", newline="")
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def _records(body: bytes, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line on which it begins, counted from 1."""
    reader = _reader(body, delimiter)
    line = 1
    for record in reader:
        yield line, record
        line = reader.line_num + 1


def _delimiter(body: bytes) -> str:
    """The delimiter under which the header names most columns."""
    head = body[:_HEADER_BYTES]

    def score(delimiter: str) -> tuple[int, int]:
        try:
            first = next(filter(any, islice(_reader(head, delimiter), 100)), [])
        except csv.Error:
            return (0, 0)
        return (count_known(first), len(first))

    return max(DELIMITERS, key=score)


def _parsed(name: str, body: bytes, delimiter: str) -> list[list[str]]:
    """All records, blank ones too."""
    try:
        records = list(_reader(body + b"\n" + _END.encode(), delimiter))
    except csv.Error as error:
        raise InputError(
            [f"{name}: {error}; a quote seems to be opened and never closed."]
        ) from error
    if records.pop() != [_END]:  # it became a part of the last cell
        *_, (line, _) = _records(body, delimiter)
        raise InputError(
            [f"{name}, line {line}: a quote is opened there and never closed; close it."]
        )
    usual = next(filter(None, map(len, records)), 0)
    widest = max(map(len, records), default=0)
    if widest > usual + MAX_SURPLUS:
        line = next(line for line, record in _records(body, delimiter) if len(record) == widest)
        raise InputError([f"{name}, line {line}: {widest} cells, and the header has {usual}."])
    return records


def _columns(rows: Sequence[Sequence[str]], least: int) -> list[list[str]]:
    """The cells by column, as many columns as the widest row has; blanks around them are cut."""
    columns = [_plain(column) for column in zip_longest(*rows, fillvalue="")]
    return columns + [[""] * len(rows) for _ in range(least - len(columns))]


def _plain(cells: Iterable[str]) -> list[str]:
    return [unguard(cell) if cell[:1] == "'" else cell for cell in map(str.strip, cells)]


def _header_cells(cells: list[str], columns: Sequence[Sequence[str]]) -> list[str]:
    """The header, without nameless columns at its end that hold nothing."""
    while cells and not cells[-1] and not any(columns[len(cells) - 1]):
        cells.pop()
    return cells


def _ragged(
    columns: Sequence[Sequence[str]], counts: Sequence[int], header: Header
) -> Iterator[tuple[int, str]]:
    """Rows with more or fewer cells than the header: their cells may stand in wrong columns."""
    for index, count in enumerate(counts):
        surplus = count > header.width and any(c[index] for c in columns[header.width :])
        if count < header.width or surplus:
            said = f"{count} cells, and the header has {header.width}"
            yield index, f"{said}; look for a missing or surplus delimiter, or one outside quotes."
