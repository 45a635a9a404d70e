"""What the rest of farm asks of the job store.

Every call is one short transaction. Every write that carries a `Claim` is fenced: it succeeds
only while that claim's lease is this worker's, else it raises `LostLease` and changes nothing.
Leases and waits are reckoned on the database's clock. A cancelled call has either happened whole
or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from farm.model.causes import Cause
from farm.model.images import Image, Twin
from farm.model.jobs import Attempt, Claim, Job, JobState, Phase
from farm.model.limits import Limit
from farm.model.sessions import Session, Wish


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """What an import did."""

    new: int = 0
    changed: int = 0  # a new version of a row that had not been completed, or REGEN
    unchanged: int = 0
    outdated: int = 0  # changed rows of completed jobs: told, never redone unasked


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One line of a job's history."""

    id: int
    job_id: int | None
    at: float  # epoch seconds
    kind: str  # added, claimed, phase, retry, given_back, completed, failed, review, expired, …
    data: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One page of a listing; `after` asks for the next one, None at the end."""

    jobs: tuple[Job, ...]
    after: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueSummary:
    """One queue: where its jobs came from and where they stand."""

    name: str
    source: str  # the file or sheet it is bound to
    paused: bool  # by its own pause; a pause of all queues is not repeated here
    counts: Mapping[JobState, int]  # every state is a key


@dataclass(frozen=True, kw_only=True, slots=True)
class Unfinished:
    """An image whose steps are still to be taken."""

    image_id: int
    job: Job
    image: Image
    text: str  # what was sent for it, "" if that is not known
    made_at: float  # epoch seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """Where finished files are to be put."""

    folder: str = ""  # below each target, with forward slashes
    targets: Sequence[str] = ()


class Importable(Protocol):
    """A row to import, as `farm.model.prompts.SourceRow` gives it."""

    @property
    def prompt_id(self) -> str:
        """With the queue's name the key of a job."""

    @property
    def fingerprint(self) -> str:
        """Over everything that changes the picture or its name."""

    @property
    def payload(self) -> str:
        """JSON text of `Prompt.to_payload`."""

    @property
    def row(self) -> int:
        """1-based data row in the source."""

    @property
    def regenerate(self) -> bool:
        """Whether the row asks to be drawn again."""

    @property
    def lane(self) -> str:
        """Which hands may take it; see `farm.model.lanes`."""


class Claims(Protocol):
    """How a worker gets and keeps jobs."""

    async def claim(self, worker: str, session: str, lanes: Sequence[str]) -> Claim | None:
        """Lease the best pending job of the first lane that has one, with its open attempt.

        A job that came back with an open attempt (its conversation still holds unfinished work)
        returns that attempt; else a new one is opened in phase `claimed`. None when paused or
        empty.
        """

    async def adopt(self, worker: str, session: str) -> tuple[Claim, ...]:
        """Take over every job this session left in progress; the caller holds the profile's lock.

        The lock proves that the former worker is dead, so its lease need not run out first.
        Each adoption counts as one crash of the job.
        """

    async def heartbeat(self, worker: str) -> frozenset[int]:
        """Renew all leases of this worker; return the ids of jobs whose cancellation was asked."""

    async def maintain(self) -> int:
        """Promote due delayed jobs, return expired leases, release or review stale pins; count."""


class Settlements(Protocol):
    """How a worker writes down what happened to a claim."""

    async def step(self, claim: Claim, phase: Phase, facts: Mapping[str, Any]) -> Claim:
        """Commit a phase with its facts; from `sending` on the job's lane is the session's own."""

    async def complete(self, claim: Claim, images: Sequence[Image], message: str = "") -> None:
        """End the job as completed with its images; the first one is the job's `image_path`."""

    async def give_back(
        self, claim: Claim, cause: Cause, message: str, after_seconds: float = 0
    ) -> None:
        """End the attempt uncounted; the job is claimable again by any session after the wait."""

    async def park(self, claim: Claim, cause: Cause, message: str) -> None:
        """Release the lease and keep the attempt open: only its own session may take it up."""

    async def fail(
        self, claim: Claim, cause: Cause, message: str, retry_after_seconds: float | None
    ) -> None:
        """End the attempt counted; None ends the job as failed, else it waits for another try."""

    async def hand_over(self, claim: Claim, cause: Cause, message: str, lane: str) -> None:
        """End the attempt counted and leave the job, its tries from zero, to another lane."""

    async def review(
        self, claim: Claim, cause: Cause, message: str, images: Sequence[Image] = ()
    ) -> None:
        """End the attempt counted and the job in `review`, with its evidence and kept images."""


