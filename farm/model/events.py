"""What a run tells whoever watches it, and what it is asked to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from farm.model.images import Image
from farm.model.incidents import Incident
from farm.model.jobs import Job, JobState
from farm.model.outcomes import Outcome
from farm.model.sessions import Session
from farm.model.sources import SourceOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """What `farm start` was asked to do; None means: as the settings say."""

    sources: tuple[str, ...] = ()  # paths, `book.xlsx#Sheet`, `-`, `sheets:ID`
    reading: SourceOptions = SourceOptions()  # noqa: RUF009  # frozen; how they are taken
    queue: str = ""  # name for the sources' queue; "" takes each one's own
    sessions: int | None = None  # how many profiles to drive; None takes all there are
    profiles: tuple[str, ...] = ()  # exactly these, if any are named
    headed: bool = False
    pace_seconds: float | None = None
    limit: int | None = None  # stop after so many jobs were ended
    replay: bool = False  # against the stand-in instead of the real page
    watch: bool = False  # keep going when the queue is empty and while sessions rest
    slow_mo_ms: float = 0
    until: float | None = None  # epoch seconds: take no job after this
    deadline: float | None = None  # epoch seconds: when a fallback shall have helped to be done
    yes: bool = False  # the user agreed to costs nobody knows, and to those above the bound
    trace: bool = False  # record what the browsers do, for incidents
    keep_open: bool = False  # leave the windows open at the end, until stopped


@dataclass(frozen=True, kw_only=True, slots=True)
class RunReport:
    """How a run ended."""

    counts: Mapping[JobState, int]  # of the queues the run was about
    made: int  # images completed in this run
    failed: int
    review: int
    left: int  # jobs still open
    stopped_because: str  # one sentence
    exit_code: int  # DESIGN section 10
    seconds: float
    results: tuple[Path, ...] = ()  # `<name>-completed.csv` files
    contact_sheet: Path | None = None  # the page of `farm report`


@dataclass(frozen=True, kw_only=True, slots=True)
class RunStarted:
    """All sessions are about to open."""

    sessions: tuple[str, ...]
    counts: Mapping[JobState, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionChanged:
    """A session's state, wait or job changed."""

    session: Session
    job_label: str = ""  # `queue/prompt id` of the job in hand
    phase: str = ""  # how far its attempt got
    last_result: str = ""  # how the job before ended


@dataclass(frozen=True, kw_only=True, slots=True)
class JobChanged:
    """A job was claimed or settled."""

    job: Job


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptEnded:
    """A try at a job is over and written down."""

    job: Job  # as it stands after the settlement
    session: str
    number: int  # of the attempt, 1-based
    outcome: Outcome
    images: tuple[Image, ...]
    text: str  # what was sent, "" if nothing was
    seconds: float  # from the claim to the settlement


@dataclass(frozen=True, kw_only=True, slots=True)
class CountsChanged:
    """Jobs by state, after a job was settled."""

    counts: Mapping[JobState, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class BudgetReached:
    """A budget of the user's is used up."""

    name: str  # of what: a backend, an account
    spent: str  # with its unit, as people read it: `4.96 USD`, `80 images`
    allowed: str
    until: float | None = None  # epoch seconds: when there is a new one


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A sentence for the user."""

    level: str  # info, warning, error
    text: str
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentSeen:
    """A failure worth evidence was met."""

    incident: Incident
    first: bool  # evidence of it was just collected
    screenshot: Path | None = None  # of what the page showed, if there is one


@dataclass(frozen=True, kw_only=True, slots=True)
class FileDelivered:
    """A file is where it was to be put."""

    job_id: int
    target: str  # without passwords
    path: str  # relative to the downloads folder
    link: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetStuck:
    """Nothing can be delivered to a target until a person has changed something."""

    target: str  # without passwords
    message: str  # what is wrong, and what to do


@dataclass(frozen=True, kw_only=True, slots=True)
class RunEnded:
    """The last event of a run."""

    report: RunReport


RunEvent: TypeAlias = (
    RunStarted
    | SessionChanged
    | JobChanged
    | AttemptEnded
    | CountsChanged
    | BudgetReached
    | Notice
    | IncidentSeen
    | FileDelivered
    | TargetStuck
    | RunEnded
)

Tell: TypeAlias = Callable[[RunEvent], None]
"""Whoever is told what happens in a run."""
