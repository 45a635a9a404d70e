"""Conversations and their turns, as they stand on the server."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from enum import StrEnum

from farm.replay.plays import Download
from farm.replay.scenario import Rule

_TITLE_WORDS = 5


class Stage(StrEnum):
    """How far an answer is."""

    SENT = "sent"  # only the query stands there
    THINKING = "thinking"
    SETTLED = "settled"


@dataclass(kw_only=True, slots=True)
class Frame:
    """A place for an image in an answer."""

    picture: str
    state: str = "loading"  # then "shown" or "error"
    download: Download = Download.BUTTON


@dataclass(frozen=True, kw_only=True, slots=True)
class Stale:
    """An older turn that the page renders again beside ours."""

    turn: str
    query: str
    picture: str
    where: str  # before or after ours


@dataclass(kw_only=True, slots=True)
class Turn:
    """One prompt and its answer; whoever watches is told of every change."""

    id: str
    conversation: str
    n: int
    query: str
    rule: Rule
    language: str
    stage: Stage = Stage.SENT
    text: str = ""
    stopped: bool = False
    gone: bool = False  # the query vanished
    banner: str = ""
    toast: str = ""
    stale: Stale | None = None
    decoys: bool = False
    frames: list[Frame] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)  # what was sent along
    limited_until: float = 0.0  # epoch seconds: when the limit that the answer tells of ends
    _change: asyncio.Event = field(default_factory=asyncio.Event, init=False, repr=False)

    @property
    def over(self) -> bool:
        """Whether nothing will change any more."""
        waiting = any(frame.state == "loading" for frame in self.frames)
        return self.gone or (self.stage is Stage.SETTLED and not waiting)

    def next_change(self) -> asyncio.Event:
        """Set once at the next change; take it before reading, then nothing is missed."""
        return self._change

    def tell(self) -> None:
        """Wake whoever watches."""
        self._change.set()
        self._change = asyncio.Event()


@dataclass(kw_only=True, slots=True)
class Conversation:
    """A chat of one account."""

    id: str
    account: str
    title: str
    turns: list[Turn] = field(default_factory=list)

    @property
    def running(self) -> Turn | None:
        """The turn that is still being answered."""
        return next((t for t in reversed(self.turns) if t.stage is not Stage.SETTLED), None)


def title_for(prompt: str) -> str:
    """A chat's name as the site would give it: the first words of what is described."""
    described = re.split(r"Description:|\|\|\|", prompt)[-1]
    words = re.findall(r"[\w'-]+", described)[:_TITLE_WORDS]
    return " ".join(words).title() or "New chat"
