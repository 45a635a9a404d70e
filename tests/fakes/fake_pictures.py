"""A server of pictures on loopback: counts what it is asked, and answers as a test says."""

from __future__ import annotations

import asyncio
import io
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from PIL import Image

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def picture(
    colour: str = "firebrick", kind: str = "PNG", size: tuple[int, int] = (96, 64)
) -> bytes:
    """A small whole picture."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind)
    return file.getvalue()


@dataclass(kw_only=True)
class FakePictures:
    """Paths and what stands behind them; a path it does not know is 404."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    scripted: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # path, headers

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and hang up."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            await self._answer(head, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _answer(self, head: str, writer: asyncio.StreamWriter) -> None:
        first, *lines = head.strip().split("\r\n")
        path = first.split(" ")[1]
        headers = dict(line.lower().split(": ", 1) for line in lines)
        self.asked.append((path, headers))
        if path in self.scripted:
            await self.scripted[path](writer)
        elif path in self.moved:
            write(writer, 302, b"", Location=self.moved[path])
        elif path in self.statuses or path not in self.files:
            body = b"" if self.statuses.get(path) == 204 else b"no"
            write(writer, self.statuses.get(path, 404), body)
        elif path in self.etags and headers.get("if-none-match") == self.etags[path]:
            write(writer, 304, b"")
        else:
            etag = {"ETag": self.etags[path]} if path in self.etags else {}
            write(writer, 200, self.files[path], **etag)


def write(writer: asyncio.StreamWriter, status: int, body: bytes, **headers: str) -> None:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status} OK", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode() + body)


@asynccontextmanager
async def fake_pictures(secure: ssl.SSLContext | None = None) -> AsyncIterator[FakePictures]:
    """Run one for as long as the block lasts."""
    fake = FakePictures()
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0, ssl=secure)
    port = server.sockets[0].getsockname()[1]
    fake.url = f"https://localhost:{port}" if secure else f"http://127.0.0.1:{port}"
    try:
        yield fake
    finally:
        server.close()
