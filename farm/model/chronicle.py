"""A chronicle: what is known of a span of work, as the store tells it. Times are epoch seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from farm.model.causes import Cause
from farm.model.deliveries import Delivery
from farm.model.images import Derivative, Image
from farm.model.incidents import Incident
from farm.model.jobs import Job
from farm.model.limits import Limit
from farm.model.money import Spending
from farm.model.sessions import Session


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """One attempt, without the facts that only its recovery needs."""

    job_id: int
    number: int
    session: str
    cause: Cause | None  # None while it is open
    counted: bool
    message: str
    began: float
    heard_at: float  # when its newest phase was written down
    ended: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Original:
    """An image of a job, and when it was recorded."""

    image: Image
    made_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Chronicle:
    """Everything a report is made from. Mappings are by job."""

    now: float
    since: float | None = None  # None: from the beginning
    queues: tuple[str, ...] = ()  # (): all of them
    jobs: tuple[Job, ...] = ()
    left: int = 0  # jobs still open, also such as did not change in the span
    tries: tuple[Tried, ...] = ()  # in the order in which they began
    originals: Mapping[int, tuple[Original, ...]] = field(default_factory=dict)  # oldest first
    copies: Mapping[int, tuple[Derivative, ...]] = field(default_factory=dict)
    links: Mapping[int, tuple[Delivery, ...]] = field(default_factory=dict)
    troubles: Mapping[int, str] = field(default_factory=dict)  # why copies are missing
    limits: tuple[Limit, ...] = ()  # in the order in which they were met
    sessions: tuple[Session, ...] = ()
    incidents: tuple[Incident, ...] = ()
    spendings: tuple[Spending, ...] = ()
