"""One browser profile being driven: its window, its page, and what the page signals."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from playwright.async_api import (
    APIResponse,
    BrowserContext,
    Locator,
    Page,
    Playwright,
    Request,
    Response,
    async_playwright,
)

from farm.browser.attach import Tab, attach
from farm.browser.evidence import PageRecord
from farm.browser.launch import LaunchOptions, find_browser, launch
from farm.browser.profiles import Profile, hold
from farm.browser.trace import Tracer
from farm.browser.translate import translated
from farm.errors import BrowserGone, BrowserTimeout, NetworkError

T = TypeVar("T")

ACTION_SECONDS = 30.0
"""How long one call to the browser may take before it counts as hung."""

CLOSE_SECONDS = 10.0
"""How long a browser may take to close; the leftover is ended at the next start of the profile."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenResponse:
    """A response the page got."""

    url: str
    status: int
    media_type: str


@dataclass(kw_only=True)
class BrowserSession:
    """One profile's browser, launched or attached to, with one page that farm looks at.

    Inside `async with` the profile's lock is held and the page is open. `changed` is set whenever
    the page reports a relevant change; `responses` keeps what `watch_responses` asked for.
    """

    profile: Profile
    options: LaunchOptions
    observe_js: str = ""  # installed in every page; calls the binding it is given
    wants: Callable[[str], bool] = lambda _url: False  # which responses to keep
    marks: Callable[[str], bool] = lambda _url: False  # which requests to count
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    responses: deque[SeenResponse] = field(default_factory=lambda: deque(maxlen=64))
    marked_requests: int = 0  # requests that `marks` recognised since the browser opened
    record: PageRecord = field(default_factory=PageRecord)
    tracer: Tracer | None = None  # when options ask for a trace
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _context: BrowserContext | None = None
    _page: Page | None = None
    _tab: Tab | None = None  # of an attached session

    async def __aenter__(self) -> Self:
        """Lock the profile, start the browser, take its first page."""
        self.gone.clear()
        async with AsyncExitStack() as stack:
            stack.enter_context(hold(self.profile))
            playwright = await stack.enter_async_context(async_playwright())
            page = await self._open(playwright, stack)
            await self._prepare(page.context, page)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Close in a bounded time; nothing here may hide why the session ended."""
        await self._stack.aclose()

    @property
    def windowed(self) -> bool:
        """Whether a person can see the page."""
        return self.attached or not self.options.headless

    @property
    def page(self) -> Page:
        """The page farm looks at; BrowserGone outside `async with`."""
        if self._page is None:
            raise BrowserGone(f"Profile {self.profile.name}: no browser is open")
        return self._page

    @property
    def attached(self) -> bool:
        """Whether the browser is a person's: it keeps its downloads, and its other tabs live on."""
        return bool(self.profile.cdp)

    async def evaluate(self, function: str, argument: object = None) -> Any:
        """Run a function expression in the page; strings of code are refused by its CSP."""
        return await self.run("read the page", self.page.evaluate(function, argument))

    async def goto(self, url: str) -> int:
        """Open an address; the HTTP status of the page, 0 when there was none.

        NetworkError also when no page comes in time: a dead network gives no other sign.
        """
        if self.tracer is not None:
            await self.run("begin a new trace", self.tracer.renew())
        opening = self.page.goto(url, wait_until="domcontentloaded", timeout=25_000)
        try:
            response = await self.run(f"open {url}", opening)
        except BrowserTimeout as error:
            raise NetworkError(str(error)) from error
        return response.status if response is not None else 0

    async def get(
        self, url: str, headers: Mapping[str, str], timeout_seconds: float
    ) -> APIResponse:
        """Request an address with the session's cookies; redirects are the caller's to follow."""
        requests, headers = self.page.context.request, dict(headers)
        if self._tab is not None:
            # Requests of an attached context know neither farm's proxy nor its trust.
            cookies = await self.run("read cookies", self._tab.cookie_header(url))
            requests, headers = self._tab.requests, {**headers, "Cookie": cookies}
        request = requests.get(
            url,
            headers=headers,
            max_redirects=0,
            fail_on_status_code=False,
            timeout=timeout_seconds * 1000,
        )
        return await self.run("fetch an image", request, seconds=timeout_seconds + 5)

    async def cookie_names(self, url: str) -> frozenset[str]:
        """Names, never values, of the cookies the browser would send to an address."""
        cookies = await self.run("list cookies", self.page.context.cookies(url))
        return frozenset(cookie.get("name", "") for cookie in cookies)

    def locator(self, css: str) -> Locator:
        """What a selector matches now or later."""
        return self.page.locator(css)

    async def run(self, doing: str, action: Awaitable[T], *, seconds: float = ACTION_SECONDS) -> T:
        """Await a browser call; BrowserGone at once when the page dies, BrowserTimeout if it hangs.

        A stopped or crashed browser answers no call at all, so every call races both.
        """
        with translated(f"{self.profile.name}: cannot {doing}"):
            call = asyncio.ensure_future(action)
            death = asyncio.ensure_future(self.gone.wait())
            try:
                await asyncio.wait(
                    {call, death}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
                )
                if call.done():
                    return call.result()
                if death.done():
                    raise BrowserGone(f"{self.profile.name}: the page or the browser is gone")
                raise BrowserTimeout(f"{self.profile.name}: cannot {doing} within {seconds:g} s")
            finally:
                for task in (call, death):
                    _abandon(task)

    async def wait_for_change(self, seconds: float) -> None:
        """Return at the page's next signal, after the given time, or when the browser is gone."""
        signals = [asyncio.ensure_future(e.wait()) for e in (self.changed, self.gone)]
        try:
            await asyncio.wait(signals, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in signals:
                _abandon(task)
        self.changed.clear()
        if self.gone.is_set():
            raise BrowserGone(f"{self.profile.name}: the page or the browser is gone")

    async def _open(self, playwright: Playwright, stack: AsyncExitStack) -> Page:
        if self.profile.cdp:
            self._tab = await attach(playwright, self.profile, self.options)
            stack.push_async_callback(self._close, self._tab.leave)
            return self._tab.page
        browser = find_browser(self.options.asked_browser, playwright)
        context = await launch(
            playwright, browser, self.profile.path, self.options, platform=sys.platform
        )
        stack.push_async_callback(self._close, context.close)
        with translated(f"{self.profile.name}: cannot prepare the browser"):
            return context.pages[0] if context.pages else await context.new_page()

    async def _prepare(self, context: BrowserContext, page: Page) -> None:
        binding = f"_{secrets.token_hex(6)}"
        with translated(f"{self.profile.name}: cannot prepare the browser"):
            if self.observe_js:
                await page.add_init_script(f"({self.observe_js})({binding!r})")
            await self._bind(context, page, binding)
            if self.options.trace and not self.attached:
                self.tracer = Tracer(context=context, now=self.record.now)
                await self.tracer.start()
        self.record.attach(page)
        page.on("crash", self._died)
        page.on("close", self._died)
        context.on("close", self._died)
        page.on("response", self._keep)
        page.on("request", self._count)
        self._context, self._page = context, page

    async def _bind(self, context: BrowserContext, page: Page, name: str) -> None:
        """Let the page call us by that name.

        Playwright's own bindings leave `__playwright__binding__` in every page, for all to see.
        """
        devtools = await context.new_cdp_session(page)
        devtools.on("Runtime.bindingCalled", self._signal)
        await devtools.send("Runtime.enable")
        await devtools.send("Runtime.addBinding", {"name": name})

    def _signal(self, *_args: object) -> None:
        self.changed.set()

    def _died(self, _what: object) -> None:
        self.gone.set()

    def _keep(self, response: Response) -> None:
        if self.wants(response.url):
            media_type = response.headers.get("content-type", "").partition(";")[0].strip()
            self.responses.append(
                SeenResponse(url=response.url, status=response.status, media_type=media_type)
            )

    def _count(self, request: Request) -> None:
        if request.method == "POST" and self.marks(request.url):
            self.marked_requests += 1

    async def _close(self, close: Callable[[], Awaitable[None]]) -> None:
        self.gone.set()
        with _quiet_close():
            async with asyncio.timeout(CLOSE_SECONDS):
                await close()


@contextmanager
def _quiet_close() -> Iterator[None]:
    """Pass over a browser that is already gone, or hangs: the profile's next holder ends it."""
    try:
        with translated("close the browser"):
            yield
    except (BrowserGone, BrowserTimeout):
        return


def _abandon(task: asyncio.Future[Any]) -> None:
    """Cancel a call nobody waits for any more and take its error, so that none is reported."""
    if task.done():
        if not task.cancelled():
            task.exception()
        return
    task.cancel()
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
