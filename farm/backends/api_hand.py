"""The hand of an image API: phases, money and files around one call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self, TypeVar

from farm.backends.api import Answer, Api, Charged, Purse, Request, Resolve
from farm.backends.base import Drawn, Record, Work
from farm.backends.choice import Choice
from farm.backends.parts import PartPath, facts_of, read_again, write_parts
from farm.backends.seats import Seat
from farm.errors import Ended, Interrupted, LostLease
from farm.model.causes import Cause
from farm.model.images import Maker
from farm.model.jobs import Phase
from farm.model.lanes import session_lane
from farm.model.money import Bill

T = TypeVar("T")


@dataclass(kw_only=True)
class ApiHand:
    """Makes images through one API with one key. Inside `async with` its seat is taken.

    What a row asks is looked up in the catalogue before money is set aside; money is set aside
    before anything is sent; the answer's pictures are on disk before they are spoken of. A death
    in between leaves the reservation open: it counts as spent.
    """

    api: Api
    seat: Seat
    account: str  # the label of a key: never the key
    choice: Choice
    purse: Purse
    resolve: Resolve
    part_path: PartPath
    names: Callable[[], Sequence[str]]  # the lanes' names it may serve now
    windowed: bool = field(default=False, init=False)
    # Paid for and not yet on disk, by attempt: the next try of this life takes it up.
    _arrived: dict[int, tuple[Answer, Maker]] = field(default_factory=dict, init=False)

    @property
    def name(self) -> str:
        """The session's name, such as gemini-1."""
        return self.seat.name

    @property
    def lanes(self) -> tuple[str, ...]:
        """What it serves at the moment, its own lane first."""
        return self.lanes_of(self.names())

    def lanes_of(self, names: Sequence[str]) -> tuple[str, ...]:
        """What it serves under these names; `any` only with what its usual model can do."""
        return (session_lane(self.name), *self.choice.lanes(names))

    async def __aenter__(self) -> Self:
        """Take the seat and open the client."""
        self.seat.take()
        try:
            await self.api.__aenter__()
        except BaseException:
            self.seat.leave()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close the client and leave the seat."""
        try:
            await self.api.__aexit__(*exc)
        finally:
            self.seat.leave()

    async def prove(self) -> None:
        """See that model, key and host are good; no picture is made."""
        self.choice.prove()
        await self.api.check()

    async def mended(self, seconds: float) -> bool:  # noqa: ARG002  # there is nothing to watch
        """Nobody sees an API: it is looked at again later."""
        return False

    def repaired(self) -> bool:
        """No data about a page is used."""
        return False

    async def worn(self) -> bool:
        """A client does not wear out."""
        return False

    async def make(self, work: Work, record: Record) -> Drawn:
        """Ask once, within the user's budget, and bring the pictures back."""
        request, cost = await self.choice.request(work, self.resolve)
        hashes = [reference.sha256 for reference in request.references]
        facts: dict[str, Any] = {"text": work.text, "model": request.model.id, "estimate": cost}
        facts |= {"references": hashes} if hashes else {}
        facts |= {"enlarge": asdict(request.enlarge)} if request.enlarge else {}
        await record(Phase.TYPING, facts)
        await self.purse.reserve(self._bill(work, request, cost))
        try:
            await record(Phase.SENDING, {"before": []})
        except LostLease:
            await self.purse.release(work.attempt_id)
            raise

        async def remember(found: Mapping[str, Any]) -> None:
            sent = {"conversation": str(found.get("id", "")), "request": dict(found)}
            await record(Phase.SENT, sent)

        asked = self.api.ask(request, remember)
        try:
            answer = await self._accounted(work, asked, cost)
        except Ended as ended:
            raise self.choice.understood(ended, work.prompt) from ended
        return await self._taken(work, record, answer, request.model.id, cost)

    async def resume(self, work: Work, record: Record) -> Drawn | None:
        """Finish what an earlier life sent: from its files, or by asking the API about it."""
        parts = await asyncio.to_thread(read_again, work.facts.parts)
        if parts is not None:
            return Drawn(images=parts, maker=Maker(**work.facts.maker), final=True)
        if work.attempt_id in self._arrived:
            return await self._written(work, record)
        if self.api.stateless_and_free:
            await self.purse.release(work.attempt_id)
            return None
        request, cost = self.choice.request_again(work), work.facts.estimate
        answer = await self._accounted(
            work, self.api.resume(work.facts.request, request), cost, again=True
        )
        if answer is None:
            await self.purse.release(work.attempt_id)
            return None
        return await self._taken(work, record, answer, request.model.id, cost)

    async def _accounted(
        self, work: Work, asked: Awaitable[T], cost: int | None, *, again: bool = False
    ) -> T:
        """Await an answer; an ending is written down by what it cost."""
        try:
            return await asked
        except Interrupted:
            raise
        except Charged as ended:
            spent = ended.spent_microusd
            await self._settle(work, spent, cost, ended.usage)
            raise
        except Ended as ended:
            if again and ended.outcome.cause is Cause.AMBIGUOUS:
                await self._settle(work, None, cost, {})
            else:
                await self.purse.release(work.attempt_id)
            raise

    async def _taken(
        self, work: Work, record: Record, answer: Answer, model: str, cost: int | None
    ) -> Drawn:
        """Pay for an answer and put its pictures on disk."""
        spent = answer.spent_microusd
        maker = Maker(
            backend=self.api.name,
            account=self.account,
            model=answer.model or model,
            cost_microusd=cost if spent is None else spent,
        )
        self._arrived[work.attempt_id] = (answer, maker)
        await self._settle(work, spent, cost, answer.usage)
        return await self._written(work, record)

    async def _written(self, work: Work, record: Record) -> Drawn:
        answer, maker = self._arrived[work.attempt_id]
        paths = [self.part_path(work.attempt_id, n) for n in range(len(answer.pictures))]
        parts = await asyncio.to_thread(write_parts, answer.pictures, paths)
        if answer.id:
            await record(Phase.SENT, {"conversation": answer.id})
        facts = {"preview_px": [0, 0], "parts": facts_of(parts), "maker": asdict(maker)}
        await record(Phase.READY, facts)
        del self._arrived[work.attempt_id]
        return Drawn(images=parts, maker=maker, final=True)

    async def _settle(
        self, work: Work, spent: int | None, cost: int | None, usage: Mapping[str, Any]
    ) -> None:
        estimated = spent is None
        amount = (cost or 0) if spent is None else spent
        await self.purse.settle(work.attempt_id, amount, usage, estimated=estimated)

    def _bill(self, work: Work, request: Request, cost: int | None) -> Bill:
        return Bill(
            attempt_id=work.attempt_id,
            job_id=work.job_id,
            backend=self.api.name,
            account=self.account,
            model=request.model.id,
            estimate_microusd=cost,
        )
