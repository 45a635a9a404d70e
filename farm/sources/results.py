"""Results go to a CSV beside the input: the seeds' columns, the row's own, and what failed."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from farm.files import write_whole
from farm.model.causes import Cause
from farm.model.jobs import Job, JobState, status_word
from farm.model.prompts import Prompt
from farm.sources.columns import CAUSE, ERROR, OWN_COLUMNS, SEED_COLUMNS
from farm.sources.formulas import guard

SUFFIX = "-completed.csv"


def results_path(source: Path, home: Path) -> Path:
    """`<name>-completed.csv` beside the source, or in FARM_HOME where one may not write there."""
    beside = source.parent
    writable = beside.is_dir() and os.access(beside, os.W_OK | os.X_OK)
    return (beside if writable else home) / f"{source.stem}{SUFFIX}"


def write_results(path: Path, jobs: Sequence[Job], *, downloads: Path | None = None) -> None:
    """Put the whole file in place at once, rows in the order of their source.

    Image paths are relative to the downloads folder, or begin with it where it is given. Cells
    are safe to open in a spreadsheet. Raises SaveFailed.
    """
    extra = list(dict.fromkeys(name for job in jobs for name in own_cells(job.prompt)))
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(map(guard, (*SEED_COLUMNS, *extra, CAUSE, ERROR)))
    for job in _in_source_order(jobs):
        cells = own_cells(job.prompt)
        own = (cells.get(name, "") for name in extra)
        writer.writerow(map(guard, (*_seed_cells(job, downloads), *own, *_ending(job))))
    write_whole(path, stream.getvalue().encode(errors="replace"))


def own_cells(prompt: Prompt) -> dict[str, str]:
    """What a row has beside the seeds' columns: farm's own where they are set, then the rest."""
    more = ("\n".join(prompt.references), prompt.negative, prompt.backend, prompt.model)
    own = {column.value: text for column, text in zip(OWN_COLUMNS, more, strict=True) if text}
    return own | dict(prompt.extra)


def _in_source_order(jobs: Iterable[Job]) -> list[Job]:
    files: dict[str, int] = {}
    return sorted(jobs, key=lambda j: (files.setdefault(j.source, len(files)), j.row, j.id))


def _seed_cells(job: Job, downloads: Path | None) -> Iterator[str]:
    prompt = job.prompt
    yield from (prompt.id, prompt.image_type.value, prompt.filename, str(prompt.size or ""))
    yield from (prompt.colors, prompt.typography, prompt.description, prompt.title, prompt.author)
    yield status_word(job.state, job.cause)
    path = Path(job.image_path).as_posix() if job.image_path else ""
    yield (downloads / path).as_posix() if downloads and path else path
    yield job.session
    yield _utc(job.completed_at) if job.state is JobState.COMPLETED else ""


def _ending(job: Job) -> tuple[str, str]:
    """Cause and error: what stands between a job and its image, empty for a finished one."""
    if job.cause is None or job.cause is Cause.MADE:
        return "", ""
    return job.cause.value, job.message


def _utc(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
