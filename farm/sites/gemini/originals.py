"""The full-size file of a picture that stands in our turn.

First the picture's own address asked for `=s0` with the session's cookies, then the page's own
download button. A picture shown from a `blob:` has no address; then the images the page loaded are
compared, pixel by pixel, with what the picture shows, so that the address is proven to be its own.
A copy of what the screen shows is a preview and never comes out of here as full size.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tenacity
from playwright.async_api import Locator

from farm.browser.downloads import Fetched, FetchRefused, fetch, press, visible
from farm.errors import BrowserError, BrowserGone, NetworkError
from farm.model.images import RawImage
from farm.sites.base import PageImage, Turn
from farm.sites.gemini.page import GeminiPage
from farm.sites.gemini.urls import full_size_url, preview_url

Measure = Callable[[Path], tuple[int, int]]
"""Width and height in pixels of an image file, (0, 0) if it is none."""

DOWNLOAD_SECONDS = 60.0
SAME_PICTURE = 4.0  # mean difference of 16 x 16 grey values; others differ by 12 and more

_WHOLE = re.compile(r"original|full.?size|完整|原|オリジナル|フルサイズ|원본", re.IGNORECASE)
_PIXELS = re.compile(r"(\d+(?:\.\d+)?)\s*(k\b)?", re.IGNORECASE)

CANDIDATES = 8  # loaded pictures that are compared with what a picture shows

COMPARE_JS = """async (shown, data) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const size = {resizeWidth: 16, resizeHeight: 16, resizeQuality: "high"};
  const scaled = (source) => createImageBitmap(source, size).catch(() => null);
  const pictures = await Promise.all([shown, new Blob([bytes])].map(scaled));
  if (pictures.includes(null)) return null;
  const [a, b] = pictures.map((picture) => {
    const brush = new OffscreenCanvas(16, 16).getContext("2d", {willReadFrequently: true});
    brush.drawImage(picture, 0, 0);
    const pixels = brush.getImageData(0, 0, 16, 16).data;
    return Array.from({length: 256}, (_, i) =>
      0.3 * pixels[4 * i] + 0.6 * pixels[4 * i + 1] + 0.1 * pixels[4 * i + 2]);
  });
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / 256;
}"""
"""`(image element, base64 of a file) => mean difference of their grey values`, null for no picture.

