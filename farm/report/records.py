"""What a report tells, as plain values. Times are epoch seconds; no text holds what is private."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from farm.model.causes import Cause
from farm.model.jobs import JobState
from farm.model.sessions import SessionState


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One attempt at a job."""

    number: int
    session: str
    began: float
    ended: float | None
    cause: Cause | None  # None while it is open
    words: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """A file made from an image, or put somewhere."""

    name: str  # what it is: `webp`, or the target it was delivered to
    path: str  # relative to the downloads folder, "" for what is elsewhere
    link: str = ""  # where it was delivered


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """The image of a job, and who made it."""

    path: str  # relative to the downloads folder
    width_px: int = 0
    height_px: int = 0
    size_bytes: int = 0
    media_type: str = ""
    sha256: str = ""
    warnings: tuple[str, ...] = ()
    backend: str = ""
    account: str = ""
    model: str = ""
    cost_microusd: int | None = None  # None: not known
    made_at: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One job."""

    job: int
    queue: str
    id: str
    name: str  # of its file, or the one the row asks for
    state: JobState
    status: str  # the seeds' word
    cause: Cause | None
    words: str  # of the cause, "" for what is made
    message: str
    session: str
    asked: Mapping[str, str]  # the row's own fields that are set, by what they are called
    description: str
    picture: Picture | None
    earlier: int  # images of earlier versions
    copies: tuple[Copy, ...]
    delivered: tuple[Copy, ...]
    trouble: str  # why copies are missing
    trials: tuple[Trial, ...]
    updated_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstSeen:
    """The first incident of a cause."""

    id: int
    at: float
    count: int  # of all its occurrences
    session: str
    message: str
    folder: str  # relative to the logs folder, "" without evidence


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Everything that ended by one cause."""

    cause: Cause
    words: str
    advice: str
    attempts: int
    jobs: tuple[int, ...]  # met it at some attempt
    lost: tuple[int, ...]  # of these, failed or waiting for a person because of it
    first: FirstSeen | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitMet:
    """A limit of an account."""

    cause: Cause
    words: str
    model: str
    at: float
    until: float
    told: bool  # by the page
    images: int  # made since the limit before


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """What one session did."""

    session: str
    state: SessionState | None  # now; None: not known any more
    cause: Cause | None  # why it rests or needs a person
    message: str
    until: float | None  # of a rest that holds
    images: int
    attempts: int
    by_cause: Mapping[Cause, int]  # the most frequent first
    average_seconds: float | None  # of attempts that made an image; None without any
    p95_seconds: float | None  # nearest rank
    limits: tuple[LimitMet, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What one model of an API came to."""

    backend: str
    account: str
    model: str
    requests: int
    images: int
    spent_microusd: int
    open_microusd: int  # may have been billed
    estimated: int  # requests settled at farm's own price


class Doing(StrEnum):
    """What a session was doing."""

    MADE = "made"
    FAILED = "failed"
    BACK = "given back"  # tried again at no cost to the job
    OPEN = "under way"
    REST = "rest"
    ASKED = "rest you asked for"  # by a cap, by hours or by hand
    PERSON = "needs a person"
    PACE = "pace"


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A session at one thing."""

    doing: Doing
    began: float
    ended: float
    job: int | None = None
    words: str = ""
    number: int = 1  # of attempts that are told as one


@dataclass(frozen=True, kw_only=True, slots=True)
class Track:
    """One session's time."""

    session: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """Work without a long break in it, at most a day of it."""

    began: float
    ended: float
    tracks: tuple[Track, ...]
    bucket_seconds: float
    first_bucket: float  # when the first one begins, not after the stretch does
    images: tuple[int, ...]  # made in each bucket


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """The whole in numbers."""

    jobs: int
    by_state: Mapping[JobState, int]  # every state is a key
    left: int
    images: int  # made within the span
    worked_seconds: float
    images_per_hour: float | None  # over the hours worked
    left_seconds: float | None  # of work at the pace so far; rests come on top
    spent_microusd: int
    open_microusd: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Everything `farm report` tells."""

    made_at: float
    since: float | None
    queues: tuple[str, ...]
    totals: Totals
    failures: tuple[Failure, ...]
    accounts: tuple[Use, ...]
    costs: tuple[Cost, ...]
    stretches: tuple[Stretch, ...]  # the newest first
    rows: tuple[Row, ...] = field(default=())
