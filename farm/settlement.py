"""How an attempt's result is written down, and what the session does next."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Protocol

from farm.attempt import Result
from farm.clock import Clock, LocalZone
from farm.model.causes import LIMITS, REFUSALS, Cause
from farm.model.images import Image
from farm.model.jobs import Claim, nothing_was_sent
from farm.model.limits import LONGEST_WINDOW_SECONDS, Limit, learned_window, unlifted_since
from farm.model.moments import start_of_day
from farm.model.outcomes import Outcome
from farm.model.policy import Decision, JobMove, Policy, SessionMove, Situation, decide
from farm.model.prompts import Prompt
from farm.model.refusals import RefusalRule
from farm.model.sessions import SessionState
from farm.presence import Presence
from farm.store.base import Knowledge, Settlements


class Ledger(Settlements, Knowledge, Protocol):
    """What a settlement needs of the job store."""


class SharedLimit(Protocol):
    """What a settlement tells the whole run."""

    def put_back(self) -> None:
        """Return a reservation that ended no job."""

    def rest_all(self, until: float) -> None:
        """Send every session of this exit to rest."""

    def suspects_address(self, session: str, now: float) -> bool:
        """Note that a session may be unwanted for its address; True if another one just was."""


class Refusals(Protocol):
    """What the user wants done about refusals."""

    async def rule(self, cause: Cause, queue: str) -> RefusalRule:
        """The rule for a refusal in a queue."""

    def substitutes(self, prompt: Prompt) -> bool:
        """Whether the user's table has other words for a prompt."""


Sequel = Callable[[Claim, Sequence[Image]], Awaitable[None]]
"""Queues what is to follow on a job's images, before the job ends; again it changes nothing."""


