"""The prompt box: text in, read back, sent with one click."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from farm.clock import Clock
from farm.errors import BrowserTimeout, Ended
from farm.model.causes import Cause
from farm.model.outcomes import Outcome
from farm.sites.base import Reading, SendButton, Turn
from farm.sites.gemini.endings import shut
from farm.sites.gemini.page import GeminiPage, folded
from farm.sites.gemini.words import fold

_TRIES = 3
_STUCK_JOBS = 3
_SELECT_ALL = "Meta+A" if sys.platform == "darwin" else "Control+A"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """Where our prompt stands."""

    conversation: str  # "" while the address does not tell yet
    turn: str  # id of the turn's element, "" if it has none


@dataclass(kw_only=True)
class Composer:
    """Types one prompt and sends it once."""

    page: GeminiPage
    references: int = 0  # files that must go along with the text
    _before: frozenset[str] = frozenset()  # turns that stood before we sent
    _count: int = 0
    _marks: int = field(default=0)  # submit requests seen before we clicked

    async def write(self, text: str) -> None:
        """Leave exactly this text in the box, ready to be sent; the page's own words are the proof.

        The text goes in as one insertion, so that no newline can become Enter. A page that is
        still waking up may show the text and not know of it: then the button stays asleep, and the
        text is written again. `Ended` when nothing helps; nothing was sent then.
        """
        for _ in range(_TRIES):
            await self._clear()
            keyboard = self.page.session.page.keyboard
            await self.page.session.run("write the prompt", keyboard.insert_text(text))
            if await self._takes(text) and await self._would_send():
                return
        raise Ended(_not_ready(await self.page.look(), text))

    async def remember(self) -> None:
        """Note what stands on the page before the click, so that what comes after is told apart.

        `Ended` when the box does not hold the row's references, all of them uploaded.
        """
        reading = await self.page.look()
        there = reading.attachments
        if there.total != self.references or there.pending or there.failed:
            raise Ended(_other_files(there.total, self.references))
        self._before = frozenset(turn.id for turn in reading.turns if turn.id)
        self._count = len(reading.turns)
        self._marks = self.page.session.marked_requests
        self.page.heard = None

    async def send(self, text: str) -> Sent | None:
        """Click once and watch what comes of it; None when the page does not tell.

        Send and stop are the same button, so a click that may have happened is never repeated.
        `Ended` when it is certain that nothing was sent, or that the page refused it.
        """
        with suppress(BrowserTimeout):  # the click may have happened: what the page shows decides
            await self._click()
        refused_at = self.page.clock.monotonic() + self.page.patience.refused
        shut_for = _Lasting(clock=self.page.clock, seconds=self.page.patience.shut)

        def verdict(reading: Reading) -> Sent | Outcome | bool | None:
            # On a page that stays shut no turn appears: what became of ours is told elsewhere.
            return self._verdict(reading, text, refused_at) or shut_for(shut(reading)) or None

        sent = await self.page.watch(verdict, self.page.patience.accepted)
        if isinstance(sent, Outcome):
            raise Ended(sent)
        if not isinstance(sent, Sent):
            return None
        if sent.conversation:
            return sent
        return await self._with_conversation(sent, text)

    async def _with_conversation(self, sent: Sent, text: str) -> Sent:
        """The same, with the conversation's id, which the address tells a moment later."""

        def told(reading: Reading) -> Sent | None:
            turn = self.own_turn(reading, text)
            if turn is None or not reading.conversation:
                return None
            return Sent(conversation=reading.conversation, turn=turn.id)

        return await self.page.watch(told, self.page.patience.menu) or sent

    def own_turn(self, reading: Reading, text: str) -> Turn | None:
        """The newest turn that is not from before and asks exactly what we ask.

        One that shows our references is taken before one that does not; their pictures may still
        be on the way.
        """
        wanted = folded(text)
        ours = [
            turn
            for turn in reversed(reading.turns)
            if self._is_new(turn) and same_prompt(turn.query, wanted)
        ]
        same = [turn for turn in ours if turn.uploads == self.references]
        return next(iter([*same, *ours]), None)

    def _is_new(self, turn: Turn) -> bool:
        return turn.id not in self._before if turn.id else turn.index >= self._count

    def _verdict(self, reading: Reading, text: str, refused_at: float) -> Sent | Outcome | None:
        turn = self.own_turn(reading, text)
        if turn is not None:
            return Sent(conversation=reading.conversation, turn=turn.id)
        if not self._text_is_still_here(reading, text):
            return None
        if reading.notice is not None:
            return _refused_at_send(reading.notice)
        nothing_left = self.page.session.marked_requests == self._marks
        if nothing_left and self.page.clock.monotonic() >= refused_at:
            return Outcome(
                cause=Cause.NOT_ACCEPTED,
                role="send",
                message="The text stayed in the box and the page sent nothing.",
            )
        return None

    def _text_is_still_here(self, reading: Reading, text: str) -> bool:
        still = folded(reading.composer_text) == folded(text)
        return still and not reading.generating and not reading.conversation

    async def _takes(self, text: str) -> bool:
        wanted = folded(text)

        def holds(reading: Reading) -> bool | None:
            return folded(reading.composer_text) == wanted or None

        return bool(await self.page.watch(holds, self.page.patience.typed))

    async def _would_send(self) -> bool:
        def awake(reading: Reading) -> bool | None:
            if reading.blocked is not None:
                raise Ended(reading.blocked)
            return reading.send is SendButton.SEND or None

        return bool(await self.page.watch(awake, self.page.patience.typed))

    async def _clear(self) -> None:
        session = self.page.session
        box = self.page.locate("composer").filter(visible=True).first
        await session.run("close menus", session.page.keyboard.press("Escape"))
        try:
            await session.run("focus the prompt box", box.focus(timeout=5000))
        except BrowserTimeout as error:
            raise Ended(
                Outcome(cause=Cause.DRIFT, role="composer", message="The prompt box is not there.")
            ) from error
        if folded((await self.page.look()).composer_text):
            await session.run("select the old text", session.page.keyboard.press(_SELECT_ALL))
            await session.run("delete the old text", session.page.keyboard.press("Delete"))

    async def _click(self) -> None:
        session = self.page.session
        button = self.page.locate("send").filter(visible=True).first
        try:
            # A button that has just woken up still grows from nothing.
            await session.run(
                "see the send button", button.wait_for(timeout=self.page.patience.menu * 1000)
            )
        except BrowserTimeout as error:
            raise Ended(_no_send_button(await self.page.look())) from error
        await session.run("send the prompt", button.click(timeout=5000, no_wait_after=True))


