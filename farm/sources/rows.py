"""From cells to prompts: all of a source's problems at once, or all of its rows."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from farm.errors import InputError
from farm.model.prompts import ImageType, Prompt, SourceRow
from farm.sources.base import Batch
from farm.sources.checks import CHECKS, DONE, REGENERATE, image_type_of, size_of, status_of
from farm.sources.columns import Column

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
_Problem = tuple[int, int, str]  # row and column to sort by, and the sentence


@dataclass(frozen=True, kw_only=True, slots=True)
class Cells:
    """The cells of a source by column, all of one length; blank rows are left out."""

    name: str  # of the source, for messages
    known: Mapping[Column, Sequence[str]]  # blanks at the edges cut; a column may be absent
    extra: Mapping[str, Sequence[str]]  # the other columns, in their order
    line_of: Callable[[int], int]  # the line of the file on which a row begins
    broken: Mapping[int, str] = field(default_factory=dict)  # what is wrong with a row as a whole

    def __len__(self) -> int:
        return len(self.known[Column.DESCRIPTION])

    def column(self, column: Column) -> Sequence[str]:
        """A known column, filled in if the source has none; a row without an id has its number."""
        cells = self.known.get(column) or [""] * len(self)
        if column is Column.ID:
            return [cell or str(index + 1) for index, cell in enumerate(cells)]
        return cells

    def place(self, index: int) -> str:
        """How a row is named to the user; with its line where that is not simply the next one."""
        row, line = index + 1, self.line_of(index)
        return f"{self.name}, row {row}" + (f" (line {line})" if line != row + 1 else "")


def check(cells: Cells) -> Batch:
    """The prompts of a source; InputError with every problem if there is one."""
    words = {cell: status_of(cell) for cell in set(cells.column(Column.STATUS))}
    status = [words[cell] for cell in cells.column(Column.STATUS)]
    queued = [index for index, word in enumerate(status) if word != DONE]
    sound = set(queued) - cells.broken.keys()
    problems = [
        *((index, 0, f"{cells.place(index)}: {said}") for index, said in cells.broken.items()),
        *_bad_cells(cells, sound),
        *_same_ids(cells),
    ]
    if problems:
        raise _refusal(cells.name, [text for _, _, text in sorted(problems)])
    return Batch(
        rows=tuple(_rows(cells, status)),
        completed=len(status) - len(queued),
        warnings=tuple(_same_names(cells, queued)),
    )


def _refusal(name: str, problems: Sequence[str]) -> InputError:
    told = list(problems[:MAX_PROBLEMS])
    if len(problems) > MAX_PROBLEMS:
        told.append(f"{name}: and {len(problems) - MAX_PROBLEMS} more problems like these.")
    return InputError(told)


def _bad_cells(cells: Cells, sound: set[int]) -> Iterator[_Problem]:
    for order, (column, says) in enumerate(CHECKS.items()):
        values = cells.column(column)
        bad = {value: said for value in set(values) if (said := says(value))}
        if not bad:
            continue
        for index, value in enumerate(values):
            if value in bad and index in sound:
                yield index, order, f"{cells.place(index)}, {column.value}: {bad[value]}."


def _same_ids(cells: Cells) -> Iterator[_Problem]:
    first: dict[str, int] = {}
    for index, value in enumerate(cells.column(Column.ID)):
        if index in cells.broken or first.setdefault(value, index) == index:
            continue
        place = f"{cells.place(index)}, {Column.ID.value}"
        said = f"{value!r} is already the id of row {first[value] + 1}"
        yield index, 0, f"{place}: {said}; give each row an id of its own."


def _same_names(cells: Cells, queued: Sequence[int]) -> Iterator[str]:
    names = cells.column(Column.FILENAME)
    rows_of: dict[str, list[int]] = defaultdict(list)
    for index in queued:
        rows_of[names[index].casefold()].append(index + 1)
    shared = [rows for name, rows in rows_of.items() if name and len(rows) > 1]
    for rows in shared[:MAX_WARNINGS]:
        told = ", ".join(map(str, rows[:_ROWS_NAMED]))
        more = ", …" if len(rows) > _ROWS_NAMED else ""
        yield (
            f"{cells.name}, rows {told}{more}: all ask for {names[rows[0] - 1]!r}; "
            "the later ones are saved with -2, -3 and so on."
        )
    if len(shared) > MAX_WARNINGS:
        yield f"{cells.name}: {len(shared) - MAX_WARNINGS} more file names are shared by rows."


def _rows(cells: Cells, status: Sequence[str]) -> Iterator[SourceRow]:
    type_of, size = cache(image_type_of), cache(size_of)  # few different cells, many rows
    pictures = zip(*(cells.column(column) for column in _PICTURE), strict=True)
    extras = _extras(cells)
    for index, (word, picture) in enumerate(zip(status, pictures, strict=True)):
        extra = next(extras)
        if word == DONE:
            continue
        number, kind, filename, asked, colors, typography, description, title, author = picture
        image_type = type_of(kind) or ImageType.REGULAR
        prompt = Prompt(
            id=number,
            image_type=image_type,
            filename=filename or _derived_name(image_type, title, number),
            size=size(asked),
            colors=colors,
            typography=typography,
            description=description,
            title=title,
            author=author,
            extra=extra,
        )
        yield SourceRow(prompt=prompt, row=index + 1, regenerate=word == REGENERATE)


def _extras(cells: Cells) -> Iterator[dict[str, str]]:
    if not cells.extra:
        return ({} for _ in range(len(cells)))
    records = zip(*cells.extra.values(), strict=True)
    return (dict(zip(cells.extra, record, strict=True)) for record in records)


def _derived_name(image_type: ImageType, title: str, number: str) -> str:
    """A name by the seeds' conventions, for a row that asks for none."""
    slug = _slug(title) or _slug(number)
    if image_type is ImageType.REGULAR:
        return f"image-{slug}.png"
    return f"hero-{slug}.png" if image_type is ImageType.HERO else f"hero-{slug}-og.jpg"


def _slug(text: str) -> str:
    return re.sub(r"[\W_]+", "-", text.casefold()).strip("-")
