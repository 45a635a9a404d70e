"""One GET of an address that came from outside: bounded, and never into the user's own network.

Whom we are connected to is decided on the network address itself, before a byte is sent: a name
may lead to another address at every look-up, and a redirect to any name.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import httpcore2

REDIRECTS = 5
_WORTH_ANOTHER_TRY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_LEADS_ON = frozenset({301, 302, 303, 307, 308})
_PORTS = {"https": 443, "http": 80}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # the last 32 bits are an IPv4 address
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# A foreign server's errors: of the connection, of its time, of its speech.
_BROKEN = (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError)


class NotFetched(Exception):
    """An address gave nothing; `passing` when another try may help."""

    def __init__(self, why: str, *, passing: bool) -> None:
        """Say why, in words that go on after "it"."""
        super().__init__(why)
        self.passing = passing


def is_public(address: str) -> bool:
    """Whether a network address is one of the open internet."""
    found: _Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            found = inner
    return found.is_global and not found.is_multicast


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """What one fetch may take, and where it may lead."""

    seconds: float = 60.0  # in all, redirects included
    size_bytes: int = 20 * 1024 * 1024
    admits: Callable[[str], bool] = is_public  # network addresses that may be connected to
    schemes: frozenset[str] = frozenset({"https"})

    def at_home(self) -> Bounds:
        """The same, in the user's own network too, where plain http is usual."""
        return replace(self, admits=lambda _address: True, schemes=frozenset(_PORTS))


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """What an address gave."""

    data: bytes | None  # None: it is what it was
    marks: Mapping[str, str] = field(default_factory=dict)  # to ask with, the next time


async def fetch(
    url: str, marks: Mapping[str, str], bounds: Bounds, headers: Mapping[str, str]
) -> Fetched:
    """The bytes behind an address, asked only for what changed since the marks were given.

    Raises NotFetched. No proxy is asked: behind one nobody can tell whom it connects to.
    """
    try:
        async with (
            asyncio.timeout(bounds.seconds),
            httpcore2.AsyncConnectionPool(network_backend=_Guarded(bounds)) as pool,
        ):
            asked = {**headers, **_conditions(marks), "Accept-Encoding": "identity"}
            for _ in range(REDIRECTS + 1):
                found = await _ask(pool, _checked(url, bounds), asked, bounds)
                if isinstance(found, Fetched):
                    return found
                url = urljoin(url, found)
    except TimeoutError as error:
        why = f"gave nothing whole within {bounds.seconds:g} seconds"
        raise NotFetched(why, passing=True) from error
    except _BROKEN as error:
        raise NotFetched(f"could not be reached ({_of(error)})", passing=True) from error
    raise NotFetched(f"leads on more than {REDIRECTS} times", passing=False)


def _conditions(marks: Mapping[str, str]) -> dict[str, str]:
    names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
    return {names[key]: value for key, value in marks.items() if key in names}


def _checked(url: str, bounds: Bounds) -> str:
    """The address in the letters of the wire; NotFetched when it is not to be asked at all."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode() if parts.hostname else ""
        port = parts.port
    except (ValueError, UnicodeError) as error:
        raise NotFetched("is no address", passing=False) from error
    if parts.scheme not in bounds.schemes:
        raise NotFetched("leads to an address that is not https", passing=False)
    if not host:
        raise NotFetched("names no host", passing=False)
    if parts.username or parts.password:
        raise NotFetched("carries a name or a password; farm signs in nowhere", passing=False)
    where = f"[{host}]" if ":" in host else host
    where = f"{where}:{port}" if port not in {None, _PORTS[parts.scheme]} else where
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    return urlunsplit((parts.scheme, where, path, quote(parts.query, safe="/%:@!$&'()*+,;=~?"), ""))


async def _ask(
    pool: httpcore2.AsyncConnectionPool, url: str, headers: Mapping[str, str], bounds: Bounds
) -> Fetched | str:
    """What the address gave, or where it leads on to."""
    async with pool.stream("GET", url, headers=list(headers.items())) as answer:
        said = {key.lower().decode(): value.decode("latin-1") for key, value in answer.headers}
        if answer.status in _LEADS_ON and said.get("location"):
            return said["location"]
        if answer.status == HTTPStatus.NOT_MODIFIED and "If-None-Match" in headers:
            return Fetched(data=None)
        _judge(answer.status)
        data = await _read(answer.aiter_stream(), said.get("content-length", ""), bounds)
    return Fetched(data=data, marks={k: said[k] for k in ("etag", "last-modified") if k in said})


def _judge(status: int) -> None:
    if status != HTTPStatus.OK:
        server = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        passing = server or status in _WORTH_ANOTHER_TRY
        raise NotFetched(f"answers {status}", passing=passing)


async def _read(parts: AsyncIterable[bytes], announced: str, bounds: Bounds) -> bytes:
    too_large = f"is over {bounds.size_bytes // 1024**2} MB"
    if announced.isdecimal() and int(announced) > bounds.size_bytes:
        raise NotFetched(too_large, passing=False)
    data = bytearray()
    async for part in parts:
        data += part
        if len(data) > bounds.size_bytes:
            raise NotFetched(too_large, passing=False)
    return bytes(data)


def _of(error: Exception) -> str:
    return str(error) or type(error).__name__


class _Guarded(httpcore2.AsyncNetworkBackend):
    """Connects to addresses of the open internet only, to the very address that was looked at."""

    def __init__(self, bounds: Bounds) -> None:
        self._inner = httpcore2.AnyIOBackend()
        self._admits = bounds.admits

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the library's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address of a name that answers."""
        refused: Exception | None = None
        for address in await self._allowed(host, port):
            try:
                stream = await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except httpcore2.NetworkError as error:
                refused = error
                continue
            await self._check_peer(stream)
            return stream
        raise refused or httpcore2.ConnectError("the name stands for no address")

    async def _allowed(self, host: str, port: int) -> list[str]:
        with suppress(ValueError):  # no look-up for what is an address already
            ipaddress.ip_address(host)
            return self._admitted([host])
        try:
            told = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore2.ConnectError("its name is not known") from error
        return self._admitted([str(entry[4][0]) for entry in told])

    def _admitted(self, found: list[str]) -> list[str]:
        admitted = [one for one in found if self._admits(one)]
        if found and not admitted:
            raise _inside()
        return admitted

    async def _check_peer(self, stream: httpcore2.AsyncNetworkStream) -> None:
        """What was looked up is an intention; the peer of the open connection is a fact."""
        peer: Any = stream.get_extra_info("server_addr")
        if not (peer and self._admits(str(peer[0]))):
            await stream.aclose()
            raise _inside()


def _inside() -> NotFetched:
    return NotFetched("leads into a private network, where farm fetches nothing", passing=False)
