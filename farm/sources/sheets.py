"""Prompts from a Google Sheet: `sheets:ID`, `sheets:ID/Tab`, or its whole address."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential
from tenacity.nap import sleep as nap

from farm.errors import GoogleBusy, GoogleRefused, InputError, UsageError
from farm.google_apis import Access, Line, sheets
from farm.sources.base import Batch
from farm.sources.cells import Cells
from farm.sources.checks import DONE, REGENERATE, status_of
from farm.sources.columns import Column, Header, Pairs, plain_name, read_header
from farm.sources.grid import cells_of as cells_of_grid
from farm.sources.names import SHEETS, sheet_of
from farm.sources.rows import check

_PATIENCE_SECONDS = 100.0  # a minute's quota comes back within one
_WITHOUT_ID = (
    "`sheets:` says no spreadsheet; write sheets:ID with the ID from the sheet's address, or set "
    "FARM_SPREADSHEET_ID."
)
_FAULTS = frozenset(
    {
        "#REF!",
        "#N/A",
        "#ERROR!",
        "#NAME?",
        "#VALUE!",
        "#DIV/0!",
        "#NUM!",
        "#NULL!",
        "#SPILL!",
        "Loading...",
    }
)
"""What a cell shows whose formula has no value, or none yet."""

Ask = Callable[[Any, str], Any]
"""Sends a request, about what, and gives its answer; `Line.call` is one."""

Grid = Sequence[Sequence[str]]
"""Rows of a tab from its first one on, each cut after its last cell that is not empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A tab as the user named it."""

    spreadsheet: str
    tab: str = ""  # its title, or gid=N; "" is the first one


@dataclass(frozen=True, kw_only=True, slots=True)
class Tab:
    """A tab as Google knows it now."""

    spreadsheet: str
    gid: int  # stays when the tab is renamed or moved
    title: str
    book: str  # title of the spreadsheet
    columns: int  # of its grid, the empty ones too

    @property
    def identity(self) -> str:
        """How the store remembers it."""
        return f"{SHEETS}{self.spreadsheet}#gid={self.gid}"

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"{self.book} / {self.title}"

    def range(self, cells: str = "") -> str:
        """Cells of it in A1 notation; "" is all of them."""
        title = self.title.replace("'", "''")
        return f"'{title}'" + (f"!{cells}" if cells else "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One tab of a spreadsheet."""

    place: Place
    access: Access = field(default_factory=Access)
    mapping: Pairs = ()
    sleep: Callable[[float], None] = nap  # between tries while Google is busy

    @property
    def name(self) -> str:
        """The sheet as one may give it to farm."""
        return f"{SHEETS}{self.place.spreadsheet}" + (
            f"/{self.place.tab}" if self.place.tab else ""
        )

    def read(self) -> Batch:
        """See `farm.sources.base.Source`; GoogleError if it cannot be had."""
        return check(self.cells())

    def cells(self) -> Cells:
        """The cells by column; InputError where the tab is no table of prompts."""
        tab, grid = self.look()
        return cells_of(tab.name, grid, self.mapping)

    def look(self) -> tuple[Tab, Grid]:
        """The whole tab as it is shown now."""
        with sheets(self.access) as line:
            ask = partial(patiently, line, sleep=self.sleep)
            tab = find_tab(line, self.place, ask)
            (grid,) = read_values(line, tab, "", ask=ask)
        return tab, grid


def place_of(source: str, default: str = "") -> Place:
    """The tab that a source names; UsageError where no spreadsheet is named."""
    spreadsheet, tab = sheet_of(source) or ("", "")
    if not spreadsheet and default:
        named = sheet_of(default) or (default, "")  # an id, or a whole address
        spreadsheet, tab = named[0], tab or named[1]
    if not spreadsheet:
        raise UsageError(_WITHOUT_ID)
    return Place(spreadsheet=spreadsheet, tab=tab)


def find_tab(line: Line, place: Place, ask: Ask | None = None) -> Tab:
    """The tab that is meant; GoogleRefused if the spreadsheet has no such one."""
    request = line.api.spreadsheets().get(
        spreadsheetId=place.spreadsheet,
        fields="properties.title,sheets.properties(sheetId,title,sheetType,gridProperties)",
    )
    book = (ask or line.call)(request, f"the spreadsheet {place.spreadsheet}")
    tabs = [each["properties"] for each in book.get("sheets", ()) if _has_cells(each)]
    found = [tab for tab in tabs if _is_meant(tab, place.tab)]
    title = book["properties"]["title"]
    if not found:
        there = ", ".join(repr(tab["title"]) for tab in tabs) or "none with cells"
        raise GoogleRefused(
            f"The spreadsheet {title!r} has no tab {place.tab!r}; its tabs are {there}."
        )
    return Tab(
        spreadsheet=place.spreadsheet,
        gid=found[0]["sheetId"],
        title=found[0]["title"],
        book=title,
        columns=found[0]["gridProperties"]["columnCount"],
    )


