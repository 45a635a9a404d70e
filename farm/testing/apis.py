"""An API that does what its script says, and a purse that only counts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from farm.backends.api import Answer, Remember, Request
from farm.errors import Ended
from farm.model.money import Bill
from farm.model.outcomes import Outcome

Reply = Answer | Ended | None
"""What a request comes to; None: nothing, until it is cancelled."""


@dataclass(kw_only=True)
class ScriptedApi:
    """Plays its replies in order, the last one for ever; counts what a provider would have seen."""

    replies: Sequence[Reply]
    name: str = "gemini"
    stateless_and_free: bool = False
    remembers: Mapping[str, Any] | None = None  # told once a request was taken
    later: Reply = None  # what `resume` comes to; None: it was never taken
    stands_in_the_way: Outcome | None = None
    on_ask: Callable[[], None] = lambda: None
    asked: list[Request] = field(default_factory=list)
    resumed: list[Mapping[str, Any]] = field(default_factory=list)
    is_open: bool = False

    async def __aenter__(self) -> Self:
        """Open."""
        self.is_open = True
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Close."""
        self.is_open = False

    async def check(self) -> None:
        """Say what stands in the way."""
        if self.stands_in_the_way is not None:
            raise Ended(self.stands_in_the_way)

    async def ask(self, request: Request, remember: Remember) -> Answer:
        """Play the next reply."""
        self.on_ask()
        self.asked.append(request)
        if self.remembers is not None:
            await remember(self.remembers)
        return await _played(self.replies[min(len(self.asked), len(self.replies)) - 1])

    async def resume(
        self,
        facts: Mapping[str, Any],
        request: Request,  # noqa: ARG002  # the script knows the answer
    ) -> Answer | None:
        """Play what became of an earlier request."""
        self.resumed.append(facts)
        return None if self.later is None else await _played(self.later)


async def _played(reply: Reply) -> Answer:
    if reply is None:
        await asyncio.Event().wait()
    if isinstance(reply, Ended):
        raise reply
    assert reply is not None  # noqa: S101  # the wait above never ends
    return reply


@dataclass(kw_only=True)
class CountingPurse:
    """Holds every bill to its story: reserved once, then settled or released."""

    refuses: Outcome | None = None
    bills: dict[int, Bill] = field(default_factory=dict)
    settled: dict[int, int] = field(default_factory=dict)  # by attempt
    estimated: set[int] = field(default_factory=set)
    released: set[int] = field(default_factory=set)

    async def reserve(self, bill: Bill) -> None:
        """Note the bill, or refuse it."""
        if self.refuses is not None:
            raise Ended(self.refuses)
        self.bills[bill.attempt_id] = bill

    async def settle(
        self,
        attempt_id: int,
        spent_microusd: int,
        usage: Mapping[str, Any],  # noqa: ARG002  # only the sum is counted
        *,
        estimated: bool,
    ) -> None:
        """Note what it cost; an estimate replaces nothing."""
        if estimated and attempt_id in self.settled:
            return
        self.settled[attempt_id] = spent_microusd
        (self.estimated.add if estimated else self.estimated.discard)(attempt_id)

    async def release(self, attempt_id: int) -> None:
        """Note that nothing was billed."""
        if attempt_id not in self.settled:
            self.released.add(attempt_id)

    @property
    def open(self) -> set[int]:
        """Attempts whose money is set aside still."""
        return self.bills.keys() - self.settled.keys() - self.released
