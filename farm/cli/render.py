"""Writing to standard output: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from farm.cli.shapes import job_label, plain
from farm.cli.view import clock_text
from farm.config import Settings
from farm.model.counting import counted
from farm.model.events import RunReport
from farm.model.jobs import Job, JobState


def say(text: str = "") -> None:
    """One line on standard output."""
    sys.stdout.write(f"{text}\n")


def complain(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"{text}\n")


def say_json(value: Any) -> None:
    """One JSON value, indented for eyes."""
    say(json.dumps(plain(value), ensure_ascii=False, indent=2))


def say_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as their content; the last one is never padded, so lines can be cut."""
    lines = [list(head), *([_cell(c) for c in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        padded = [cell.ljust(width) for cell, width in zip(line[:-1], widths, strict=False)]
        say("  ".join([*padded, line[-1]]).rstrip())


def _cell(text: str) -> str:
    return " ".join(text.split())


def job_rows(jobs: Iterable[Job]) -> list[tuple[str, ...]]:
    """Jobs as rows of `farm queue list`."""
    return [
        (
            f"#{job.id}",
            job_label(job),
            job.state.value,
            job.cause.value if job.cause else "",
            str(job.attempts),
            job.image_path or job.message,
        )
        for job in jobs
    ]


JOB_HEAD = ("id", "job", "state", "cause", "tries", "image or reason")


def counts_text(counts: Mapping[JobState, int]) -> str:
    """`12 jobs: 7 completed, 5 pending`."""
    parts = [f"{n} {state.value}" for state, n in counts.items() if n]
    return counted(sum(counts.values()), "job") + (": " + ", ".join(parts) if parts else "")


def say_report(report: RunReport, settings: Settings) -> None:
    """How a run ended, and where its files are."""
    say(
        f"{report.made} made, {report.failed} failed, {report.review} to review, "
        f"{report.left} left, in {clock_text(report.seconds)}. {report.stopped_because}"
    )
    if report.made:
        say(f"images:        {settings.downloads_dir}")
    for path in report.results:
        say(f"results:       {path}")
    if report.contact_sheet:
        say(f"report:        {report.contact_sheet}")
    if report.failed or report.review:
        say("what happened: farm queue list --state failed --state review")
