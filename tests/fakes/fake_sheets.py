"""Google Sheets, version 4, as far as anybody here uses it: cells, tabs, grids and formulas.

Bodies are held against the schemas of Google's own description, which googleapiclient carries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import unquote

from fake_google import EMAIL, error
from googleapiclient.discovery_cache import get_static_doc
from loopback import Asked, Reply, reply

_PATH = re.compile(r"/v4/spreadsheets/([^/:]+)(?::(\w+)|/values(?::(\w+)|/(.+)))?", re.DOTALL)
_A1 = re.compile(r"([A-Z]*)(\d*)(?::([A-Z]*)(\d*))?")
_PLACE = re.compile(r"(?:'((?:[^']|'')*)'|([^'!]*))(?:!(.+))?")
MAX_CELL = 50_000


class Refused(Exception):
    """A request that Google answers with an error."""

    def __init__(self, status: int, word: str, message: str) -> None:
        super().__init__(message)
        self.reply = error(status, word, message)


@dataclass(kw_only=True)
class Tab:
    """One sheet of a spreadsheet; a formula is kept as it was typed."""

    title: str
    rows: list[list[str]] = field(default_factory=list)
    formulas: set[tuple[int, int]] = field(default_factory=set)  # cells that Sheets evaluates
    row_count: int = 1000
    column_count: int = 26

    def cell(self, row: int, column: str | int) -> str:
        """What is typed in a cell, by its row in the sheet and its letters or heading."""
        index = self.rows[0].index(column) if isinstance(column, str) else column
        line = self.rows[row - 1]
        return line[index] if index < len(line) else ""

    def column(self, heading: str) -> list[str]:
        """The cells below a heading."""
        return [self.cell(row, heading) for row in range(2, len(self.rows) + 1)]


@dataclass(kw_only=True)
class Written:
    """One cell that a request changed, or set to what stood there already."""

    tab: str
    row: int  # as the sheet counts
    column: int  # from zero
    value: str
    option: str  # RAW or USER_ENTERED


@dataclass(kw_only=True)
class Spreadsheet:
    id: str
    title: str = "Prompts"
    tabs: list[Tab] = field(default_factory=list)
    editors: set[str] = field(default_factory=lambda: {EMAIL})
    readers: set[str] = field(default_factory=set)


class FakeSheets:
    """Spreadsheets by their id, and every cell that was written."""

    scopes = frozenset(
        {
            "https://www.googleapis.com/auth/spreadsheets",
            "https://www.googleapis.com/auth/drive",
        }
    )

    def __init__(self) -> None:
        self.spreadsheets: dict[str, Spreadsheet] = {}
        self.written: list[Written] = []

    def sheet(self, sheet_id: str, *rows: list[str], title: str = "Sheet1") -> Tab:
        """A new tab with these rows, in a spreadsheet that is made if there is none."""
        tab = Tab(title=title, rows=[list(row) for row in rows])
        book = self.spreadsheets.setdefault(sheet_id, Spreadsheet(id=sheet_id))
        book.tabs.append(tab)
        return tab

    def answer(self, asked: Asked, who: str) -> Reply | None:
        found = _PATH.fullmatch(unquote(asked.path))
        if found is None:
            return None
        sheet_id, of_book, of_values, place = found.groups()
        verb = f"values{of_values or ''}" if of_values or place else of_book or ""
        try:
            book = self._open(sheet_id, who, writing=asked.method != "GET")
            return self._verb(book, asked, verb, place)
        except Refused as refusal:
            return refusal.reply

    def _open(self, sheet_id: str, who: str, *, writing: bool) -> Spreadsheet:
        book = self.spreadsheets.get(sheet_id)
        if book is None:
            raise Refused(404, "NOT_FOUND", "Requested entity was not found.")
        if who in book.editors or (who in book.readers and not writing):
            return book
        raise Refused(403, "PERMISSION_DENIED", "The caller does not have permission")

    def _verb(self, book: Spreadsheet, asked: Asked, verb: str, place: str | None) -> Reply:
        match asked.method, verb:
            case "GET", "":
                return _sent("Spreadsheet", _properties(book))
            case "GET", "values":
                return _sent("ValueRange", _values(book, place or "", asked.query))
            case "GET", "valuesbatchGet":
                wanted = [place for name, place in asked.pairs if name == "ranges"]
                ranges = [_values(book, place, asked.query) for place in wanted]
                answer = {"spreadsheetId": book.id, "valueRanges": ranges}
                return _sent("BatchGetValuesResponse", answer)
            case "POST", "valuesbatchUpdate":
                body = _received("BatchUpdateValuesRequest", asked)
                return self._update(book, body["data"], body["valueInputOption"])
            case "PUT", "values":
                body = _received("ValueRange", asked)
                data = [{**body, "range": place}]
                return self._update(book, data, asked.query["valueInputOption"])
            case "POST", "batchUpdate":
                body = _received("BatchUpdateSpreadsheetRequest", asked)
                return _changed(book, body["requests"])
        raise Refused(404, "NOT_FOUND", f"{asked.method} {verb} is not played here.")

    def _update(self, book: Spreadsheet, data: list[dict[str, Any]], option: str) -> Reply:
        if option not in {"RAW", "USER_ENTERED"}:
            raise Refused(400, "INVALID_ARGUMENT", f"Invalid value_input_option {option}")
        cells = [cell for each in data for cell in _cells(book, each)]
        for tab, row, column, value in cells:  # all of them or none
            _check_place(tab, row, column, value)
        for tab, row, column, value in cells:
            _put(tab, row, column, value)
            formula = option == "USER_ENTERED" and value.startswith("=")
            (tab.formulas.add if formula else tab.formulas.discard)((row, column))
            self.written.append(
                Written(tab=tab.title, row=row, column=column, value=value, option=option)
            )
        answer = {"spreadsheetId": book.id, "totalUpdatedCells": len(cells)}
        return _sent("BatchUpdateValuesResponse", answer)


def _properties(book: Spreadsheet) -> dict[str, Any]:
    return {
        "spreadsheetId": book.id,
        "properties": {"title": book.title, "locale": "en_US", "timeZone": "Etc/GMT"},
        "sheets": [
            {
                "properties": {
                    "sheetId": index * 1000,
                    "title": tab.title,
                    "index": index,
                    "sheetType": "GRID",
                    "gridProperties": {
                        "rowCount": max(tab.row_count, len(tab.rows)),
                        "columnCount": tab.column_count,
                    },
                }
            }
            for index, tab in enumerate(book.tabs)
        ],
    }


def _values(book: Spreadsheet, place: str, query: Any) -> dict[str, Any]:
    tab, (top, left, bottom, right) = _range(book, place)
    formulas = query.get("valueRenderOption") == "FORMULA"
    lines = enumerate(tab.rows[top - 1 : bottom], start=top)
    rows = [
        [
            _shown(tab, row, column, cell, formulas=formulas)
            for column, cell in list(enumerate(line))[left : right + 1]
        ]
        for row, line in lines
    ]
    rows = [_trimmed(row) for row in rows]
    while rows and not rows[-1]:
        rows.pop()
    answer: dict[str, Any] = {"range": place, "majorDimension": "ROWS"}
    return {**answer, "values": rows} if rows else answer


def _shown(tab: Tab, row: int, column: int, cell: str, *, formulas: bool) -> str:
    """A picture in a cell is shown as no text."""
    return "" if (row, column) in tab.formulas and not formulas else cell


def _trimmed(cells: list[str]) -> list[str]:
    while cells and cells[-1] == "":
        cells = cells[:-1]
    return cells


def _cells(book: Spreadsheet, data: dict[str, Any]) -> Iterator[tuple[Tab, int, int, str]]:
    tab, (top, left, bottom, right) = _range(book, data["range"])
    values = data["values"]
    if len(values) > bottom - top + 1 or any(len(line) > right - left + 1 for line in values):
        raise Refused(400, "INVALID_ARGUMENT", f"Requested writing within range [{data['range']}]")
    for row, line in enumerate(values, start=top):
        for column, value in enumerate(line, start=left):
            if value is not None:  # null leaves a cell alone
                yield tab, row, column, str(value)


def _check_place(tab: Tab, row: int, column: int, value: str) -> None:
    if row > max(tab.row_count, len(tab.rows)) or column >= tab.column_count:
        raise Refused(
            400,
            "INVALID_ARGUMENT",
            f"Range ({tab.title}) exceeds grid limits. Max rows: {tab.row_count}, max columns: "
            f"{tab.column_count}",
        )
    if len(value) > MAX_CELL:
        said = "Your input contains more than the maximum of 50000 characters in a single cell."
        raise Refused(400, "INVALID_ARGUMENT", said)


def _put(tab: Tab, row: int, column: int, value: str) -> None:
    while len(tab.rows) < row:
        tab.rows.append([])
    line = tab.rows[row - 1]
    line.extend([""] * (column + 1 - len(line)))
    line[column] = value


def _changed(book: Spreadsheet, requests: list[dict[str, Any]]) -> Reply:
    for request in requests:
        (verb, wish), *_ = request.items()
        if verb == "addSheet":
            book.tabs.append(Tab(title=wish["properties"]["title"]))
        elif verb == "appendDimension" and wish["dimension"] == "COLUMNS":
            book.tabs[wish["sheetId"] // 1000].column_count += wish["length"]
        else:
            raise Refused(400, "INVALID_ARGUMENT", f"{verb} is not played here.")
    answer = {"spreadsheetId": book.id, "replies": [{} for _ in requests]}
    return _sent("BatchUpdateSpreadsheetResponse", answer)


def _range(book: Spreadsheet, text: str) -> tuple[Tab, tuple[int, int, int, int]]:
    """A tab and the edges of a range in A1 notation: rows from one, columns from zero."""
    named = _PLACE.fullmatch(text)
    quoted, bare, cells = named.groups() if named else ("", "", None)
    plain = (quoted or "").replace("''", "'") or bare
    tab = next((t for t in book.tabs if t.title == plain), None)
    if tab is None and not quoted and cells is None:  # cells alone are those of the first tab
        tab, cells = book.tabs[0], text
    cells = cells or ""
    edges = _A1.fullmatch(cells)
    if tab is None or edges is None:
        raise Refused(400, "INVALID_ARGUMENT", f"Unable to parse range: {text}")
    first, top, last, bottom = edges.groups()
    one = cells != "" and ":" not in cells
    return tab, (
        int(top or 1),
        _index(first) if first else 0,
        int(bottom or (top if one and top else 10**7)),
        _index(last or (first if one else "")) if last or (one and first) else 10**4,
    )


def _index(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


@cache
def _schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = json.loads(get_static_doc("sheets", "v4"))["schemas"]
    return schemas


def _sent(schema: str, value: dict[str, Any]) -> Reply:
    """An answer that Google could have given."""
    strange = list(_strange(schema, value))
    assert strange == [], f"Google never answers so: {strange}"
    return reply(value)


def _received(schema: str, asked: Asked) -> dict[str, Any]:
    body: dict[str, Any] = asked.json
    for name in _strange(schema, body):
        said = f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
        raise Refused(400, "INVALID_ARGUMENT", said)
    return body


def _strange(schema: str, value: dict[str, Any]) -> Iterator[str]:
    """Names that Google's description of a message does not know."""
    known = _schemas()[schema]["properties"]
    for name, inner in value.items():
        rule = known.get(name)
        if rule is None:
            yield name
            continue
        rule = rule.get("items", rule)
        for each in inner if isinstance(inner, list) else [inner]:
            if "$ref" in rule and isinstance(each, dict):
                yield from _strange(rule["$ref"], each)
