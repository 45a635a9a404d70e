"""What commands that read prompts are told about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from farm.errors import UsageError
from farm.model.sources import SourceOptions

FILES = "Files, `book.xlsx#Sheet`, `sheets:ID`, or - for standard input."

Sources = Annotated[list[str], typer.Argument(metavar="FILES", help=FILES)]
OptionalSources = Annotated[list[str] | None, typer.Argument(metavar="FILES", help=FILES)]
Mapped = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="COLUMN=NAME",
        help="The column farm calls COLUMN is called NAME in the files; may be repeated.",
    ),
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="KIND",
        help="csv, tsv, xlsx, json, jsonl, yaml, md or txt, whatever the files are called.",
    ),
]
Templates = Annotated[
    bool, typer.Option("--templates", help="Fill {Column} in a text from the row's other cells.")
]
Brand = Annotated[
    str, typer.Option(metavar="NAME", help="Brand of `brands.toml` for rows that name none.")
]
Variations = Annotated[
    int, typer.Option(min=1, max=99, metavar="N", help="Pictures of each row that asks for none.")
]
WithOg = Annotated[
    bool, typer.Option("--with-og", help="Draw the 1200x630 twin of each Hero too, without text.")
]


def reading_of(
    mapping: Sequence[str] | None,
    *,
    kind: str = "",
    templates: bool = False,
    brand: str = "",
    variations: int = 1,
    with_og: bool = False,
) -> SourceOptions:
    """The options as one record; UsageError for a `--map` that is none."""
    return SourceOptions(
        mapping=tuple(map(_pair, mapping or ())),
        kind=kind,
        templates=templates,
        brand=brand,
        variations=variations,
        with_og=with_og,
    )


def _pair(text: str) -> tuple[str, str]:
    column, equals, name = (part.strip() for part in text.partition("="))
    if not (column and equals and name):
        raise UsageError(f"--map {text!r}: write it as COLUMN=NAME, such as description=Prompt.")
    return column, name
