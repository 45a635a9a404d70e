"""A round through the pages of an account for `farm doctor`: looks, sends nothing, changes nothing.

The side bar is unfolded where the page folded it, for its list is the way to the conversations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from farm.clock import Clock
from farm.errors import BrowserError, BrowserGone, BrowserTimeout
from farm.sites.base import Reading, SignIn
from farm.sites.gemini.checkup import Look, is_open
from farm.sites.gemini.page import GeminiPage
from farm.sites.gemini.reading import read
from farm.sites.gemini.scripts import SNAPSHOT_JS

SHELL_SECONDS = 9.0  # until the composer or what stands in its way is there
MARKS_SECONDS = 5.0  # account, mode and side bar load late
LIST_SECONDS = 2.0
TURNS_SECONDS = 7.0
PICTURES_SECONDS = 3.0
QUIET_SECONDS = 0.5  # frames of pictures may come after the text of their turn


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What a round came to."""

    looks: tuple[Look, ...]
    cookies: frozenset[str]  # names only
    listed: bool  # whether the side bar showed its list


@dataclass(kw_only=True)
class Round:
    """One round through an account's pages, within a time."""

    page: GeminiPage
    clock: Clock
    until: float  # of the clock's monotonic seconds
    _looks: list[Look] = field(default_factory=list)

    async def go(self) -> Seen:
        """A new chat, then the newest conversation the side bar lists."""
        await self.page.open("app")
        await self._watch(lambda r: r.composer or not is_open(r), SHELL_SECONDS)
        await self._watch(_is_complete, MARKS_SECONDS)
        first = await self._look()
        cookies = await self.page.session.cookie_names(self.page.pack().origin)
        if is_open(first):
            await self._into_newest(await self._listed(first))
        listed = any(look.reading.conversations_listed for look in self._looks)
        return Seen(looks=tuple(self._looks), cookies=cookies, listed=listed)

    async def _listed(self, reading: Reading) -> Reading:
        """The page with its side bar unfolded, if it can be."""
        if reading.conversations:
            return reading
        await self._watch(lambda r: r.conversations_listed, LIST_SECONDS)
        listed = await self._look()
        del self._looks[-2]  # the same page, a moment younger
        if listed.conversations_listed:
            return listed
        try:
            pressed = await self.page.press("sidebar_open")
        except BrowserTimeout:
            pressed = False
        if not pressed:
            return listed
        await self._watch(lambda r: bool(r.conversations), LIST_SECONDS)
        return await self._look()

    async def _into_newest(self, reading: Reading) -> None:
        if not reading.conversations:
            return
        newest = reading.conversations[0]
        await self.page.open("conversation", id=newest)
        await self._watch(lambda r: not is_open(r) or bool(r.turns), TURNS_SECONDS)
        await self._watch(_is_complete, MARKS_SECONDS)
        await self.clock.sleep(QUIET_SECONDS)
        await self._watch(_pictures_are_there, PICTURES_SECONDS)
        await self._look(opened=newest)

    async def _watch(self, enough: Callable[[Reading], bool], seconds: float) -> None:
        left = self.until - self.clock.monotonic()
        await self.page.watch(lambda r: enough(r) or None, max(0.0, min(seconds, left)))

    async def _look(self, opened: str = "") -> Reading:
        pack = self.page.pack()
        for _ in range(2):
            try:
                snapshot = await self._snapshot()
                break
            except (BrowserGone, BrowserTimeout):
                raise
            except BrowserError:  # a navigation of the page's own: look at where it led
                await self.clock.sleep(0.3)
        else:
            snapshot = await self._snapshot()
        reading = read(snapshot, pack, self.clock.now())
        self._looks.append(Look(snapshot=snapshot, reading=reading, opened=opened))
        return reading

    async def _snapshot(self) -> dict[str, object]:
        found: dict[str, object] = await self.page.session.evaluate(
            SNAPSHOT_JS, self.page.pack().for_page()
        )
        return found


def _is_complete(reading: Reading) -> bool:
    marks = reading.sign_in is not SignIn.UNKNOWN and bool(reading.mode_label)
    return not is_open(reading) or (marks and "sidebar" in reading.matched)


def _pictures_are_there(reading: Reading) -> bool:
    ended = bool(reading.turns) and reading.turns[-1].finished
    images = [image for turn in reading.turns for image in turn.images]
    return ended and all(image.loaded and image.download for image in images)
