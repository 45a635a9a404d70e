"""Cells from rows that are already parted into texts: a sheet of a workbook, or one online."""

from __future__ import annotations

from collections.abc import Sequence

from farm.errors import InputError
from farm.sources.cells import Cells
from farm.sources.columns import NEEDED, Pairs, read_header

Row = tuple[int, Sequence[str]]
"""The number of a row in its sheet, from 1, and its texts."""


def cells_of(name: str, rows: Sequence[Row], mapping: Pairs = ()) -> Cells:
    """The cells of a sheet whose first row that holds anything is its header.

    Blank rows are passed over, short ones filled up, columns without name and content dropped.
    Raises InputError without a header or rows.
    """
    filled = [(number, row) for number, row in rows if any(cell.strip() for cell in row)]
    if not filled:
        raise InputError([f"{name} is empty; its first row must name the columns, {NEEDED}."])
    columns = [column for column in _columns([row for _, row in filled]) if any(column)]
    header = read_header(name, [column[0] for column in columns], mapping)
    if len(filled) == 1:
        raise InputError([f"{name} has a header and no rows; add one prompt per row."])
    return Cells(
        name=name,
        known={column: columns[i][1:] for column, i in header.known.items()},
        extra={column: columns[i][1:] for column, i in header.extra.items()},
        line_of=lambda index: filled[index + 1][0],
        is_template=header.is_template,
        warnings=header.warnings,
    )


def _columns(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    width = max(map(len, rows))
    columns: list[list[str]] = [[] for _ in range(width)]
    for row in rows:
        for column, cell in zip(columns, row, strict=False):
            column.append(cell.strip())
        for column in columns[len(row) :]:
            column.append("")
    return columns
