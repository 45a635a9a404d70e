"""Reading a source in a process of its own, so that the farm never carries pandas.

The child checks everything, then writes pickles: the problems of an `InputError`, or what it found,
its rows as the store takes them, and None for their end. So the rows of a large file are stored
while the child still makes them ready. It is started as a plain command: the start methods of
multiprocessing would run the caller's main module again and leave a tracker process behind.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any, NamedTuple, Self

from farm.errors import FarmError, GoogleBusy, GoogleError, GoogleRefused, InputError
from farm.model.prompts import SourceRow
from farm.sources.errand import Errand
from farm.sources.names import STDIN

# -P: a folder with a `csv.py` in it must not come before the standard library.
_CHILD = ("-P", "-X", "utf8", "-m", "farm.sources.child")
_ROWS_AT_ONCE = 500


class ReadRow(NamedTuple):
    """A checked row, ready for the store; see `farm.model.prompts.SourceRow`."""

    prompt_id: str
    fingerprint: str
    payload: str  # JSON text
    row: int
    regenerate: bool
    lane: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """A source that was found good, its rows still coming; used as a context manager."""

    rows: Iterator[ReadRow]  # blocking; FarmError if the child dies before the last one
    completed: int  # as in `farm.sources.base.Batch`
    warnings: tuple[str, ...]
    at_work: tuple[str, ...]
    _child: ExitStack

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the child, whatever it still had to say."""
        self._child.close()


def read_in_child(errand: Errand) -> Incoming:
    """What `source_of(errand).read()` gives, at none of its memory; blocking until it is checked.

    Raises `InputError` and `GoogleError` as it does, `FarmError` if the child cannot start or dies.
    """
    with ExitStack() as stack:
        complaints = stack.enter_context(tempfile.TemporaryFile())
        child = stack.enter_context(_started(errand, complaints))
        stack.callback(child.kill)
        documents = _documents(errand.source, child, complaints)
        found = next(documents)
        if "problems" in found:
            raise InputError(found["problems"])
        if "refused" in found:
            raise (GoogleBusy if found["is_busy"] else GoogleRefused)(found["refused"])
        return Incoming(
            rows=(ReadRow(*cells) for rows in documents for cells in rows),
            completed=found["completed"],
            warnings=tuple(found["warnings"]),
            at_work=tuple(found["at_work"]),
            _child=stack.pop_all(),
        )


def _documents(name: str, child: subprocess.Popen[bytes], complaints: IO[bytes]) -> Iterator[Any]:
    """All documents of the child before its last, which says that they are all."""
    answers: Any = child.stdout  # a pipe: `_started` says so
    try:
        while (document := pickle.load(answers)) is not None:  # noqa: S301  # our own child
            yield document
    except (EOFError, pickle.UnpicklingError):  # it died, maybe in the middle of a document
        pass
    else:
        return
    code = child.wait()
    complaints.seek(0)
    last = complaints.read().decode(errors="replace").strip().rpartition("\n")[2]
    raise FarmError(f"{name} could not be read: its reader ended with {code}. {last}")


def _started(errand: Errand, complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, *_CHILD, errand.to_text()],
            stdin=None if errand.source == STDIN else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    except OSError as error:
        raise FarmError(
            f"{errand.source} could not be read: no reader could be started ({error})."
        ) from error


def main(errand: str) -> None:
    """Read one source and print what it holds or its problems."""
    from farm.sources.kinds import read_cells  # noqa: PLC0415  # the parent must not import pandas
    from farm.sources.rows import prove  # noqa: PLC0415

    gc.disable()  # nothing here is garbage until the process ends
    try:
        asked = Errand.from_text(errand)
        found = prove(read_cells(asked), asked)
    except InputError as error:
        _say({"problems": error.problems})
    except GoogleError as error:
        _say({"refused": str(error), "is_busy": isinstance(error, GoogleBusy)})
    else:
        head = {"completed": found.completed, "warnings": found.warnings, "at_work": found.at_work}
        _say(head)
        rows = map(_ready, found.rows())
        while some := list(islice(rows, _ROWS_AT_ONCE)):
            _say(some)
    _say(None)


def _say(document: Any) -> None:
    pickle.dump(document, sys.stdout.buffer)
    sys.stdout.buffer.flush()


def _ready(row: SourceRow) -> tuple[Any, ...]:
    """What `ReadRow` is made of."""
    return (row.prompt_id, row.fingerprint, row.payload, row.row, row.regenerate, row.lane)


if __name__ == "__main__":
    main(sys.argv[1])
