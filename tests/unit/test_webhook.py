"""Messages on their way to a real server on this machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from farm.errors import UsageError
from farm.model.causes import Cause
from farm.notify.base import Message, NotDelivered, Target
from farm.notify.delivery import Tries, deliver
from farm.notify.targets import targets_of
from farm.testing.clock import FakeClock

# Some of the services that apprise loads stand on modules that Python will drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

SECRET = "open-sesame"  # noqa: S105  # of this test alone
PASSWORD = "hunter22"  # noqa: S105  # as above
RED = Message(
    occasion="person", title="farm: alice needs you", text="Signed out.", urgent=True,
    session="alice", cause=Cause.SIGNED_OUT, key="alice/signed_out",
)  # fmt: skip


@dataclass(kw_only=True)
class Received:
    """One request that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)


@dataclass(kw_only=True)
class Post:
    """A server that keeps what it gets and answers as it is told."""

    port: int
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # then 204
    received: list[Received] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"webhook+http://127.0.0.1:{self.port}/hooks/{PASSWORD}"


@pytest.fixture
def post() -> Iterator[Post]:
    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {key.lower(): value for key, value in self.headers.items()}
            kept.received.append(Received(path=self.path, headers=headers, body=body))
            code, more = kept.answers.pop(0) if kept.answers else (204, {})
            self.send_response(code)
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        kept = Post(port=server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield kept
        server.shutdown()
        thread.join()


def target(url: str, *, secret: str = SECRET) -> Target:
    (found,) = targets_of([url], secret=secret, clock=FakeClock())
    return found


async def send(url: str, message: Message = RED, clock: FakeClock | None = None) -> None:
    await deliver(target(url), message, clock or FakeClock(), Tries())


async def test_a_webhook_gets_the_message_as_json(post: Post) -> None:
    await send(post.url)

    (request,) = post.received
    assert request.path == f"/hooks/{PASSWORD}"
    assert request.headers["content-type"] == "application/json"
    assert request.content == {
        "id": RED.id,
        "at": "1970-01-12T13:46:40+00:00",
        "occasion": "person",
        "title": "farm: alice needs you",
        "text": "Signed out.",
        "urgent": True,
        "session": "alice",
        "cause": "signed_out",
        "screenshot": None,
    }


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        (SECRET, SECRET.encode()),
        (f"whsec_{base64.b64encode(b'a key of bytes').decode()}", b"a key of bytes"),
    ],
)
async def test_the_signature_covers_id_time_and_body(post: Post, secret: str, key: bytes) -> None:
    await target(post.url, secret=secret).send(RED)

    (request,) = post.received
    stamp, given = request.headers["webhook-timestamp"], request.headers["webhook-signature"]
    covered = f"{RED.id}.{stamp}.".encode() + request.body
    proof = base64.b64encode(hmac.new(key, covered, hashlib.sha256).digest()).decode()
    assert given == f"v1,{proof}"
    assert request.headers["webhook-id"] == request.headers["idempotency-key"] == RED.id


@pytest.mark.parametrize("code", [500, 503, 429, 408])
async def test_a_server_in_trouble_is_asked_again_with_the_same_key(post: Post, code: int) -> None:
    post.answers = [(code, {}), (code, {}), (200, {})]

    await send(post.url)

    assert len(post.received) == 3
    assert {request.headers["idempotency-key"] for request in post.received} == {RED.id}


async def test_every_try_is_signed_for_its_own_moment(post: Post) -> None:
    post.answers = [(503, {"Retry-After": "30"})]
    clock = FakeClock()
    (webhook,) = targets_of([post.url], secret=SECRET, clock=clock)

    await deliver(webhook, RED, clock, Tries())

    first, second = (int(request.headers["webhook-timestamp"]) for request in post.received)
    assert second - first >= 30
    assert (
        post.received[0].headers["webhook-signature"]
        != (post.received[1].headers["webhook-signature"])
    )


async def test_a_server_that_stays_in_trouble_is_given_up(post: Post) -> None:
    post.answers = [(500, {})] * 9
    clock = FakeClock()

    with pytest.raises(NotDelivered, match="it answered 500"):
        await send(post.url, clock=clock)

    assert len(post.received) == 8
    assert sum(clock.slept) <= 127


async def test_no_server_may_ask_for_more_than_a_minute(post: Post) -> None:
    post.answers = [(429, {"Retry-After": "86400"})]
    clock = FakeClock()

    await send(post.url, clock=clock)

    assert clock.slept == [60]


@pytest.mark.parametrize("code", [400, 401, 404, 410])
async def test_a_server_that_refuses_is_not_asked_again(post: Post, code: int) -> None:
    post.answers = [(code, {})]

    with pytest.raises(NotDelivered, match=f"it answered {code}"):
        await send(post.url)

    assert len(post.received) == 1


