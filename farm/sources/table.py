"""Prompts from a CSV file: comma, semicolon or tab; UTF-8 or UTF-16; columns in any order."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

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
    body = plain.encode()  # as text, each of the readers below would hold it as four bytes a letter
    delimiter = _delimiter(body)
    counts = _counts(name, body, delimiter)
    columns = _columns(name, body, delimiter, counts)
    filled = [index for index, record in enumerate(zip(*columns, strict=True)) if any(record)]
    if not filled:
        raise InputError([f"{name} is empty; its first line must name the columns, {NEEDED}."])
    top, rows = filled[0], filled[1:]
    header = read_header(name, _header_cells(columns[: counts[top]], top, rows), mapping)
    if not rows:
        raise InputError([f"{name} has a header and no rows; add one prompt per line."])

    @cache
    def lines() -> Sequence[int]:
        begins = [line for line, _ in _records(body, delimiter)]
        return [begins[row] + skipped for row in rows]

    return Cells(
        name=name,
        known={column: [columns[i][row] for row in rows] for column, i in header.known.items()},
        extra={column: [columns[i][row] for row in rows] for column, i in header.extra.items()},
        line_of=lambda index: lines()[index],
        broken=dict(_ragged(columns, [(row, counts[row]) for row in rows], header)),
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


def _counts(name: str, body: bytes, delimiter: str) -> list[int]:
    """How many cells each record has: pandas fills up short ones and does not tell."""
    try:
        counts = list(map(len, _reader(body, delimiter)))
    except csv.Error as error:
        line = _last_line(body, delimiter)
        raise InputError(
            [f"{name}, line {line}: {error}; a quote seems to be opened and never closed."]
        ) from error
    usual = next(filter(None, counts), 0)
    widest = max(counts, default=0)
    if widest > usual + MAX_SURPLUS:
        line = next(line for line, record in _records(body, delimiter) if len(record) == widest)
        raise InputError([f"{name}, line {line}: {widest} cells, and the header has {usual}."])
    return counts


def _last_line(body: bytes, delimiter: str) -> int:
    """The line on which the record begins that cannot be read."""
    line, reader = 1, _reader(body, delimiter)
    with suppress(csv.Error):
        for _ in reader:
            line = reader.line_num + 1
    return line


def _columns(name: str, body: bytes, delimiter: str, counts: Sequence[int]) -> list[list[str]]:
    """All cells by column, the header's among them; blanks around them are cut."""
    try:
        frame = pd.read_csv(
            io.BytesIO(body),
            sep=delimiter,
            header=None,
            names=range(max(counts, default=1)),
            index_col=False,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            skip_blank_lines=False,
            skipinitialspace=True,
        )
    except pd.errors.ParserError as error:
        raise InputError([_unparsable(name, str(error), body, delimiter)]) from error
    except pd.errors.EmptyDataError:
        return []
    if len(frame) != len(counts):
        raise InputError([f"{name} cannot be read as a table: its quotes or line ends are broken."])
    return [_plain(frame[index].tolist()) for index in frame]


def _plain(column: list[str]) -> list[str]:
    stripped = [cell.strip() for cell in column]
    return [unguard(cell) if cell[:1] == "'" else cell for cell in stripped]


def _unparsable(name: str, said: str, body: bytes, delimiter: str) -> str:
    opened = re.search(r"EOF inside string starting at row (\d+)", said)
    if opened is None:
        return f"{name} cannot be read as a table: {said.strip()}."
    lines = [line for line, _ in _records(body, delimiter)]
    line = lines[min(int(opened[1]), len(lines) - 1)]
    return f"{name}, line {line}: a quote is opened there and never closed; close it."


def _header_cells(columns: list[list[str]], top: int, rows: Sequence[int]) -> list[str]:
    """The header, without nameless columns at its end that hold nothing."""
    cells = [column[top] for column in columns]
    while cells and not cells[-1] and not any(columns[len(cells) - 1][row] for row in rows):
        cells.pop()
    return cells


def _ragged(
    columns: list[list[str]], counts: Sequence[tuple[int, int]], header: Header
) -> Iterator[tuple[int, str]]:
    """Rows with more or fewer cells than the header: their cells may stand in wrong columns."""
    for index, (row, count) in enumerate(counts):
        surplus = count > header.width and any(c[row] for c in columns[header.width :])
        if count < header.width or surplus:
            said = f"{count} cells, and the header has {header.width}"
            yield index, f"{said}; look for a missing or surplus delimiter, or one outside quotes."
