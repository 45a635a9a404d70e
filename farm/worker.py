"""The loop: one worker, one hand, one job at a time."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Protocol

from farm.attempt import Attempt, Keeper, Result, Texts
from farm.backends.base import JOB_CANCELLED, Hand
from farm.clock import Clock
from farm.errors import BrowserError, Ended, LostLease, ProfileInUse, SaveFailed
from farm.model.causes import Cause
from farm.model.events import AttemptEnded, JobChanged
from farm.model.jobs import AttemptFacts, Claim, Job, nothing_was_sent
from farm.model.outcomes import Outcome
from farm.model.sessions import SessionState
from farm.presence import RED, Presence
from farm.reuse import Afresh, Reuse
from farm.settlement import Settlement
from farm.store.base import Claims, Knowledge, Settlements
from farm.waiting import Gate, NoMoreWork, Terms, Waiting
from farm.witness import Witness

log = logging.getLogger(__name__)

IDLE_SECONDS = 1.0  # between two looks at a queue that has nothing for us now


class WorkerStore(Claims, Settlements, Knowledge, Protocol):
    """What a worker needs of the job store."""

    async def job(self, job_id: int) -> Job | None:
        """One job, as it stands."""


@dataclass(kw_only=True)
class Worker:
    """Claims jobs for one hand and writes down how each attempt ended."""

    id: str
    hand: Hand
    store: WorkerStore
    keeper: Keeper
    texts: Texts
    waiting: Waiting
    gate: Gate
    clock: Clock
    terms: Terms
    presence: Presence
    settlement: Settlement
    witness: Witness
    reuse: Reuse = field(default_factory=Afresh)
    _was_open: bool = False
    _attempt: asyncio.Task[Result] | None = None
    _prompts: int = 0  # worked on since the browser was opened
    _unsaved: int = 0  # files in a row that the disk did not take

    async def run(self) -> None:
        """Work until nothing is left, the run is stopped, or only a person can go on.

        BrowserError when the browser failed: what was sent stays open for the next life.
        """
        self.gate.at_work.add(self.presence.name)
        try:
            await self.presence.start()
            await self.waiting.leave_if_done()  # no browser is opened for nothing
            while True:
                await self.waiting.until_hopeful()
                await self._open_once()
        except NoMoreWork:
            await self.presence.leave()
            self.gate.at_work.discard(self.presence.name)

    async def heartbeat(self) -> None:
        """Keep the lease; stop the job in hand when the user cancelled it."""
        cancelled = await self.store.heartbeat(self.id)
        claim = self.presence.claim
        if claim is not None and claim.job.id in cancelled and self._attempt is not None:
            self._attempt.cancel(JOB_CANCELLED)

    async def _open_once(self) -> None:
        """One opening of the hand; returns when it is to be opened again."""
        try:
            async with self.hand:
                self._was_open = True
                await self._serve()
        except ProfileInUse as error:
            if not self._was_open:
                raise
            # It was closed to wait, and somebody uses the profile meanwhile, as `farm login` does.
            why = Outcome(cause=Cause.BROWSER_GONE, message=str(error))
            await self.presence.turn_red(SessionState.NEEDS_PERSON, why)

    async def _serve(self) -> None:
        try:
            while await self._proven():
                await self._work_on()
                if self.presence.session.state not in RED or not self.hand.windowed:
                    return
                await self.waiting.for_person()
        except NoMoreWork:
            if self.terms.keep_open:
                await self.gate.stop.wait()
            raise

    async def _proven(self) -> bool:
        """Whether the session is seen to be able to work; a person at its window may help."""
        while True:
            try:
                await self.hand.prove()
            except Ended as ended:
                await self.witness.witness(ended.outcome, None)
                await self.settlement.obey(ended.outcome)
            else:
                self.waiting.green()
                return True
            if not self.hand.windowed:
                return False
            if self.presence.session.state in RED:
                await self.waiting.for_person()
            else:
                await self.waiting.until_ready()

    async def _work_on(self) -> None:
        """Job after job, until the hand is better closed."""
        self._prompts = 0
        if self.presence.session.state in RED:  # it was red, and is proven now
            await self.presence.become(SessionState.READY, cause=None, message="")
        await self._recover()
        while await self.waiting.until_ready():
            if self._prompts >= self.terms.recycle_prompts or await self.hand.worn():
                return
            if (claim := await self._next_claim()) is not None:
                await self._work(claim)

    async def _recover(self) -> None:
        """Finish what an earlier life of this session left in progress."""
        for claim in await self.store.adopt(self.id, self.hand.name):
            log.info("taking up a job again", extra=_about(claim))
            self.gate.take()
            await self._work(claim)

    async def _next_claim(self) -> Claim | None:
        """A job, or None after a moment without one."""
        if self.gate.stop.is_set() or not self.gate.take():
            raise NoMoreWork
        claim = await self.store.claim(self.id, self.hand.name, self.hand.lanes)
        if claim is None:
            self.gate.put_back()
            await self.waiting.leave_if_done()
            await self.waiting.nap(IDLE_SECONDS)
        return claim

    async def _work(self, claim: Claim) -> None:
        """One attempt, from its claim to its settlement."""
        self.gate.busy.add(self.presence.name)
        self._hold(claim)
        self._prompts += 1
        ended: Result | None = None
        began = self.clock.monotonic()
        await self.presence.become(SessionState.BUSY, job_id=claim.job.id)
        self.presence.tell(JobChanged(job=claim.job))
        try:
            result = await self._result(claim)
            await self.witness.witness(result.outcome, self._held)
            await self.settlement.settle(self._held, result)
            log.info("attempt ended", extra={**_about(self._held), "cause": result.outcome.cause})
            ended, claim = result, self._held
        except LostLease:
            log.warning("the job belongs to somebody else now", extra=_about(claim))
        except BrowserError as error:
            await self._give_back_unsent(error)
            raise
        finally:
            self.presence.claim = None
            self.gate.busy.discard(self.presence.name)
        await self._tell(claim, ended, self.clock.monotonic() - began)
        if ended and self._unsaved > self.terms.disk_tries and not self.terms.watch:
            raise SaveFailed(ended.outcome.message)

    async def _result(self, claim: Claim) -> Result:
        attempt = Attempt(
            claim=claim,
            hand=self.hand,
            store=self.store,
            keeper=self.keeper,
            texts=self.texts,
            on_phase=self._hold,
            reuse=self.reuse,
        )
        self._attempt = asyncio.create_task(attempt.run(), name=f"attempt at job {claim.job.id}")
        try:
            result = await self._attempt
        except SaveFailed as error:
            return self._not_saved(error)
        except asyncio.CancelledError:
            worker = asyncio.current_task()
            if worker is None or worker.cancelling():
                raise  # the run is being stopped, not this one job
            return Result(outcome=Outcome(cause=Cause.CANCELLED, message="Cancelled by the user."))
        finally:
            self._attempt.cancel()
            self._attempt = None
        self._unsaved = 0
        return result

    def _not_saved(self, error: SaveFailed) -> Result:
        """The image waits in its conversation until there is room for its file."""
        self._unsaved += 1
        return Result(outcome=Outcome(cause=Cause.NOT_SAVED, message=str(error)), open=True)

    async def _give_back_unsent(self, error: BrowserError) -> None:
        """What was not sent goes back; the rest stays open for the next life of this session."""
        claim = self._held
        gone = Outcome(cause=Cause.BROWSER_GONE, message=str(error))
        await self.witness.witness(gone, claim)
        log.warning("the browser failed", extra={**_about(claim), "error": str(error)})
        self.gate.put_back()
        if nothing_was_sent(claim.attempt.phase):
            await self.store.give_back(claim, Cause.BROWSER_GONE, str(error))

    async def _tell(self, claim: Claim, result: Result | None, seconds: float) -> None:
        if job := await self.store.job(claim.job.id):
            self.presence.tell(JobChanged(job=job))
            if result is not None:
                self.presence.tell(_end_of(job, claim, result, seconds))

    def _hold(self, claim: Claim) -> None:
        self.presence.claim = claim
        self.presence.say()

    @property
    def _held(self) -> Claim:
        if self.presence.claim is None:
            raise LostLease("no job is in hand")
        return self.presence.claim


def _end_of(job: Job, claim: Claim, result: Result, seconds: float) -> AttemptEnded:
    return AttemptEnded(
        job=job,
        session=claim.attempt.session,
        number=claim.attempt.number,
        outcome=result.outcome,
        images=result.images,
        text=AttemptFacts.of(claim.attempt).text,
        seconds=seconds,
    )


def _about(claim: Claim) -> dict[str, object]:
    return {
        "job": claim.job.id,
        "attempt": claim.attempt.number,
        "phase": claim.attempt.phase.value,
    }
