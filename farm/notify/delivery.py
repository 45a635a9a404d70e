"""Delivering one message to one target: again where that may help, a bounded number of times."""

from __future__ import annotations

from dataclasses import dataclass

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from farm.clock import Clock
from farm.notify.base import Message, NotDelivered, Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Tries:
    """How often a message is tried, and how long between."""

    most: int = 8  # two minutes at most: a network that is gone for one loses no message
    first_seconds: float = 1.0  # doubled each time, a random part of it taken off
    longest_seconds: float = 60.0


async def deliver(target: Target, message: Message, clock: Clock, tries: Tries) -> None:
    """Send until it got through; NotDelivered of the last try when it did not."""
    usual = wait_random_exponential(multiplier=tries.first_seconds, max=tries.longest_seconds)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.after_seconds if isinstance(error, NotDelivered) else 0.0
        return max(asked, usual(state))

    async for attempt in AsyncRetrying(
        sleep=clock.sleep,
        stop=stop_after_attempt(tries.most),
        wait=wait,
        retry=retry_if_exception(lambda e: isinstance(e, NotDelivered) and e.passing),
        reraise=True,
    ):
        with attempt:
            await target.send(message)
