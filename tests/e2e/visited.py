"""A browser that a person runs, with a debugging port and a tab of the person's own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import psutil
from playwright.async_api import async_playwright

from farm.browser.launch import find_browser, is_root

PORT_FILE = "DevToolsActivePort"


@dataclass(kw_only=True)
class Visited:
    """The running browser."""

    endpoint: str
    process: psutil.Process

    async def tabs(self) -> list[str]:
        """Addresses of its tabs."""
        text = await asyncio.to_thread(_get, f"{self.endpoint}/json/list")
        return sorted(tab["url"] for tab in json.loads(text) if tab["type"] == "page")

    async def until(self, tabs: list[str]) -> None:
        """Wait for exactly these tabs."""
        async with asyncio.timeout(20):
            while await self.tabs() != tabs:  # noqa: ASYNC110  # a browser tells nobody
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()


@asynccontextmanager
async def visited(folder: Path, proxy: str, url: str) -> AsyncIterator[Visited]:
    """A browser on a user-data-dir of its own, at `url`, that uses a proxy without TLS checks."""
    async with async_playwright() as playwright:
        program = find_browser(os.environ.get("FARM_BROWSER", ""), playwright).path
    process = await asyncio.create_subprocess_exec(
        str(program), f"--user-data-dir={folder}", "--remote-debugging-port=0", "--headless",
        f"--proxy-server={proxy}", "--ignore-certificate-errors", "--no-first-run",
        "--password-store=basic", *(["--no-sandbox"] if is_root() else []), url,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        port = await _port(folder / PORT_FILE)
        yield Visited(endpoint=f"http://127.0.0.1:{port}", process=psutil.Process(process.pid))
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _port(file: Path) -> int:
    async with asyncio.timeout(20):
        while not (found := await asyncio.to_thread(_first_line, file)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return int(found)


def _first_line(file: Path) -> str:
    text = file.read_text() if file.exists() else ""
    return text.partition("\n")[0] if "\n" in text else ""


def _get(url: str) -> bytes:
    with urlopen(url, timeout=5) as answer:  # noqa: S310  # loopback
        return bytes(answer.read())
