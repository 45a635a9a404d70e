"""A run under the terminal's hand: signals, display, exit code."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

from farm.cli.running import SOFT_STOP, Ending, watch
from farm.clock import SystemClock
from farm.config import Settings, load_settings
from farm.errors import PersonNeeded
from farm.model.events import Notice, RunEvent, RunOptions, RunReport

Tell = Callable[[RunEvent], None]


class Recorder:
    """A display that remembers."""

    def __init__(self) -> None:
        self.events: list[RunEvent] = []
        self.open = False

    def __enter__(self) -> Self:
        self.open = True
        return self

    def __exit__(self, *exc: object) -> None:
        self.open = False

    def on_event(self, event: RunEvent) -> None:
        assert self.open
        self.events.append(event)

    def tick(self) -> None:
        assert self.open

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice)]


def report(*, left: int, exit_code: int) -> RunReport:
    return RunReport(
        counts={},
        made=0,
        failed=0,
        review=0,
        left=left,
        stopped_because="",
        exit_code=exit_code,
        seconds=0,
    )


def interrupted_run(times: int, left: int, number: int = signal.SIGINT) -> object:
    """A run whose process gets a signal so many times; it ends once told to stop."""

    async def run(
        _s: Settings, _o: RunOptions, /, *, on_event: Tell, stop: asyncio.Event
    ) -> RunReport:
        for _ in range(times):
            os.kill(os.getpid(), number)
        await stop.wait()
        if times > 1:
            await asyncio.Event().wait()  # what is in flight never ends
        on_event(Notice(level="info", text="finished what was in flight"))
        return report(left=left, exit_code=0 if not left else 3)

    return run


@pytest.fixture
def shown() -> Recorder:
    return Recorder()


async def drive(run: object, shown: Recorder, *notices: Notice) -> Ending:
    settings = load_settings(environ={}, cwd=Path("/nowhere"))
    return await watch(
        run,  # type: ignore[arg-type]  # made by the functions above
        settings,
        RunOptions(),
        shown,
        clock=SystemClock(),
        notices=notices,
    )


async def test_a_run_that_ends_by_itself_gives_its_own_exit_code(shown: Recorder) -> None:
    async def run(
        _s: Settings, _o: RunOptions, /, *, on_event: Tell, stop: asyncio.Event
    ) -> RunReport:
        assert not stop.is_set()
        on_event(Notice(level="info", text="worked"))
        return report(left=2, exit_code=3)

    ending = await drive(run, shown, Notice(level="warning", text="one profile is missing"))

    assert ending.exit_code == 3
    assert shown.texts == ["one profile is missing", "worked"]
    assert not shown.open


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_the_first_signal_lets_work_in_flight_end(
    shown: Recorder, number: signal.Signals
) -> None:
    before = signal.signal(number, signal.SIG_DFL)  # the tests themselves may run under nohup
    try:
        ending = await drive(interrupted_run(1, 5, number), shown)
    finally:
        signal.signal(number, before)

    assert ending.report is not None
    assert ending.exit_code == 130
    assert shown.texts == [SOFT_STOP, "finished what was in flight"]


async def test_an_interrupt_that_left_nothing_undone_is_no_interruption(shown: Recorder) -> None:
    ending = await drive(interrupted_run(1, 0), shown)

    assert ending.exit_code == 0


async def test_the_second_signal_stops_at_once(shown: Recorder) -> None:
    async with asyncio.timeout(5):
        ending = await drive(interrupted_run(2, 5), shown)

    assert ending == Ending(report=None, exit_code=130)
    assert not shown.open


async def test_signals_are_given_back_after_the_run(shown: Recorder) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    await drive(interrupted_run(1, 0), shown)

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


async def test_a_run_under_nohup_outlives_its_terminal(shown: Recorder) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)

    async def run(
        _s: Settings, _o: RunOptions, /, *, on_event: Tell, stop: asyncio.Event
    ) -> RunReport:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0)
        on_event(Notice(level="info", text=f"told to stop: {stop.is_set()}"))
        return report(left=0, exit_code=0)

    try:
        await drive(run, shown)
    finally:
        signal.signal(signal.SIGHUP, before)

    assert shown.texts == ["told to stop: False"]


async def test_an_error_of_the_run_closes_the_display_and_goes_on_up(shown: Recorder) -> None:
    async def run(
        _s: Settings, _o: RunOptions, /, *, on_event: Tell, stop: asyncio.Event
    ) -> RunReport:
        on_event(Notice(level="error", text="alice is signed out"))
        raise PersonNeeded(f"sign in, {stop.is_set()=}")

    with pytest.raises(PersonNeeded, match="sign in"):
        await drive(run, shown)

    assert not shown.open
