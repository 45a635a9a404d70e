"""Cells from records that name their own fields: objects of JSON and YAML, blocks of Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from farm.errors import InputError
from farm.sources.cells import Cells
from farm.sources.columns import Column, Pairs, column_named, plain_name, read_header

Record = Mapping[str, str]


def cells_of(
    name: str, records: Sequence[Record], line_of: Callable[[int], int], mapping: Pairs = ()
) -> Cells:
    """The cells of all records; a field one of them has not is empty there.

    `line_of` tells where a record begins. Raises InputError if no record says what to draw.
    """
    if not records:
        raise InputError([f"{name} holds no prompts."])
    merged = _merged(records, {plain_name(called) for _, called in mapping})
    if not mapping and not any(column_named(key) is Column.DESCRIPTION for key in merged):
        fields = ", ".join(merged)
        raise InputError([f"{name}: no prompt says what to draw; the fields are {fields}."])
    header = read_header(name, list(merged), mapping)
    columns = [
        [
            next(filter(None, (record.get(key, "").strip() for key in keys)), "")
            for record in records
        ]
        for keys in merged.values()
    ]
    return Cells(
        name=name,
        known={column: columns[i] for column, i in header.known.items()},
        extra={column: columns[i] for column, i in header.extra.items()},
        line_of=line_of,
        is_table=False,
        is_template=header.is_template,
        warnings=header.warnings,
    )


def _merged(records: Sequence[Record], apart: AbstractSet[str]) -> dict[str, list[str]]:
    """The fields in their order; those that mean one column together, if no record has both."""
    merged: dict[str, list[str]] = {}
    of_column: dict[object, str] = {}
    for name in dict.fromkeys(key for record in records for key in record):
        column = None if plain_name(name) in apart else column_named(name)
        first = of_column.setdefault(column or name, name)
        if first != name and any(name in record and first in record for record in records):
            first = name
        merged.setdefault(first, []).append(name)
    return merged