@dataclass(kw_only=True)
class StuckPrompts:
    """Jobs in a row whose prompt could not be sent: one may be odd, three are the page."""

    _jobs: set[int] = field(default_factory=set)

    @contextmanager
    def watching(self, job_id: int) -> Iterator[None]:
        """Sending a job's prompt; `Ended` with drift once it is the page that takes none."""
        try:
            yield
        except Ended as ended:
            outcome = ended.outcome
            if outcome.cause is not Cause.NOT_ACCEPTED or not outcome.role:
                raise
            self._jobs.add(job_id)
            if len(self._jobs) < _STUCK_JOBS:
                raise
            told = f"{outcome.message} So it went with {len(self._jobs)} prompts in a row."
            raise Ended(replace(outcome, cause=Cause.DRIFT, message=told)) from ended
        self._jobs.clear()


@dataclass(kw_only=True)
class _Lasting:
    """Whether something has been so at every look for some seconds."""

    clock: Clock
    seconds: float
    _since: float | None = None  # monotonic

    def __call__(self, so: object) -> bool:
        now = self.clock.monotonic()
        self._since = (now if self._since is None else self._since) if so else None
        return self._since is not None and now - self._since >= self.seconds


def same_prompt(query: str, wanted: str) -> bool:
    """Whether a turn's query is our folded text; a long one may be shown shortened by an ellipsis.

    Readings have plain quotes where the page has typographic ones, so both sides are folded alike.
    """
    shown, asked = fold(folded(query)), fold(wanted)
    if shown == asked:
        return True
    head = shown.removesuffix("…").removesuffix("...")
    # Without its ellipsis a beginning is another prompt, one that ours goes on from.
    return head != shown and len(head) >= 200 and asked.startswith(head.rstrip())  # noqa: PLR2004


def _other_files(there: int, wanted: int) -> Outcome:
    return Outcome(
        cause=Cause.NOT_ACCEPTED,
        message=f"The prompt box holds {there} files instead of {wanted}; nothing was sent.",
    )


def _refused_at_send(notice: Outcome) -> Outcome:
    if notice.cause is Cause.TRANSIENT:
        return Outcome(
            cause=Cause.NOT_ACCEPTED,
            message="The page refused to send, usually because it was too fast.",
            said=notice.said,
        )
    return notice


def _not_ready(reading: Reading, text: str) -> Outcome:
    if folded(reading.composer_text) == folded(text):
        return _no_send_button(reading)
    return Outcome(
        cause=Cause.NOT_ACCEPTED,
        role="composer",
        message="The prompt box did not take the text as it was written; nothing was sent.",
    )


def _no_send_button(reading: Reading) -> Outcome:
    if reading.send is SendButton.STOP or reading.generating:
        return Outcome(
            cause=Cause.NOT_ACCEPTED, message="The page is still busy with another answer."
        )
    return Outcome(
        cause=Cause.DRIFT,
        role="send",
        message="The text stands in the box and no send button that farm knows appeared.",
    )
