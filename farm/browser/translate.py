"""Playwright's errors in farm's words, translated here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.async_api import Error
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from farm.errors import BrowserError, BrowserGone, BrowserTimeout, NetworkError

_GONE = (
    "has been closed",
    "Target crashed",
    "Page crashed",
    "Target closed",
    "Browser closed",
    "Connection closed",
    "browser has disconnected",
)
# Chromium's own codes, then what the driver's requests say in the words of its runtime.
_NETWORK = re.compile(
    r"net::ERR_"
    r"|\bE(?:CONN(?:REFUSED|RESET|ABORTED)|TIMEDOUT|NOTFOUND|AI_AGAIN|PIPE|PROTO"
    r"|(?:HOST|NET)(?:UNREACH|DOWN))\b"
    r"|socket hang up|socket disconnected|: aborted\b|Proxy connection"
)


def translate(error: Error, doing: str) -> BrowserError:
    """The most specific of farm's classes for a Playwright error; `doing` names the act."""
    text = error.message.splitlines()[0] if error.message else type(error).__name__
    message = f"{doing}: {text}"
    if isinstance(error, PlaywrightTimeoutError):
        return BrowserTimeout(message)
    if any(mark in error.message for mark in _GONE):
        return BrowserGone(message)
    if _NETWORK.search(error.message):
        return NetworkError(message)
    return BrowserError(message)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise farm's errors instead of Playwright's; TimeoutError of asyncio counts as one."""
    try:
        yield
    except Error as error:
        raise translate(error, doing) from error
    except TimeoutError as error:
        raise BrowserTimeout(f"{doing}: no answer from the browser in time") from error
