"""A Gemini page under farm's hands: look at it, watch it, get it ready for a prompt."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from playwright.async_api import Locator

from farm.browser.downloads import visible
from farm.browser.session import BrowserSession
from farm.clock import Clock
from farm.errors import BrowserError, BrowserTimeout, Ended
from farm.model.causes import Cause
from farm.model.outcomes import Outcome
from farm.sites.base import Reading, SendButton, SignIn, Turn
from farm.sites.gemini.endings import shut
from farm.sites.gemini.pack import Pack
from farm.sites.gemini.reading import read
from farm.sites.gemini.scripts import SNAPSHOT_JS

log = logging.getLogger(__name__)

T = TypeVar("T")
Verdict = Callable[[Reading], T | None]
"""What a reading decides; None: keep watching."""

SIGN_IN_COOKIES = frozenset({"SID", "__Secure-1PSID"})
_TRIES = 3
_LOADS = 2  # a page that broke off while it loaded shows next to nothing: it is loaded again
_FEW_ROLES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long each part of the page may take, in seconds."""

    hydrate: float = 25.0  # a cold deep link takes about eight
    sign_in_marks: float = 9.0  # they load late
    mode_label: float = 1.5  # as late; some pages have none
    menu: float = 4.0
    typed: float = 5.0
    accepted: float = 20.0  # from the click until our turn stands
    shut: float = 2.0  # a captcha, a sign-in page stands in our way and does not go by itself
    refused: float = 6.0  # text still in the box and nothing sent: not accepted
    answer: float = 300.0
    unloaded: float = 20.0  # pictures of a finished answer that do not load
    late_image: float = 4.0  # a finished answer may still get its picture
    stuck_stop: float = 30.0  # all pictures are there and only the stop button stays
    upload: float = 90.0  # all references of a row
    attached: float = 0.5  # a tile stays without a sign of loading: its file is up
    vanished: float = 8.0  # our turn is gone from the page
    listed: float = 8.0  # the side bar fills lazily
    poll: float = 2.0  # the net under the observer


def folded(text: str) -> str:
    """Text as the page compares: one space for any white space, no zero-width characters."""
    return " ".join(text.translate(_INVISIBLE).split())


_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))


