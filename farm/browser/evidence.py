"""What a browser session can show of itself: its last lines, a picture of the page, its cookies."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playwright.async_api import ConsoleMessage, Page, Request, Response

from farm.privacy import Veil, address

if TYPE_CHECKING:
    from farm.browser.session import BrowserSession

LINES_KEPT = 200
_LINE = 500
_PLAIN = Veil()


def _lines() -> deque[str]:
    return deque(maxlen=LINES_KEPT)


@dataclass(kw_only=True)
class PageRecord:
    """The last lines of a page's console and network; nothing private is ever put in."""

    console: deque[str] = field(default_factory=_lines)
    network: deque[str] = field(default_factory=_lines)
    now: Callable[[], float] = time.time

    def attach(self, page: Page) -> None:
        """Listen to a page until it closes."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._note(f"uncaught: {error}"))
        page.on("response", self._answered)
        page.on("requestfailed", self._failed)

    def _said(self, message: ConsoleMessage) -> None:
        self._note(f"{message.type}: {message.text}")

    def _note(self, text: str) -> None:
        self.console.append(f"{self._moment()} {_PLAIN(' '.join(text[:_LINE].split()))}")

    def _answered(self, response: Response) -> None:
        method, url = response.request.method, address(response.url)
        self.network.append(f"{self._moment()} {method} {response.status} {url}")

    def _failed(self, request: Request) -> None:
        why = (request.failure or "failed").partition(" ")[0]
        self.network.append(f"{self._moment()} {request.method} {why} {address(request.url)}")

    def _moment(self) -> str:
        return time.strftime("%H:%M:%S", time.localtime(self.now()))


async def photograph(session: BrowserSession, *, seconds: float) -> bytes:
    """A PNG of what the window shows, one pixel for each of CSS; the page is not changed for it.

    Whoever keeps it has to cover what is private: Playwright's own masks look for their elements
    with an engine that takes minutes on a page of this size, and they put marks into the page.
    """
    picture = session.page.screenshot(
        animations="allow", caret="initial", scale="css", timeout=seconds * 1000
    )
    return await session.run("take a picture of the page", picture, seconds=seconds + 0.5)


async def cookie_values(session: BrowserSession, *, seconds: float) -> tuple[str, ...]:
    """Every value the browser would send anywhere: to be looked for in evidence, never kept."""
    cookies = await session.run(
        "look for cookies in evidence", session.page.context.cookies(), seconds=seconds
    )
    return tuple(cookie.get("value", "") for cookie in cookies)
