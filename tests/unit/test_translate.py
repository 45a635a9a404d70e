"""Playwright's errors in farm's words: the class decides what a worker does next."""

from __future__ import annotations

import pytest
from playwright.async_api import Error
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from farm.browser.translate import translate, translated
from farm.errors import BrowserError, BrowserGone, BrowserTimeout, NetworkError, UsageError


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        (PlaywrightTimeoutError("Locator.click: Timeout 5000ms exceeded."), BrowserTimeout),
        (Error("Page.evaluate: Target page, context or browser has been closed"), BrowserGone),
        (Error("Page.goto: Page crashed"), BrowserGone),
        (Error("Page.evaluate: Target crashed "), BrowserGone),
        (Error("Protocol error (Page.navigate): Target closed"), BrowserGone),
        (Error("Browser closed.\nBrowser logs: …"), BrowserGone),
        (Error("Connection closed while reading from the driver"), BrowserGone),
        (Error("Page.goto: net::ERR_TUNNEL_CONNECTION_FAILED at https://x/"), NetworkError),
        (Error("Page.goto: net::ERR_INTERNET_DISCONNECTED at https://x/"), NetworkError),
        (Error("APIRequestContext.get: connect ECONNREFUSED 127.0.0.1:9"), NetworkError),
        (Error("APIRequestContext.get: read ECONNRESET"), NetworkError),
        (Error("APIRequestContext.get: getaddrinfo ENOTFOUND lh3.google.com"), NetworkError),
        (Error("APIRequestContext.get: getaddrinfo EAI_AGAIN lh3.google.com"), NetworkError),
        (Error("APIRequestContext.get: write EPIPE"), NetworkError),
        (Error("APIRequestContext.get: connect EHOSTUNREACH 10.0.0.1:443"), NetworkError),
        (Error("APIRequestContext.get: connect ENETUNREACH 10.0.0.1:443"), NetworkError),
        (Error("APIRequestContext.get: socket hang up"), NetworkError),
        (Error("APIRequestContext.get: aborted"), NetworkError),
        (Error("Page.evaluate: Execution context was destroyed"), BrowserError),
        (Error(""), BrowserError),
    ],
    ids=lambda value: value.message[:60] or "no message" if isinstance(value, Error) else "",
)
def test_each_foreign_error_becomes_the_most_specific_of_ours(
    foreign: Error, ours: type[BrowserError]
) -> None:
    assert type(translate(foreign, "open")) is ours


def test_a_timeout_that_tells_of_a_closed_page_in_its_call_log_is_still_a_timeout() -> None:
    error = translate(PlaywrightTimeoutError("Timeout 5000ms exceeded.\n has been closed"), "x")

    assert type(error) is BrowserTimeout


def test_the_message_names_the_act_and_leaves_the_call_log_out() -> None:
    error = translate(
        Error("Element is not attached\nCall log:\n  - waiting"), "alice: cannot send"
    )

    assert str(error) == "alice: cannot send: Element is not attached"


def test_the_foreign_error_stays_as_the_reason() -> None:
    foreign = Error("Page crashed")

    with pytest.raises(BrowserGone) as raised, translated("look"):
        raise foreign

    assert raised.value.__cause__ is foreign


def test_a_timeout_of_the_loop_is_a_browser_timeout() -> None:
    with pytest.raises(BrowserTimeout, match="close the browser"), translated("close the browser"):
        raise TimeoutError


def test_other_errors_pass_unchanged() -> None:
    with pytest.raises(UsageError), translated("look"):
        raise UsageError("not ours to translate")
