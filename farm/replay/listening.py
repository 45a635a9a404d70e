"""uvicorn inside an `async with`: it owns no signals, no logging and no process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from farm.replay.certificates import Credentials

_LAST_WORDS_SECONDS = 1  # how long a request in flight may go on once the stand-in closes


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield  # signals belong to whoever opened the stand-in

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


def loopback(port: int = 0) -> socket.socket:
    """Bind a loopback port; 0 lets the system choose."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
    except OSError:
        sock.close()
        raise
    return sock


@contextlib.asynccontextmanager
async def listening(
    app: ASGIApp, sock: socket.socket, credentials: Credentials | None = None
) -> AsyncIterator[None]:
    """Serve an application on a bound socket for as long as the block lasts."""
    server = _Server(_config(app, credentials))
    task = asyncio.get_running_loop().create_task(server.serve(sockets=[sock]), name="uvicorn")
    try:
        await server.listening.wait()
        yield
    finally:
        server.should_exit = True
        await task


def _config(app: ASGIApp, credentials: Credentials | None) -> uvicorn.Config:
    options: dict[str, Any] = {
        "log_config": None,
        "log_level": "critical",  # a request cut off at closing time is no news
        "access_log": False,
        "lifespan": "off",
        "ws": "none",
        "http": "h11",
        "timeout_keep_alive": 60,
        "timeout_graceful_shutdown": _LAST_WORDS_SECONDS,
    }
    if credentials is None:
        return uvicorn.Config(app, **options)
    with tempfile.TemporaryDirectory(prefix="farm-replay-") as folder:
        chain, key = Path(folder, "chain.pem"), Path(folder, "key.pem")
        chain.write_bytes(credentials.chain)
        key.write_bytes(credentials.key)
        config = uvicorn.Config(app, ssl_certfile=chain, ssl_keyfile=key, **options)
        config.load()
    return config
