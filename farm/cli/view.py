"""What a run looks like at a moment: events folded into rows, a bar and a forecast. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from farm.clock import LocalZone
from farm.model.events import (
    CountsChanged,
    RunEnded,
    RunEvent,
    RunReport,
    RunStarted,
    SessionChanged,
)
from farm.model.jobs import ENDED_STATES, OPEN_STATES, JobState
from farm.model.moments import clock_time
from farm.model.sessions import Session, SessionState

STATE_WORDS: Mapping[SessionState, str] = {
    SessionState.STARTING: "starting",
    SessionState.READY: "ready",
    SessionState.BUSY: "working",
    SessionState.PACING: "pacing",
    SessionState.RESTING: "resting",
    SessionState.NEEDS_PERSON: "needs you",
    SessionState.STOPPED: "stopped",
}
_WAITING = frozenset({SessionState.PACING, SessionState.RESTING})
_ENOUGH_ENDED, _ENOUGH_SECONDS = 3, 10.0  # jobs and time, before a pace is reckoned from them
_LONG_SECONDS = 3600.0  # of such a wait people want to know the time it ends at


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One session, in the words of the table."""

    name: str
    state: SessionState
    state_text: str
    job: str
    seconds: str  # in this state
    next_ready: str  # countdown; "" when the session does not wait
    ready_at: str  # the time it ends at; "" for a wait of an hour or less
    last_result: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """The whole run so far."""

    done: int
    total: int
    made: int  # completed in this run
    per_hour: float | None  # images; None while there is nothing to reckon from
    eta_seconds: float | None  # likewise, and when nothing is left
    failed: int
    review: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RunView:
    """Everything a display shows; each event gives the next view."""

    started_at: float  # epoch seconds
    first_counts: Mapping[JobState, int] = field(default_factory=dict)
    counts: Mapping[JobState, int] = field(default_factory=dict)
    sessions: Mapping[str, SessionChanged] = field(default_factory=dict)
    report: RunReport | None = None
    zone: tzinfo = field(default_factory=LocalZone, compare=False)

    def after(self, event: RunEvent) -> RunView:
        """The view once `event` has happened."""
        match event:
            case RunStarted(sessions=names, counts=counts):
                waiting = {
                    n: SessionChanged(
                        session=Session(name=n, state=SessionState.STARTING, since=self.started_at)
                    )
                    for n in names
                }
                return replace(self, first_counts=counts, counts=counts, sessions=waiting)
            case SessionChanged(session=session):
                return replace(self, sessions={**self.sessions, session.name: event})
            case CountsChanged(counts=counts):
                return replace(self, counts=counts)
            case RunEnded(report=report):
                return replace(self, counts=report.counts, report=report)
            case _:
                return self

    def since(self, now: float) -> RunView:
        """The view of a run that works from now on: what was read and asked before is no work."""
        return replace(self, started_at=now)

    def rows(self, now: float) -> list[Row]:
        """One row per session, in the order they were announced."""
        return [_row(change, now, self.zone) for change in self.sessions.values()]

    def progress(self, now: float) -> Progress:
        """Counts of the run and what they promise."""
        grown = {s: n - self.first_counts.get(s, 0) for s, n in self.counts.items()}
        made = max(0, grown.get(JobState.COMPLETED, 0))
        ended = max(0, sum(n for s, n in grown.items() if s in ENDED_STATES))
        left = sum(n for s, n in self.counts.items() if s in OPEN_STATES)
        elapsed = max(1.0, now - self.started_at)
        is_enough = elapsed >= _ENOUGH_SECONDS and ended >= max(_ENOUGH_ENDED, len(self.sessions))
        return Progress(
            done=sum(n for s, n in self.counts.items() if s in ENDED_STATES),
            total=sum(self.counts.values()),
            made=made,
            per_hour=made * 3600 / elapsed if made and is_enough else None,
            eta_seconds=left * elapsed / ended if left and is_enough else None,
            failed=self.counts.get(JobState.FAILED, 0),
            review=self.counts.get(JobState.REVIEW, 0),
        )


def _row(change: SessionChanged, now: float, zone: tzinfo) -> Row:
    session = change.session
    words = STATE_WORDS[session.state]
    if session.state is SessionState.BUSY and change.phase:
        words = change.phase
    elif session.cause is not None and session.state is not SessionState.PACING:
        words = f"{words}: {session.cause.value}"
    wait = session.next_ready_at - now if session.state in _WAITING else 0.0
    return Row(
        name=session.name,
        state=session.state,
        state_text=words,
        job=change.job_label if session.state is SessionState.BUSY else "",
        seconds=clock_text(now - session.since) if session.since else "",
        next_ready=clock_text(wait) if wait > 0 else "",
        ready_at=clock_time(session.next_ready_at, now, zone) if wait > _LONG_SECONDS else "",
        last_result=change.last_result,
    )


def clock_text(seconds: float) -> str:
    """A duration as `0:07`, `12:30` or `3:05:00`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def countdown(row: Row) -> str:
    """`12:30`, or `3:05:00 (07:10)` for a long wait."""
    return f"{row.next_ready} ({row.ready_at})" if row.ready_at else row.next_ready


def progress_text(progress: Progress) -> str:
    """`7/12 images · 240/h · 1:15 left`, as far as it is known."""
    parts = [f"{progress.done}/{progress.total}"]
    if progress.per_hour is not None:
        parts.append(f"{progress.per_hour:.0f} images/h")
    if progress.eta_seconds is not None:
        parts.append(f"{clock_text(progress.eta_seconds)} left")
    if progress.failed:
        parts.append(f"{progress.failed} failed")
    if progress.review:
        parts.append(f"{progress.review} to review")
    return " · ".join(parts)
