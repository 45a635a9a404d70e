"""Reading a source in a process of its own, so that the farm never carries pandas.

The child prints lines of JSON: rows and how it ended, or the problems of an `InputError`. It is
started as a plain command: the start methods of multiprocessing would run the caller's main module
again and leave a tracker process behind.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import IO, Any

from farm.errors import FarmError, InputError
from farm.model.prompts import ImageType, Prompt, Size, SourceRow
from farm.sources.base import Batch

# -P: a folder with a `csv.py` in it must not come before the standard library.
_CHILD = ("-P", "-X", "utf8", "-m", "farm.sources.child")
_ROWS_A_LINE = 500


def read_in_child(path: Path) -> Batch:
    """What `Table(path).read()` gives, at none of its memory; blocking.

    Raises `InputError` as it does, and `FarmError` if the child cannot start or dies.
    """
    with tempfile.TemporaryFile() as complaints, _started(path, complaints) as child:
        try:
            batch = _batch(map(json.loads, child.stdout or ()))
        except json.JSONDecodeError:  # it died in the middle of a line
            batch = None
        except BaseException:
            child.kill()
            raise
        if child.wait() == 0 and batch is not None:
            return batch
        complaints.seek(0)
        last = complaints.read().decode(errors="replace").strip().rpartition("\n")[2]
    raise FarmError(f"{path} could not be read: its reader ended with {child.returncode}. {last}")


def _started(path: Path, complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603  # our own module, and a path that is no option
            [sys.executable, *_CHILD, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    except OSError as error:
        raise FarmError(
            f"{path} could not be read: no reader could be started ({error})."
        ) from error


def main(path: str) -> None:
    """Read one file and print its batch or its problems."""
    from farm.sources.table import Table  # noqa: PLC0415  # the parent must not import pandas

    gc.disable()  # nothing here is garbage until the process ends
    try:
        batch = Table(Path(path)).read()
    except InputError as error:
        _say({"problems": error.problems})
        return
    for begin in range(0, len(batch.rows), _ROWS_A_LINE):
        _say([_cells(row) for row in batch.rows[begin : begin + _ROWS_A_LINE]])
    _say({"completed": batch.completed, "warnings": batch.warnings})


def _say(document: Any) -> None:
    line = json.dumps(document, ensure_ascii=False, check_circular=False)
    sys.stdout.buffer.write(line.encode() + b"\n")


def _batch(documents: Iterator[Any]) -> Batch | None:
    """The batch of a child's lines; None if the last one, which says how it ended, is missing."""
    rows: list[SourceRow] = []
    shared = cache(partial(_shared, {}))
    for document in documents:
        if isinstance(document, list):
            rows.extend(_row(shared, *cells) for cells in document)
        elif "problems" in document:
            raise InputError(document["problems"])
        else:
            return Batch(
                rows=tuple(rows),
                completed=document["completed"],
                warnings=tuple(document["warnings"]),
            )
    return None


def _cells(row: SourceRow) -> tuple[Any, ...]:
    prompt = row.prompt
    texts = (prompt.filename, prompt.description, prompt.title)
    repeated = (prompt.image_type, str(prompt.size or ""), prompt.colors, prompt.typography)
    return row.row, row.regenerate, prompt.id, texts, (*repeated, prompt.author), prompt.extra


def _row(shared: Callable[..., dict[str, Any]], *cells: Any) -> SourceRow:
    number, regenerate, prompt_id, texts, repeated, extra = cells
    filename, description, title = texts
    prompt = Prompt(
        id=prompt_id,
        filename=filename,
        description=description,
        title=title,
        extra=extra,
        **shared(*repeated),
    )
    return SourceRow(prompt=prompt, row=number, regenerate=regenerate)


def _shared(once: dict[str, str], *repeated: str) -> dict[str, Any]:
    """What many rows have in common; equal texts are kept once."""
    image_type, size, colors, typography, author = (once.setdefault(t, t) for t in repeated)
    return {
        "image_type": ImageType(image_type),
        "size": _size(size),
        "colors": colors,
        "typography": typography,
        "author": author,
    }


@cache
def _size(text: str) -> Size | None:
    return Size.parse(text) if text else None


if __name__ == "__main__":
    main(sys.argv[1])
