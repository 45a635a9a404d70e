"""A messenger tells each thing once, and never holds up the run."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

import pytest

from farm.errors import StoreError, UsageError
from farm.model.causes import Cause
from farm.model.events import Notice, RunEnded, RunEvent, RunStarted, SessionChanged
from farm.model.jobs import JobState
from farm.model.sessions import Session, SessionState
from farm.notify.base import Message, NotDelivered
from farm.notify.messenger import Messenger
from farm.notify.occasions import Occasions
from farm.testing.clock import FakeClock
from tests.unit.test_occasions import REPORT, ended


@dataclass(kw_only=True)
class Inbox:
    """A target that keeps what it gets, or fails in the ways it is told."""

    label: str = "inbox"
    faults: list[NotDelivered] = field(default_factory=list)
    got: list[Message] = field(default_factory=list)
    tries: int = 0
    hangs: bool = False

    async def send(self, message: Message) -> None:
        self.tries += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.faults:
            raise self.faults.pop(0)
        self.got.append(message)

    @property
    def occasions(self) -> list[str]:
        return [message.occasion for message in self.got]


@dataclass(kw_only=True)
class Book:
    """What was told, as the store keeps it."""

    keys: set[str] = field(default_factory=set)
    broken: bool = False

    async def was_told(self, key: str, within_seconds: float) -> bool:
        assert within_seconds == 12 * 3600
        self._work()
        return key in self.keys

    async def note_told(self, key: str) -> None:
        self._work()
        self.keys.add(key)

    async def forget_told(self, prefix: str) -> None:
        self._work()
        self.keys = {key for key in self.keys if not key.startswith(prefix)}

    def _work(self) -> None:
        if self.broken:
            raise StoreError("the disk is gone")


def red(cause: Cause = Cause.SIGNED_OUT) -> RunEvent:
    session = Session(name="alice", state=SessionState.NEEDS_PERSON, cause=cause, message="Out.")
    return SessionChanged(session=session)


START = RunStarted(sessions=("alice", "bob"), counts={JobState.PENDING: 1})
STARTING = SessionChanged(session=Session(name="alice", state=SessionState.STARTING))
GONE = NotDelivered("it could not be reached", passing=True)
WRONG = NotDelivered("it answered 404", passing=False)


async def run(
    *events: RunEvent, to: list[Inbox], book: Book | None = None, last_words: float = 5.0
) -> list[RunEvent]:
    """What the terminal saw of a run with these events."""
    seen: list[RunEvent] = []
    messenger = Messenger(
        targets=to,
        book=book or Book(),
        clock=FakeClock(),
        occasions=Occasions(),
        last_words_seconds=last_words,
    )
    async with messenger:
        tell = messenger.watching(seen.append)
        for event in events:
            tell(event)
            for _ in range(30):  # so that each is told before the next happens
                await asyncio.sleep(0)
    return seen


async def test_every_target_gets_every_message() -> None:
    one, two = Inbox(), Inbox(label="two")

    seen = await run(START, red(), RunEnded(report=REPORT), to=[one, two])

    assert one.occasions == two.occasions == ["person", "done"]
    assert one.got[0].id == two.got[0].id != one.got[1].id
    assert seen == [START, red(), RunEnded(report=REPORT)]


async def test_a_session_that_fails_the_same_way_again_is_told_once() -> None:
    inbox = Inbox()

    await run(START, red(), STARTING, red(), STARTING, red(Cause.CHALLENGE), to=[inbox])

    assert [message.cause for message in inbox.got] == [Cause.SIGNED_OUT, Cause.CHALLENGE]


async def test_what_could_not_be_delivered_is_not_tried_again_by_the_same_run() -> None:
    dead = Inbox(faults=[WRONG, WRONG])

    await run(START, red(), STARTING, red(), to=[dead])

    assert dead.tries == 1


async def test_after_an_image_the_same_is_told_again() -> None:
    inbox = Inbox()

    await run(START, red(), STARTING, ended("alice", Cause.MADE), red(), to=[inbox])

    assert inbox.occasions == ["person", "person"]


async def test_an_image_of_another_session_makes_nobody_else_well() -> None:
    inbox = Inbox()

    await run(START, red(), STARTING, ended("bob", Cause.MADE), red(), to=[inbox])

    assert inbox.occasions == ["person"]


async def test_a_restart_does_not_tell_again_what_was_delivered() -> None:
    inbox, book = Inbox(), Book()

    for _ in range(3):
        await run(START, red(), to=[inbox], book=book)

    assert inbox.occasions == ["person"]


async def test_a_restart_tells_again_what_never_arrived() -> None:
    book = Book()
    dead, inbox = Inbox(faults=[WRONG]), Inbox()

    await run(START, red(), to=[dead], book=book)
    await run(START, red(), to=[inbox], book=book)

    assert (dead.got, inbox.occasions) == ([], ["person"])


async def test_a_restart_after_an_image_tells_again() -> None:
    inbox, book = Inbox(), Book()

    await run(START, red(), STARTING, ended("alice", Cause.MADE), to=[inbox], book=book)
    await run(START, red(), to=[inbox], book=book)

    assert inbox.occasions == ["person", "person"]


async def test_a_book_that_cannot_be_read_keeps_no_message() -> None:
    inbox = Inbox()

    await run(START, red(), ended("alice", Cause.MADE), to=[inbox], book=Book(broken=True))

    assert inbox.occasions == ["person"]


async def test_a_passing_fault_is_tried_again_with_the_same_message() -> None:
    inbox = Inbox(faults=[GONE, GONE])

    seen = await run(START, red(), to=[inbox])

    assert (inbox.tries, inbox.occasions) == (3, ["person"])
    assert seen == [START, red()]


async def test_a_target_that_does_not_work_is_told_in_one_sentence() -> None:
    broken = Inbox(label="slack", faults=[WRONG, WRONG, *[GONE] * 8])
    works = Inbox()
    events = [red(), red(Cause.CHALLENGE), red(Cause.REGION)]

    seen = await run(START, *events, to=[broken, works])

    (notice,) = [event for event in seen if isinstance(event, Notice)]
    assert notice.text == (
        "Messages by slack do not get through: it answered 404. The run goes on."
    )
    assert broken.tries == 10
    assert len(works.got) == 3


async def test_nothing_is_told_to_the_terminal_after_its_last_event() -> None:
    broken = Inbox(faults=[WRONG])

    seen = await run(START, RunEnded(report=REPORT), to=[broken])

    assert isinstance(seen[-1], RunEnded)


async def test_a_target_that_never_answers_holds_up_neither_the_others_nor_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hanging, works = Inbox(label="dead", hangs=True), Inbox()

    with caplog.at_level(logging.WARNING, logger="farm.notify"):
        async with asyncio.timeout(5):
            await run(START, red(), to=[hanging, works], last_words=0.05)

    assert works.occasions == ["person"]
    (record,) = caplog.records
    assert vars(record)["to"] == "dead"


async def test_a_run_that_is_stopped_at_once_waits_for_nobody() -> None:
    hanging = Inbox(hangs=True)

    messenger = await _messenger(hanging).__aenter__()
    messenger.watching(lambda _: None)(red())

    async with asyncio.timeout(5):
        await messenger.__aexit__(None, asyncio.CancelledError(), None)

    assert hanging.got == []


def _messenger(target: Inbox) -> Messenger:
    return Messenger(targets=[target], book=Book(), clock=FakeClock(), occasions=Occasions())


async def test_a_farm_that_fails_says_so() -> None:
    inbox = Inbox()

    with pytest.raises(StoreError):
        async with _messenger(inbox):
            raise StoreError("The store /x/farm.db cannot be read.")

    assert inbox.occasions == ["failed"]
    assert inbox.got[0].text.startswith("The store /x/farm.db cannot be read.")


async def test_wrong_use_is_the_terminals_matter_alone() -> None:
    inbox = Inbox()

    with pytest.raises(UsageError):
        async with _messenger(inbox):
            raise UsageError("There is no profile yet.")

    assert inbox.got == []


async def test_without_a_target_nothing_listens() -> None:
    messenger = Messenger(targets=[], book=Book(), clock=FakeClock(), occasions=Occasions())
    seen: list[RunEvent] = []
    tell = seen.append

    async with messenger:
        assert messenger.watching(tell) == tell
