"""Pictures beside the prompt: put into the box through the page's own upload button, and proven."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import FileChooser, Locator

from farm.browser.downloads import visible
from farm.errors import BrowserTimeout, Ended
from farm.model.causes import LIMITS, NEEDS_PERSON, Cause
from farm.model.outcomes import Outcome
from farm.sites.base import Reading
from farm.sites.gemini.page import GeminiPage, Verdict, drift

log = logging.getLogger(__name__)

_TRIES = 3
_MOST = 12  # files in a box; the page takes ten
_STOPPING = NEEDS_PERSON | LIMITS  # what no second try overcomes


@dataclass(kw_only=True)
class Attachments:
    """The files in the prompt box. Nothing here sends anything."""

    page: GeminiPage
    _ready_since: float | None = field(default=None)

    async def put(self, files: Sequence[Path]) -> None:
        """Leave exactly these files in the box, every one of them uploaded.

        What was left over goes first, also when there are no files to put. `Ended` when the page
        does not take them; nothing was sent then.
        """
        refused = ""
        for number in range(_TRIES):
            if number:  # an old message and a tile that is stuck go with the old page
                log.warning("the page did not take the references; trying again")
                await self.page.new_chat()
            await self._clear()
            if not files:
                return
            await self._choose(files)
            refused = await self._uploaded(len(files))
            if not refused:
                return
        raise Ended(_not_taken(len(files), refused))

    async def prove(self) -> None:
        """See that the page opens its file dialog: `Ended` when it asks for the person instead.

        No file is chosen.
        """
        await self._chooser()

    async def _uploaded(self, count: int) -> str:
        """Wait until every file is up; "" then, else what the page did instead."""
        self._ready_since = None

        def verdict(reading: Reading) -> str | None:
            return self._verdict(reading, count)

        seconds = self.page.patience.upload
        found = await self.page.watch(verdict, seconds)
        return f"It was not done within {seconds:g} seconds." if found is None else found

    def _verdict(self, reading: Reading, count: int) -> str | None:
        _stop_if_shut(reading)
        there = reading.attachments
        if there.refused or there.failed:
            return f"It said: {there.refused}" if there.refused else "It showed an error."
        if there.total > count:
            return f"It shows {there.total} files instead of {count}."
        if there.total < count or there.pending:
            self._ready_since = None
            return None
        # A tile may stand there for a moment before it says that its file is on the way.
        now = self.page.clock.monotonic()
        if self._ready_since is None:
            self._ready_since = now
        return "" if now - self._ready_since >= self.page.patience.attached else None

    async def _clear(self) -> None:
        for _ in range(_MOST):
            left = (await self.page.look()).attachments.total
            if not left:
                return
            await self._remove_first()
            await self.page.watch(_fewer_than(left), self.page.patience.menu)
        raise Ended(drift(await self.page.look(), "attachment_remove"))

    async def _remove_first(self) -> None:
        """Click the first tile's own button, which shows itself only to the pointer."""
        session, tile = self.page.session, self.page.locate("attachment").first
        with suppress(BrowserTimeout):
            await session.run("point at an old file", tile.hover(timeout=2000))
        button = tile.locator(self.page.pack().css("attachment_remove")).first
        try:
            await session.run("remove an old file", button.click(timeout=2000))
        except BrowserTimeout as error:
            raise Ended(drift(await self.page.look(), "attachment_remove")) from error

    async def _choose(self, files: Sequence[Path]) -> None:
        """Hand the files to the page; one by one where its dialog takes no more."""
        left = list(files)
        while left:
            chooser = await self._chooser()
            if chooser is None:
                return await self._set(self.page.locate("file_input").last, left)
            some = left if chooser.is_multiple() else left[:1]
            await self.page.session.run("choose the references", chooser.set_files(some))
            if len(some) < len(left):
                await self._come(len(files) - len(left) + 1)
            left = left[len(some) :]
        return None

    async def _come(self, count: int) -> None:
        """Wait until so many tiles stand there, before the next file is chosen."""

        def come(reading: Reading) -> bool | None:
            return reading.attachments.total >= count or None

        await self.page.watch(come, self.page.patience.menu)

    async def _chooser(self) -> FileChooser | None:
        """The file dialog behind the menu's item; None where only the item's own input is there."""
        session = self.page.session
        await session.run("close menus", session.page.keyboard.press("Escape"))
        if not await self.page.press("upload_menu"):
            raise Ended(drift(await self.page.look(), "upload_menu"))
        item = await self._item()
        try:
            return await session.run("open the file dialog", self._open_dialog(item))
        except BrowserTimeout as error:
            reading = await self.page.look()
            _stop_if_shut(reading)
            inputs = self.page.locate("file_input")
            if await session.run("find the file input", inputs.count()):
                return None
            raise Ended(drift(reading, "file_input")) from error

    async def _item(self) -> Locator:
        items = self.page.locate("upload_item")
        try:
            await self.page.session.run(
                "see the upload menu",
                items.filter(visible=True).first.wait_for(timeout=self._menu_ms),
            )
        except BrowserTimeout as error:
            raise Ended(drift(await self.page.look(), "upload_item")) from error
        return await self.page.session.run("find the upload item", visible(items)) or items.first

    async def _open_dialog(self, item: Locator) -> FileChooser:
        async with self.page.session.page.expect_file_chooser(timeout=self._menu_ms) as chosen:
            await item.click(timeout=self._menu_ms)
        return await chosen.value

    async def _set(self, field_: Locator, files: Sequence[Path]) -> None:
        try:
            await self.page.session.run(
                "hand over the references", field_.set_input_files(list(files), timeout=10_000)
            )
        except BrowserTimeout as error:
            raise Ended(drift(await self.page.look(), "file_input")) from error

    @property
    def _menu_ms(self) -> float:
        return self.page.patience.menu * 1000


def _fewer_than(left: int) -> Verdict[bool]:
    return lambda reading: reading.attachments.total < left or None


def _stop_if_shut(reading: Reading) -> None:
    """`Ended` for what no second try overcomes: a person is asked for, or a limit is reached."""
    for outcome in (reading.blocked, reading.notice):
        if outcome is not None and outcome.cause in _STOPPING:
            raise Ended(outcome)


def _not_taken(count: int, refused: str) -> Outcome:
    pictures = "the reference picture" if count == 1 else f"the {count} reference pictures"
    return Outcome(
        cause=Cause.NOT_ACCEPTED,
        message=f"The page did not take {pictures} in {_TRIES} tries; nothing was sent. {refused}",
    )
