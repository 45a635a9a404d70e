"""An HTTP CONNECT proxy: allowed hosts are spliced to one local TLS port, all others refused."""

from __future__ import annotations

import asyncio
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress

_CHUNK_BYTES = 1 << 16
_HEAD_SECONDS = 10


class Proxy:
    """Copies bytes and looks into none of them; what a host answers is decided behind the TLS."""

    def __init__(self, *, port: int, upstream_port: int, hosts: Collection[str]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._upstream_port = upstream_port
        self._hosts = hosts
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._is_cut = False
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def frozen(self) -> bool:
        """Whether nothing comes through."""
        return not self._flowing.is_set()

    def freeze(self) -> None:
        """Stop answering: connections stay open and nothing comes through, as in a dead network."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Let everything through again, also what waited meanwhile."""
        self._flowing.set()

    @property
    def is_cut(self) -> bool:
        """Whether no connection lasts."""
        return self._is_cut

    def cut(self) -> None:
        """End every connection and every new one, as when a cable is pulled."""
        self._is_cut = True
        for task in self._connections:
            task.cancel()

    def mend(self) -> None:
        """Take connections again; those that were cut stay gone."""
        self._is_cut = False

    def accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Take a client's connection over until it ends."""
        if self._is_cut:
            writer.close()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer), name="proxy")
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def hang_up(self) -> None:
        """End every connection."""
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            await self._flowing.wait()
            if not self._allows(head.split(b"\r\n", 1)[0].decode("latin-1")):
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
                return
            await self._splice(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # the client went away or does not speak HTTP: there is nobody to tell
        finally:
            writer.close()

    def _allows(self, request_line: str) -> bool:
        method, _, rest = request_line.partition(" ")
        host, _, port = rest.partition(" ")[0].rpartition(":")
        return method == "CONNECT" and port == "443" and host.lower() in self._hosts

    async def _splice(self, reader: StreamReader, writer: StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        try:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            pumps = {
                asyncio.ensure_future(self._pump(reader, far_writer)),
                asyncio.ensure_future(self._pump(far_reader, writer)),
            }
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            far_writer.close()

    async def _pump(self, reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(OSError):  # a reset connection ends like a closed one
            while data := await reader.read(_CHUNK_BYTES):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()


@asynccontextmanager
async def proxying(
    sock: socket.socket, *, upstream_port: int, hosts: Collection[str]
) -> AsyncIterator[Proxy]:
    """Run a proxy on a bound socket for as long as the block lasts."""
    proxy = Proxy(port=sock.getsockname()[1], upstream_port=upstream_port, hosts=hosts)
    server = await asyncio.start_server(proxy.accept, sock=sock)
    try:
        yield proxy
    finally:
        server.close()
        await proxy.hang_up()
