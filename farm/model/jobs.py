"""A job: a prompt in the queue, its states and its attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from farm.model.causes import LIMITS, Cause
from farm.model.prompts import Prompt


class JobState(StrEnum):
    """Where a job stands. `delayed` is `pending` with a time before which nobody claims it."""

    PENDING = "pending"
    DELAYED = "delayed"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    REVIEW = "review"  # a person must look; never shown as done
    CANCELLED = "cancelled"


OPEN_STATES = frozenset({JobState.PENDING, JobState.DELAYED, JobState.IN_PROGRESS})
ENDED_STATES = frozenset(JobState) - OPEN_STATES

TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    JobState.PENDING: frozenset({JobState.IN_PROGRESS, JobState.CANCELLED, JobState.REVIEW}),
    JobState.DELAYED: frozenset({JobState.PENDING, JobState.CANCELLED, JobState.REVIEW}),
    JobState.IN_PROGRESS: frozenset(JobState) - {JobState.IN_PROGRESS},
    JobState.COMPLETED: frozenset({JobState.PENDING}),  # only on REGEN or `farm queue retry`
    JobState.FAILED: frozenset({JobState.PENDING}),
    JobState.REVIEW: frozenset({JobState.PENDING, JobState.COMPLETED, JobState.CANCELLED}),
    JobState.CANCELLED: frozenset({JobState.PENDING}),
}


def status_word(state: JobState, cause: Cause | None) -> str:
    """The seeds' `Status` word for a job, as files and sheets show it."""
    if state in {JobState.PENDING, JobState.DELAYED}:
        return "RATE_LIMITED" if cause in LIMITS else "PENDING"
    return state.value.upper()


class Phase(StrEnum):
    """How far an attempt got; each is committed before the next irreversible act."""

    CLAIMED = "claimed"
    TYPING = "typing"
    SENDING = "sending"  # the intent, committed before the click
    SENT = "sent"  # accepted: conversation and turn are known
    READY = "ready"  # the images stand in our turn
    SAVED = "saved"  # the proven file stands on disk
    SETTLED = "settled"


PHASES = tuple(Phase)


def nothing_was_sent(phase: Phase) -> bool:
    """Whether an attempt that died in this phase may be given back without a look at the site."""
    return PHASES.index(phase) < PHASES.index(Phase.SENDING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One prompt in the queue, as the store last saw it. Times are epoch seconds, UTC."""

    id: int
    queue: str
    prompt: Prompt
    version: int  # grows when a re-import changes the row
    state: JobState
    lane: str
    priority: int
    not_before: float | None
    attempts: int  # counted ones only
    max_attempts: int
    crashes: int  # deaths of the worker while it held this job
    cause: Cause | None  # why it is where it is
    message: str
    image_path: str  # relative to the downloads folder, "" until saved
    session: str  # who worked on it last
    updated_at: float
    completed_at: float | None
    source: str  # the file or sheet it came from
    row: int  # 1-based data row there; 0 when unknown


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One try at a job by one hand, with the facts recovery needs."""

    id: int
    job_id: int
    number: int  # 1-based
    session: str
    phase: Phase
    facts: Mapping[str, Any] = field(default_factory=dict)  # see AttemptFacts
    started_at: float
    phase_at: float
    cause: Cause | None = None  # None while it is open
    counted: bool = False
    message: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptFacts:
    """What an attempt knows about itself; stored as JSON, each key written by one phase."""

    text: str = ""  # typing: the exact text sent
    references: tuple[str, ...] = ()  # typing: sha256 of the pictures sent along
    model: str = ""  # typing: which model of an API
    estimate: int | None = None  # typing: what it costs at most, in millionths of a dollar
    before: tuple[str, ...] = ()  # sending: conversations that stood there before the click
    conversation: str = ""  # sent: id of the conversation, without URL
    turn: str = ""  # sent: id of our turn in it, "" where the page gives none
    images: tuple[str, ...] = ()  # ready: the images' sources, as the page named them
    path: str = ""  # saved: relative to the downloads folder
    sha256: str = ""  # saved
    by_hand: bool = False  # a person says that it was sent: it is never sent again
    preview_px: tuple[int, int] = (0, 0)  # ready: natural size of the first image on the page
    maker: Mapping[str, Any] = field(default_factory=dict)  # saved: see farm.model.images.Maker
    enlarge: Mapping[str, Any] = field(default_factory=dict)  # typing: see farm.enlarging
    request: Mapping[str, Any] = field(default_factory=dict)  # sent: where an API has it
    parts: tuple[Mapping[str, Any], ...] = ()  # ready: files an API's answer was written to

    @classmethod
    def of(cls, attempt: Attempt) -> AttemptFacts:
        """Read the stored facts back; unknown keys of other versions are passed over."""
        known = {k: v for k, v in attempt.facts.items() if k in cls.__dataclass_fields__}
        for key in ("references", "before", "images", "preview_px", "parts"):
            if key in known:
                known[key] = tuple(known[key])
        return cls(**known)


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A leased job, its open attempt and the fence every write must carry."""

    job: Job
    attempt: Attempt
    worker: str
    fence: int
