"""Conversations of the account: open one again, and find the one that holds our prompt."""

from __future__ import annotations

from dataclasses import dataclass

from farm.errors import BrowserTimeout, Ended
from farm.sites.base import Reading, Turn
from farm.sites.gemini.composer import Sent, same_prompt
from farm.sites.gemini.page import GeminiPage, drift, folded

NEWEST = 8
"""How many of the account's newest foreign conversations are searched."""

LOOKS = 2
"""How often the list is loaded before an absence is believed: it may lag behind a fresh prompt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """What a search of the newest conversations came to."""

    sent: Sent | None
    proven: bool  # the list was seen and every candidate read, so None means: never sent


def turn_with(reading: Reading, text: str, turn_id: str = "") -> Turn | None:
    """The newest turn that asks our text; the one of that id if it is there."""
    wanted = folded(text)
    ours = [turn for turn in reading.turns if same_prompt(turn.query, wanted)]
    for turn in ours:
        if turn_id and turn.id == turn_id:
            return turn
    return ours[-1] if ours else None


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """Looks back; sends nothing, changes nothing."""

    page: GeminiPage

    async def reopen(self, sent: Sent, text: str) -> Turn | None:
        """Open a conversation and wait for our turn in it; None when it is not there.

        `Ended` when something else is in the way, such as a page that farm does not know.
        """
        await self.page.open_signed_in("conversation", id=sent.conversation)
        turn = await self.page.watch(
            lambda reading: turn_with(reading, text, sent.turn), self.page.patience.hydrate
        )
        if turn is None:
            await self._prove_queries()
        return turn

    async def search(self, text: str, others: frozenset[str]) -> Search:
        """Find our prompt in the newest conversations that no other attempt owns."""
        proven = False
        for _ in range(LOOKS):
            listed = await self._newest(others)
            proven = listed is not None
            for conversation in listed or ():
                sent, read = await self._try(conversation, text)
                if sent is not None:
                    return Search(sent=sent, proven=True)
                proven = proven and read
        return Search(sent=None, proven=proven)

    async def _newest(self, others: frozenset[str]) -> tuple[str, ...] | None:
        """Candidates, newest first; None when the page did not show the list."""
        await self.page.open_signed_in("app")
        filled = await self.page.watch(
            lambda reading: reading if reading.conversations else None,
            self.page.patience.menu,
        )
        if filled is None and await self._open_collapsed_side_bar():
            filled = await self.page.watch(
                lambda reading: reading if reading.conversations else None,
                self.page.patience.listed,
            )
        reading = filled or await self.page.look()
        if not reading.conversations_listed:
            return None
        candidates = [one for one in reading.conversations if one not in others]
        return tuple(candidates[:NEWEST])

    async def _open_collapsed_side_bar(self) -> bool:
        if (await self.page.look()).conversations_listed:
            return False  # the list is there and empty; the button would close it
        try:
            return await self.page.press("sidebar_open")
        except BrowserTimeout:
            return False

    async def _try(self, conversation: str, text: str) -> tuple[Sent | None, bool]:
        try:
            await self.page.open_signed_in("conversation", id=conversation)
        except Ended as ended:
            if ended.outcome.role:  # drift: this one page did not load, which proves nothing
                return None, False
            raise
        reading = await self.page.watch(
            lambda r: r if any(turn.query for turn in r.turns) else None,
            self.page.patience.hydrate / 2,
        )
        if reading is None:
            await self._prove_queries()
            return None, False
        turn = turn_with(reading, text)
        if turn is None:
            return None, True
        return Sent(conversation=conversation, turn=turn.id), True

    async def _prove_queries(self) -> None:
        """`Ended` when the page shows turns and farm knows none of their queries."""
        reading = await self.page.look()
        if reading.composer and "query" in reading.missing:
            raise Ended(drift(reading, "query"))