Both are scaled in the same way: drawn on a canvas, grain alone makes an element and its own bytes
differ by 12, as much as two pictures do.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Originals:
    """Fetches the originals of one turn's pictures."""

    page: GeminiPage
    measure: Measure

    async def of(self, turn: Turn, parts: Sequence[Path]) -> tuple[RawImage, ...]:
        """One raw image per picture, in the order the page shows them."""
        found = []
        for index, (image, part) in enumerate(zip(turn.images, parts, strict=True)):
            found.append(await self._one(turn, index, image, part))
        return tuple(found)

    async def _one(self, turn: Turn, index: int, image: PageImage, part: Path) -> RawImage:
        shown = (image.width_px, image.height_px)
        address, preview_sha = await self._address(turn, index, image)
        by_address = await self._by_address(address, part) if address else None
        if by_address is not None and self._is_larger(by_address, shown):
            return _raw(by_address, "s0", shown, full_size=True)
        by_button = await self._by_button(turn, index, part.with_suffix(".button.part"))
        if by_button is not None:
            await asyncio.to_thread(part.unlink, missing_ok=True)
            preview_sha = preview_sha or await self._sha_of_preview(address)
            # An original may be no larger than a preview: then only bytes that are known not to be
            # the preview's make it one.
            other = bool(preview_sha) and by_button.sha256 != preview_sha
            full = other or self._is_larger(by_button, shown)
            return _raw(by_button, "button", shown, full_size=full)
        if by_address is None:
            raise NetworkError("neither the picture's address nor its button gave the file")
        return _raw(by_address, "s0", shown, full_size=False)

    def _is_larger(self, fetched: Fetched, shown: tuple[int, int]) -> bool:
        return max(self.measure(fetched.part)) > max(shown)

    async def _address(self, turn: Turn, index: int, image: PageImage) -> tuple[str, str]:
        """The picture's address and, where it is at hand, the hash of its preview."""
        if image.src.startswith("https:"):
            return image.src, ""
        shown = self._frame(turn, index).locator(self.page.pack().css("image")).first
        for url in self._loaded_images():
            body = await self._preview(url)
            if body and await self._difference(shown, body) < SAME_PICTURE:
                return url, hashlib.sha256(body).hexdigest()
        return "", ""

    def _loaded_images(self) -> list[str]:
        """Addresses of the pictures the page loaded, newest first.

        Their bytes are asked for again: a browser keeps none of what a page turned into a blob.
        """
        urls = dict.fromkeys(
            response.url
            for response in reversed(self.page.session.responses)
            if response.status == 200 and response.media_type.startswith("image/")  # noqa: PLR2004
        )
        return list(urls)[:CANDIDATES]

    async def _preview(self, url: str) -> bytes:
        """The bytes of a picture as the page shows it; none when they cannot be had."""
        part = self.page.session.profile.path / "farm-preview.part"
        try:
            fetched = await self._fetch(preview_url(url), part)
        except (FetchRefused, NetworkError):
            return b""
        body = await asyncio.to_thread(fetched.part.read_bytes)
        fetched.part.unlink(missing_ok=True)
        return body

    async def _difference(self, shown: Locator, body: bytes) -> float:
        """Mean difference of grey values, 0 to 255; infinite for bytes that are no picture."""
        data: Any = base64.b64encode(body).decode()
        value = await self.page.session.run(
            "compare pictures", shown.evaluate(COMPARE_JS, data, timeout=5000)
        )
        return math.inf if value is None else float(value)

    async def _by_address(self, address: str, part: Path) -> Fetched | None:
        try:
            return await self._fetch(full_size_url(address), part)
        except (FetchRefused, NetworkError):
            return None

    async def _sha_of_preview(self, address: str) -> str:
        body = await self._preview(address) if address else b""
        return hashlib.sha256(body).hexdigest() if body else ""

    @tenacity.retry(
        retry=tenacity.retry_if_exception_type(NetworkError),
        stop=tenacity.stop_after_attempt(3),
        wait=tenacity.wait_exponential(multiplier=0.5, max=4) + tenacity.wait_random(0, 1),
        reraise=True,
    )
    async def _fetch(self, url: str, part: Path) -> Fetched:
        pack = self.page.pack()
        return await fetch(
            self.page.session, url, part, hosts=pack.image_hosts, referer=f"{pack.origin}/"
        )

    async def _by_button(self, turn: Turn, index: int, part: Path) -> Fetched | None:
        frame = self._frame(turn, index)
        button = frame.locator(self.page.pack().css("download_button")).first
        session = self.page.session
        try:
            if not await session.run("find the download button", button.count()):
                return None
            # The button is transparent until the pointer rests on the picture.
            await session.run("hover over the picture", frame.hover(timeout=5000))
            return await press(
                session, lambda: self._press_button(button), part, seconds=DOWNLOAD_SECONDS
            )
        except BrowserGone:
            raise
        except BrowserError:
            return None

    async def _press_button(self, button: Locator) -> None:
        session = self.page.session
        await session.run("press download", button.click(timeout=5000, force=True))
        sizes = self.page.locate("download_menu_item")
        await self.page.clock.sleep(0.3)  # a menu of sizes, where there is one, opens at once
        if await session.run("look for sizes", visible(sizes)) is not None:
            labels = await session.run("read the sizes", sizes.all_inner_texts())
            chosen = sizes.nth(largest_size(labels))
            await session.run("take the largest size", chosen.click(timeout=5000))

    def _frame(self, turn: Turn, index: int) -> Locator:
        pack = self.page.pack()
        turns = self.page.locate("turn")
        return turns.nth(turn.index).locator(pack.css("generated_image")).nth(index)


def largest_size(labels: Sequence[str]) -> int:
    """Which label of a menu promises the most pixels, wherever in the menu it stands.

    "Original" in any known language beats every number; `2K` is a number too. The first of equals.
    """
    promised = [_promised_px(label) for label in labels]
    return promised.index(max(promised))


def _promised_px(label: str) -> float:
    if _WHOLE.search(label):
        return math.inf
    return max((float(n) * (1024 if k else 1) for n, k in _PIXELS.findall(label)), default=0.0)


def _raw(fetched: Fetched, source: str, shown: tuple[int, int], *, full_size: bool) -> RawImage:
    return RawImage(
        part=fetched.part,
        sha256=fetched.sha256,
        size_bytes=fetched.size_bytes,
        source=source,
        preview_px=shown,
        full_size=full_size,
    )
