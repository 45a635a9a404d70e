"""How an answer comes about: a play, carried out in time on one turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from farm.replay.conversations import Stage, Turn
from farm.replay.plays import Ending, Play, Toast
from farm.replay.scenario import Defaults, Rule
from farm.replay.texts import reply_text

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


async def perform(turn: Turn, tempo: Tempo, sleep: Sleep) -> None:
    """Answer a turn to its end, which may be none."""
    play = turn.rule.plays
    await sleep(tempo.first)
    turn.stage = Stage.THINKING
    turn.tell()
    await sleep(tempo.rest)
    if play.ending is Ending.NEVER:
        await asyncio.Event().wait()
    if play.ending is Ending.VANISHED:
        turn.gone = True
        turn.stage = Stage.SETTLED
    elif play.late_image:
        await _image_last(turn, tempo, sleep)
    elif play.pictures:
        _show(turn)
        turn.tell()
        await sleep(tempo.footer)
        turn.stage = Stage.SETTLED
    else:
        _answer(turn, play)
    turn.tell()


def cut(turn: Turn) -> None:
    """Stop a turn as a second click does: it looks complete, is empty, and says so."""
    turn.stage = Stage.SETTLED
    turn.stopped = not any(frame.state == "shown" for frame in turn.frames)
    turn.frames = [frame for frame in turn.frames if frame.state == "shown"]
    turn.tell()


def _show(turn: Turn) -> None:
    for frame in turn.frames:
        frame.state = turn.rule.plays.frame


async def _image_last(turn: Turn, tempo: Tempo, sleep: Sleep) -> None:
    turn.stage = Stage.SETTLED
    turn.tell()
    await sleep(tempo.footer)
    _show(turn)


def _answer(turn: Turn, play: Play) -> None:
    turn.stage = Stage.SETTLED
    turn.stopped = play.ending is Ending.STOPPED
    if play.toast is Toast.AFTER:
        turn.toast = reply_text("numbered", turn.rule, turn.language)
    if play.reply:
        turn.text = reply_text(play.reply, turn.rule, turn.language)
    if play.banner:
        turn.banner = reply_text(f"banner.{play.banner}", turn.rule, turn.language)
