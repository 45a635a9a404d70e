"""Results go to a file beside the input: the seeds' columns, the row's own, and what failed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from farm.files import write_whole
from farm.model.causes import Cause
from farm.model.jobs import Job, JobState, status_word
from farm.model.operations import Operation
from farm.model.prompts import Prompt
from farm.sources.cells import Cells
from farm.sources.columns import CAUSE, ERROR, LINK, Column
from farm.sources.models import model_cell
from farm.sources.names import SUFFIXES, Kind, path_of, queue_of
from farm.sources.writing import written

SUFFIX = "-completed.csv"


def results_path(source: str | Path, home: Path) -> Path:
    """`<name>-completed.csv` beside the source, or in FARM_HOME where one may not write there."""
    name = re.sub(r'[/\\:*?"<>|]+', "-", queue_of(str(source)))  # a sheet may be called anything
    found = path_of(str(source))
    if found is None:
        return home / f"{name}{SUFFIX}"
    beside = found[0].parent
    writable = beside.is_dir() and os.access(beside, os.W_OK | os.X_OK)
    return (beside if writable else home) / f"{name}{SUFFIX}"


def write_results(
    path: Path,
    jobs: Sequence[Job],
    *,
    downloads: Path | None = None,
    links: Mapping[int, str] | None = None,
) -> None:
    """Put the whole file in place at once, of the kind its name says, else as CSV.

    Rows are in the order of their source. Image paths are relative to the downloads folder, or
    begin with it where it is given. `links` are where images were delivered, by job id. Cells are
    safe to open in a spreadsheet. Raises SaveFailed.
    """
    kind = SUFFIXES.get(path.suffix.casefold(), Kind.CSV)
    write_whole(path, written(cells_of(_in_source_order(jobs), downloads, links), kind))


def cells_of(
    jobs: Sequence[Job], downloads: Path | None = None, links: Mapping[int, str] | None = None
) -> Cells:
    """Jobs as the cells of a source; reading them again gives the same jobs."""
    prompts = [job.prompt for job in jobs]
    names = dict.fromkeys(name for prompt in prompts for name in prompt.extra)
    endings = [_ending(job) for job in jobs]
    known = {c: [asked(prompt) for prompt in prompts] for c, asked in _ASKED.items()}
    return Cells(
        name="results",
        known=known | _answers(jobs, downloads),
        extra={
            **{name: [prompt.extra.get(name, "") for prompt in prompts] for name in names},
            **({LINK: [links.get(job.id, "") for job in jobs]} if links else {}),
            CAUSE: [cause for cause, _ in endings],
            ERROR: [said for _, said in endings],
        },
        line_of=lambda index: jobs[index].row,
    )


_ASKED: Mapping[Column, Callable[[Prompt], str]] = {
    Column.ID: lambda prompt: prompt.id,
    Column.IMAGE_TYPE: lambda prompt: prompt.image_type.value,
    Column.FILENAME: lambda prompt: prompt.filename,
    Column.SIZE: lambda prompt: str(prompt.size or ""),
    Column.COLORS: lambda prompt: prompt.colors,
    Column.TYPOGRAPHY: lambda prompt: prompt.typography,
    Column.DESCRIPTION: lambda prompt: prompt.description,
    Column.TITLE: lambda prompt: prompt.title,
    Column.AUTHOR: lambda prompt: prompt.author,
    Column.REFERENCES: lambda prompt: "\n".join(prompt.references),
    Column.NEGATIVE: lambda prompt: prompt.negative,
    Column.BACKEND: lambda prompt: prompt.backend,
    Column.MODEL: lambda prompt: model_cell(prompt.backend, prompt.model),
    Column.OPERATION: lambda prompt: _unless(prompt.operation.value, Operation.GENERATE.value),
    Column.MASK: lambda prompt: prompt.mask,
    Column.FACTOR: lambda prompt: "" if prompt.factor is None else f"{prompt.factor:g}",
    Column.SEED: lambda prompt: "" if prompt.seed is None else str(prompt.seed),
}


def _unless(text: str, usual: str) -> str:
    return "" if text == usual else text


def _answers(jobs: Sequence[Job], downloads: Path | None) -> dict[Column, list[str]]:
    images = [Path(job.image_path).as_posix() if job.image_path else "" for job in jobs]
    shown = [(downloads / path).as_posix() if downloads and path else path for path in images]
    done = [job.completed_at if job.state is JobState.COMPLETED else None for job in jobs]
    return {
        Column.STATUS: [status_word(job.state, job.cause) for job in jobs],
        Column.IMAGE_PATH: shown,
        Column.SESSION: [job.session for job in jobs],
        Column.GENERATED_AT: [_utc(at) for at in done],
    }


def _in_source_order(jobs: Iterable[Job]) -> list[Job]:
    files: dict[str, int] = {}
    return sorted(jobs, key=lambda j: (files.setdefault(j.source, len(files)), j.row, j.id))


def _ending(job: Job) -> tuple[str, str]:
    """Cause and error: what stands between a job and its image, empty for a finished one."""
    if job.cause is None or job.cause is Cause.MADE:
        return "", ""
    return job.cause.value, job.message


def _utc(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