async def no_sequel(_claim: Claim, _images: Sequence[Image]) -> None:
    """Nothing follows."""


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
    limit: SharedLimit
    refusals: Refusals
    clock: Clock
    pace: Pace = field(default_factory=Pace)
    policy: Policy = field(default_factory=Policy)
    sequel: Sequel = no_sequel
    roll: Callable[[float, float], float] = random.uniform
    zone: tzinfo = field(default_factory=LocalZone)
    _unlifted: bool = True  # a limit may be on record that no image has disproved yet

    async def settle(self, claim: Claim, result: Result) -> None:
        """Write down how an attempt ended; LostLease when the job is somebody else's."""
        result = replace(result, outcome=await self._understood(result.outcome))
        outcome = result.outcome
        if result.was_copied:  # it says nothing of the site, and nobody needs a rest from it
            await self.presence.pace(0)
            await self.store.complete(claim, result.images, outcome.message)
        elif outcome.cause is Cause.MADE:
            self.presence.count(Cause.MADE)
            await self._lift_limits()
            await self._wait_for_pace()
            await self.sequel(claim, result.images)
            await self.store.complete(claim, result.images, outcome.message)
        else:
            decision = await self._decide(outcome, claim)
            await self._move(decision, outcome)
            await self._apply(claim, decision, result)
        self.presence.last_result = f"{outcome.cause}: {outcome.message}".removesuffix(": ")

    async def obey(self, outcome: Outcome) -> None:
        """Do what an outcome means for the session when no job was in hand."""
        outcome = await self._understood(outcome)
        await self._move(await self._decide(outcome, None), outcome)

    async def _understood(self, outcome: Outcome) -> Outcome:
        """A model without images, after a limit that no image has disproved, is that limit.

        When an allowance ends Gemini goes on with its smallest model without a word.
        """
        if outcome.cause is not Cause.WRONG_MODE:
            return outcome
        began = unlifted_since(await self.store.limits(self.presence.name))
        recent = began is not None and self.clock.now() - began <= LONGEST_WINDOW_SECONDS
        if not self.presence.session.doubts and not recent:
            return outcome
        return replace(
            outcome,
            cause=Cause.LIMITED_QUOTA,
            message="This account's image limit is reached: Gemini goes on with a model that makes "
            "no images.",
        )

    async def _decide(self, outcome: Outcome, claim: Claim | None) -> Decision:
        situation = await self._situation(outcome, claim)
        if outcome.cause is Cause.TRANSIENT and claim and nothing_was_sent(claim.attempt.phase):
            # Not the site failed but, say, the server of a reference: no sign of a throttle.
            return decide(replace(situation, transients=0), self.policy, self.roll)
        decision = decide(situation, self.policy, self.roll)
        self.presence.count(outcome.cause, doubted=decision.probe)
        return decision

    async def _situation(self, outcome: Outcome, claim: Claim | None) -> Situation:
        session, now = self.presence.session, self.clock.now()
        situation = Situation(
            outcome=outcome,
            throttles=session.throttles,
            transients=session.transients,
            doubts=session.doubts,
            elsewhere=outcome.address and self.limit.suspects_address(session.name, now),
            now=now,
        )
        if outcome.cause is Cause.LIMITED_QUOTA:
            situation = await self._with_history(situation)
        if claim is not None:
            job = claim.job
            situation = replace(situation, earlier=await self.store.causes_of(job.id))
            if outcome.cause in REFUSALS:
                situation = replace(
                    situation,
                    refusal=await self.refusals.rule(outcome.cause, job.queue),
                    substitutes=self.refusals.substitutes(job.prompt),
                )
        return situation

    async def _with_history(self, situation: Situation) -> Situation:
        name, midnight = self.presence.name, start_of_day(situation.now, self.zone)
        history = await self.store.limits(name)
        return replace(
            situation,
            # A limit that no image has disproved yet needs no probe to be believed again.
            doubts=situation.doubts or int(unlifted_since(history) is not None),
            learned=learned_window(history, situation.outcome.mode),
            first_of_day=not await self.store.made_since(name, midnight),
        )

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
        elif decision.job is JobMove.HAND_OVER:
            lane = claim.job.prompt.lane_at(decision.lane)
            await self.store.hand_over(claim, cause, message, lane)
        else:
            wait = decision.job_wait_seconds if decision.job is JobMove.RETRY else None
            await self.store.fail(claim, cause, message, wait)

    async def _move(self, decision: Decision, why: Outcome) -> None:
        until = self.clock.now() + decision.session_wait_seconds
        if decision.session is SessionMove.REST_ALL:
            self.limit.rest_all(until)
            why = _of_the_address(why)
        if decision.session in {SessionMove.REST, SessionMove.REST_ALL}:
            await self._note_limit(why, until, told=decision.told)
            await self.presence.rest(until, why)
        elif decision.session is SessionMove.CALL_PERSON:
            await self.presence.turn_red(SessionState.NEEDS_PERSON, why)
        elif decision.session is SessionMove.STOP:
            await self.presence.turn_red(SessionState.STOPPED, why)
        else:
            await self._wait_for_pace()

    async def _note_limit(self, why: Outcome, until: float, *, told: bool) -> None:
        if why.cause not in LIMITS:
            return
        self._unlifted = True
        await self.store.note_limit(
            Limit(
                session=self.presence.name,
                mode=why.mode,
                cause=why.cause,
                at=self.clock.now(),
                until=until,
                told=told,
            )
        )

    async def _lift_limits(self) -> None:
        if self._unlifted:
            await self.store.lift_limits(self.presence.name, self.clock.now())
            self._unlifted = False

    async def _wait_for_pace(self) -> None:
        jitter = self.pace.jitter
        await self.presence.pace(self.pace.seconds * self.roll(1 - jitter, 1 + jitter))


def _of_the_address(why: Outcome) -> Outcome:
    """The same seen at two accounts of one address says something of the address."""
    if not why.address:
        return why
    return replace(
        why,
        cause=Cause.LIMITED_IP,
        message="Two accounts met this within a minute: Gemini blocks this network address. "
        + why.message,
    )


def _in_words(outcome: Outcome) -> str:
    if not outcome.said or outcome.said in outcome.message:
        return outcome.message
    return f"{outcome.message} The answer said: {outcome.said}"