async def test_a_message_is_not_carried_on_to_another_address(post: Post) -> None:
    post.answers = [(307, {"Location": f"http://127.0.0.1:{post.port}/elsewhere"})]

    with pytest.raises(NotDelivered, match="give the address it moved to"):
        await send(post.url)

    assert len(post.received) == 1


async def test_a_server_that_is_not_there_is_tried_a_bounded_number_of_times() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # and nobody listens
        clock = FakeClock()

        with pytest.raises(NotDelivered, match="could not be reached"):
            await send(f"webhook+http://127.0.0.1:{held.getsockname()[1]}/x", clock=clock)

    assert len(clock.slept) == 7


async def test_a_screenshot_travels_with_the_message(post: Post, tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    picture.write_bytes(b"\x89PNG what the page showed")
    message = Message(occasion="person", title="t", text="x", screenshot=picture)

    await send(post.url, message)
    await send(f"json://127.0.0.1:{post.port}/", message)

    by_webhook, by_apprise = (request.content for request in post.received)
    assert base64.b64decode(by_webhook["screenshot"]["base64"]) == picture.read_bytes()
    assert by_webhook["screenshot"]["name"] == "page.png"
    (attached,) = by_apprise["attachments"]
    assert base64.b64decode(attached["base64"]) == picture.read_bytes()


async def test_a_screenshot_that_is_gone_keeps_no_words_back(post: Post, tmp_path: Path) -> None:
    message = Message(occasion="person", title="t", text="x", screenshot=tmp_path / "gone.png")

    await send(post.url, message)
    await send(f"json://127.0.0.1:{post.port}/", message)

    assert [request.content["title"] for request in post.received] == ["t", "t"]


async def test_a_service_gets_the_message_through_apprise(post: Post) -> None:
    await send(f"json://127.0.0.1:{post.port}/hooks/{PASSWORD}")

    (request,) = post.received
    assert request.path == f"/hooks/{PASSWORD}"
    assert request.content["title"] == RED.title
    assert request.content["message"] == RED.text
    assert request.content["type"] == "warning"


async def test_a_service_that_fails_is_tried_again_and_says_its_code(post: Post) -> None:
    post.answers = [(500, {})]
    await send(f"json://127.0.0.1:{post.port}/")
    post.answers = [(403, {})] * 9

    with pytest.raises(NotDelivered, match="it answered 403"):
        await send(f"json://127.0.0.1:{post.port}/")

    assert len(post.received) == 2 + 8


async def test_nothing_of_an_address_reaches_a_log_or_an_error(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    post.answers = [(500, {}), (403, {}), (403, {})]
    urls = [
        f"webhook+http://bob:{PASSWORD}@127.0.0.1:1/{PASSWORD}?key={PASSWORD}",
        post.url,
        f"json://bob:{PASSWORD}@127.0.0.1:{post.port}/{PASSWORD}",
        f"json://bob:{PASSWORD}@127.0.0.1:1/{PASSWORD}",
    ]
    said = []

    with caplog.at_level(logging.DEBUG, logger="farm"):
        targets = targets_of(urls, secret=SECRET, clock=FakeClock())
        for one in targets:
            with pytest.raises(NotDelivered) as failed:
                await one.send(RED)
            said.append(str(failed.value))

    text = " ".join([caplog.text, *said, repr(targets)])
    assert PASSWORD not in text
    assert SECRET not in text
    assert [one.label for one in targets] == ["webhook", "webhook 2", "json", "json 2"]


@pytest.mark.parametrize(
    ("url", "secret", "said"),
    [
        (f"webhook+http://example.com/{PASSWORD}", SECRET, "must be webhook"),
        (f"webhook+ftp://127.0.0.1/{PASSWORD}", SECRET, "must be webhook"),
        (f"webhook+https://[{PASSWORD}", SECRET, "must be webhook"),
        (f"webhook+https:///{PASSWORD}", SECRET, "must be webhook"),
        (f"webhook+https://example.com/{PASSWORD}", "", "needs FARM_NOTIFY_SECRET"),
        (f"webhook+https://example.com/{PASSWORD}", "whsec_=no", "not base64"),
        (f"slakc://{PASSWORD}/x", SECRET, "The slakc address"),
        (f"slack://{PASSWORD}", SECRET, "The slack address"),
    ],
)
def test_an_address_that_cannot_be_is_refused_without_repeating_it(
    url: str, secret: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        targets_of([url], secret=secret, clock=FakeClock())

    assert PASSWORD not in f"{refused.value} {capfd.readouterr()}"


def test_a_webhook_elsewhere_may_be_reached_by_tls() -> None:
    assert target("webhook+https://example.com/x").label == "webhook"
