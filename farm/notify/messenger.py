"""Watching a run and telling a person, without ever holding the run up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from farm.clock import Clock
from farm.errors import StoreError, UsageError
from farm.model.events import Notice, RunEnded, RunEvent, Tell
from farm.notify.base import Message, NotDelivered, Target
from farm.notify.delivery import Tries, deliver
from farm.notify.occasions import Occasion, Occasions, Well, failed

log = logging.getLogger(__name__)


LAST_WORDS_SECONDS = 10.0  # how long the end of a run waits for what is still to be delivered
REMEMBERED_SECONDS = 12 * 3600.0
_WAITING = 100  # messages per target; a run that has more to say is not read any more


class Book(Protocol):
    """Where it is written down what was told, so that a restart does not tell it again."""

    async def was_told(self, key: str, within_seconds: float) -> bool:
        """Whether this was told so recently."""

    async def note_told(self, key: str) -> None:
        """Remember that this was told now."""

    async def forget_told(self, prefix: str) -> None:
        """Whatever was told under keys that begin with this may be told again."""


@dataclass(kw_only=True)
class _Line:
    """What waits for one target."""

    target: Target
    waiting: asyncio.Queue[Message] = field(default_factory=lambda: asyncio.Queue(_WAITING))
    undelivered: int = 0
    works: bool = True


@dataclass(kw_only=True)
class Messenger:
    """Tells each occasion once, to every target, on tasks of its own.

    Inside `async with` messages are on their way; leaving gives the last ones a bounded time.
    """

    targets: Sequence[Target]
    book: Book
    clock: Clock
    occasions: Occasions
    tries: Tries = field(default_factory=Tries)
    last_words_seconds: float = LAST_WORDS_SECONDS
    _inbox: asyncio.Queue[Occasion] = field(default_factory=asyncio.Queue)
    _lines: list[_Line] = field(default_factory=list)
    _tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    _told: set[str] = field(default_factory=set)  # keys of this run, delivered or on their way
    _clean: set[str] = field(default_factory=set)  # prefixes under which the book holds nothing
    _tell: Tell | None = None  # until the run has ended

    async def __aenter__(self) -> Self:
        """Open a line to each target."""
        if self.targets:
            self._tasks = [asyncio.create_task(self._sort(), name="messages")]
        for target in self.targets:
            line = _Line(target=target)
            self._lines.append(line)
            task = asyncio.create_task(self._serve(line), name=f"messages to {target.label}")
            self._tasks.append(task)
        return self

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Deliver what is left, for a bounded time; at once when the run was cancelled."""
        if isinstance(error, Exception) and not isinstance(error, UsageError):
            self._inbox.put_nowait(failed(error))
        if self._tasks and (error is None or isinstance(error, Exception)):
            await self._last_words()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def watching(self, tell: Tell) -> Tell:
        """The same teller, with an ear for what a person should know."""
        if not self.targets:
            return tell
        self._tell = tell

        def listen(event: RunEvent) -> None:
            for occasion in self.occasions.of(event, self.clock.now()):
                self._inbox.put_nowait(occasion)
            if isinstance(event, RunEnded):
                self._tell = None  # nothing is told after the last event
            tell(event)

        return listen

    async def _last_words(self) -> None:
        # In the other side's time: it does not pass faster where a test sets its clock ahead.
        left = asyncio.create_task(self._emptied(), name="last messages")
        await asyncio.wait([left], timeout=self.last_words_seconds)
        left.cancel()
        for line in self._lines:
            if line.undelivered:
                to = {"to": line.target.label, "messages": line.undelivered}
                log.warning("the run ended before its messages were delivered", extra=to)

    async def _emptied(self) -> None:
        await self._inbox.join()
        await asyncio.gather(*(line.waiting.join() for line in self._lines))

    async def _sort(self) -> None:
        """Pass on what is new."""
        while True:
            occasion = await self._inbox.get()
            if isinstance(occasion, Well):
                await self._forget(occasion.prefix)
            elif await self._is_new(occasion.key):
                self._told.add(occasion.key)
                self._pass_on(occasion)
            self._inbox.task_done()

    async def _is_new(self, key: str) -> bool:
        if not key:
            return True
        if key in self._told:
            return False
        with _noting():
            return not await self.book.was_told(key, REMEMBERED_SECONDS)
        return True  # rather twice than never

    async def _forget(self, prefix: str) -> None:
        self._told = {key for key in self._told if not key.startswith(prefix)}
        if prefix not in self._clean:
            with _noting():
                await self.book.forget_told(prefix)
                self._clean.add(prefix)

    def _pass_on(self, message: Message) -> None:
        for line in self._lines:
            try:
                line.waiting.put_nowait(message)
                line.undelivered += 1
            except asyncio.QueueFull:
                log.warning("too many messages wait; one is dropped", extra=_about(line, message))

    async def _serve(self, line: _Line) -> None:
        while True:
            message = await line.waiting.get()
            try:
                await deliver(line.target, message, self.clock, self.tries)
            except NotDelivered as error:
                self._complain(line, message, str(error))
            else:
                line.works = True
                log.info("a message was delivered", extra=_about(line, message))
                await self._note(message.key)
            line.undelivered -= 1
            line.waiting.task_done()

    async def _note(self, key: str) -> None:
        """Only now: what never arrived is told again by the next run."""
        if key in self._told:  # it was not well again meanwhile
            self._clean = {prefix for prefix in self._clean if not key.startswith(prefix)}
            with _noting():
                await self.book.note_told(key)

    def _complain(self, line: _Line, message: Message, why: str) -> None:
        log.warning("a message was not delivered", extra={**_about(line, message), "why": why})
        if line.works and self._tell is not None:
            text = f"Messages by {line.target.label} do not get through: {why}. The run goes on."
            self._tell(Notice(level="warning", text=text))
        line.works = False


@contextmanager
def _noting() -> Iterator[None]:
    """A book that cannot be read or written keeps no message from its way."""
    try:
        yield
    except StoreError as error:
        log.warning("it is not remembered which messages were sent", extra={"why": str(error)})


def _about(line: _Line, message: Message) -> dict[str, str]:
    return {"to": line.target.label, "occasion": message.occasion, "message_id": message.id}
