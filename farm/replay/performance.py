"""How an answer comes about: a play, carried out in time on one turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from farm.replay.conversations import Stage, Turn
from farm.replay.plays import Ending, Toast
from farm.replay.scenario import Defaults, Rule
from farm.replay.texts import reply_text, reset_text

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tempo:
    """Seconds between the steps of an answer."""

    first: float
    rest: float
    footer: float

    @classmethod
    def of(cls, defaults: Defaults, rule: Rule) -> Tempo:
        """The scenario's delays, as the rule changes them."""
        delay = defaults.delay_seconds * rule.plays.slowness
        if rule.delay_seconds is not None:
            delay = rule.delay_seconds
        first = min(defaults.first_delay_seconds, delay)
        return cls(first=first, rest=delay - first, footer=defaults.footer_seconds)


@dataclass(kw_only=True, slots=True)
class Performances:
    """The answers that are under way, each a task of its own: no page is needed for them."""

    sleep: Sleep
    settled: Callable[[Turn], None]  # told once an answer will not change any more
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def start(self, turn: Turn, tempo: Tempo) -> None:
        """Begin to answer a turn."""
        task = asyncio.get_running_loop().create_task(
            self._run(turn, tempo), name=f"answer {turn.id}"
        )
        self._tasks[turn.id] = task

    def cut(self, turn: Turn) -> bool:
        """Stop an answer; False when there was nothing left to stop."""
        task = self._tasks.pop(turn.id, None)
        if task is None or turn.stage is Stage.SETTLED:
            return False
        task.cancel()
        turn.stage = Stage.SETTLED
        turn.frames = [frame for frame in turn.frames if frame.state == "shown"]
        turn.stopped = not turn.frames
        turn.tell()
        self.settled(turn)
        return turn.stopped

    async def end(self) -> None:
        """Stop every answer where it is; raises what broke one of them."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    async def _run(self, turn: Turn, tempo: Tempo) -> None:
        await perform(turn, tempo, self.sleep)
        self._tasks.pop(turn.id, None)
        self.settled(turn)


async def perform(turn: Turn, tempo: Tempo, sleep: Sleep) -> None:
    """Answer a turn to its end, which may be none."""
    play = turn.rule.plays
    await sleep(tempo.first)
    turn.stage = Stage.THINKING
    turn.tell()
    await sleep(tempo.rest)
    match play.ending:
        case Ending.NEVER:
            await asyncio.Event().wait()
        case Ending.VANISHED:
            turn.gone = True
        case _ if play.late_image:
            turn.stage = Stage.SETTLED
            turn.tell()
            await sleep(tempo.footer)
            _show(turn)
        case _ if play.pictures:
            _show(turn)
            turn.tell()
            await sleep(tempo.footer)
        case _:
            _answer(turn)
    turn.stage = Stage.SETTLED
    turn.tell()


def _show(turn: Turn) -> None:
    for frame in turn.frames:
        frame.state = turn.rule.plays.frame


def _answer(turn: Turn) -> None:
    play = turn.rule.plays
    turn.stopped = play.ending is Ending.STOPPED
    if play.toast is Toast.AFTER:
        turn.toast = reply_text("numbered", turn.rule, turn.language)
    if play.reply:
        turn.text = reply_text(play.reply, turn.rule, turn.language)
    if play.banner:
        reset = reset_text(turn.limited_until)
        turn.banner = reply_text(play.banner, turn.rule, turn.language, reset)
