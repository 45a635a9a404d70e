"""Showing a run while it runs: a table that lives, lines for files, JSON for programs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol, Self, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from farm.cli.shapes import event_shape, job_label
from farm.cli.view import Row, RunView, clock_text, countdown, progress_text
from farm.clock import Clock
from farm.model.counting import counted
from farm.model.events import (
    BudgetReached,
    CountsChanged,
    JobChanged,
    Notice,
    RunEnded,
    RunEvent,
    RunStarted,
    SessionChanged,
)
from farm.model.jobs import ENDED_STATES, JobState
from farm.model.sessions import SessionState

WIDE_COLUMNS = 100  # from here on the table shows every column in full
ECHO_COLUMNS = 4  # two Ctrl-C
STATE_STYLES = {
    SessionState.BUSY: "bold cyan",
    SessionState.READY: "green",
    SessionState.RESTING: "yellow",
    SessionState.NEEDS_PERSON: "bold red",
    SessionState.STOPPED: "dim",
}
PASSING_STATES = frozenset({SessionState.STARTING, SessionState.READY})  # no news in a log
HALTED_STATES = {SessionState.RESTING, SessionState.NEEDS_PERSON, SessionState.STOPPED}
UNMADE_STATES = ENDED_STATES - {JobState.COMPLETED}
LEVEL_STYLES = {"warning": "yellow", "error": "bold red"}


class Display(Protocol):
    """Shows events as they come. A context manager; `tick` is called about once a second."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def on_event(self, event: RunEvent) -> None:
        """Show what happened."""

    def tick(self) -> None:
        """Show that time went by."""


class Stage(Display, Protocol):
    """A display that steps aside for a question."""

    def aside(self) -> AbstractContextManager[None]:
        """Inside, nothing is drawn in place: the terminal is somebody else's."""


def choose_display(*, as_json: bool, clock: Clock, stream: TextIO | None = None) -> Stage:
    """JSON when asked, a live table on a terminal, plain lines elsewhere."""
    out = stream or sys.stdout
    if as_json:
        return JsonDisplay(out)
    console = Console(file=out)
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveDisplay(console, clock)
    return LineDisplay(out, clock)


class JsonDisplay:
    """One JSON object per event and line, nothing else."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._out.flush()

    def on_event(self, event: RunEvent) -> None:
        """Write the event's line at once."""
        self._out.write(json.dumps(event_shape(event), ensure_ascii=False) + "\n")
        self._out.flush()

    def tick(self) -> None:
        """Nothing: programs have clocks."""

    def aside(self) -> AbstractContextManager[None]:
        """Nothing is ever drawn in place."""
        return nullcontext()


class LineDisplay:
    """`12:03:04 …` lines for pipes, files and CI: what changed, never what merely goes on."""

    def __init__(self, out: TextIO, clock: Clock) -> None:
        self._out = out
        self._clock = clock
        self._view = RunView(started_at=clock.now())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._out.flush()

    def on_event(self, event: RunEvent) -> None:
        """Write a line if the event is news."""
        before = self._view
        self._view = _after(before, event, self._clock)
        for line in self._lines(event, before):
            stamp = time.strftime("%H:%M:%S", time.localtime(self._clock.now()))
            self._out.write(f"{stamp} {line}\n")
        self._out.flush()

    def tick(self) -> None:
        """Nothing: waiting is no news."""

    def aside(self) -> AbstractContextManager[None]:
        """Nothing is ever drawn in place."""
        return nullcontext()

    def _lines(self, event: RunEvent, before: RunView) -> Iterator[str]:
        match event:
            case RunStarted(sessions=names):
                progress = self._view.progress(self._clock.now())
                yield f"{counted(progress.total, 'job')}, sessions: {', '.join(names)}"
            case SessionChanged(session=session):
                known = before.sessions.get(session.name)
                if session.state not in PASSING_STATES and (
                    known is None or known.session.state is not session.state
                ):
                    yield self._session_line(event)
            case JobChanged(job=job) if job.state in ENDED_STATES:
                yield job_line(event)
            case CountsChanged():
                now = self._clock.now()
                if self._view.progress(now).done != before.progress(now).done:
                    yield f"progress  {progress_text(self._view.progress(now))}"
            case Notice(level=level, text=text):
                yield f"{level}: {text}"
            case BudgetReached():
                yield f"warning: {budget_line(event)}"
            case RunEnded():
                pass  # the summary follows, in the command's own words

    def _session_line(self, event: SessionChanged) -> str:
        now = self._clock.now()
        row = RunView(started_at=now, sessions={"": event}).rows(now)[0]
        wait = f", ready in {countdown(row)}" if row.next_ready else ""
        why = f": {event.session.message}" if halts(event) else ""
        works = event.session.state is SessionState.BUSY
        doing = f"working on {row.job}" if works else row.state_text
        return f"{row.name}  {doing}{wait}{why}"