def _has_cells(tab: Any) -> bool:
    return bool(tab["properties"].get("sheetType", "GRID") == "GRID")  # and no chart of its own


def _is_meant(tab: Any, wanted: str) -> bool:
    gid = f"gid={tab['sheetId']}"
    return wanted in {"", gid} or tab["title"].strip().casefold() == wanted.strip().casefold()


def read_values(line: Line, tab: Tab, *cells: str, ask: Ask | None = None) -> list[Grid]:
    """The texts in these ranges, as they are shown; "" is the whole tab."""
    request = (
        line.api.spreadsheets()
        .values()
        .batchGet(spreadsheetId=tab.spreadsheet, ranges=[tab.range(each) for each in cells])
    )
    answer = (ask or line.call)(request, f"the sheet {tab.name}")
    return [each.get("values", []) for each in answer["valueRanges"]]


def patiently(line: Line, request: Any, what: str, sleep: Callable[[float], None] = nap) -> Any:
    """The answer to a request that changes nothing, asked for again while Google is busy."""
    tries = Retrying(
        retry=retry_if_exception_type(GoogleBusy),
        stop=stop_after_delay(_PATIENCE_SECONDS),
        wait=wait_random_exponential(multiplier=1, max=20),
        sleep=sleep,
        reraise=True,
    )
    return tries(line.call, request, what)


def top_of(name: str, grid: Grid, mapping: Pairs = ()) -> tuple[int, Header]:
    """The row of the header, from zero, and what it says; InputError where there is none."""
    top = next((i for i, row in enumerate(grid) if any(map(str.strip, row))), None)
    if top is None:
        raise InputError([f"{name} is empty; its first row must name the columns."])
    return top, read_header(name, [cell.strip() for cell in grid[top]], mapping)


def cells_of(name: str, grid: Grid, mapping: Pairs = ()) -> Cells:
    """The cells of a tab; its rows have the numbers that the sheet shows."""
    cells = cells_of_grid(name, list(enumerate(grid, 1)), mapping)
    rows = [cells.line_of(index) - 1 for index in range(len(cells))]
    ids = ids_of(cells.known.get(Column.ID) or [""] * len(rows), rows)
    known = {**cells.known, Column.ID: ids}
    return replace(
        cells,
        known=known,
        line_of=lambda row: row + 2,  # the row's own number is all there is to say
        broken=dict(_faulty(known, len(rows))),
        rows=rows,
    )


def ids_of(cells: Sequence[str], rows: Sequence[int]) -> list[str]:
    """The id of each row; one without has its number in the sheet, or `row-N` if that is taken."""
    taken = set(filter(None, cells))
    ids = []
    for cell, row in zip(cells, rows, strict=True):
        free = (name for name in _names_of(row + 1) if name not in taken)
        ids.append(cell or next(free))
        taken.add(ids[-1])
    return ids


def _names_of(number: int) -> Iterator[str]:
    yield str(number)
    yield f"row-{number}"
    twin = 2
    while True:
        yield f"row-{number}-{twin}"
        twin += 1


def _faulty(known: Mapping[Column, Sequence[str]], count: int) -> Iterator[tuple[int, str]]:
    for index in range(count):
        for column, cells in known.items():
            if cells[index] in _FAULTS:
                yield index, f"{column.value} shows {cells[index]}; repair its formula."
                break


def digest_of(grid: Grid, written: Sequence[str], mapping: Pairs = ()) -> str:
    """A hash of what an import would find: all but what farm itself writes there.

    `written` names the columns that farm fills in. Of a Status only counts whether the row is to be
    drawn, to be drawn again, or done.
    """
    header = next((row for row in grid if any(map(str.strip, row))), ())
    status_names = {plain_name(name) for of, name in mapping if plain_name(of) == "status"}
    status_names.add(plain_name(Column.STATUS))
    own = {plain_name(name) for name in written}
    status = [i for i, cell in enumerate(header) if plain_name(cell) in status_names]
    passed = {i for i, cell in enumerate(header) if plain_name(cell) in own} - set(status)
    seen = [
        [_kind_of(cell) if i in status else cell for i, cell in enumerate(row) if i not in passed]
        for row in grid
    ]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()


def _kind_of(status: str) -> str:
    word = status_of(status)
    return word if word in {DONE, REGENERATE} else ""
