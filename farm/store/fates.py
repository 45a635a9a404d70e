"""What becomes of a job when an attempt ends: decisions without a database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from farm.model.causes import Cause
from farm.model.images import Image
from farm.model.jobs import PHASES, JobState, Phase, nothing_was_sent

CRASHES_BEFORE_SENDING: Final = 3  # a job that keeps killing its worker must end
CRASHES_AFTER_SENDING: Final = 12  # a look back sends nothing, and an image may be waiting


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What the store knows of a job and its open attempt when somebody ends it."""

    job_id: int
    attempt_id: int
    phase: Phase
    session: str  # of the attempt
    conversation: str
    version: int  # of the job's row now
    drawn_version: int  # of the row when the attempt began
    attempts: int
    max_attempts: int
    crashes: int
    cancel_requested: bool

    @property
    def cancelled(self) -> bool:
        """Whether the user's wish to cancel still counts: a saved file is kept instead."""
        return self.cancel_requested and not reached(self.phase, Phase.SAVED)

    @property
    def last_try(self) -> bool:
        """Whether one more counted attempt uses the last one up."""
        return self.attempts + 1 >= self.max_attempts


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How an attempt ends and where its job goes."""

    kind: str  # the word for the job's history
    state: JobState
    cause: Cause  # of the attempt
    message: str
    counted: bool
    crashed: bool = False  # the worker died with it
    after_seconds: float = 0.0  # for DELAYED
    images: tuple[Image, ...] = ()

    @property
    def job_cause(self) -> Cause:
        """A job that the user took back says so, whatever its last attempt came to."""
        return Cause.CANCELLED if self.state is JobState.CANCELLED else self.cause


def reached(phase: Phase, mark: Phase) -> bool:
    """Whether an attempt in this phase has got as far as the mark."""
    return PHASES.index(phase) >= PHASES.index(mark)


def completed(standing: Standing, images: tuple[Image, ...], message: str) -> Ending:
    """The job is done; says so when its row changed while the image was drawn."""
    if standing.drawn_version != standing.version:
        late = f"The row changed meanwhile; the image shows version {standing.drawn_version} of it."
        message = f"{message} {late}".strip()
    return Ending(
        kind="completed",
        state=JobState.COMPLETED,
        cause=Cause.MADE,
        message=message,
        counted=True,
        images=images,
    )


def given_back(standing: Standing, cause: Cause, message: str, after_seconds: float) -> Ending:
    """Back to the queue uncounted, or cancelled if that was asked meanwhile."""
    wanted_back = standing.cancelled or cause is Cause.CANCELLED
    return Ending(
        kind="cancelled" if wanted_back else "given_back",
        state=JobState.CANCELLED if wanted_back else _waiting(after_seconds),
        cause=cause,
        message=message,
        counted=False,
        after_seconds=after_seconds,
    )


def failed(
    standing: Standing, cause: Cause, message: str, retry_after_seconds: float | None
) -> Ending:
    """One more counted attempt; the last one fails the job whatever the caller hoped for."""
    if standing.cancelled or cause is Cause.CANCELLED:
        kind, state = "cancelled", JobState.CANCELLED
    elif retry_after_seconds is None or standing.last_try:
        kind, state = "failed", JobState.FAILED
    else:
        kind, state = "retry", _waiting(retry_after_seconds)
    return Ending(
        kind=kind,
        state=state,
        cause=cause,
        message=message,
        counted=True,
        after_seconds=retry_after_seconds or 0.0,
    )


def handed_over(standing: Standing, cause: Cause, message: str) -> Ending:
    """Another kind of hand takes the job up, or nobody if the user took it back meanwhile."""
    cancelled = standing.cancelled
    return Ending(
        kind="cancelled" if cancelled else "handed_over",
        state=JobState.CANCELLED if cancelled else JobState.PENDING,
        cause=cause,
        message=message,
        counted=True,
    )


def to_review(cause: Cause, message: str, images: tuple[Image, ...] = ()) -> Ending:
    """A person must look."""
    return Ending(
        kind="review",
        state=JobState.REVIEW,
        cause=cause,
        message=message,
        counted=True,
        images=images,
    )


def expired(standing: Standing) -> Ending | None:
    """After a lease ran out; None keeps the attempt open for its session to harvest."""
    if standing.cancelled:
        return _dead(standing, JobState.CANCELLED, Cause.LEASE_EXPIRED, "It was being cancelled.")
    if not nothing_was_sent(standing.phase):
        return _too_many_deaths(standing)
    last = standing.last_try or standing.crashes + 1 >= CRASHES_BEFORE_SENDING
    state = JobState.FAILED if last else JobState.PENDING
    return _dead(standing, state, Cause.LEASE_EXPIRED, "Nothing had been sent.")


def adopted(standing: Standing) -> Ending | None:
    """When a session finds its own job after a death; None hands the attempt over."""
    if not nothing_was_sent(standing.phase):
        return _too_many_deaths(standing)
    if standing.crashes + 1 < CRASHES_BEFORE_SENDING:
        return None
    return _dead(standing, JobState.FAILED, Cause.CRASHED, "Nothing had been sent.")


def pin_expired(standing: Standing) -> Ending:
    """The session that owns the conversation did not come back in time."""
    if nothing_was_sent(standing.phase):
        return given_back(standing, Cause.LEASE_EXPIRED, "Its session did not come back.", 0)
    return to_review(
        Cause.AMBIGUOUS,
        f"Session {standing.session} was to finish this in {_conversation(standing)} and did not "
        "come back. Look there for the image, or retry the job.",
    )


def _too_many_deaths(standing: Standing) -> Ending | None:
    if standing.crashes + 1 < CRASHES_AFTER_SENDING:
        return None
    message = (
        f"farm died {standing.crashes + 1} times with this job. Look in {_conversation(standing)} "
        f"of session {standing.session} for the image, or retry the job."
    )
    return _dead(standing, JobState.REVIEW, Cause.AMBIGUOUS, message)


def _conversation(standing: Standing) -> str:
    name = standing.conversation
    return f"conversation {name}" if name else "its newest conversations"


def _dead(standing: Standing, state: JobState, cause: Cause, message: str) -> Ending:
    kinds = {JobState.PENDING: "expired", JobState.FAILED: "failed"}
    return Ending(
        kind=kinds.get(state, state.value),
        state=state,
        cause=cause,
        message=f"The worker went silent in phase {standing.phase}. {message}",
        counted=True,
        crashed=True,
    )


def _waiting(after_seconds: float) -> JobState:
    return JobState.DELAYED if after_seconds > 0 else JobState.PENDING
