"""What a sheet is told of its jobs: the cells of a row. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from farm.model.causes import Cause
from farm.model.jobs import Job, JobState, status_word
from farm.sources.columns import CAUSE, ERROR, LINK, PREVIEW, Column

WRITTEN = (
    Column.STATUS.value,
    Column.IMAGE_PATH.value,
    LINK,
    PREVIEW,
    Column.SESSION.value,
    Column.GENERATED_AT.value,
    CAUSE,
    ERROR,
)
"""The columns that farm fills in, in the order in which missing ones are added."""

_MESSAGE = 1000  # characters of an error
_PICTURE_URL = re.compile(r"https://[\w.~:/?#\[\]@!$&()*+,;=%-]+")  # nothing that ends a string


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What is told of one job."""

    job_id: int
    id: str
    text: str  # its description: tells the row where the sheet has no id yet
    cells: Mapping[str, str]  # by column
    seen: bool  # an import has seen the row's REGEN, so that it may be written over

    @property
    def status(self) -> str:
        """Its Status word."""
        return self.cells[Column.STATUS]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What a row is to say: of its own job, and of the variations and twins that came of it."""

    jobs: tuple[Told, ...]  # the row's own job first

    @property
    def id(self) -> str:
        """The row's id."""
        return self.jobs[0].id

    @property
    def digest(self) -> str:
        """A hash of all that it says."""
        said = json.dumps([dict(job.cells) for job in self.jobs], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def is_news(self) -> bool:
        """Whether it says more than that nothing was tried yet."""
        return any(set(job.cells.values()) - {"", "PENDING"} for job in self.jobs)


def told_of(job: Job, *, path: str, link: str, preview: str, seen: bool, moment: str) -> Told:
    """What a sheet is told of a job; `moment` is when its image was made, as text."""
    made = job.cause is None or job.cause is Cause.MADE
    is_done = job.state is JobState.COMPLETED
    picture = f'=IMAGE("{preview}")' if is_done and _PICTURE_URL.fullmatch(preview) else ""
    return Told(
        job_id=job.id,
        id=job.prompt.id,
        text=job.prompt.description,
        seen=seen,
        cells={
            Column.STATUS.value: status_word(job.state, job.cause),
            Column.IMAGE_PATH.value: path,
            LINK: link,
            PREVIEW: picture,
            Column.SESSION.value: job.session,
            Column.GENERATED_AT.value: moment if is_done else "",
            CAUSE: "" if made or job.cause is None else job.cause.value,
            ERROR: "" if made else job.message[:_MESSAGE],
        },
    )


def entries_of(told: Sequence[Told]) -> list[Entry]:
    """The rows of all jobs: `7-v2`, `7-og` and `7-large` are told in the row of `7`."""
    taken = {job.id for job in told}
    groups: dict[str, list[Told]] = {}
    for job in told:
        groups.setdefault(_row_id(job.id, taken), []).append(job)
    return [Entry(jobs=tuple(sorted(jobs, key=lambda j: len(j.id)))) for jobs in groups.values()]


_MADE_OF = re.compile(r"(?P<of>.+)-(?:v\d+|og|large)", re.DOTALL)


def _row_id(number: str, taken: set[str]) -> str:
    found = _MADE_OF.fullmatch(number)
    while found is not None and found["of"] in taken:
        number = found["of"]
        found = _MADE_OF.fullmatch(number)
    return number


_WORST_FIRST = (
    "IN_PROGRESS", "RATE_LIMITED", "PENDING", "REVIEW", "FAILED", "CANCELLED", "COMPLETED",
)  # fmt: skip


def together(jobs: Sequence[Told]) -> dict[str, str]:
    """The cells of a row that tells of several jobs: done when all of them are."""
    if len(jobs) == 1:
        return dict(jobs[0].cells)
    every = {column: [job.cells[column] for job in jobs] for column in WRITTEN}
    lists = (Column.IMAGE_PATH.value, LINK)
    return {
        **{column: _first(texts) for column, texts in every.items()},
        **{column: "\n".join(filter(None, every[column])) for column in lists},
        Column.STATUS.value: min(every[Column.STATUS], key=_WORST_FIRST.index),
        Column.GENERATED_AT.value: max(every[Column.GENERATED_AT]),
    }


def _first(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")
