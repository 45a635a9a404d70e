"""The loop: one worker, one hand, one job at a time."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from farm.attempt import Attempt, Keeper, Result
from farm.backends.base import Hand
from farm.clock import Clock
from farm.errors import BrowserError, Ended, LostLease
from farm.model.causes import Cause
from farm.model.events import JobChanged
from farm.model.jobs import Claim, Job, nothing_was_sent
from farm.model.outcomes import Outcome
from farm.model.policy import Decision, JobMove, Policy, SessionMove, Situation, decide
from farm.model.prompts import Prompt
from farm.model.sessions import SessionState
from farm.presence import RED, Presence
from farm.store.base import Claims, Knowledge, Settlements

log = logging.getLogger(__name__)

IDLE_SECONDS = 1.0  # between two looks at a queue that has nothing for us now
_NOW_SECONDS = 0.05  # a shorter wait is none


class WorkerStore(Claims, Settlements, Knowledge, Protocol):
    """What a worker needs of the job store."""

    async def job(self, job_id: int) -> Job | None:
        """One job, as it stands."""


class Gate(Protocol):
    """What all workers of a run share."""

    stop: asyncio.Event

    def take(self) -> bool:
        """Reserve one job of the run's limit; False when the limit is reached."""

    def put_back(self) -> None:
        """Return a reservation that ended no job."""

    def rest_all(self, until: float) -> None:
        """Send every session of this exit to rest."""

    def rests_until(self) -> float:
        """Epoch seconds before which no session of this exit may work."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """How a worker behaves."""

    pace_seconds: float = 90.0
    pace_jitter: float = 0.2  # fraction of the pace
    max_wait_seconds: float = 900.0  # a longer rest ends the worker, unless it watches
    watch: bool = False  # stay when the queue is empty and through every rest
    keep_open: bool = False  # leave the window open at the end, until the run is stopped
    policy: Policy = field(default_factory=Policy)
    roll: Callable[[float, float], float] = random.uniform


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
            await self._obey(await self._decide(ended.outcome, None), ended.outcome)

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
            await self._settle(await self._result(claim))
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

    async def _settle(self, result: Result) -> None:
        """Apply what the policy decides: first the session's wait, then the job's end.

        In this order a death in between leaves a session that paces and a job that is recovered.
        """
        claim, outcome = self._held, result.outcome
        if outcome.cause is Cause.MADE:
            self.presence.count(Cause.MADE)
            await self._pace()
            await self.store.complete(claim, result.images, outcome.message)
        else:
            decision = await self._decide(outcome, claim.job)
            await self._obey(decision, outcome)
            await self._apply(decision, result)
        self.presence.last_result = f"{outcome.cause}: {outcome.message}".removesuffix(": ")
        log.info("attempt ended", extra={**_about(claim), "cause": outcome.cause.value})

    async def _apply(self, decision: Decision, result: Result) -> None:
        claim, cause, message = self._held, result.outcome.cause, _in_words(result.outcome)
        if result.open or decision.job is JobMove.AGAIN:
            self.gate.put_back()
        if result.open:
            await self.store.park(claim, cause, message)
        elif decision.job is JobMove.AGAIN:
            await self.store.give_back(claim, cause, message, decision.job_wait_seconds)
        elif decision.job is JobMove.REVIEW:
            await self.store.review(claim, cause, message, result.images)
        else:
            wait = decision.job_wait_seconds if decision.job is JobMove.RETRY else None
            await self.store.fail(claim, cause, message, wait)

    async def _decide(self, outcome: Outcome, job: Job | None) -> Decision:
        session = self.presence.session
        situation = Situation(
            outcome=outcome,
            earlier=await self.store.causes_of(job.id) if job is not None else (),
            throttles=session.throttles,
            transients=session.transients,
            now=self.clock.now(),
        )
        self.presence.count(outcome.cause)
        return decide(situation, self.terms.policy, self.terms.roll)

    async def _obey(self, decision: Decision, why: Outcome) -> None:
        """Do what the policy says of the session."""
        until = self.clock.now() + decision.session_wait_seconds
        if decision.session is SessionMove.REST_ALL:
            self.gate.rest_all(until)
        if decision.session in {SessionMove.REST, SessionMove.REST_ALL}:
            await self.presence.rest(until, why)
        elif decision.session is SessionMove.CALL_PERSON:
            await self.presence.turn_red(SessionState.NEEDS_PERSON, why)
        elif decision.session is SessionMove.STOP:
            await self.presence.turn_red(SessionState.STOPPED, why)
        else:
            await self._pace()

    async def _pace(self) -> None:
        jitter = self.terms.pace_jitter
        await self.presence.pace(self.terms.pace_seconds * self.terms.roll(1 - jitter, 1 + jitter))

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


def _in_words(outcome: Outcome) -> str:
    return f"{outcome.message} The page said: {outcome.said}" if outcome.said else outcome.message


def _about(claim: Claim) -> dict[str, object]:
    return {
        "job": claim.job.id,
        "attempt": claim.attempt.number,
        "phase": claim.attempt.phase.value,
    }
