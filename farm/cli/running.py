"""Driving a run from the terminal: display, signals, exit code."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from farm.cli.consent import ask_consent
from farm.cli.interrupts import Interrupts, catching
from farm.cli.picking import pick_profiles
from farm.clock import Clock, SystemClock
from farm.config import Settings
from farm.model.events import Notice, RunEvent, RunOptions, RunReport

if TYPE_CHECKING:
    from farm.cli.live import Display

INTERRUPTED = 130
SOFT_STOP = "Finishing what is in flight; press Ctrl-C again to stop at once."
TICK_SECONDS = 1.0
WEB = "web"
NO_PROFILE = "There is no profile yet (farm login NAME): only the APIs work."


class Run(Protocol):
    """`farm.wiring.run.run`, as the terminal needs it, already told how to ask."""

    async def __call__(
        self,
        settings: Settings,
        options: RunOptions,
        /,
        *,
        on_event: Callable[[RunEvent], None],
        stop: asyncio.Event,
    ) -> RunReport:
        """Work until the queue is done, `stop` is set, or only waiting is left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How a run ended for the shell; no report when it was stopped at once."""

    report: RunReport | None
    exit_code: int


def run_and_show(settings: Settings, options: RunOptions, *, as_json: bool) -> int:
    """Run with a display and a closing word; the exit code."""
    from farm.cli.live import choose_display
    from farm.cli.render import complain, say_report
    from farm.wiring.run import run

    notices: list[Notice] = []
    if not options.replay and WEB in settings.backends:
        options, notices = with_profiles(settings, options)
    clock = SystemClock()
    display = choose_display(as_json=as_json, clock=clock)
    work = partial(run, agree=partial(ask_consent, display))
    ending = asyncio.run(watch(work, settings, options, display, clock=clock, notices=notices))
    if ending.report is None:
        complain("Stopped at once. Everything recorded is kept; `farm start` goes on from there.")
    elif not as_json:
        say_report(ending.report, settings)
    return ending.exit_code


def with_profiles(settings: Settings, options: RunOptions) -> tuple[RunOptions, list[Notice]]:
    """The options with the profiles by name, and a warning if some are missing."""
    from farm.browser.profiles import known_profiles

    there = [p.name for p in known_profiles(settings)]
    if not there and not options.profiles and len(settings.backends) > 1:
        return options, [Notice(level="warning", text=NO_PROFILE)]
    picked = pick_profiles(there, options.profiles, options.sessions, apis=settings.fallback)
    notices = [Notice(level="warning", text=picked.warning)] if picked.warning else []
    return replace(options, profiles=picked.names, sessions=len(picked.names)), notices


async def watch(
    run: Run,
    settings: Settings,
    options: RunOptions,
    display: Display,
    *,
    clock: Clock,
    notices: Sequence[Notice] = (),
) -> Ending:
    """Run inside the display, with Ctrl-C once for a soft stop and twice for a hard one."""
    stop = asyncio.Event()
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  # a coroutine that runs has a task

    def soften() -> None:
        stop.set()
        display.on_event(Notice(level="warning", text=SOFT_STOP))

    interrupts = Interrupts(soften=soften, force=task.cancel)
    try:
        with display, catching(interrupts):
            async with _ticking(display, clock):
                for notice in notices:
                    display.on_event(notice)
                report = await run(settings, options, on_event=display.on_event, stop=stop)
    except asyncio.CancelledError:
        if not interrupts.forced:
            raise
        return Ending(report=None, exit_code=INTERRUPTED)
    interrupted = interrupts.count > 0 and report.left > 0
    return Ending(report=report, exit_code=INTERRUPTED if interrupted else report.exit_code)


@asynccontextmanager
async def _ticking(display: Display, clock: Clock) -> AsyncIterator[None]:
    """Let the display's clocks go on while the body runs."""

    async def tick() -> None:
        while True:
            await clock.sleep(TICK_SECONDS)
            display.tick()

    ticker = asyncio.create_task(tick(), name="display clock")
    try:
        yield
    finally:
        ticker.cancel()
        await asyncio.wait([ticker])
