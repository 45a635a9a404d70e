"""What the vendors' libraries share: bounds of time, lost answers, moments to come back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import httpx2
import pytest

from farm.backends.api import Charged
from farm.backends.sdk import bounded_client, line_failure, named, retry_at
from farm.errors import Ended
from farm.model.causes import Cause

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("asked", [None, 1000.0])
async def test_the_bounds_of_time_hold_whatever_a_library_asks(asked: float | None) -> None:
    seen: list[object] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.extensions["timeout"])
        return httpx2.Response(200)

    client = bounded_client(300)
    client._transport = httpx2.MockTransport(answer)
    async with client:
        await client.get("http://127.0.0.1/", timeout=asked)

    assert seen == [{"connect": 10.0, "read": 300, "write": 300, "pool": 300}]


async def test_an_answer_that_drips_for_ever_ends_in_time() -> None:
    with pytest.raises(Charged) as caught:
        async with named("X", billed=True, seconds=-10):
            await asyncio.Event().wait()

    assert caught.value.outcome.cause is Cause.TRANSIENT


@pytest.mark.parametrize(
    ("error", "charged"),
    [
        (httpx2.ConnectError("x"), False),
        (httpx2.ConnectTimeout("x"), False),
        (httpx2.PoolTimeout("x"), False),
        (httpx2.ReadTimeout("x"), True),
        (httpx2.ReadError("x"), True),
        (httpx2.WriteError("x"), True),
        (httpx2.RemoteProtocolError("x"), True),
        (TimeoutError(), True),
    ],
)
def test_only_what_was_sent_may_have_been_billed(error: Exception, *, charged: bool) -> None:
    assert isinstance(line_failure("X", error, billed=True), Charged) is charged
    assert not isinstance(line_failure("X", error, billed=False), Charged)
    assert isinstance(line_failure("X", error, billed=False), Ended)


@pytest.mark.parametrize(
    ("headers", "moment"),
    [
        ({}, None),
        ({"retry-after": "30"}, NOON + 30),
        ({"retry-after": "1.5"}, NOON + 1.5),
        ({"retry-after-ms": "250"}, NOON + 0.25),
        ({"retry-after": "Fri, 20 Nov 2026 12:01:00 GMT"}, NOON + 60),
        ({"retry-after": "soon"}, None),
    ],
)
def test_the_moment_to_come_back_is_read(headers: dict[str, str], moment: float | None) -> None:
    assert retry_at(headers, NOON) == moment
