"""Playwright's errors in farm's words, translated here and nowhere else."""

from __future__ import annotations

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
_NETWORK = ("net::ERR_", "ECONNREFUSED", "ECONNRESET", "socket hang up", "ETIMEDOUT")


def translate(error: Error, doing: str) -> BrowserError:
    """The most specific of farm's classes for a Playwright error; `doing` names the act."""
    text = error.message.splitlines()[0] if error.message else type(error).__name__
    message = f"{doing}: {text}"
    if isinstance(error, PlaywrightTimeoutError):
        return BrowserTimeout(message)
    if any(mark in error.message for mark in _GONE):
        return BrowserGone(message)
    if any(mark in error.message for mark in _NETWORK):
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