class Knowledge(Protocol):
    """What a worker may ask about the past."""

    async def owner_of(self, sha256: str) -> int | None:
        """The job that already has an image with these bytes."""

    async def looks_like(self, perceptual: str, job_id: int) -> Twin | None:
        """The newest image of another job that looks the same, if there is one."""

    async def causes_of(self, job_id: int) -> tuple[Cause, ...]:
        """How the ended attempts of a job ended, oldest first, uncounted ones included."""

    async def known_conversations(self, session: str) -> frozenset[str]:
        """Conversations of this session that belong to recorded attempts."""

    async def left_for(self, lanes: Sequence[str]) -> int:
        """Open jobs these lanes may still get: waiting in them, or in progress anywhere."""

    async def limits(self, session: str) -> tuple[Limit, ...]:
        """The newest limits a session met, oldest first."""

    async def note_limit(self, limit: Limit) -> None:
        """Write down that a session met a limit."""

    async def lift_limits(self, session: str, at: float) -> None:
        """An image proves that no limit of the session holds any more."""

    async def made_since(self, session: str, since: float) -> int:
        """How many jobs a session completed since a moment."""

    async def take_wish(self, session: str) -> Wish | None:
        """Read what the user asked of a session, once."""

    async def session(self, name: str) -> Session:
        """The stored facts about a session; a fresh one if it was never seen."""

    async def save_session(self, session: Session) -> None:
        """Store a session's facts whole."""


class Queue(Protocol):
    """What the user's commands ask of the queue."""

    async def add(self, queue: str, rows: Iterable[Importable], source: str) -> Added:
        """Import rows; the key is queue + prompt id. All of them or none.

        `rows` may come slowly and may raise: they are taken piece by piece, outside the event loop.
        """

    async def counts(self, queues: Sequence[str] = ()) -> Mapping[JobState, int]:
        """Jobs by state, over all queues or the given ones; every state is a key."""

    async def page(
        self,
        *,
        queues: Sequence[str] = (),
        states: Sequence[JobState] = (),
        after: int = 0,
        limit: int = 100,
    ) -> Page:
        """Jobs in id order after the given id."""

    async def job(self, job_id: int) -> Job | None:
        """One job."""

    async def history(self, job_id: int) -> tuple[Sequence[Attempt], Sequence[Event]]:
        """All attempts and events of a job, oldest first."""

    async def sessions(self) -> tuple[Session, ...]:
        """All sessions ever seen, by name."""


class Control(Protocol):
    """What the user may change. Each returns how many jobs it touched."""

    async def retry(self, job_ids: Sequence[int]) -> int:
        """Queue ended jobs (failed, review, cancelled, completed) again, attempts from zero."""

    async def cancel(self, job_ids: Sequence[int]) -> int:
        """Cancel open jobs; one in progress is cancelled by its worker at the next heartbeat."""

    async def reroute(self, job_ids: Sequence[int], lane: str) -> int:
        """Leave jobs to other hands; what waits for its own session goes there afterwards."""

    async def bequeath(self, session: str, heir: str) -> int:
        """Leave to another session what one has begun that never comes back; how many jobs."""

    async def pause(self, queue: str = "") -> None:
        """Stop claims of one queue, or of all; work in flight goes on."""

    async def resume(self, queue: str = "") -> None:
        """Allow claims again."""

    async def paused(self) -> frozenset[str]:
        """Names of paused queues; "" stands for all."""

    async def refusals_of(self, queue: str) -> Mapping[str, str]:
        """What a queue's own refusal policy says; empty without one."""

    async def set_refusals(self, queue: str, policy: Mapping[str, str]) -> None:
        """Give a queue a refusal policy of its own; an empty one takes it back."""

    async def wish(self, session: str, wish: Wish) -> None:
        """Ask something of a session; its worker reads it within seconds."""

    async def reset(self, queue: str, *, drop: bool = False) -> int:
        """Put every failed, cancelled or in-progress-and-expired job back to pending.

        `drop` removes the queue's jobs and their history instead; files on disk stay.
        """