def _after(view: RunView, event: RunEvent, clock: Clock) -> RunView:
    begins = isinstance(event, RunStarted)
    return (view.since(clock.now()) if begins else view).after(event)


def halts(event: SessionChanged) -> bool:
    """Whether a session will not go on soon, and says why."""
    return event.session.state in HALTED_STATES and bool(event.session.message)


def budget_line(event: BudgetReached) -> str:
    """Which budget is used up, and when there is a new one."""
    return (
        f"The budget of {event.name} is used up: {event.spent} of {event.allowed}.{_goes_on(event)}"
    )


def _goes_on(event: BudgetReached) -> str:
    if event.until is None:
        return " More: farm start --budget USD"
    return f" The next one begins at {time.strftime('%H:%M', time.localtime(event.until))}."


def job_line(event: JobChanged) -> str:
    """How a job ended: its label, its state, and the file or the reason."""
    job = event.job
    if job.state is JobState.COMPLETED:
        return f"{job_label(job)}  completed: {job.image_path}"
    cause = f" ({job.cause.value})" if job.cause else ""
    return f"{job_label(job)}  {job.state.value}{cause}: {job.message}"


class LiveDisplay:
    """A table of sessions over a bar, drawn in place; notices scroll away above it."""

    def __init__(self, console: Console, clock: Clock) -> None:
        self._console = console
        self._clock = clock
        self._view = RunView(started_at=clock.now())
        self._live = Live(
            console=console, get_renderable=self.picture, auto_refresh=False, transient=False
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(self, *exc: object) -> None:
        self._live.stop()

    def on_event(self, event: RunEvent) -> None:
        """Redraw; a notice and every job that did not succeed also leave a line."""
        if isinstance(event, Notice):
            style = LEVEL_STYLES.get(event.level, "")
            self._console.print(Text(event.text, style=style))
        elif isinstance(event, BudgetReached):
            self._console.print(Text(budget_line(event), style="yellow"))
        elif isinstance(event, JobChanged) and event.job.state in UNMADE_STATES:
            self._console.print(Text(job_line(event), style="yellow"))
        elif isinstance(event, SessionChanged) and halts(event) and self._is_news(event):
            text = f"{event.session.name}: {event.session.message}"
            self._console.print(Text(text, style="yellow"))
        self._view = _after(self._view, event, self._clock)
        self.tick()

    def _is_news(self, event: SessionChanged) -> bool:
        before = self._view.sessions.get(event.session.name)
        return before is None or before.session.state is not event.session.state

    def tick(self) -> None:
        """Redraw the clocks."""
        if self._live.is_started:
            self._live.refresh()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Take the table away; it comes back below what was written meanwhile."""
        self._live.transient = True
        self._live.stop()
        try:
            yield
        finally:
            self._live.transient = False
            self._live.start(refresh=True)

    def picture(self) -> RenderableType:
        """The table and the bar as they are now."""
        now = self._clock.now()
        wide = self._console.width >= WIDE_COLUMNS
        return Group(_table(self._view.rows(now), wide=wide), self._bar(now))

    def _bar(self, now: float) -> RenderableType:
        progress = self._view.progress(now)
        # The terminal echoes Ctrl-C as ^C: at a full line's end that would wrap and tear the table.
        line = Table.grid(padding=(0, 2), expand=True)
        line.width = max(1, self._console.width - ECHO_COLUMNS)
        line.add_column(ratio=1, min_width=8)
        line.add_column(no_wrap=True)
        bar = ProgressBar(total=max(1, progress.total), completed=progress.done)
        elapsed = clock_text(now - self._view.started_at)
        line.add_row(bar, Text(f"{progress_text(progress)} · {elapsed}"))
        return line


def _table(rows: list[Row], *, wide: bool) -> Table:
    """Every column in full where there is room; else one column for job and last result."""
    table = Table(expand=True, box=None, padding=(0, 1), header_style="dim")
    table.add_column("session", no_wrap=True, max_width=24 if wide else 12)
    table.add_column("state", no_wrap=True, max_width=28)
    table.add_column("time", no_wrap=True, justify="right")
    table.add_column("next", no_wrap=True, justify="right")
    if wide:
        table.add_column("job", no_wrap=True, ratio=2)
    table.add_column("last result" if wide else "job or last result", no_wrap=True, ratio=3)
    for row in rows:
        state = Text(row.state_text, style=STATE_STYLES.get(row.state, ""))
        job = [Text(row.job), Text(row.last_result)] if wide else [Text(row.job or row.last_result)]
        table.add_row(
            Text(row.name), state, row.seconds, countdown(row) if wide else row.next_ready, *job
        )
    return table
