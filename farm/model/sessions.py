"""A session: one browser profile being driven, as the store and the display see it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from farm.model.causes import Cause

ONCE = "once"  # `once-1-gemini-2` is a session of the first one-shot command that runs


class SessionState(StrEnum):
    """What a session is doing."""

    STARTING = "starting"
    READY = "ready"
    BUSY = "busy"
    PACING = "pacing"
    RESTING = "resting"  # a limit, until a known time
    NEEDS_PERSON = "needs_person"
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """The stored facts about one session. Times are epoch seconds, UTC."""

    name: str  # the profile's name
    state: SessionState = SessionState.STOPPED
    cause: Cause | None = None  # why it rests or needs a person
    message: str = ""
    next_ready_at: float = 0.0  # not before this time; pace and rest survive restarts
    job_id: int | None = None
    since: float = 0.0  # when `state` began
    made: int = 0  # images over all runs
    throttles: int = 0  # throttles in a row, for the doubling back-off
    transients: int = 0  # transient errors in a row; three are a throttle
    doubts: int = 0  # limits in a row that were not believed; one prompt is the probe
    mode: str = ""  # the model that its limit is of, "" if the page named none

    def is_freed_by(self, mode: str) -> bool:
        """Whether a page that shows this model is beyond the limit the session rests for."""
        limited = self.state is SessionState.RESTING and self.cause is Cause.LIMITED_QUOTA
        return limited and "" not in {self.mode, mode} and self.mode != mode


class WishKind(StrEnum):
    """What a user may ask of a session."""

    WAKE = "wake"  # end a rest now, look again at what made it red
    REST = "rest"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What a user asked of a session, by `farm profiles wake` or `rest`."""

    kind: WishKind
    until: float | None = None  # of a rest, epoch seconds


def once_command(session: str) -> int | None:
    """Which one-shot command a session works for; None for every other one."""
    match session.split("-"):
        case [head, number, _, _] if head == ONCE and number.isdigit():
            return int(number)
    return None
