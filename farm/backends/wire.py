"""HTTP to an image API: tried once, bounded in time and bytes; the home of httpx2.

A key goes only to the origins it is for. No redirect is followed but of a finished picture, and
then only to hosts that were named before. Foreign errors become `NoAnswer` here.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urljoin

import httpx2

from farm.backends.api import CONNECT_SECONDS, MOST_ANSWER_BYTES, READ_SECONDS

DOWNLOAD_SECONDS = 60.0
REDIRECTS = 5
_USER_AGENT = "gemini-farm"
_LEADS_ON = frozenset({301, 302, 303, 307, 308})
# These end before the first byte of a request was sent.
_NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
    httpx2.InvalidURL,
)
_BROKEN = (httpx2.TransportError, httpx2.DecodingError, httpx2.StreamError)

Allowed = Callable[[str, str], bool]
"""Whether a picture may be fetched, given an origin such as https://v3.fal.media and its host."""


class NoAnswer(Exception):  # it names an ending, as NotFetched does
    """No whole answer came; its text goes on after "it"."""

    def __init__(self, why: str, *, taken: bool, slow: bool = False) -> None:
        """`taken`: the request may have been received; `slow`: it is the time that ran out."""
        super().__init__(why)
        self.taken = taken
        self.slow = slow


class Astray(NoAnswer):
    """An address leads to where farm does not go: nothing was asked there."""

    def __init__(self, why: str) -> None:
        """Say where."""
        super().__init__(why, taken=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One whole answer, of whatever status."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether its status is one of success."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def value(self) -> Any:
        """The JSON in it; None when it is something else, as a gateway's page in HTML is."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def fields(self) -> Mapping[str, Any]:
        """The JSON object in it; empty when it is something else."""
        value = self.value
        return value if isinstance(value, dict) else {}

    def retry_at(self, now: float) -> float | None:
        """When it wants to be asked again, in epoch seconds; None if it does not say."""
        text = self.headers.get("retry-after", "").strip()
        if text.isdecimal():
            return now + int(text)
        try:
            return parsedate_to_datetime(text).replace(tzinfo=UTC).timestamp()
        except ValueError:
            return None


@dataclass(kw_only=True)
class Wire:
    """One client. Inside `async with` it is open."""

    origins: tuple[str, ...]  # such as https://queue.fal.run; where headers go, and nowhere else
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    read_seconds: float = READ_SECONDS
    proxied: bool = False  # through the proxy of the environment, if there is one
    _client: httpx2.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        """Open the client."""
        # A kept connection that the server has closed meanwhile looks like a lost answer.
        alone = httpx2.Limits(max_keepalive_connections=0)
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(self.read_seconds, connect=CONNECT_SECONDS),
            limits=alone,
            follow_redirects=False,
            trust_env=self.proxied,
            headers={"User-Agent": _USER_AGENT},
        )
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Close its connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def ask(
        self, method: str, url: str, *, most_bytes: int = MOST_ANSWER_BYTES, **content: Any
    ) -> Said:
        """One request; `content` is httpx2's json, content, files, params or headers.

        Raises NoAnswer.
        """
        if _one_name(origin_of(url)[0]) not in map(_one_name, self.origins):
            raise Astray(f"leads to {origin_of(url)[0]}, which gets no key")
        headers = {**self.headers, **content.pop("headers", {})}
        asked = self._opened.stream(method, url, headers=headers, **content)
        async with _named(self.read_seconds), asked as answer:
            return await _whole(answer, most_bytes)

    async def picture(
        self, url: str, allowed: Allowed, *, seconds: float = DOWNLOAD_SECONDS
    ) -> Said:
        """The bytes behind the address of a finished picture, asked for without a key.

        Raises NoAnswer, also where it leads to a place that is not allowed.
        """
        async with _named(seconds):
            for _ in range(REDIRECTS + 1):
                if not allowed(*origin_of(url)):
                    raise Astray(f"leads to {origin_of(url)[0]}, where no picture is to lie")
                async with self._opened.stream("GET", url) as answer:
                    leads_on = answer.headers.get("location")
                    if answer.status_code not in _LEADS_ON or not leads_on:
                        return await _whole(answer, MOST_ANSWER_BYTES)
                url = urljoin(url, leads_on)
        raise Astray(f"leads on more than {REDIRECTS} times")

    @property
    def _opened(self) -> httpx2.AsyncClient:
        if self._client is None:
            raise RuntimeError("the wire is used outside its `async with`")
        return self._client


def origin_of(url: str) -> tuple[str, str]:
    """Scheme, host and port of an address, without anything that signs in, and its host."""
    try:
        parts = httpx2.URL(url)
    except (httpx2.InvalidURL, TypeError):
        return "no address", ""
    port = f":{parts.port}" if parts.port else ""
    host = f"[{parts.host}]" if ":" in parts.host else parts.host
    return f"{parts.scheme}://{host}{port}", parts.host


def _one_name(origin: str) -> str:
    """An origin under the one name of this machine, which has several."""
    return re.sub(r"//(localhost|\[::1\])(?=:|$)", "//127.0.0.1", origin)


@asynccontextmanager
async def _named(seconds: float) -> AsyncIterator[None]:
    """Bound everything inside in time, and name foreign errors."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise NoAnswer(_late(seconds), taken=True, slow=True) from error
    except _NOT_SENT as error:
        raise NoAnswer(f"cannot be reached ({_kind(error)})", taken=False) from error
    except httpx2.TimeoutException as error:
        raise NoAnswer(_late(seconds), taken=True, slow=True) from error
    except _BROKEN as error:
        raise NoAnswer(f"broke off its answer ({_kind(error)})", taken=True) from error


async def _whole(answer: httpx2.Response, most_bytes: int) -> Said:
    body = bytearray()
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > most_bytes:
            raise NoAnswer(f"answers with more than {most_bytes:_} bytes", taken=True)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Said(status=answer.status_code, headers=headers, body=bytes(body))


def _late(seconds: float) -> str:
    return f"gave no whole answer within {seconds:g} seconds"


def _kind(error: Exception) -> str:
    """The kind alone: a message may hold an address, and an address a password."""
    return type(error).__name__
