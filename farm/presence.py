"""A session's standing: kept in the store so that waits survive restarts, told to the display."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from farm.clock import Clock
from farm.model.causes import Cause
from farm.model.events import RunEvent, SessionChanged
from farm.model.jobs import Claim
from farm.model.outcomes import Outcome
from farm.model.sessions import Session, SessionState

RED = frozenset({SessionState.NEEDS_PERSON, SessionState.STOPPED})
_OWN_RULES = frozenset({Cause.LIMITED_CAP, Cause.LIMITED_HOURS, Cause.LIMITED_BUDGET})
_OVER_AT_THE_END = frozenset(SessionState) - RED - {SessionState.RESTING}


class SessionBook(Protocol):
    """Where sessions are written down."""

    async def session(self, name: str) -> Session:
        """The stored facts about a session; a fresh one if it was never seen."""

    async def save_session(self, session: Session) -> None:
        """Store a session's facts whole."""


@dataclass(kw_only=True)
class Presence:
    """What a session is doing; every change is stored, then told."""

    name: str
    book: SessionBook
    clock: Clock
    tell: Callable[[RunEvent], None]
    claim: Claim | None = None  # the job in hand
    last_result: str = ""
    images: int = 0  # made in this life of the session
    session: Session = field(init=False)
    _ready: float | None = None  # monotonic: of a wait that began in this life

    def __post_init__(self) -> None:
        """Until the store is asked, nothing is known about the session."""
        self.session = Session(name=self.name)

    async def start(self) -> None:
        """Take up the stored waits; whatever made the session red is to be proven again."""
        self.session = await self.book.session(self.name)
        own_rule = self.session.cause in _OWN_RULES
        if self.session.state is SessionState.RESTING and own_rule:
            # The user may have changed the rule meanwhile: it is reckoned anew.
            await self.become(
                SessionState.STARTING, cause=None, message="", job_id=None, next_ready_at=0.0
            )
        elif self.session.state is SessionState.RESTING:
            self.say()
        else:
            await self.become(SessionState.STARTING, cause=None, message="", job_id=None)

    async def become(self, state: SessionState, **changes: Any) -> None:
        """Change the state and what goes with it."""
        since = self.session.since if state is self.session.state else self.clock.now()
        self.session = replace(self.session, state=state, since=since, **changes)
        await self.book.save_session(self.session)
        self.say()

    async def pace(self, seconds: float) -> None:
        """Wait between two prompts."""
        ready_at = self.clock.now() + seconds
        self._ready = self.clock.monotonic() + seconds
        await self.become(SessionState.PACING, next_ready_at=ready_at, job_id=None)

    async def rest(self, until: float, why: Outcome) -> None:
        """Wait for a limit to end."""
        self._ready = self.clock.monotonic() + until - self.clock.now()
        await self.become(
            SessionState.RESTING,
            next_ready_at=until,
            job_id=None,
            cause=why.cause,
            message=why.message,
            mode=why.mode,
        )

    async def turn_red(self, state: SessionState, why: Outcome) -> None:
        """Stop working until somebody has looked."""
        await self.become(state, job_id=None, cause=why.cause, message=why.message)

    async def leave(self) -> None:
        """The session ends; its waits stay, and so does a reason to rest or to stop."""
        if self.session.state in _OVER_AT_THE_END:
            await self.become(SessionState.STOPPED, job_id=None)

    def count(self, cause: Cause, *, doubted: bool = False) -> None:
        """Keep the runs of throttles, transient errors and doubts; anything else ends them."""
        before = self.session
        transient = cause is Cause.TRANSIENT
        throttled = cause is Cause.LIMITED_THROTTLE
        self.images += cause is Cause.MADE
        self.session = replace(
            before,
            throttles=before.throttles + throttled if throttled or transient else 0,
            transients=before.transients + 1 if transient else 0,
            doubts=before.doubts + 1 if doubted else 0,
            made=before.made + (cause is Cause.MADE),
        )

    def seconds_to_wait(self) -> float:
        """Until the session may work again; zero or less when it may.

        A clock that was set back makes no wait longer.
        """
        by_date = self.session.next_ready_at - self.clock.now()
        return (
            by_date if self._ready is None else min(by_date, self._ready - self.clock.monotonic())
        )

    def say(self) -> None:
        """Tell the display how things stand."""
        claim = self.claim
        self.tell(
            SessionChanged(
                session=self.session,
                job_label=f"{claim.job.queue}/{claim.job.prompt.id}" if claim else "",
                phase=claim.attempt.phase.value if claim else "",
                last_result=self.last_result,
            )
        )
