"""A server on this machine to which messages may be sent."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PASSWORD = "hunter22"  # noqa: S105  # what is secret of the addresses of these tests


@dataclass(kw_only=True)
class Post:
    """What arrived, in order."""

    port: int
    got: list[dict[str, Any]] = field(default_factory=list)

    @property
    def webhook(self) -> str:
        """The address of a webhook of one's own."""
        return f"webhook+http://127.0.0.1:{self.port}/{PASSWORD}"

    @property
    def service(self) -> str:
        """The address of a service that apprise knows."""
        return f"json://127.0.0.1:{self.port}/{PASSWORD}"


@contextlib.contextmanager
def post_office() -> Iterator[Post]:
    """Take every message for as long as the block lasts."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            post.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        post = Post(port=server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield post
        finally:
            server.shutdown()
            thread.join()
