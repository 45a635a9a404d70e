"""The ground other people's servers are played on: HTTP on loopback, with every bad way to answer.

A double answers `answer(asked)` in a thread of its own; the requests stay in `asked`, in order.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One request that arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    pairs: Sequence[tuple[str, str]]  # of the query, for a name that stands there twice
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Fate(Enum):
    """What becomes of an answer on its way."""

    WHOLE = "whole"
    TRUNCATED = "truncated"  # the connection ends in the middle of the body
    LOST = "lost"  # the connection ends before the first byte of an answer
    HELD = "held"  # nothing comes until the server is closed


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    fate: Fate = Fate.WHOLE


def reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer in JSON."""
    return Reply(
        status=status,
        body=json.dumps(value).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )


def picture_reply(body: bytes, *, media_type: str = "image/png", fate: Fate = Fate.WHOLE) -> Reply:
    """An answer that is a picture."""
    return Reply(body=body, headers={"Content-Type": media_type}, fate=fate)


class Loopback:
    """A server on a free port while its `with` block is open."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.connections = 0
        self.lock = threading.RLock()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _door(self))

    def answer(self, asked: Asked) -> Reply:
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def asked_for(self, method: str, path: str) -> list[Asked]:
        """The requests with this method whose path begins so."""
        return [a for a in self.asked if a.method == method and a.path.startswith(path)]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that left is no news."""


def _door(owner: Loopback) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two writes

        def setup(self) -> None:
            super().setup()
            with owner.lock:
                owner.connections += 1

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(
                method=self.command,
                path=parts.path,
                query=dict(parse_qsl(parts.query)),
                pairs=parse_qsl(parts.query),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length),
            )
            with owner.lock:
                owner.asked.append(asked)
            self._send(owner.answer(asked))

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815  # the names it looks for

        def _send(self, answer: Reply) -> None:
            if answer.fate is Fate.HELD:
                owner._closing.wait()
            if answer.fate in {Fate.HELD, Fate.LOST}:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if answer.fate is Fate.TRUNCATED:
                self.wfile.write(answer.body[: len(answer.body) // 2])
                self.close_connection = True
            else:
                self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Tests read `asked`."""

    return Door