@dataclass(kw_only=True)
class GeminiPage:
    """The one page of a session; every answer is a fresh reading."""

    session: BrowserSession
    pack: Callable[[], Pack]  # asked before every look: an override may have been written
    clock: Clock
    language: str = "en"
    patience: Patience = field(default_factory=Patience)
    _drifted: set[str] = field(default_factory=set)  # roles whose drift is on record
    heard: Outcome | None = None  # what a toast or a page in our way said last: both may go again

    async def look(self) -> Reading:
        """Read the page as it is now."""
        reading = await self._read()
        self.heard = shut(reading) or reading.notice or self.heard
        for role in set(reading.drifted) - self._drifted:
            log.info("drift", extra={"role": role, "candidate": reading.matched[role] + 1})
        self._drifted.update(reading.drifted)
        return reading

    async def _read(self) -> Reading:
        pack = self.pack()
        for _ in range(_TRIES - 1):
            try:
                return read(await self._snapshot(pack), pack, self.clock.now())
            except BrowserTimeout:
                raise
            except BrowserError as error:
                if error.__class__ is not BrowserError:
                    raise
                # A navigation under way destroys the script's context: look again at the new page.
                await self.clock.sleep(0.2)
        return read(await self._snapshot(pack), pack, self.clock.now())

    async def watch(self, decide: Verdict[T], seconds: float) -> T | None:
        """Look at every signal until `decide` answers; None when the time is over."""
        deadline = self.clock.monotonic() + seconds
        while True:
            verdict = decide(await self.look())
            left = deadline - self.clock.monotonic()
            if verdict is not None or left <= 0:
                return verdict
            await self.session.wait_for_change(min(self.patience.poll, left))

    async def open(self, route: str, **values: str) -> int:
        """Open one of the pack's routes in the user's language; the HTTP status."""
        address = self.pack().route(route, **values)
        return await self.session.goto(f"{address}?{urlencode({'hl': self.language})}")

    def locate(self, role: str) -> Locator:
        """All matches of a role's candidates."""
        return self.session.locator(self.pack().css(role))

    async def reveal(self, turn: Turn) -> None:
        """Scroll to a turn's last picture: lazy ones load only near the window."""
        frames = self.locate("turn").nth(turn.index).locator(self.pack().css("generated_image"))
        with suppress(BrowserTimeout):
            await self.session.run(
                "scroll to a picture", frames.last.scroll_into_view_if_needed(timeout=2000)
            )

    async def press(self, role: str) -> bool:
        """Click the first visible match of a role once; False when there is none."""
        target = await self.session.run(f"find {role}", visible(self.locate(role)))
        if target is None:
            return False
        await self.session.run(f"press {role}", target.click(timeout=5000))
        return True

    async def open_signed_in(self, route: str, **values: str) -> Reading:
        """Open a route and prove the sign-in; `Ended` names what stands in the way.

        A used-up allowance or a wrong mode hinders new prompts only: whoever comes to look at what
        was already made is let through.
        """
        for _ in range(_LOADS):
            status = await self.open(route, **values)
            if await self.watch(_shell_is_there, self._hydration(status)) is not None:
                return await self._prove_sign_in()
            reading = await self.look()
            if len(reading.matched) >= _FEW_ROLES:
                break  # the page is there, and what farm needs of it is not
        raise Ended(shut(reading) or drift(reading, "composer"))

    async def new_chat(self) -> Reading:
        """A fresh chat in image mode, signed in and ready to be typed into."""
        await self._image_route()
        reading = await self.watch(_mode_is_known, self.patience.mode_label) or await self.look()
        if reading.blocked is not None:
            raise Ended(reading.blocked)
        if not reading.image_mode:
            await self._choose_image_tool()
        ready = await self.watch(_ready_for_text, self.patience.menu)
        if ready is None:
            raise Ended(drift(await self.look(), "image_tool"))
        return ready

    async def _image_route(self) -> Reading:
        try:
            return await self.open_signed_in("images")
        except Ended as ended:
            if ended.outcome.cause is not Cause.DRIFT:
                raise
        return await self.open_signed_in("app")

    async def _choose_image_tool(self) -> None:
        await self.session.run("close menus", self.session.page.keyboard.press("Escape"))
        if not await self.press("tools_menu"):
            raise Ended(drift(await self.look(), "tools_menu"))
        item = self.locate("image_tool").first
        try:
            await self.session.run(
                "choose the image tool", item.click(timeout=self.patience.menu * 1000)
            )
        except BrowserTimeout as error:
            raise Ended(drift(await self.look(), "image_tool")) from error

    async def _prove_sign_in(self) -> Reading:
        reading = await self.watch(_sign_in_is_clear, self.patience.sign_in_marks)
        if reading is not None:
            return reading
        reading = await self.look()
        if await self.session.cookie_names(self.pack().origin) >= SIGN_IN_COOKIES:
            return reading
        raise Ended(
            Outcome(
                cause=Cause.SIGNED_OUT,
                message="The page shows no account and the profile holds no sign-in.",
            )
        )

    def _hydration(self, status: int) -> float:
        return self.patience.menu if status >= 400 else self.patience.hydrate  # noqa: PLR2004

    async def _snapshot(self, pack: Pack) -> Mapping[str, Any]:
        snapshot: Mapping[str, Any] = await self.session.evaluate(SNAPSHOT_JS, pack.for_page())
        return snapshot


def _shell_is_there(reading: Reading) -> Reading | None:
    if (closed := shut(reading)) is not None:
        raise Ended(closed)
    return reading if reading.composer else None


def _mode_is_known(reading: Reading) -> Reading | None:
    return reading if reading.mode_label or reading.blocked else None


def _sign_in_is_clear(reading: Reading) -> Reading | None:
    if (closed := shut(reading)) is not None:
        raise Ended(closed)
    if reading.sign_in is SignIn.OUT:
        raise Ended(
            Outcome(cause=Cause.SIGNED_OUT, message="The page shows that nobody is signed in.")
        )
    return reading if reading.sign_in is SignIn.IN else None


def _ready_for_text(reading: Reading) -> Reading | None:
    if reading.blocked is not None:
        raise Ended(reading.blocked)
    quiet = reading.send is not SendButton.STOP and not reading.generating
    return reading if reading.composer and reading.image_mode and quiet else None


def drift(reading: Reading, role: str) -> Outcome:
    """A part of the page that farm needs is not there: the missing required one, else `role`."""
    role = next(iter(reading.missing), role)
    return Outcome(
        cause=Cause.DRIFT,
        role=role,
        message=f"The page has no {role.replace('_', ' ')} that farm knows ({reading.url}).",
    )
