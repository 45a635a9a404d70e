"""Prompts written down in any kind of file that farm reads, so that reading gives them back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from farm.compose import fold
from farm.sources.cells import Cells
from farm.sources.columns import SEED_COLUMNS, TEMPLATE, Column, column_named
from farm.sources.formulas import guard
from farm.sources.markdown_writing import Form, markdown_of
from farm.sources.names import Kind
from farm.sources.scenes import without_moods

Rows = tuple[list[str], list[list[str]]]
"""The header of a table, and its rows."""

KEYS: Mapping[Column, str] = {
    Column.ID: "id",
    Column.IMAGE_TYPE: "type",
    Column.FILENAME: "filename",
    Column.TYPOGRAPHY: "typography",
    Column.DESCRIPTION: "prompt",
    Column.TITLE: "title",
    Column.AUTHOR: "author",
}
"""The seeds' short names, for records."""


def written(cells: Cells, kind: Kind, form: Form | None = None) -> bytes:
    """The file; `form` is one of Markdown's, else the one the cells came from.

    UsageError for cells that a kind cannot hold. A text keeps the descriptions alone.
    """
    if kind is Kind.MD:
        return markdown_of(cells, form).encode(errors="replace")
    return _WRITERS[kind](cells)


def lost_in(cells: Cells, kind: Kind) -> list[str]:
    """The columns that hold something and have no place in a kind."""
    if kind is not Kind.TXT:
        return []
    header, rows = table_of(cells)
    kept = {Column.DESCRIPTION.value, TEMPLATE, Column.ID.value}
    return [n for i, n in enumerate(header) if n not in kept and any(row[i] for row in rows)]


def table_of(cells: Cells) -> Rows:
    """Header and rows: the seeds' columns, farm's own where they hold something, all others."""
    known = [c for c in Column if c in SEED_COLUMNS or any(cells.column(c))]
    names = [TEMPLATE if c is Column.DESCRIPTION and cells.is_template else c.value for c in known]
    columns = [*(cells.column(column) for column in known), *cells.extra.values()]
    return [*names, *cells.extra], [list(row) for row in zip(*columns, strict=True)]


def _separated(cells: Cells, delimiter: str) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter)
    header, rows = table_of(cells)
    writer.writerows(map(guard, row) for row in (header, *rows))
    return stream.getvalue().encode(errors="replace")


def _workbook(cells: Cells) -> bytes:
    import openpyxl  # noqa: PLC0415  # slow to import, and the farm itself writes CSV
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Prompts")
    sheet.freeze_panes = "A2"
    header, rows = table_of(cells)
    for row in (header, *rows):
        line = [WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub(" ", text)) for text in row]
        for cell in line:
            cell.data_type = "s"  # a text that begins with = is no formula
        sheet.append(line)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def records_of(cells: Cells) -> Iterator[dict[str, str]]:
    """Each row as an object under the seeds' names, without what is empty."""
    own = {column_named(name) for name in cells.extra}  # no short name for what would mean both
    header, rows = table_of(cells)
    columns = {c.value: KEYS.get(c, c.value.casefold()) for c in Column if c not in own}
    for row in rows:
        record = {columns.get(n, n): text for n, text in zip(header, row, strict=True) if text}
        told = columns.get(Column.DESCRIPTION.value, Column.DESCRIPTION.value)
        if told in record:
            record[told] = without_moods(record[told], record)
        yield record


def _json(cells: Cells) -> bytes:
    text = json.dumps({"prompts": list(records_of(cells))}, ensure_ascii=False, indent=2)
    return f"{text}\n".encode(errors="replace")


def _json_lines(cells: Cells) -> bytes:
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records_of(cells))
    return "".join(lines).encode(errors="replace")


def _yaml(cells: Cells) -> bytes:
    import yaml  # noqa: PLC0415  # as above

    class Dumper(yaml.SafeDumper):
        """Texts of several lines as blocks."""

    def block(dumper: Any, text: str) -> Any:
        style = "|" if "\n" in text else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, block)
    document = {"prompts": list(records_of(cells))}
    text = yaml.dump(document, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=96)
    return text.encode(errors="replace")


def _lines(cells: Cells) -> bytes:
    texts: Sequence[str] = cells.known[Column.DESCRIPTION]
    return "".join(f"{fold(text)}\n" for text in texts).encode(errors="replace")


_WRITERS: Mapping[Kind, Callable[[Cells], bytes]] = {
    Kind.CSV: lambda cells: _separated(cells, ","),
    Kind.TSV: lambda cells: _separated(cells, "\t"),
    Kind.XLSX: _workbook,
    Kind.JSON: _json,
    Kind.JSONL: _json_lines,
    Kind.YAML: _yaml,
    Kind.TXT: _lines,
}
