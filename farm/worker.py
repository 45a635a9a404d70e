"""The loop: one worker, one hand, one job at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from farm.attempt import Attempt, Keeper, Result
from farm.backends.base import Hand
from farm.clock import Clock
from farm.errors import BrowserError, Ended, LostLease
from farm.model.causes import Cause
from farm.model.events import JobChanged
from farm.model.jobs import Claim, Job, nothing_was_sent
from farm.model.outcomes import Outcome
from farm.model.prompts import Prompt
from farm.model.sessions import SessionState
from farm.presence import RED, Presence
from farm.settlement import Limit, Settlement
from farm.store.base import Claims, Knowledge, Settlements

log = logging.getLogger(__name__)

IDLE_SECONDS = 1.0  # between two looks at a queue that has nothing for us now
_NOW_SECONDS = 0.05  # a shorter wait is none


class WorkerStore(Claims, Settlements, Knowledge, Protocol):
    """What a worker needs of the job store."""

    async def job(self, job_id: int) -> Job | None:
        """One job, as it stands."""


class Gate(Limit, Protocol):
    """What all workers of a run share."""

    stop: asyncio.Event

    def take(self) -> bool:
        """Reserve one job of the run's limit; False when the limit is reached."""

    def rests_until(self) -> float:
        """Epoch seconds before which no session of this exit may work."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """How a worker behaves."""

    max_wait_seconds: float = 900.0  # a longer rest ends the worker, unless it watches
    watch: bool = False  # stay when the queue is empty and through every rest
    keep_open: bool = False  # leave the window open at the end, until the run is stopped


class NoMoreWork(Exception):
    """The worker is done: nothing is left for it, or nothing it may wait for."""


@dataclass(kw_only=True)
class Worker:
    """Claims jobs for one hand and writes down how each attempt ended."""

    id: str
    hand: Hand
    store: WorkerStore
    keeper: Keeper
    compose: Callable[[Prompt], str]
    gate: Gate
    clock: Clock
    terms: Terms
    presence: Presence
    settlement: Settlement
    _attempt: asyncio.Task[Result] | None = None

    async def run(self) -> None:
        """Work until nothing is left, the run is stopped, or only a person can go on.

        BrowserError when the browser failed: what was sent stays open for the next life.
        """
        try:
            await self.presence.start()
            self._refuse_long_rest()
            async with self.hand:
                await self._serve()
                if self.terms.keep_open:
                    await self.gate.stop.wait()
        except NoMoreWork:
            await self.presence.leave()
        except Ended as ended:  # the hand could not be made ready
            await self.settlement.obey(ended.outcome)

    async def _serve(self) -> None:
        try:
            await self._recover()
            while True:
                await self._until_ready()
                await self._work(await self._next_claim())
        except NoMoreWork:
            await self.presence.leave()

    async def heartbeat(self) -> None:
        """Keep the lease; stop the job in hand when the user cancelled it."""
        cancelled = await self.store.heartbeat(self.id)
        claim = self.presence.claim
        if claim is not None and claim.job.id in cancelled and self._attempt is not None:
            self._attempt.cancel()

    async def _recover(self) -> None:
        """Finish what an earlier life of this session left in progress."""
        for claim in await self.store.adopt(self.id, self.hand.name):
            log.info("taking up a job again", extra=_about(claim))
            self.gate.take()
            await self._work(claim)

    async def _until_ready(self) -> None:
        """Pace, rest and stop."""
        while True:
            if self.gate.stop.is_set() or self.presence.session.state in RED:
                raise NoMoreWork
            self._refuse_long_rest()
            shared = self.gate.rests_until() - self.clock.now()
            wait = max(self.presence.seconds_to_wait(), shared)
            if wait <= _NOW_SECONDS:
                break
            await self._leave_if_done()
            if self.presence.session.state is SessionState.STARTING:
                await self.presence.become(SessionState.PACING)  # from the run before
            await self._nap(wait)
        await self.presence.become(SessionState.READY, cause=None, message="")

    def _refuse_long_rest(self) -> None:
        resting = self.presence.session.state is SessionState.RESTING
        too_long = self.presence.seconds_to_wait() > self.terms.max_wait_seconds
        if resting and too_long and not self.terms.watch:
            raise NoMoreWork

    async def _next_claim(self) -> Claim:
        while not self.gate.stop.is_set() and self.gate.take():
            claim = await self.store.claim(self.id, self.hand.name, self.hand.lanes)
            if claim is not None:
                return claim
            self.gate.put_back()
            await self._leave_if_done()
            await self._nap(IDLE_SECONDS)
        raise NoMoreWork

    async def _leave_if_done(self) -> None:
        if not self.terms.watch and not await self.store.left_for(self.hand.lanes):
            raise NoMoreWork

    async def _work(self, claim: Claim) -> None:
        """One attempt, from its claim to its settlement."""
        self._hold(claim)
        await self.presence.become(SessionState.BUSY, job_id=claim.job.id)
        self.presence.tell(JobChanged(job=claim.job))
        try:
            result = await self._result(claim)
            await self.settlement.settle(self._held, result)
            log.info("attempt ended", extra={**_about(self._held), "cause": result.outcome.cause})
        except LostLease:
            log.warning("the job belongs to somebody else now", extra=_about(claim))
        except BrowserError as error:
            await self._give_back_unsent(error)
            raise
        finally:
            self.presence.claim = None
        await self._tell_job(claim.job.id)

    async def _result(self, claim: Claim) -> Result:
        attempt = Attempt(
            claim=claim,
            hand=self.hand,
            store=self.store,
            keeper=self.keeper,
            compose=self.compose,
            on_phase=self._hold,
        )
        self._attempt = asyncio.create_task(attempt.run(), name=f"attempt at job {claim.job.id}")
        try:
            return await self._attempt
        except asyncio.CancelledError:
            worker = asyncio.current_task()
            if worker is None or worker.cancelling():
                raise  # the run is being stopped, not this one job
            return Result(outcome=Outcome(cause=Cause.CANCELLED, message="Cancelled by the user."))
        finally:
            self._attempt.cancel()
            self._attempt = None

    async def _give_back_unsent(self, error: BrowserError) -> None:
        """What was not sent goes back; the rest stays open for the next life of this session."""
        claim = self._held
        log.warning("the browser failed", extra={**_about(claim), "error": str(error)})
        self.gate.put_back()
        if nothing_was_sent(claim.attempt.phase):
            await self.store.give_back(claim, Cause.BROWSER_GONE, str(error))

    async def _tell_job(self, job_id: int) -> None:
        job = await self.store.job(job_id)
        if job is not None:
            self.presence.tell(JobChanged(job=job))

    def _hold(self, claim: Claim) -> None:
        self.presence.claim = claim
        self.presence.say()

    @property
    def _held(self) -> Claim:
        if self.presence.claim is None:
            raise LostLease("no job is in hand")
        return self.presence.claim

    async def _nap(self, seconds: float) -> None:
        """Wait, but not past the moment the run is stopped."""
        waits: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(self.gate.stop.wait()),
            asyncio.ensure_future(self.clock.sleep(seconds)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _about(claim: Claim) -> dict[str, object]:
    return {
        "job": claim.job.id,
        "attempt": claim.attempt.number,
        "phase": claim.attempt.phase.value,
    }
