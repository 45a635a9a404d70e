"""What a Gemini page can show of a failure, redacted before anybody gets it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from farm.browser.evidence import cookie_values, photograph
from farm.errors import BrowserError, BrowserTimeout
from farm.model.incidents import Box, Extent, Keep
from farm.privacy import Veil, address
from farm.sites.base import Reading
from farm.sites.gemini.page import GeminiPage
from farm.sites.gemini.reading import read
from farm.sites.gemini.redaction import (
    SIGN_IN_HOST,
    Redaction,
    Snapshot,
    is_open,
    owners_names,
    vocabulary,
)
from farm.sites.gemini.saved import NO_REQUESTS, Node, Saved
from farm.sites.gemini.scripts import COVERS_JS, MOMENT_JS

Paint = Callable[[bytes, Sequence[Box]], bytes]

PART_SECONDS = 2.5
LOOK_SECONDS = 4.0  # at a page of ten thousand elements
LONGEST_PAGE = 2_000_000  # characters of HTML


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """A page at one moment, and what may be said of it."""

    raw: Snapshot  # as it was: for comparison only, never kept
    tree: Node
    redaction: Redaction

    def page(self, *, head: str = "") -> str:
        """The page as HTML."""
        return Saved(redaction=self.redaction).page(self.tree, head=head)

    def snapshot(self) -> dict[str, Any]:
        """The snapshot."""
        return self.redaction.snapshot(self.raw)


async def moment_of(
    page: GeminiPage,
    *,
    private: Iterable[str] = (),
    with_prompts: bool = False,
    seconds: float = LOOK_SECONDS,
) -> Moment:
    """Look at the page once, and know everything about it that must not be kept."""
    pack, session = page.pack(), page.session
    secrets = await cookie_values(session, seconds=seconds)
    asked = session.page.evaluate(MOMENT_JS, pack.for_page())
    found = json.loads(await session.run("look at the page as evidence", asked, seconds=seconds))
    raw, still = found["snapshot"], found["still"]
    box = raw["composer"] or {"text": ""}
    prompts = [*private, box["text"], *(turn["query"] for turn in raw["turns"])]
    veil = Veil.over(
        secrets=secrets,
        names=owners_names(still["identity"], pack),
        prompts=() if with_prompts else prompts,
        vocabulary=vocabulary(pack),
    )
    redaction = Redaction(
        pack=pack, veil=veil, open_page=is_open(raw["url"], pack), with_prompts=with_prompts
    )
    return Moment(raw=raw, tree=still["tree"], redaction=redaction)


@dataclass(kw_only=True)
class PageEvidence:
    """Collects what can be had of a page; each part in a bounded time, dead pages included."""

    page: GeminiPage
    paint: Paint  # covers boxes in a PNG
    with_prompts: bool = False

    def where(self) -> str:
        """The page's address without query and ids; "" without a page."""
        try:
            return address(self.page.session.page.url)
        except BrowserError:
            return ""

    async def collect(self, extent: Extent, private: Sequence[str], keep: Keep) -> None:
        """Hand each part to `keep`: its bytes, or in words why it cannot be had."""
        moment = await self._moment(private, keep)
        if moment is not None:
            self._say(moment, extent, keep)
        await self._picture(keep, alive=moment is not None)
        if extent is Extent.FULL:
            self._lines(moment, keep)
            await self._trace(moment, keep)

    async def _moment(self, private: Sequence[str], keep: Keep) -> Moment | None:
        try:
            return await moment_of(self.page, private=private, with_prompts=self.with_prompts)
        except BrowserError as error:
            for name in ("page.html", "snapshot.json", "reading.json"):
                keep(name, _why(error))
            return None

    def _say(self, moment: Moment, extent: Extent, keep: Keep) -> None:
        snapshot, pack, now = moment.snapshot(), self.page.pack(), self.page.clock.now()
        seen, kept = read(moment.raw, pack, now), read(snapshot, pack, now)
        reading = {**asdict(kept), "changed_by_redaction": _differing(seen, kept)}
        keep("reading.json", _json(reading))
        if extent is Extent.FULL:
            keep("snapshot.json", _json(snapshot))
            page = moment.page(head=NO_REQUESTS)
            fits = len(page) <= LONGEST_PAGE
            keep("page.html", page.encode() if fits else f"{len(page)} characters are too many")

    async def _picture(self, keep: Keep, *, alive: bool) -> None:
        """A page that changes while its picture is taken may show what was not covered."""
        if not alive:
            keep("screenshot.png", "the page does not answer")
            return
        url = self.page.session.page.url
        if SIGN_IN_HOST in url:
            keep("screenshot.png", "Google's sign-in page lists the person's accounts")
            return
        try:
            keep("screenshot.png", await self._covered_picture(url))
        except BrowserError as error:
            keep("screenshot.png", _why(error))

    async def _covered_picture(self, url: str) -> bytes | str:
        """What moved while the picture was taken is covered where it was and where it is."""
        session = self.page.session
        before = await self._boxes(url)
        picture = await photograph(session, seconds=PART_SECONDS)
        boxes = [*before, *await self._boxes(url)]
        if address(session.page.url) != address(url):
            return "the page went elsewhere meanwhile"
        return await asyncio.to_thread(self.paint, picture, boxes)

    async def _boxes(self, url: str) -> list[Box]:
        pack, session = self.page.pack(), self.page.session
        asked = {
            "pack": pack.for_page(),
            "open": is_open(url, pack),
            "prompts": self.with_prompts,
        }
        looking = session.page.evaluate(COVERS_JS, asked)
        found = await session.run("see what to cover", looking, seconds=PART_SECONDS)
        return [(left, top, right, bottom) for left, top, right, bottom in found]

    def _lines(self, moment: Moment | None, keep: Keep) -> None:
        veil = moment.redaction.veil if moment is not None else Veil()
        record = self.page.session.record
        for name, lines in (("console.txt", record.console), ("network.txt", record.network)):
            keep(name, "".join(f"{veil(line)}\n" for line in lines).encode())

    async def _trace(self, moment: Moment | None, keep: Keep) -> None:
        session = self.page.session
        if session.tracer is None:
            return
        if moment is None:
            keep("trace.zip", "the page does not answer")
            return
        taking = session.tracer.take(moment.redaction.veil)
        try:
            keep("trace.zip", await session.run("take the trace", taking, seconds=PART_SECONDS))
        except BrowserError as error:
            keep("trace.zip", _why(error))


_TOLD = ("sign_in", "composer", "send", "generating", "image_mode", "missing", "language", "ui")


def _differing(seen: Reading, kept: Reading) -> list[str]:
    """What a reading of the redacted snapshot says otherwise than one of the page itself."""
    names = [name for name in _TOLD if getattr(seen, name) != getattr(kept, name)]
    for name in ("blocked", "notice"):
        causes = [outcome and outcome.cause for r in (seen, kept) for outcome in [getattr(r, name)]]
        names += [name] if causes[0] != causes[1] else []
    ends = [[(t.finished, t.outcome and t.outcome.cause) for t in r.turns] for r in (seen, kept)]
    return [*names, *(["turns"] if ends[0] != ends[1] else [])]


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2, default=sorted).encode()


def _why(error: BrowserError) -> str:
    late = isinstance(error, BrowserTimeout)
    return "the page does not answer" if late else f"{type(error).__name__}: {Veil()(str(error))}"
