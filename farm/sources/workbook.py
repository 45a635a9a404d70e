"""Prompts from a sheet of an Excel workbook: what its cells show, as texts.

A formula's value is the one that Excel saved with it. A number is a text without `.0`, a date is
`2026-11-21`. Of several sheets the first that is not hidden is taken, unless one is named.
"""

from __future__ import annotations

import difflib
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, time
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from farm.errors import InputError
from farm.sources.cells import Cells
from farm.sources.columns import Pairs
from farm.sources.decode import MAX_BYTES
from farm.sources.formulas import unguard
from farm.sources.grid import Row, cells_of

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

MAX_PROBLEMS = 20
_EXACT = 1e15  # below it 15 digits tell whole numbers whole
_UNREADABLE = (  # what openpyxl and what it rests on raise for a file that is broken inside
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    EOFError,
    KeyError,
    IndexError,
    AttributeError,
    ValueError,
    TypeError,
    NotImplementedError,
    OSError,
)
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")


def cells_of_workbook(name: str, data: bytes, sheet: str = "", mapping: Pairs = ()) -> Cells:
    """The cells of one sheet; InputError names what is wrong with its rows and columns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions that nobody asks for here
        try:
            _refuse_bomb(name, data)
            return _cells(name, data, sheet, mapping)
        except _UNREADABLE as error:
            raise InputError([f"{name} is no whole Excel workbook: {error}."]) from error


def _cells(name: str, data: bytes, sheet: str, mapping: Pairs) -> Cells:
    with closing(_opened(data, values=True)) as book:
        title, told = _chosen(name, book, sheet)
        problems = list(_unsaved(name, data, title))
        rows = list(_rows(name, book[title], problems))
    if problems:
        raise InputError(problems[:MAX_PROBLEMS])
    cells = cells_of(name, rows, mapping)
    return replace(cells, warnings=(*told, *cells.warnings))


def _opened(data: bytes, *, values: bool) -> Workbook:
    return openpyxl.load_workbook(
        io.BytesIO(data), read_only=True, data_only=values, keep_links=False
    )


def _chosen(name: str, book: Workbook, wanted: str) -> tuple[str, list[str]]:
    """The title of the sheet to read, and what to tell about the others."""
    shown = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not wanted:
        if not shown:
            raise InputError([f"{name} has no sheet that shows."])
        others = ", ".join(shown[1:])
        told = f"{name}: of its sheets {shown[0]!r} is read; for another write {name}#{shown[-1]}."
        return shown[0], [told] if others else []
    by_name = {sheet.title.casefold(): sheet.title for sheet in book.worksheets}
    if (found := by_name.get(wanted.casefold())) is not None:
        return found, []
    near = difflib.get_close_matches(wanted.casefold(), by_name, n=1)
    guess = f"did you mean {by_name[near[0]]!r}?" if near else f"there are: {', '.join(shown)}."
    raise InputError([f"{name}: no sheet is called {wanted!r}; {guess}"])


def _rows(name: str, sheet: Any, problems: list[str]) -> Iterator[Row]:
    sheet.reset_dimensions()  # some programs write them wrong
    for number, row in enumerate(sheet.iter_rows(), 1):
        texts = []
        for place, cell in enumerate(row, 1):
            if cell.data_type == "e":
                where = f"{name}, cell {get_column_letter(place)}{number}"
                problems.append(f"{where}: holds the error {cell.value}; correct its formula.")
            texts.append(text_of(cell.value))
        if any(texts):  # a sheet may end in a million rows that only have a colour
            yield number, texts


def text_of(value: object) -> str:
    """A cell's value as its owner would type it."""
    text = str(value)
    match value:
        case None:
            text = ""
        case str():
            text = unguard(value.strip())
        case bool():
            text = "yes" if value else "no"
        case float() if abs(value) < _EXACT:
            text = f"{value:.15g}"
        case datetime() if value.time() == time():
            text = value.date().isoformat()
        case datetime():
            text = value.isoformat(" ", timespec="seconds")
    return text


def _unsaved(name: str, data: bytes, title: str) -> Iterator[str]:
    """Formulas whose value no program has saved: they would be read as empty cells."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [item for item in archive.namelist() if item.startswith("xl/worksheets/")]
        if not any(_FORMULA.search(archive.read(item)) for item in sheets):
            return
    with (
        closing(_opened(data, values=False)) as formulas,
        closing(_opened(data, values=True)) as values,
    ):
        for asked, saved in zip(_plain(formulas[title]), _plain(values[title]), strict=False):
            for formula, value in zip(asked, saved, strict=False):
                # One whose value is an empty text is marked as text.
                if formula.data_type == "f" and value.value is None and value.data_type == "n":
                    yield (
                        f"{name}, cell {formula.coordinate}: its formula has no saved value; "
                        "open the file in Excel or LibreOffice and save it."
                    )


def _plain(sheet: Any) -> Iterator[Sequence[Any]]:
    sheet.reset_dimensions()
    rows: Iterator[Sequence[Any]] = sheet.iter_rows()
    return rows


def _refuse_bomb(name: str, data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(item.file_size for item in archive.infolist())
    if size > MAX_BYTES:
        said = f"unpacked it takes {size // 1024**2} MB; split it into smaller ones"
        raise InputError([f"{name} is too large: {said}."])
