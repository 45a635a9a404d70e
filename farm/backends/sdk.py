"""What the vendors' own libraries share here: one client, one bound of time, foreign errors named.

Both send over httpx2, and both would wait for ever and retry by themselves if they were left to.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime

import httpx2

from farm.backends.api import CONNECT_SECONDS, READ_SECONDS, Charged
from farm.errors import Ended
from farm.model.causes import Cause
from farm.model.models import Model
from farm.model.outcomes import Outcome

# These end before the first byte of a request was sent.
_NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
)
_BILLED_MAYBE = "It may have been made and billed: its estimate counts as spent."


def bounded_client(read_seconds: float = READ_SECONDS) -> httpx2.AsyncClient:
    """A client whose bounds hold whatever a library asks of it.

    No connection is kept: one that the server has closed meanwhile looks like a lost answer.
    """
    bounds = httpx2.Timeout(read_seconds, connect=CONNECT_SECONDS)

    async def bound(request: httpx2.Request) -> None:
        request.extensions["timeout"] = bounds.as_dict()

    return httpx2.AsyncClient(
        timeout=bounds,
        limits=httpx2.Limits(max_keepalive_connections=0),
        event_hooks={"request": [bound]},
    )


@asynccontextmanager
async def named(
    provider: str, *, billed: bool, seconds: float = READ_SECONDS
) -> AsyncIterator[None]:
    """Bound everything inside in time, and name what goes wrong on the line.

    `billed`: what was sent may cost money though its answer never came.
    """
    try:
        async with asyncio.timeout(seconds + CONNECT_SECONDS):
            yield
    except (httpx2.TransportError, TimeoutError) as error:
        raise line_failure(provider, error, billed=billed) from error


def line_failure(provider: str, error: BaseException, *, billed: bool) -> Ended:
    """The outcome of a request that got no answer; an unsent one costs nothing."""
    if isinstance(error, _NOT_SENT):
        return Ended(_transient(f"{provider} cannot be reached ({type(error).__name__})."))
    late = isinstance(error, httpx2.TimeoutException | TimeoutError)
    what = "gave no answer in time" if late else "broke its answer off"
    why = f"{provider} {what} ({type(error).__name__})."
    return lost(why) if billed else Ended(_transient(why))


def lost(why: str) -> Charged:
    """A request that was taken, without its answer."""
    return Charged(_transient(f"{why} {_BILLED_MAYBE}"))


def gone(model: Model, provider: str) -> str:
    """A model that a provider does not know, and what to take in its place."""
    instead = (
        f"Take {model.replacement} instead" if model.replacement else "Look at `farm backends`"
    )
    return f"{provider} has no model {model.id} (any more), or not for this key. {instead}."


def _transient(message: str) -> Outcome:
    return Outcome(cause=Cause.TRANSIENT, message=message)


def retry_at(headers: Mapping[str, str], now: float) -> float | None:
    """When a server wants to be asked again, in epoch seconds; None if it does not say."""
    if text := headers.get("retry-after-ms", ""):
        return now + _number(text) / 1000
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if seconds := _number(text):
        return now + seconds
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
