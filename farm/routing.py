"""Which backend takes whose jobs: when a fallback steps in for sessions that cannot work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from farm.clock import Clock
from farm.model.causes import LIMITS, Cause
from farm.model.events import AttemptEnded, CountsChanged, Notice, RunEvent, SessionChanged, Tell
from farm.model.jobs import OPEN_STATES
from farm.model.lanes import ANY_LANE
from farm.model.sessions import Session, SessionState

_OWN_WISHES = frozenset({Cause.LIMITED_HOURS, Cause.LIMITED_BY_HAND})
_RED = frozenset({SessionState.NEEDS_PERSON, SessionState.STOPPED})
START_SECONDS = 60.0  # a session that begins and begins for longer is unable to
_ENOUGH_MADE = 2  # images, before their pace says when the queue will be done


class Occasion(StrEnum):
    """When a fallback takes jobs that are not its own."""

    EXHAUSTED = "exhausted"  # every regular session rests for a limit
    BLOCKED = "blocked"  # none can work, for whatever reason
    REFUSED = "refused"  # the site refused the prompt: a policy hands such jobs over
    DEADLINE = "deadline"  # the regular sessions would not be done in time


@dataclass(kw_only=True)
class Routing:
    """Watches the regular sessions of a run and says whether the fallback takes their jobs.

    A session counts as unable when it will not work within `after_seconds`: it rests for longer,
    has been unable for so long, or has left the run.
    """

    regulars: Collection[str]  # names of sessions
    occasions: Collection[Occasion]
    after_seconds: float
    clock: Clock
    tell: Tell
    deadline: float | None = None  # epoch seconds
    _sessions: dict[str, Session] = field(default_factory=dict)
    _left: int = 0
    _made: int = 0
    _began: float = field(init=False)
    _was_open: bool = False

    def __post_init__(self) -> None:
        """The pace is reckoned from here on."""
        self._began = self.clock.now()

    def watching(self, tell: Tell) -> Tell:
        """The same teller, with an ear for how the regular sessions stand."""

        def listen(event: RunEvent) -> None:
            if isinstance(event, SessionChanged) and event.session.name in self.regulars:
                self._sessions[event.session.name] = event.session
            elif isinstance(event, CountsChanged):
                self._left = sum(event.counts.get(state, 0) for state in OPEN_STATES)
            elif isinstance(event, AttemptEnded) and event.session in self.regulars:
                self._made += event.outcome.cause is Cause.MADE
            tell(event)

        return listen

    def names(self, backend: str) -> tuple[str, ...]:
        """Whose jobs a fallback backend takes now: its own, and everybody's when it steps in."""
        return (backend, ANY_LANE) if self.is_open() else (backend,)

    def is_open(self) -> bool:
        """Whether the fallback takes everybody's jobs now; a change is told."""
        why = self._why()
        if bool(why) is not self._was_open:
            self._was_open = bool(why)
            text = f"The fallback takes jobs: {why}." if why else "The fallback takes no more jobs."
            self.tell(Notice(level="info", text=text))
        return bool(why)

    def may_open(self, at_work: Collection[str]) -> bool:
        """Whether a fallback should stay: regular sessions are at work, or it is to step in."""
        return bool(set(self.regulars) & set(at_work)) or bool(self._why(patience=0.0))

    def _why(self, patience: float | None = None) -> str:
        """In words, which occasion has come; "" if none has."""
        seconds = self.after_seconds if patience is None else patience
        for occasion, says in _RULES.items():
            if occasion in self.occasions and (why := says(self, seconds)):
                return why
        return ""

    def _exhausted(self, patience: float) -> str:
        resting = self._all(patience, lambda session: session.cause in LIMITS - _OWN_WISHES)
        return "every session rests for a limit" if resting else ""

    def _blocked(self, patience: float) -> str:
        return "no session can work" if self._all(patience, lambda _: True) else ""

    def _late(self, _patience: float) -> str:
        spent = self.clock.now() - self._began
        if self.deadline is None or self._made < _ENOUGH_MADE or spent <= 0:
            return ""
        done_at = self.clock.now() + self._left * spent / self._made
        return "the sessions would not be done in time" if done_at > self.deadline else ""

    def _all(self, patience: float, fits: Callable[[Session], bool]) -> bool:
        found = [self._sessions.get(name) for name in self.regulars]
        return all(s is not None and self._unable(s, patience) and fits(s) for s in found)

    def _unable(self, session: Session, patience: float) -> bool:
        now = self.clock.now()
        if session.state is SessionState.STOPPED and session.cause is None:
            return True  # it has left the run
        lasts = session.since <= now - patience
        if session.state is SessionState.STARTING:  # it cannot reach the page, again and again
            return session.since <= now - max(patience, START_SECONDS)
        if session.state is SessionState.RESTING:
            return lasts or session.next_ready_at > now + patience
        return session.state in _RED and lasts


_RULES: Mapping[Occasion, Callable[[Routing, float], str]] = {
    Occasion.EXHAUSTED: Routing._exhausted,  # noqa: SLF001  # its own rules, as a table
    Occasion.BLOCKED: Routing._blocked,  # noqa: SLF001
    Occasion.DEADLINE: Routing._late,  # noqa: SLF001
}
