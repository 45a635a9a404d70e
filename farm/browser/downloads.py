"""Bytes out of a session: by its own requests, or by a button of the page."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from playwright.async_api import APIResponse, Download, Locator

from farm.browser.session import BrowserSession
from farm.errors import BrowserError, NetworkError
from farm.files import saving

MAX_IMAGE_BYTES = 20 * 1024 * 1024
MAX_HOPS = 8  # redirects and text answers that name the next address
MAX_ADDRESS_BYTES = 8192  # a text answer longer than this is no address
CHUNK_BYTES = 256 * 1024
FETCH_SECONDS = 45.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """Bytes that stand in a file."""

    part: Path
    sha256: str
    size_bytes: int
    url: str  # where the bytes finally came from


class FetchRefused(BrowserError):
    """The server answered, and its answer is no image for us."""


def host_allowed(url: str, hosts: tuple[str, ...]) -> bool:
    """Whether an address is https on one of the hosts; `*.x` stands for every name under x."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme != "https":
        return False
    return any(
        host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed
        for allowed in hosts
    )


async def fetch(
    session: BrowserSession, url: str, part: Path, *, hosts: tuple[str, ...], referer: str
) -> Fetched:
    """Follow an image's address to its bytes and write them to `part`.

    Some addresses answer with a redirect, some with a text that is the next address; every hop is
    checked against the allowed hosts. FetchRefused for a bad status, host or type; NetworkError and
    the other BrowserErrors when no answer came.
    """
    for _ in range(MAX_HOPS):
        if not host_allowed(url, hosts):
            raise FetchRefused(f"{urlsplit(url).hostname} is not a host images may come from")
        response = await session.get(url, {"Referer": referer}, FETCH_SECONDS)
        following = await _next_address(session, response, url)
        if following is None:
            body = await session.run("read an image", response.body(), seconds=FETCH_SECONDS)
            await session.run("free an image", response.dispose())
            return await asyncio.to_thread(write_part, body, part, url)
        url = following
    raise FetchRefused(f"more than {MAX_HOPS} hops to an image")


async def press(
    session: BrowserSession, press_button: Callable[[], object], part: Path, *, seconds: float
) -> Fetched:
    """Move the file that a button of the page downloads to `part`; hash it on the way.

    FetchRefused in an attached browser: the file would land among the person's own downloads.
    """
    if session.attached:
        raise FetchRefused("an attached browser gives farm no downloads")
    loop = asyncio.get_running_loop()
    started: asyncio.Future[Download] = loop.create_future()

    def take(download: Download) -> None:
        if not started.done():
            started.set_result(download)

    session.page.on("download", take)
    try:
        pressed = press_button()
        if asyncio.iscoroutine(pressed):
            await pressed
        download = await session.run("wait for a download", started, seconds=seconds)
        source = await session.run("finish a download", download.path(), seconds=seconds)
    finally:
        session.page.remove_listener("download", take)
    body = await asyncio.to_thread(_read_bounded, Path(source))
    await session.run("drop a download", download.delete())
    return await asyncio.to_thread(write_part, body, part, "button")


def write_part(body: bytes, part: Path, url: str) -> Fetched:
    """Write and hash in chunks; what is on disk is what was hashed. SaveFailed leaves nothing."""
    if len(body) > MAX_IMAGE_BYTES:
        raise FetchRefused(f"{len(body)} bytes are more than an image may have")
    digest = hashlib.sha256()
    with saving(part):
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                for start in range(0, len(body), CHUNK_BYTES):
                    chunk = body[start : start + CHUNK_BYTES]
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                part.unlink()
            raise
    return Fetched(part=part, sha256=digest.hexdigest(), size_bytes=len(body), url=url)


async def visible(locator: Locator) -> Locator | None:
    """The first match that can be seen, or None."""
    seen = locator.filter(visible=True)
    return seen.first if await seen.count() else None


async def _next_address(session: BrowserSession, response: APIResponse, url: str) -> str | None:
    if response.status in REDIRECTS:
        location = response.headers.get("location", "")
        if not location:
            raise FetchRefused("a redirect without an address")
        return urljoin(url, location)
    if response.status != 200:  # noqa: PLR2004  # the one status that carries an image
        raise _refusal(response)
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type.startswith("image/") or media_type == "application/octet-stream":
        _check_length(response)
        return None
    text = await session.run("read an address", response.body())
    address = text[:MAX_ADDRESS_BYTES].decode("ascii", errors="replace").strip()
    if len(text) <= MAX_ADDRESS_BYTES and address.startswith("https://") and " " not in address:
        return address
    raise FetchRefused(f"the answer is {media_type or 'of no type'}, not an image")


def _refusal(response: APIResponse) -> BrowserError:
    text = f"the image server answered {response.status}"
    if response.status in {408, 429} or response.status >= 500:  # noqa: PLR2004
        return NetworkError(text)
    return FetchRefused(text)


def _check_length(response: APIResponse) -> None:
    length = response.headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_IMAGE_BYTES:
        raise FetchRefused(f"{length} bytes are more than an image may have")


def _read_bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_IMAGE_BYTES + 1)
