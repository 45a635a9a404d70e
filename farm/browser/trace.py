"""A trace of what farm did in a browser, for Playwright's trace viewer, without what it saw there.

Recorded without screenshots and snapshots: these, and the network log that comes with them, would
hold cookies, faces and prompts. What is left (actions, selectors, times, errors) is cleaned.
"""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext

from farm.privacy import address

LONGEST_SECONDS = 600.0
"""A trace grows with every look at the page: it begins anew when it is older than this."""

Clean = Callable[[str], str]
_TYPED = frozenset({"text", "value", "expression", "arg", "postData", "headers", "cookies"})
_TIMELINE = frozenset({"context-options", "before", "after", "log", "input", "event", "console"})


@dataclass(kw_only=True)
class Tracer:
    """The running trace of one browser context."""

    context: BrowserContext
    now: Callable[[], float]
    _began: float = 0.0

    async def start(self) -> None:
        """Begin to record."""
        await self.context.tracing.start(screenshots=False, snapshots=False, sources=False)
        self._began = self.now()

    async def renew(self) -> None:
        """Forget an old trace, between two acts."""
        if self.now() - self._began > LONGEST_SECONDS:
            await self._cut(None)

    async def take(self, clean: Clean) -> bytes:
        """The trace until now as a zip file, cleaned; recording goes on."""
        with tempfile.TemporaryDirectory(prefix="farm-trace-") as folder:
            path = Path(folder) / "trace.zip"
            await self._cut(path)
            return cleaned(path.read_bytes(), clean)

    async def _cut(self, path: Path | None) -> None:
        await self.context.tracing.stop_chunk(path=path)
        await self.context.tracing.start_chunk()
        self._began = self.now()


def cleaned(trace: bytes, clean: Clean) -> bytes:
    """The same trace with its timeline alone, every text in it cleaned."""
    whole, kept = zipfile.ZipFile(io.BytesIO(trace)), io.BytesIO()
    with whole, zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as out:
        for name in whole.namelist():
            if name.endswith(".trace"):
                lines = whole.read(name).decode("utf-8", errors="replace").splitlines()
                out.writestr(name, "".join(f"{line}\n" for line in _timeline(lines, clean)))
            elif name.endswith(".network"):
                out.writestr(name, "")  # the viewer wants the file
    return kept.getvalue()


def _timeline(lines: list[str], clean: Clean) -> list[str]:
    events = (json.loads(line) for line in lines if line.strip())
    kept = (e for e in events if isinstance(e, dict) and e.get("type") in _TIMELINE)
    return [json.dumps(_clean(event, "", clean), ensure_ascii=False) for event in kept]


def _clean(value: Any, key: str, clean: Clean) -> Any:
    """A value of an event; what was typed, run or sent in the page is left out whole."""
    if key in _TYPED and value:
        return "[left out]"
    if isinstance(value, dict):
        return {k: _clean(v, k, clean) for k, v in value.items()}
    if isinstance(value, list):
        return [_clean(item, "", clean) for item in value]
    if not isinstance(value, str):
        return value
    return address(value) if key == "url" else clean(value)
