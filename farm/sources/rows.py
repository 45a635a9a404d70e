"""From cells to prompts: all of a source's problems at once, or all of its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import repeat
from pathlib import Path
from typing import Any

from farm.errors import InputError
from farm.model.prompts import ImageType, Prompt, SourceRow
from farm.sources.base import Batch
from farm.sources.cells import Cells, Flaw
from farm.sources.checks import (
    CHECKS,
    CLAIMED,
    DONE,
    REGENERATE,
    Check,
    factor_of,
    image_type_of,
    operation_of,
    seed_of,
    size_of,
    status_of,
)
from farm.sources.columns import OWN_COLUMNS, Column
from farm.sources.errand import Errand
from farm.sources.expand import expand
from farm.sources.filenames import derived_name
from farm.sources.models import misnamed, named
from farm.sources.pictures import references_of, wrong_with

MAX_PROBLEMS = 50
MAX_WARNINGS = 10
_ROWS_NAMED = 5  # in one warning

_PICTURE = (
    Column.ID,
    Column.IMAGE_TYPE,
    Column.FILENAME,
    Column.SIZE,
    Column.COLORS,
    Column.TYPOGRAPHY,
    Column.DESCRIPTION,
    Column.TITLE,
    Column.AUTHOR,
)
_ORDER = {column: order for order, column in enumerate(dict.fromkeys((*CHECKS, *Column)))}
_OF_WISHES = {column: CHECKS[column] for column in (Column.VARIATIONS, Column.WITH_OG)}
_ALWAYS = frozenset({Column.ID, Column.DESCRIPTION})  # looked at also where a source has none


@dataclass(frozen=True, kw_only=True, slots=True)
class Proven:
    """A source that nothing is wrong with; its prompts are made one by one."""

    cells: Cells
    status: Sequence[str]
    warnings: tuple[str, ...]

    @property
    def completed(self) -> int:
        """Rows passed over because their Status says so."""
        return self.status.count(DONE)

    @property
    def at_work(self) -> tuple[str, ...]:
        """The sessions that rows in progress name."""
        return _at_work(self.cells, self.status)

    def rows(self) -> Iterator[SourceRow]:
        """All that its rows ask for, in its order."""
        return _rows(self.cells, self.status)


def prove(cells: Cells, errand: Errand) -> Proven:
    """A source found good; InputError with every problem."""
    cells, flaws = examine(cells, errand)
    if flaws:
        raise _refusal(cells.name, [cells.told(flaw) for flaw in flaws])
    status = _status(cells)
    queued = [index for index, word in enumerate(status) if word != DONE]
    warnings = (*cells.warnings, *_same_names(cells, queued))
    return Proven(cells=cells, status=status, warnings=warnings)


def check(cells: Cells, errand: Errand | None = None) -> Batch:
    """The prompts of a source, all that its rows ask for; InputError with every problem."""
    proven = prove(cells, errand or Errand(source=cells.name))
    return Batch(
        rows=tuple(proven.rows()),
        completed=proven.completed,
        warnings=proven.warnings,
        at_work=proven.at_work,
    )


def examine(cells: Cells, errand: Errand) -> tuple[Cells, list[Flaw]]:
    """The cells of all pictures that the rows ask for, and everything wrong with them."""
    wrong = list(_bad_cells(cells, _sound(cells), _OF_WISHES))
    cells, unfit = expand(cells, errand)
    sound = _sound(cells)
    rows = {cells.row(index) for index in sound}
    flaws = [
        *wrong,
        *(flaw for flaw in unfit if flaw.row in rows),
        *(Flaw(cells.row(index), 0, "", said.rstrip(".")) for index, said in cells.broken.items()),
        *_bad_cells(cells, sound, {c: says for c, says in CHECKS.items() if c not in _OF_WISHES}),
        *_bad_cells(cells, sound, _of_files(cells.folder)),
        *misnamed(cells, sound, errand.home, _ORDER[Column.MODEL]),
        *_same_ids(cells),
    ]
    return cells, sorted(dict.fromkeys(flaws))


def sound_rows(cells: Cells, flaws: Iterable[Flaw]) -> list[SourceRow]:
    """The prompts of the rows that nothing is wrong with, of what `examine` gave."""
    wrong = {flaw.row for flaw in flaws}
    status = [
        DONE if cells.row(index) in wrong else word for index, word in enumerate(_status(cells))
    ]
    return list(_rows(cells, status))


def _of_files(folder: Path | None) -> Mapping[Column, Check]:
    """The checks that look for files."""
    return {
        Column.REFERENCES: partial(wrong_with, folder=folder),
        Column.MASK: partial(wrong_with, folder=folder, single=True),
    }


def _status(cells: Cells) -> list[str]:
    words = {cell: status_of(cell) for cell in set(cells.column(Column.STATUS))}
    return [words[cell] for cell in cells.column(Column.STATUS)]


def _at_work(cells: Cells, status: Sequence[str]) -> tuple[str, ...]:
    pairs = zip(status, cells.column(Column.SESSION), strict=True)
    return tuple(sorted({session for word, session in pairs if word == CLAIMED and session}))


def _sound(cells: Cells) -> set[int]:
    """The rows whose cells count: not done, and not broken as a whole."""
    queued = {index for index, word in enumerate(_status(cells)) if word != DONE}
    return queued - cells.broken.keys()


def _refusal(name: str, problems: Sequence[str]) -> InputError:
    told = list(problems[:MAX_PROBLEMS])
    if len(problems) > MAX_PROBLEMS:
        told.append(f"{name}: and {len(problems) - MAX_PROBLEMS} more problems like these.")
    return InputError(told)


def _bad_cells(cells: Cells, sound: set[int], checks: Mapping[Column, Check]) -> Iterator[Flaw]:
    for column, says in checks.items():
        if column not in cells.known and column not in _ALWAYS:
            continue
        order, values = _ORDER[column], cells.column(column)
        bad = {value: said for value in set(values) if (said := says(value))}
        if not bad:
            continue
        for index, value in enumerate(values):
            if value in bad and index in sound:
                yield Flaw(cells.row(index), order, column.value, bad[value])


def _same_ids(cells: Cells) -> Iterator[Flaw]:
    first: dict[str, int] = {}
    for index, value in enumerate(cells.column(Column.ID)):
        if index in cells.broken or first.setdefault(value, index) == index:
            continue
        said = f"{value!r} is already the id of row {cells.row(first[value])}"
        advice = "give each row an id of its own"
        yield Flaw(cells.row(index), 0, Column.ID.value, f"{said}; {advice}")


def _same_names(cells: Cells, queued: Sequence[int]) -> Iterator[str]:
    names = cells.column(Column.FILENAME)
    rows_of: dict[str, list[int]] = defaultdict(list)
    for index in queued:
        rows_of[names[index].casefold()].append(index)
    shared = [rows for name, rows in rows_of.items() if name and len(rows) > 1]
    for rows in shared[:MAX_WARNINGS]:
        told = ", ".join(str(cells.row(index)) for index in rows[:_ROWS_NAMED])
        more = ", …" if len(rows) > _ROWS_NAMED else ""
        yield (
            f"{cells.name}, rows {told}{more}: all ask for {names[rows[0]]!r}; "
            "the later ones are saved with -2, -3 and so on."
        )
    if len(shared) > MAX_WARNINGS:
        yield f"{cells.name}: {len(shared) - MAX_WARNINGS} more file names are shared by rows."


def _rows(cells: Cells, status: Sequence[str]) -> Iterator[SourceRow]:
    type_of, size = cache(image_type_of), cache(size_of)  # few different cells, many rows
    pictures = zip(*(cells.column(column) for column in _PICTURE), strict=True)
    numbers: Iterable[int] = cells.rows or range(len(cells))
    records = zip(status, pictures, numbers, _extras(cells), _own(cells), strict=False)
    for word, picture, row, extra, own in records:
        if word == DONE:
            continue
        number, kind, filename, asked, colors, typography, description, title, author = picture
        image_type = type_of(kind) or ImageType.REGULAR
        prompt = Prompt(
            id=number,
            image_type=image_type,
            filename=filename or derived_name(image_type, title, number),
            size=size(asked),
            colors=colors,
            typography=typography,
            description=description,
            title=title,
            author=author,
            extra=extra,
            **(_more(own, cells.folder) if own else {}),
        )
        yield SourceRow(prompt=prompt, row=row + 1, regenerate=word == REGENERATE)


def _own(cells: Cells) -> Iterator[Sequence[str]]:
    """What stands in the columns that few sources have."""
    if not any(column in cells.known for column in OWN_COLUMNS):
        return repeat(())
    return zip(*(cells.column(column) for column in OWN_COLUMNS), strict=True)


def _more(record: Sequence[str], folder: Path | None) -> dict[str, Any]:
    pictures, negative, asked, text, operation, mask, factor, seed = record
    backend, model = named(asked, text)
    return {
        "references": references_of(pictures, folder),
        "negative": negative,
        "backend": backend,
        "model": model,
        "operation": operation_of(operation),
        "mask": next(iter(references_of(mask, folder)), ""),
        "factor": factor_of(factor),
        "seed": seed_of(seed),
    }


def _extras(cells: Cells) -> Iterator[dict[str, str]]:
    columns = dict(cells.extra)
    if any(cells.column(Column.BRAND)):
        columns[Column.BRAND.value] = cells.column(Column.BRAND)
    if not columns:
        return ({} for _ in range(len(cells)))
    records = zip(*columns.values(), strict=True)
    return (dict(zip(columns, record, strict=True)) for record in records)
