"""Results go back into the sheet: each row is found by its id, wherever it stands now.

Blocking. Everything is written as it is, so that no text becomes a formula; only thumbnails are
formulas, around addresses that farm made itself.

A person may sort the sheet between the look at its ids and the write. Google offers no way to make
both one; so the ids are looked at once more afterwards, and what may stand in a wrong row is told,
to be written again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from typing import Any

from farm.google_apis import Line
from farm.sources.checks import REGENERATE, status_of
from farm.sources.columns import LINK, PREVIEW, Column, Header, Pairs, plain_name
from farm.sources.sheet_entries import WRITTEN, Entry, Told, together
from farm.sources.sheets import Grid, Place, Tab, find_tab, ids_of, read_values, top_of

_HEADER_ROWS = 20  # the header is among so many
_ON_REQUEST = (LINK, PREVIEW)  # columns that are only made where there is something for them

_Cells = dict[int, dict[int, str]]
"""Texts by row and column, both from zero."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What became of the entries that were to be written."""

    done: AbstractSet[str] = frozenset()  # they stand in the sheet now
    replaced: tuple[int, ...] = ()  # jobs whose REGEN was written over
    missing: AbstractSet[str] = frozenset()  # their row is no longer there
    waiting: AbstractSet[str] = frozenset()  # their row says REGEN, which no import has seen yet
    moved: AbstractSet[str] = frozenset()  # their rows changed places meanwhile: write them again
    strangers: tuple[int, ...] = ()  # rows of nobody here, which may hold another one's results


@dataclass(kw_only=True)
class Page:
    """A tab as it stands before a write; rows and columns count from zero."""

    tab: Tab
    top: int  # the header's row
    names: Sequence[str]  # the header's cells
    header: Header
    own_ids: Sequence[str]  # of every row, as the sheet says them
    texts: Sequence[str]
    statuses: Sequence[str]
    width: int = 0  # of the widest row; known where columns are added
    added: list[str] = field(default_factory=list)

    @cached_property
    def row_of_id(self) -> Mapping[str, int]:
        """The first row of each id; rows without one go by the same name as in an import."""
        rows = [
            row
            for row, cells in enumerate(zip(self.own_ids, self.texts, strict=True))
            if row > self.top and any(cells)
        ]
        ids = ids_of([self.own_ids[row] for row in rows], rows)
        return dict(reversed(list(zip(ids, rows, strict=True))))

    def row_of(self, told: Told) -> int | None:
        """The row of a job; a row without an id of its own must have its text too."""
        row = self.row_of_id.get(told.id)
        if row is None or self.own_ids[row]:
            return row
        cell = self.texts[row]
        fits = told.text.startswith(cell) or "{" in cell  # a brand or a template made more of it
        return row if fits else None

    def index_of(self, column: str) -> int | None:
        """Where a column is."""
        known = {known.value: index for known, index in self.header.known.items()}
        named = {plain_name(name): index for index, name in reversed(list(enumerate(self.names)))}
        if (index := known.get(column, named.get(plain_name(column)))) is not None:
            return index
        return self.width + self.added.index(column) if column in self.added else None


def write_entries(
    line: Line,
    place: Place,
    entries: Sequence[Entry],
    news: Collection[str],
    *,
    mapping: Pairs = (),
) -> Written:
    """Write the entries whose ids are `news`, and the ids of all whose rows have none yet.

    At most two writes: one for texts, one for thumbnails. InputError if the header is no longer
    that of prompts, GoogleError if Google does not take it.
    """
    page = _look(line, place, mapping)
    fresh = [entry for entry in entries if entry.id in news]
    cells, became = _arranged(page, fresh)
    if not cells:
        return became
    ids = _ids_to_write(page, entries)
    _add_columns(line, page, fresh, needs_ids=bool(ids))
    _send(line, page, _by_place(page, cells, ids))
    return _checked(line, page, became, sorted({*cells, *ids}), entries)


def _look(line: Line, place: Place, mapping: Pairs) -> Page:
    tab = find_tab(line, place)
    (first,) = read_values(line, tab, f"1:{_HEADER_ROWS}")
    top, header = top_of(tab.name, first, mapping)
    columns = [Column.DESCRIPTION, Column.ID, Column.STATUS]
    there = [column for column in columns if column in header.known]
    letters = [_letters(header.known[column]) for column in there]
    grids = read_values(line, tab, *(f"{letter}:{letter}" for letter in letters))
    lines = list(zip_longest(*map(_only_column, grids), fillvalue=""))
    found = dict(zip(there, zip(*lines, strict=True), strict=True)) if lines else {}
    blank = [""] * len(lines)
    return Page(
        tab=tab,
        top=top,
        names=[cell.strip() for cell in first[top]],
        header=header,
        texts=found.get(Column.DESCRIPTION, blank),
        own_ids=found.get(Column.ID, blank),
        statuses=found.get(Column.STATUS, blank),
    )


def _only_column(grid: Grid) -> list[str]:
    return [row[0].strip() if row else "" for row in grid]


def _arranged(page: Page, fresh: Sequence[Entry]) -> tuple[dict[int, dict[str, str]], Written]:
    """The texts of each row by column, and what is to become of the entries."""
    cells: dict[int, dict[str, str]] = {}
    done, missing, waiting = set[str](), set[str](), set[str]()
    replaced: list[int] = []
    for entry in fresh:
        rows = dict(_rows_of(page, entry))
        if not rows:
            missing.add(entry.id)
        elif any(_is_new_wish(page, row, jobs) for row, jobs in rows.items()):
            waiting.add(entry.id)
        else:
            done.add(entry.id)
            replaced += [job.job_id for job in entry.jobs if job.seen]
            cells.update({row: together(jobs) for row, jobs in rows.items()})
    return cells, Written(
        done=frozenset(done),
        replaced=tuple(replaced),
        missing=frozenset(missing),
        waiting=frozenset(waiting),
    )


