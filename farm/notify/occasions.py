"""Which events of a run are worth a message, and when all is well again. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from farm.log import redact
from farm.model.causes import LIMITS, NEEDS_PERSON, Cause
from farm.model.events import (
    AttemptEnded,
    BudgetReached,
    CountsChanged,
    FileDelivered,
    IncidentSeen,
    RunEnded,
    RunEvent,
    RunReport,
    RunStarted,
    SessionChanged,
    TargetStuck,
)
from farm.model.jobs import OPEN_STATES, JobState
from farm.model.sessions import Session, SessionState
from farm.notify.base import Message

SHORT_REST_SECONDS = 600.0  # a rest that is over before somebody has read of it is not told

_RED = frozenset({SessionState.NEEDS_PERSON, SessionState.STOPPED})
_AT_WORK = frozenset({SessionState.READY, SessionState.BUSY, SessionState.PACING})
# How an attempt can end without saying anything good about its session.
_UNWELL = NEEDS_PERSON | LIMITS | {Cause.DRIFT, Cause.BROWSER_GONE, Cause.CRASHED, Cause.NOT_SAVED}
_UNWELL |= {Cause.LEASE_EXPIRED, Cause.CANCELLED, Cause.AMBIGUOUS}

_WHAT_TO_DO: Mapping[Cause, str] = {
    Cause.SIGNED_OUT: "Sign in again: farm login {name}",
    Cause.CHALLENGE: "Open its window and answer what Google asks: farm login {name}",
    Cause.WRONG_MODE: "Choose a model that makes images in its window: farm login {name}",
    Cause.REGION: "Use an account and a place where Gemini makes images.",
    Cause.KEY_REJECTED: "Look at the key, and at what it may be used for.",
    Cause.NO_CREDIT: "Put money on the API's account, or take another backend.",
    Cause.RETIRED: "Name a model that still exists; `farm backends` lists them.",
    Cause.DRIFT: "Mend the selectors: docs/selectors.md says how. farm doctor looks closer.",
    Cause.BROWSER_GONE: "It was opened again and again; look at memory and disk, then: farm start",
    Cause.CRASHED: "The log in logs/ has the details; then: farm start",
}
_LOOK = "See: farm status"
_OWN_RULES = frozenset({Cause.LIMITED_HOURS, Cause.LIMITED_BY_HAND})  # no news to who made them


@dataclass(frozen=True, kw_only=True, slots=True)
class Well:
    """What was told under keys that begin with this may be told again."""

    prefix: str


Occasion: TypeAlias = Message | Well


def of_session(name: str) -> str:
    """What the keys of a session's messages begin with; the farm's own for ""."""
    return f"{name}/"


@dataclass(kw_only=True)
class Occasions:
    """Follows a run and says what a person should hear of it."""

    watch: bool = False  # whether an empty queue is waited at
    _sessions: dict[str, Session] = field(default_factory=dict)
    _had_work: bool = False
    _evidence: dict[tuple[str, Cause], IncidentSeen] = field(default_factory=dict)

    def of(self, event: RunEvent, now: float) -> Iterator[Occasion]:
        """What follows from one event, in the order in which it is to be told."""
        match event:
            case RunStarted(sessions=names, counts=counts):
                starting = SessionState.STARTING
                self._sessions = {name: Session(name=name, state=starting) for name in names}
                yield from self._work(counts)
            case SessionChanged(session=session):
                before = self._sessions.get(session.name, Session(name=session.name))
                self._sessions[session.name] = session
                yield from self._session(before, session)
                yield from self._rest(now)
            case IncidentSeen(incident=incident):
                self._evidence[incident.session, incident.cause] = event
            case AttemptEnded(session=name, outcome=outcome):
                if outcome.cause not in _UNWELL:
                    yield Well(prefix=of_session(name))
                    yield Well(prefix=f"{of_session('')}resting")
            case CountsChanged(counts=counts):
                yield from self._work(counts)
            case BudgetReached():
                yield _budget(event)
            case FileDelivered() | TargetStuck():
                yield _of_target(event)
            case RunEnded(report=report):
                yield from _done(report)
            case _:
                return

    def _session(self, before: Session, now: Session) -> Iterator[Occasion]:
        if before.state in _RED and before.cause is not None and now.state in _AT_WORK:
            yield Well(prefix=of_session(now.name))
        if now.state not in _RED or now.cause is None:
            return
        if (before.state, before.cause) == (now.state, now.cause):
            return
        yield _trouble(now, now.cause, self._evidence.get((now.name, now.cause)))

    def _work(self, counts: Mapping[JobState, int]) -> Iterator[Occasion]:
        left = sum(counts.get(state, 0) for state in OPEN_STATES)
        key = f"{of_session('')}empty"
        if left and not self._had_work:
            yield Well(prefix=key)
        elif self._had_work and not left and self.watch:
            yield Message(
                occasion="empty",
                key=key,
                title="farm: the queue is empty",
                text=f"{_in_words(counts)}. farm waits for new jobs: farm add FILES",
            )
        self._had_work = left > 0

    def _rest(self, now: float) -> Iterator[Occasion]:
        """Whether nobody works any more because of limits."""
        resting = [s for s in self._sessions.values() if s.state is SessionState.RESTING]
        others = [s for s in self._sessions.values() if s.state is not SessionState.RESTING]
        until = min((s.next_ready_at for s in resting), default=0.0)
        if until - now < SHORT_REST_SECONDS or any(s.state not in _RED for s in others):
            return
        if all(s.cause in _OWN_RULES for s in resting):
            return
        told = [f"{s.name}: {s.cause or ''}, until {_moment(s.next_ready_at)}" for s in resting]
        told += [f"{s.name}: {s.cause}" for s in others if s.cause]
        yield Message(
            occasion="resting",
            key=f"{of_session('')}resting",
            title=f"farm: all sessions rest until {_moment(until)}",
            text="\n".join([*told, "It goes on by itself while farm runs with --watch."]),
        )


def _trouble(session: Session, cause: Cause, evidence: IncidentSeen | None) -> Message:
    drift = cause is Cause.DRIFT
    what = "meets a page it does not know" if drift else f"needs you ({cause})"
    lines = [session.message, _WHAT_TO_DO.get(cause, _LOOK).format(name=session.name)]
    screenshot = evidence.screenshot if evidence else None
    if evidence and screenshot and not evidence.first:
        lines.append(f"The picture is of {_moment(evidence.incident.first_at)}, the first time.")
    return Message(
        occasion="drift" if drift else "person",
        key=f"{of_session(session.name)}{cause}",
        title=f"farm: {session.name} {what}",
        text=redact("\n".join(filter(None, lines))),
        urgent=True,
        session=session.name,
        cause=cause,
        screenshot=screenshot,
    )


def _budget(event: BudgetReached) -> Message:
    until = f" A new one begins {_moment(event.until)}." if event.until else ""
    return Message(
        occasion="budget",
        key=f"{of_session('')}budget {event.name} {event.until or ''}",
        title=f"farm: the budget of {event.name} is used up",
        text=f"{event.spent} of {event.allowed} are spent.{until}",
        urgent=True,
    )


def _of_target(event: FileDelivered | TargetStuck) -> Occasion:
    key = f"{of_session('')}target {event.target}"
    if isinstance(event, FileDelivered):
        return Well(prefix=key)
    return Message(
        occasion="person",
        key=key,
        title="farm: deliveries wait for you",
        text=redact(f"{event.target}\n{event.message}\nImages are made meanwhile, and kept."),
        urgent=True,
    )


def _done(report: RunReport) -> Iterator[Occasion]:
    """A run that changed nothing is told once: somebody may start it over and over."""
    prefix = f"{of_session('')}done"
    something = report.made + report.failed + report.review > 0
    if something:
        yield Well(prefix=prefix)
    numbers = f"{report.made} made, {report.failed} failed, {report.review} to review"
    yield Message(
        occasion="done",
        key="" if something else f"{prefix} {report.exit_code}",
        title=f"farm: {numbers}, {report.left} left",
        text=redact(f"{report.stopped_because}\nThe queues hold {_in_words(report.counts)}."),
        urgent=report.left > 0,
    )


def failed(error: BaseException) -> Message:
    """The farm itself failed, and the run with it."""
    return Message(
        occasion="failed",
        key=f"{of_session('')}failed {type(error).__name__}",
        title="farm: it failed",
        text=redact(f"{error or type(error).__name__}\nEverything recorded is safe."),
        urgent=True,
    )


def _in_words(counts: Mapping[JobState, int]) -> str:
    parts = [f"{n} {state.value.replace('_', ' ')}" for state, n in counts.items() if n]
    return ", ".join(parts) or "no jobs"


def _moment(at: float) -> str:
    """Local date and time, as a person on the phone reads it."""
    return datetime.fromtimestamp(at).astimezone().strftime("%a %d %b %H:%M")
