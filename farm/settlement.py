"""How an attempt's result is written down, and what the session does next."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from farm.attempt import Result
from farm.clock import Clock
from farm.model.causes import Cause
from farm.model.jobs import Claim
from farm.model.outcomes import Outcome
from farm.model.policy import Decision, JobMove, Policy, SessionMove, Situation, decide
from farm.model.sessions import SessionState
from farm.presence import Presence
from farm.store.base import Knowledge, Settlements


class Ledger(Settlements, Knowledge, Protocol):
    """What a settlement needs of the job store."""


class Limit(Protocol):
    """What a settlement tells the whole run."""

    def put_back(self) -> None:
        """Return a reservation that ended no job."""

    def rest_all(self, until: float) -> None:
        """Send every session of this exit to rest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """The normal wait between two prompts of a session."""

    seconds: float = 90.0
    jitter: float = 0.2  # fraction of it, up and down


@dataclass(kw_only=True)
class Settlement:
    """Applies what the policy decides: first the session's wait, then the job's end.

    In this order a death in between leaves a session that waits and a job that is recovered.
    """

    store: Ledger
    presence: Presence
    limit: Limit
    clock: Clock
    pace: Pace = field(default_factory=Pace)
    policy: Policy = field(default_factory=Policy)
    roll: Callable[[float, float], float] = random.uniform

    async def settle(self, claim: Claim, result: Result) -> None:
        """Write down how an attempt ended; LostLease when the job is somebody else's."""
        outcome = result.outcome
        if outcome.cause is Cause.MADE:
            self.presence.count(Cause.MADE)
            await self._wait_for_pace()
            await self.store.complete(claim, result.images, outcome.message)
        else:
            earlier = await self.store.causes_of(claim.job.id)
            decision = self._decide(outcome, earlier)
            await self._move(decision, outcome)
            await self._apply(claim, decision, result)
        self.presence.last_result = f"{outcome.cause}: {outcome.message}".removesuffix(": ")

    async def obey(self, outcome: Outcome) -> None:
        """Do what an outcome means for the session when no job was in hand."""
        await self._move(self._decide(outcome, ()), outcome)

    def _decide(self, outcome: Outcome, earlier: tuple[Cause, ...]) -> Decision:
        session = self.presence.session
        situation = Situation(
            outcome=outcome,
            earlier=earlier,
            throttles=session.throttles,
            transients=session.transients,
            now=self.clock.now(),
        )
        self.presence.count(outcome.cause)
        return decide(situation, self.policy, self.roll)

    async def _apply(self, claim: Claim, decision: Decision, result: Result) -> None:
        cause, message = result.outcome.cause, _in_words(result.outcome)
        if result.open or decision.job is JobMove.AGAIN:
            self.limit.put_back()
        if result.open:
            await self.store.park(claim, cause, message)
        elif decision.job is JobMove.AGAIN:
            await self.store.give_back(claim, cause, message, decision.job_wait_seconds)
        elif decision.job is JobMove.REVIEW:
            await self.store.review(claim, cause, message, result.images)
        else:
            wait = decision.job_wait_seconds if decision.job is JobMove.RETRY else None
            await self.store.fail(claim, cause, message, wait)

    async def _move(self, decision: Decision, why: Outcome) -> None:
        until = self.clock.now() + decision.session_wait_seconds
        if decision.session is SessionMove.REST_ALL:
            self.limit.rest_all(until)
        if decision.session in {SessionMove.REST, SessionMove.REST_ALL}:
            await self.presence.rest(until, why)
        elif decision.session is SessionMove.CALL_PERSON:
            await self.presence.turn_red(SessionState.NEEDS_PERSON, why)
        elif decision.session is SessionMove.STOP:
            await self.presence.turn_red(SessionState.STOPPED, why)
        else:
            await self._wait_for_pace()

    async def _wait_for_pace(self) -> None:
        jitter = self.pace.jitter
        await self.presence.pace(self.pace.seconds * self.roll(1 - jitter, 1 + jitter))


def _in_words(outcome: Outcome) -> str:
    return f"{outcome.message} The page said: {outcome.said}" if outcome.said else outcome.message
