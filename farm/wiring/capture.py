"""A live page made into a saved one: redacted, with what it must say beside it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from urllib.parse import urlsplit

from farm.browser.still import read_saved
from farm.clock import SystemClock
from farm.config import Settings
from farm.errors import UsageError
from farm.files import write_whole
from farm.model.events import RunOptions
from farm.sites.base import Reading, SignIn
from farm.sites.gemini.evidence import moment_of
from farm.sites.gemini.expectations import expectation, unlike
from farm.sites.gemini.page import GeminiPage
from farm.sites.gemini.reading import read
from farm.sites.gemini.scripts import SNAPSHOT_JS
from farm.wiring.profiles import named, refuse_practice
from farm.wiring.staff import launch_options, open_page

LOOKS, BETWEEN_SECONDS = 20, 0.5  # a page is still when two looks in a row say the same
LOOK_SECONDS = 20.0
_NO_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What is to be captured, and how."""

    url: str = ""  # "" and no conversation: a new chat
    conversation: str = ""
    state: str = ""  # the files' name; "" names them by what the page says
    with_prompts: bool = False
    headed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Captured:
    """A saved page and its expectation."""

    page: Path
    expectation: Path
    reading: Reading
    unlike: tuple[str, ...]  # in what the saved page reads otherwise than the live one


async def capture(
    settings: Settings,
    name: str,
    wanted: Wanted,
    out: Path,
    ready: Callable[[], Awaitable[None]],
) -> Captured:
    """Open a profile, wait until `ready` returns, save what its page shows; nothing is sent."""
    (profile,) = refuse_practice(settings, named(settings, [name]))
    options, clock = RunOptions(headed=wanted.headed), SystemClock()
    page = open_page(settings, profile, options, clock)
    async with page.session:
        await _open(page, wanted)
        await ready()
        await _still(page)
        moment = await moment_of(page, with_prompts=wanted.with_prompts, seconds=LOOK_SECONDS)
    pack, now = page.pack(), clock.now()
    html = moment.page()
    live = read(moment.snapshot(), pack, now, UTC)
    script = (SNAPSHOT_JS, pack.for_page())
    saved = await read_saved(html, live.url, script, launch_options(settings, RunOptions()))
    reading = read(saved, pack, now, UTC)
    differs = unlike(read(moment.raw, pack, now, UTC), live) + unlike(live, reading)
    stem = _NO_NAME.sub("-", wanted.state or state_of(reading)).strip("-.") or "page"
    paths = out / f"{stem}.html", out / f"{stem}.toml"
    write_whole(paths[0], html.encode())
    write_whole(paths[1], expectation(live if differs else reading, now=now).encode())
    return Captured(
        page=paths[0], expectation=paths[1], reading=reading, unlike=tuple(dict.fromkeys(differs))
    )


async def _open(page: GeminiPage, wanted: Wanted) -> None:
    origin = page.pack().origin
    if wanted.url:
        if urlsplit(wanted.url).netloc != urlsplit(origin).netloc:
            raise UsageError(f"{wanted.url} is no page of {origin}.")
        await page.session.goto(wanted.url)
    elif wanted.conversation:
        await page.open("conversation", id=wanted.conversation)
    else:
        await page.open("app")
    patience = page.patience
    await page.watch(lambda r: bool(r.composer or r.blocked) or None, patience.hydrate)
    await page.watch(lambda r: r.sign_in is not SignIn.UNKNOWN or None, patience.sign_in_marks)
    if wanted.conversation:
        await page.watch(lambda r: bool(r.turns or r.blocked) or None, patience.hydrate)


async def _still(page: GeminiPage) -> None:
    """Wait until the page says the same twice, for a while."""
    seen = await page.look()
    for _ in range(LOOKS):
        await page.clock.sleep(BETWEEN_SECONDS)
        now = await page.look()
        if now == seen:
            return
        seen = now


def state_of(reading: Reading) -> str:
    """A name for what a page shows: `limited.quota-2026-en`, `image-2025-de`, `idle-2026-en`."""
    last = reading.turns[-1] if reading.turns else None
    stopping = reading.blocked or reading.notice
    if stopping is not None:
        state = stopping.cause.value
    elif reading.missing:
        state = f"drift-{reading.missing[0]}"
    elif reading.generating:
        state = "generating"
    elif last is not None:
        state = last.outcome.cause.value if last.outcome else "image" if last.images else "turn"
    else:
        state = "typed" if reading.composer_text else "idle"
    return "-".join(part for part in (state, reading.ui, reading.language) if part)
