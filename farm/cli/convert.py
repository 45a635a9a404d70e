"""`farm convert`: prompts from one kind of file into another."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.options import AsJson, open_settings
from farm.cli.render import complain, say, say_json
from farm.cli.sources import FILES, Format, Mapped, reading_of
from farm.errors import InputError, UsageError
from farm.model.counting import counted

if TYPE_CHECKING:
    from farm.sources.cells import Cells
    from farm.sources.markdown_writing import Form
    from farm.sources.names import Kind

STDOUT = "-"


def convert(
    source: Annotated[str, typer.Argument(metavar="IN", help=FILES)],
    out: Annotated[str, typer.Argument(metavar="OUT", help="A file, or - for standard output.")],
    *,
    to: Annotated[
        str, typer.Option("--to", metavar="KIND", help="Kind of OUT, where its name does not say.")
    ] = "",
    form: Annotated[
        str,
        typer.Option(metavar="FORM", help="Of Markdown: fields, or slug (up to three a block)."),
    ] = "",
    mapped: Mapped = None,
    kind: Format = "",
    force: Annotated[bool, typer.Option("--force", help="Write over OUT if it exists.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the prompts of IN into a file of another kind.

    It may be csv, tsv, xlsx, json, jsonl, yaml, md or txt. Every column is kept, templates and
    wishes stay what they are; a txt has the descriptions alone.

    \b
    Examples:
      farm convert prompts.md prompts.csv
      farm convert 'book.xlsx#May' may.md --form fields
      farm convert sheets:1AbCdEf prompts.json --force
      farm convert - - --format csv --to yaml < prompts.csv
    """
    from farm.files import write_whole
    from farm.sources.errand import Errand
    from farm.sources.kinds import read_cells
    from farm.sources.writing import lost_in, written

    wanted, shape = _kind_of(out, to), _form_of(form)
    if out != STDOUT and Path(out).exists() and not force:
        raise UsageError(f"{out} exists; write over it with --force.")
    errand = Errand.of(open_settings(), source, reading_of(mapped, kind=kind))
    cells = read_cells(errand)
    if cells.broken:
        raise InputError([f"{cells.place(i)}: {said}" for i, said in cells.broken.items()])
    data = written(_moved(cells, out), wanted, shape)
    for warning in cells.warnings:
        complain(f"warning: {warning}")
    if lost := lost_in(cells, wanted):
        complain(f"warning: {wanted} has no place for {', '.join(lost)}.")
    if out == STDOUT:
        sys.stdout.buffer.write(data)
        return
    write_whole(Path(out), data)
    if as_json:
        say_json({"file": out, "kind": wanted, "rows": len(cells), "lost": lost})
    else:
        say(f"{out}: {counted(len(cells), 'prompt')}")


def _kind_of(out: str, asked: str) -> Kind:
    from farm.sources.names import SUFFIXES, Kind

    suffix = f".{asked.removeprefix('.')}" if asked else Path(out).suffix
    if (kind := SUFFIXES.get(suffix.casefold())) is None:
        kinds = ", ".join(Kind)
        named = f"--to {asked}" if asked else out
        raise UsageError(f"{named} says no kind of file; say --to with one of {kinds}.")
    return kind


def _form_of(asked: str) -> Form | None:
    from farm.sources.markdown_writing import Form

    if asked and asked not in list(Form):
        raise UsageError(f"--form {asked}: write one of {', '.join(Form)}.")
    return Form(asked) if asked else None


def _moved(cells: Cells, out: str) -> Cells:
    """The cells for a file in another folder: the pictures they name stay where they are."""
    from dataclasses import replace

    from farm.sources.columns import Column
    from farm.sources.pictures import references_of

    folder = cells.folder
    if folder is None or out == STDOUT or folder.resolve() == Path(out).absolute().parent.resolve():
        return cells
    moved = {
        column: ["\n".join(references_of(text, folder)) for text in cells.known[column]]
        for column in (Column.REFERENCES, Column.MASK)
        if column in cells.known
    }
    return replace(cells, known={**cells.known, **moved})
