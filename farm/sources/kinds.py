"""Which kind of source a name means, and how each kind is read."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from farm.errors import InputError
from farm.sources.base import Batch, Source
from farm.sources.cells import Cells
from farm.sources.columns import Pairs, count_known
from farm.sources.decode import decode, read_bytes
from farm.sources.errand import Errand
from farm.sources.names import STDIN, SUFFIXES, Kind, path_of
from farm.sources.rows import check
from farm.sources.scenes import KEY

_ZIP = b"PK\x03\x04"
_YAML = re.compile(r"(?:---\s*\n)?\s*(?:#.*\n\s*)*(?:- |prompts:\s*(?:\n|$))")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """A source of any kind."""

    errand: Errand

    @property
    def name(self) -> str:
        """What the user called it."""
        return self.errand.source

    def read(self) -> Batch:
        """See `farm.sources.base.Source`."""
        return check(read_cells(self.errand), self.errand)


def source_of(errand: Errand) -> Source:
    """The source an errand is about."""
    return Reader(errand=errand)


def read_cells(errand: Errand) -> Cells:
    """The cells of a source as they are written; InputError where it is no source of prompts."""
    if errand.source == STDIN:
        cells, folder = _piped(errand), Path.cwd()
    elif (found := path_of(errand.source)) is not None:
        path, sheet = found
        cells, folder = _of_file(path, sheet, errand), path.absolute().parent
    else:
        return _of_sheet(errand)
    given = dict(errand.options.folders).get(errand.source)
    return replace(cells, folder=Path(given) if given else folder)


def _of_sheet(errand: Errand) -> Cells:
    from farm.google_apis import Access  # noqa: PLC0415  # as slow as pandas, and for nothing else
    from farm.sources.sheets import Sheet, place_of  # noqa: PLC0415

    place = place_of(errand.source, errand.spreadsheet)
    access = errand.access or Access()
    return Sheet(place=place, access=access, mapping=errand.options.mapping).cells()


def _piped(errand: Errand) -> Cells:
    name = "standard input"
    if sys.stdin.isatty():
        raise InputError([f"{name} is a keyboard; pipe a file into farm, as in: farm add - < FILE"])
    return _cells(name, sys.stdin.buffer.read(), _asked(errand), "", errand.options.mapping)


def _of_file(path: Path, sheet: str, errand: Errand) -> Cells:
    kind = _asked(errand) or SUFFIXES.get(path.suffix.casefold())
    data = read_bytes(path, SUFFIXES)
    return _cells(str(path), data, kind, sheet, errand.options.mapping)


def _asked(errand: Errand) -> Kind | None:
    asked = errand.options.kind.casefold().removeprefix(".")
    if not asked:
        return None
    if (kind := SUFFIXES.get(f".{asked}")) is None:
        raise InputError([f"--format {errand.options.kind}: write one of {', '.join(Kind)}."])
    return kind


def _cells(name: str, data: bytes, kind: Kind | None, sheet: str, mapping: Pairs) -> Cells:
    if kind is Kind.XLSX or (kind is None and data.startswith(_ZIP)):
        from farm.sources.workbook import cells_of_workbook  # noqa: PLC0415  # as long as pandas

        return cells_of_workbook(name, data, sheet, mapping)
    text = decode(name, data)
    if kind is None or (kind is Kind.TXT and _is_table(text)):
        kind = kind_of(text)
    return _read(kind)(name, text, mapping)


def _read(kind: Kind) -> Callable[[str, str, Pairs], Cells]:
    """How a kind is read; only what it needs is imported: a table shall not wait for YAML."""
    match kind:
        case Kind.JSON | Kind.JSONL | Kind.YAML:
            from farm.sources import documents  # noqa: PLC0415

            return {
                Kind.JSON: documents.cells_of_json,
                Kind.JSONL: documents.cells_of_jsonl,
                Kind.YAML: documents.cells_of_yaml,
            }[kind]
        case Kind.MD:
            from farm.sources import markdown  # noqa: PLC0415

            return markdown.cells_of_markdown
        case Kind.TXT:
            from farm.sources import lines  # noqa: PLC0415

            return lines.cells_of_text
    from farm.sources import table  # noqa: PLC0415  # pandas

    return table.cells_of


def kind_of(text: str) -> Kind:
    """The kind a text looks like; one that looks like none has a prompt a line."""
    if text.lstrip()[:1] in {"{", "["}:
        return Kind.JSONL if _is_json_lines(text) else Kind.JSON
    if _is_table(text):
        return Kind.CSV
    if re.search(r"^###\s", text, re.MULTILINE) and "**" in text:
        return Kind.MD
    return Kind.YAML if _YAML.match(text) else Kind.TXT


def _is_json_lines(text: str) -> bool:
    first, _, rest = text.strip().partition("\n")
    try:
        value = json.loads(first)
    except (json.JSONDecodeError, RecursionError):
        return False
    return bool(rest) or (isinstance(value, dict) and KEY not in value)


def _is_table(text: str) -> bool:
    """Whether the first line names columns: at least one, and no sentence."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    names = re.split(r"[,;\t]", first)
    return count_known([name.strip(' "') for name in names]) > (1 if len(names) > 1 else 0)
