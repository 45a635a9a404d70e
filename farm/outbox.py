"""The delivery loop: puts what was made where it belongs, for days if need be.

It never holds a run up: every try runs on a thread that nobody waits for, and whatever a target
does is written down as one of three endings: delivered, later, never.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from farm.clock import Clock
from farm.deliver.base import Delivered, Later, Never, Parcel, Target
from farm.errors import FarmError, LostLease, StoreError
from farm.model.deliveries import (
    PERSON_WAIT_SECONDS,
    DeliveryClaim,
    DeliveryState,
    wait_seconds,
)
from farm.model.events import FileDelivered, Notice, TargetStuck, Tell

log = logging.getLogger(__name__)

DRAIN_SECONDS = 120.0
AT_ONCE = 3
_LOOK_SECONDS = 5.0  # so often it is looked for what other processes posted
_RENEW_SECONDS = 15.0
_LONGEST_ASKED_SECONDS = 86_400.0
_BROKEN_WAIT_SECONDS = 3600.0  # a fault of farm's own: the log says which


class Book(Protocol):
    """Where deliveries are written down; every write of a lost claim raises LostLease."""

    async def claim_delivery(self, worker: str, targets: Sequence[str]) -> DeliveryClaim | None:
        """Lease what is due for one of these targets."""

    async def renew_deliveries(self, worker: str) -> int:
        """Renew all leases of this worker."""

    async def remember_delivery(self, claim: DeliveryClaim, facts: Mapping[str, Any]) -> None:
        """Commit what a later try goes on from."""

    async def delivered(self, claim: DeliveryClaim, *, link: str, remote_id: str = "") -> None:
        """The file is there."""

    async def postpone_delivery(
        self, claim: DeliveryClaim, message: str, after_seconds: float
    ) -> None:
        """Try again after the wait."""

    async def refuse_delivery(self, claim: DeliveryClaim, message: str) -> None:
        """Try no more."""


class Backlog(Book, Protocol):
    """A book that also says what is left."""

    async def next_delivery_seconds(self, targets: Sequence[str]) -> float | None:
        """How long until something for these targets is due; None: nothing is left."""

    async def delivery_counts(self) -> Mapping[tuple[str, DeliveryState], int]:
        """How many deliveries of each target stand where."""


@dataclass(kw_only=True)
class _Trouble:
    """What a target failed with since it last took a file."""

    failures: int = 0
    until: float = 0.0  # monotonic: nothing is tried there before
    told: bool = False


class _Troubles:
    """Which targets are left alone for a while, and until when."""

    def __init__(self, places: Iterable[str]) -> None:
        self._by_place = {place: _Trouble() for place in places}

    def free(self, now: float) -> list[str]:
        """Where something may be tried."""
        return [place for place, trouble in self._by_place.items() if trouble.until <= now]

    def pause(self, place: str, now: float) -> float:
        """How long nothing is to be tried there."""
        return max(0.0, self._by_place[place].until - now)

    def next_end(self, now: float) -> float:
        """How long until something may be tried somewhere where it may not be now."""
        held = [self.pause(place, now) for place in self._by_place]
        return min(filter(None, held), default=_LOOK_SECONDS)

    def over(self, place: str) -> None:
        """It took a file."""
        self._by_place[place] = _Trouble()

    def begun(self, place: str, now: float, *, asked: float, spread: float) -> None:
        """It failed, once more."""
        trouble = self._by_place[place]
        trouble.failures += 1
        trouble.until = now + wait_seconds(trouble.failures, asked=asked, spread=spread)

    def is_news(self, place: str) -> bool:
        """Whether a person has not been told yet that they are needed there."""
        trouble = self._by_place[place]
        news, trouble.told = not trouble.told, True
        return news


@dataclass(kw_only=True)
class Outbox:
    """Delivers what the book holds for its targets, a few files at once.

    Leaving its `async with` gives what is due a bounded time and says what is left; a cancelled
    run ends at once. What was under way goes on from where it was, in the next run.
    """

    targets: Mapping[str, Target]  # by their place
    book: Backlog
    parcel: Callable[[DeliveryClaim], Parcel]
    clock: Clock
    tell: Tell
    worker: str
    drain_seconds: float = DRAIN_SECONDS
    spread: Callable[[], float] = random.random
    _troubles: _Troubles = field(init=False)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _claiming: asyncio.Lock = field(default_factory=asyncio.Lock)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        """Start delivering, unless there is nowhere to deliver to."""
        self._troubles = _Troubles(self.targets)
        if self.targets:
            self._tasks = [
                asyncio.create_task(self._serve(), name="deliveries"),
                asyncio.create_task(self._keep_leases(), name="leases of deliveries"),
            ]
        return self

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Deliver what is due, for a bounded time, and say what is left."""
        if self._tasks and (error is None or isinstance(error, Exception)):
            await self.drain()
            await self._say_what_is_left()
        ending = [*self._tasks, *self._under_way]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        for target in self.targets.values():
            target.close()

    def posted(self) -> None:
        """Something new may be due: do not wait until it is noticed."""
        self._news.set()

    async def drain(self) -> None:
        """Wait until nothing is due any more, but no longer than `drain_seconds`."""
        emptied = asyncio.create_task(self._emptied(), name="last deliveries")
        # In the other side's time: it does not pass faster where a test sets its clock ahead.
        await asyncio.wait([emptied], timeout=self.drain_seconds)
        emptied.cancel()
        await asyncio.gather(emptied, return_exceptions=True)

    async def _emptied(self) -> None:
        self.posted()
        while True:
            async with self._claiming:  # a lease without its task would look like another's
                busy = set(self._under_way)
                wait = await self._next_seconds(list(self.targets))
            if busy:
                await asyncio.wait(busy)
            elif wait is None or wait > self.drain_seconds:
                return
            else:
                await self.clock.sleep(min(max(wait, 0.05), 1.0))

    async def _next_seconds(self, places: Sequence[str]) -> float | None:
        """How long until something can be tried."""
        now, soonest = self.clock.monotonic(), None
        for place in places:
            due = await self.book.next_delivery_seconds([place])
            if due is not None:
                due = max(due, self._troubles.pause(place, now))
                soonest = due if soonest is None else min(soonest, due)
        return soonest

    async def _serve(self) -> None:
        while True:
            await self._slots.acquire()
            async with self._claiming:
                begun = await self._begin()
            if not begun:
                self._slots.release()
                await self._idle()

    async def _begin(self) -> bool:
        """Start on what is due; False when nothing is."""
        claim = await self._claimed()
        if claim is None:
            return False
        task = asyncio.create_task(self._deliver(claim), name=f"delivery {claim.delivery.id}")
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return True

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._slots.release()
        self._news.set()
        if not task.cancelled() and (error := task.exception()):
            # Nothing is lost: the lease runs out, and the file is tried again.
            log.error("a delivery could not be written down", exc_info=error)

    async def _claimed(self) -> DeliveryClaim | None:
        free = self._troubles.free(self.clock.monotonic())
        try:
            return await self.book.claim_delivery(self.worker, free)
        except StoreError as error:
            log.warning("the outbox cannot be read", extra={"why": str(error)})
            return None

    async def _idle(self) -> None:
        """Until there is news, or it is time to look again."""
        news = asyncio.create_task(self._news.wait(), name="news of deliveries")
        seconds = max(0.05, min(_LOOK_SECONDS, self._troubles.next_end(self.clock.monotonic())))
        pause = asyncio.create_task(self.clock.sleep(seconds), name="pause of deliveries")
        try:
            await asyncio.wait([news, pause], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (news, pause):
                task.cancel()
            await asyncio.gather(news, pause, return_exceptions=True)
        self._news.clear()

    async def _keep_leases(self) -> None:
        while True:
            await self.clock.sleep(_RENEW_SECONDS)
            if self._under_way:
                with suppress(StoreError):  # the next time, or the lease is lost
                    await self.book.renew_deliveries(self.worker)

    async def _deliver(self, claim: DeliveryClaim) -> None:
        loop, target = asyncio.get_running_loop(), self.targets[claim.delivery.target]

        def remember(facts: Mapping[str, Any]) -> None:
            writing = self.book.remember_delivery(claim, facts)
            asyncio.run_coroutine_threadsafe(writing, loop).result()

        ending = await _aside(lambda: target.put(self.parcel(claim), remember))
        with suppress(LostLease):  # somebody else has it now, and writes down how it ended
            await self._settle(claim, ending)

    async def _settle(self, claim: DeliveryClaim, ending: Delivered | BaseException) -> None:
        match ending:
            case Delivered(link=link, remote_id=remote_id):
                await self.book.delivered(claim, link=link, remote_id=remote_id)
                self._works(claim, link)
            case Never():
                await self.book.refuse_delivery(claim, str(ending))
                self._say(f"{claim.delivery.path} cannot be delivered: {ending}")
            case Later():
                await self._postpone(claim, ending)
            case LostLease() | StoreError():
                log.warning("a delivery was given up", extra={"why": str(ending)})
            case FarmError():
                await self._postpone(claim, Later(str(ending), person=True))
            case _:
                log.error("a target broke", exc_info=ending, extra={"to": claim.delivery.target})
                broken = Later(f"{claim.delivery.target} broke: {ending!r}.", person=True)
                await self._postpone(claim, broken, at_least=_BROKEN_WAIT_SECONDS)

    async def _postpone(self, claim: DeliveryClaim, why: Later, *, at_least: float = 0.0) -> None:
        asked = min(max(why.after_seconds, at_least), _LONGEST_ASKED_SECONDS)
        if why.person:
            asked = max(asked, PERSON_WAIT_SECONDS)
        place, spread = claim.delivery.target, self.spread()
        self._troubles.begun(place, self.clock.monotonic(), asked=asked, spread=spread)
        wait = wait_seconds(claim.delivery.attempts, asked=asked, spread=spread)
        await self.book.postpone_delivery(claim, str(why), wait)
        if why.person and self._troubles.is_news(place):
            self._say(f"Deliveries to {place} wait: {why} The run goes on.")
            self.tell(TargetStuck(target=place, message=str(why)))

    def _works(self, claim: DeliveryClaim, link: str) -> None:
        delivery = claim.delivery
        self._troubles.over(delivery.target)
        self.tell(
            FileDelivered(
                job_id=delivery.job_id, target=delivery.target, path=delivery.path, link=link
            )
        )

    async def _say_what_is_left(self) -> None:
        left = Counter[str]()
        for (place, state), count in (await self.book.delivery_counts()).items():
            if state is DeliveryState.PENDING and place in self.targets:
                left[place] += count
        for place, count in left.items():
            files = "1 file is" if count == 1 else f"{count} files are"
            self._say(
                f"{files} still to be delivered to {place}. The next run goes on with it; to "
                "deliver now: farm deliveries run"
            )

    def _say(self, text: str) -> None:
        self.tell(Notice(level="warning", text=text))


class _Fate:
    """How a call ended, in whatever way: no target's fault may end a run."""

    ending: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if error is not None:
            self.ending = error
        return True


async def _aside(call: Callable[[], Delivered]) -> Delivered | BaseException:
    """Run a call on a daemon thread; what it returned or raised.

    Not `asyncio.to_thread`: the end of the program waits for that one's threads, however long the
    other side keeps them.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def settle(ending: Any) -> None:
        if not done.done():  # else nobody waits any more
            done.set_result(ending)

    def work() -> None:
        with _Fate() as fate:
            fate.ending = call()
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, fate.ending)

    threading.Thread(target=work, name="delivery", daemon=True).start()
    ending: Delivered | BaseException = await done
    return ending