def _rows_of(page: Page, entry: Entry) -> Iterator[tuple[int, list[Told]]]:
    """Rows with the jobs told in each: one with a row of its own is told there."""
    own = {job.id: page.row_of(job) for job in entry.jobs}
    base = own[entry.id]
    for job in entry.jobs[1:]:
        if (row := own[job.id]) is not None:
            yield row, [job]
    if base is not None:
        yield base, [job for job in entry.jobs if job.id == entry.id or own[job.id] is None]


def _is_new_wish(page: Page, row: int, jobs: Sequence[Told]) -> bool:
    says = status_of(page.statuses[row]) if row < len(page.statuses) else ""
    return says == REGENERATE and not all(job.seen for job in jobs)


def _ids_to_write(page: Page, entries: Sequence[Entry]) -> dict[int, str]:
    rows = ((entry.id, page.row_of(entry.jobs[0])) for entry in entries)
    return {row: name for name, row in rows if row is not None and not page.own_ids[row]}


def _add_columns(line: Line, page: Page, fresh: Sequence[Entry], *, needs_ids: bool) -> None:
    """Decide which columns are missing, and make the grid wide enough for them."""
    used = {c for entry in fresh for job in entry.jobs for c, text in job.cells.items() if text}
    wanted = [c for c in WRITTEN if c not in _ON_REQUEST or c in used]
    wanted += [Column.ID.value] if needs_ids else []
    added = [column for column in wanted if page.index_of(column) is None]
    if not added:
        return
    (everything,) = read_values(line, page.tab, "")
    page.width = max([len(page.names), *map(len, everything)])
    page.added = added
    short = page.width + len(added) - page.tab.columns
    if short > 0:
        wish = {"sheetId": page.tab.gid, "dimension": "COLUMNS", "length": short}
        body = {"requests": [{"appendDimension": wish}]}
        api = line.api.spreadsheets()
        request = api.batchUpdate(spreadsheetId=page.tab.spreadsheet, body=body)
        line.call(request, f"the sheet {page.tab.name}")


def _by_place(page: Page, cells: Mapping[int, Mapping[str, str]], ids: Mapping[int, str]) -> _Cells:
    placed: _Cells = {}
    for row, texts in cells.items():
        for column, text in texts.items():
            if (index := page.index_of(column)) is not None:
                placed.setdefault(row, {})[index] = text
    for row, name in ids.items():
        if (index := page.index_of(Column.ID)) is not None:
            placed.setdefault(row, {})[index] = name
    if page.added:
        placed[page.top] = {page.width + i: name for i, name in enumerate(page.added)}
    return placed


def _send(line: Line, page: Page, placed: _Cells) -> None:
    preview = page.index_of(PREVIEW)
    formulas = {
        row: {preview: texts[preview]}
        for row, texts in placed.items()
        if preview is not None and texts.get(preview, "").startswith("=")
    }
    for row in formulas:
        del placed[row][preview]  # type: ignore[arg-type]  # there are none without the column
    for option, part in (("RAW", placed), ("USER_ENTERED", formulas)):
        if part:
            body = {"valueInputOption": option, "data": list(_ranges(page.tab, part))}
            values = line.api.spreadsheets().values()
            request = values.batchUpdate(spreadsheetId=page.tab.spreadsheet, body=body)
            line.call(request, f"the sheet {page.tab.name}")


def _ranges(tab: Tab, placed: _Cells) -> Iterator[dict[str, Any]]:
    """Neighbouring cells of a row in one range each."""
    for row, texts in sorted(placed.items()):
        run: list[str] = []
        for index in sorted(texts):
            run.append(texts[index])
            if index + 1 not in texts:
                first = f"{_letters(index + 1 - len(run))}{row + 1}"
                last = f"{_letters(index)}{row + 1}"
                yield {"range": tab.range(f"{first}:{last}"), "values": [run]}
                run = []


def _checked(
    line: Line, page: Page, became: Written, rows: Sequence[int], entries: Sequence[Entry]
) -> Written:
    """Look at the ids once more: rows that others stand in now may hold another one's results."""
    columns = [page.header.known[Column.DESCRIPTION]]
    if Column.ID in page.header.known:
        columns.append(page.header.known[Column.ID])
    letters = [_letters(column) for column in columns]
    grids = read_values(line, page.tab, *(f"{letter}:{letter}" for letter in letters))
    texts, ids = _only_column(grids[0]), _only_column(grids[-1]) if len(grids) > 1 else []
    wrong = [row for row in rows if _is_other(page, row, texts, ids)]
    if not wrong:
        return became
    ours = {job.id: entry.id for entry in entries for job in entry.jobs}
    there = [(row, ids[row] if row < len(ids) else "") for row in wrong]
    return Written(
        missing=became.missing,
        waiting=became.waiting,
        moved=frozenset({*became.done, *(ours[name] for _, name in there if name in ours)}),
        strangers=tuple(row + 1 for row, name in there if name not in ours),
    )


def _is_other(page: Page, row: int, texts: Sequence[str], ids: Sequence[str]) -> bool:
    text = texts[row] if row < len(texts) else ""
    name = ids[row] if row < len(ids) else ""
    return text != page.texts[row] or page.own_ids[row] not in {"", name}


def _letters(index: int) -> str:
    """A column as a sheet calls it: 0 is A, 26 is AA."""
    letters = ""
    number = index + 1
    while number:
        number, digit = divmod(number - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters
