"""What every kind of source is read into: cells by column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from farm.sources.columns import Column


class Flaw(NamedTuple):
    """What is wrong with a row, or with one of its cells; flaws sort as the source has them."""

    row: int
    order: int  # of the column
    column: str  # "" is the row as a whole
    said: str  # a sentence without its subject and full stop


@dataclass(frozen=True, kw_only=True, slots=True)
class Cells:
    """The cells of a source by column, all of one length; blank rows are left out."""

    name: str  # of the source, for messages
    known: Mapping[Column, Sequence[str]]  # blanks at the edges cut; a column may be absent
    extra: Mapping[str, Sequence[str]]  # the other columns, in their order
    line_of: Callable[[int], int]  # the line of the file on which a row begins
    broken: Mapping[int, str] = field(default_factory=dict)  # what is wrong with a row as a whole
    rows: Sequence[int] = ()  # which row of the source each is; () counts them through, from 0
    is_table: bool = True  # with a header in the line before its first row
    is_template: bool = False  # descriptions are to be filled from their rows
    folder: Path | None = None  # where relative paths in cells begin; None: nowhere
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.known[Column.DESCRIPTION])

    def column(self, column: Column) -> Sequence[str]:
        """A known column, filled in if the source has none; a row without an id has its number."""
        cells = self.known.get(column) or [""] * len(self)
        if column is Column.ID:
            return [cell or str(index + 1) for index, cell in enumerate(cells)]
        return cells

    def row(self, index: int) -> int:
        """The number of a row in its source, from 1."""
        return (self.rows[index] if self.rows else index) + 1

    def place(self, index: int) -> str:
        """How a row is named to the user; with its line where that is not simply the next one."""
        return self.place_of(self.row(index))

    def place_of(self, row: int) -> str:
        """As `place`, for a row of the source."""
        line = self.line_of(row - 1)
        is_next = self.is_table and line == row + 1
        return f"{self.name}, row {row}" + ("" if is_next else f" (line {line})")

    def told(self, flaw: Flaw) -> str:
        """A flaw as the user is told of it."""
        column = f", {flaw.column}" if flaw.column else ""
        return f"{self.place_of(flaw.row)}{column}: {flaw.said}."
