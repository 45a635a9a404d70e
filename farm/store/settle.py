"""Settling: what a worker writes down about its claim, fenced every time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farm.errors import LostLease
from farm.model.causes import Cause
from farm.model.images import Image
from farm.model.jobs import Attempt, Claim, JobState, Phase
from farm.model.lanes import session_lane
from farm.store.database import Database
from farm.store.endings import Endings, Leaving, select_standings, standing_of
from farm.store.fates import (
    Ending,
    Standing,
    completed,
    failed,
    given_back,
    handed_over,
    reached,
    to_review,
)
from farm.store.records import ATTEMPT_COLUMNS, AnyRow, attempt_of
from farm.store.schema import attempts, in_state, jobs


class SqlSettlements:
    """How a worker writes down what happened to a claim."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._endings = Endings(database)
        self._advance = _advance(database)
        self._hold = _hold(database)

    async def step(self, claim: Claim, phase: Phase, facts: Mapping[str, Any]) -> Claim:
        """Commit a phase with its facts, and renew the lease.

        The facts are merged into the stored ones. A phase may be written again with more facts,
        but never an earlier one than the stored: ValueError.
        """
        async with self._database.write() as connection:
            row = await _held(connection, claim)
            if not reached(phase, Phase(row.phase)):
                raise ValueError(f"job {claim.job.id} is {row.phase} and cannot be {phase} again")
            attempt = await self._write_phase(connection, claim, phase, {**row.facts, **facts})
            lane = await self._renew(connection, claim, phase)
            await self._database.record(
                connection, claim.job.id, "phase", phase=phase.value, attempt=claim.attempt.number
            )
        return replace(claim, attempt=attempt, job=replace(claim.job, lane=lane))

    async def _write_phase(
        self, connection: AsyncConnection, claim: Claim, phase: Phase, facts: dict[str, Any]
    ) -> Attempt:
        values = {
            "attempt": claim.attempt.id,
            "phase": phase.value,
            "facts": facts,
            "conversation": str(facts.get("conversation", "")),
        }
        return attempt_of((await connection.execute(self._advance, values)).one())

    async def _renew(self, connection: AsyncConnection, claim: Claim, phase: Phase) -> str:
        """Renew the lease; from `sending` on pin the job to its session. Returns its lane."""
        sent = reached(phase, Phase.SENDING)
        lane = session_lane(claim.attempt.session) if sent else claim.job.lane
        values = {
            "job": claim.job.id,
            "to_lane": lane,
            "pin": self._database.terms.pin_seconds if sent else None,
            "may_cancel": not reached(phase, Phase.SAVED),
        }
        await connection.execute(self._hold, values)
        return lane

    async def complete(self, claim: Claim, images: Sequence[Image], message: str = "") -> None:
        """End the job as completed with its images; ValueError without one."""
        if not images:
            raise ValueError(f"job {claim.job.id} cannot be completed without an image")
        await self._end(claim, lambda standing: completed(standing, tuple(images), message))

    async def give_back(
        self, claim: Claim, cause: Cause, message: str, after_seconds: float = 0
    ) -> None:
        """End the attempt uncounted and free the job from its session.

        If the user asked to cancel it meanwhile, or `cause` is `cancelled`, the job ends so.
        """
        await self._end(claim, lambda held: given_back(held, cause, message, after_seconds))

    async def park(self, claim: Claim, cause: Cause, message: str) -> None:
        """Release the lease and leave the open attempt to its own session, until the pin ends.

        A job that the user asked to cancel meanwhile ends as cancelled instead.
        """
        async with self._database.write() as connection:
            standing = standing_of(await _held(connection, claim))
            if standing.cancelled:
                ending = given_back(standing, cause, message, 0)
                await self._endings.end(connection, standing, ending)
            else:
                leaving = Leaving("parked", cause, message)
                await self._endings.leave_to_session(connection, standing, leaving)

    async def fail(
        self, claim: Claim, cause: Cause, message: str, retry_after_seconds: float | None
    ) -> None:
        """End the attempt counted; the job waits, or fails at None or its last attempt."""
        await self._end(claim, lambda held: failed(held, cause, message, retry_after_seconds))

    async def hand_over(self, claim: Claim, cause: Cause, message: str, lane: str) -> None:
        """End the attempt counted and leave the job, its tries from zero, to another lane."""
        async with self._database.write() as connection:
            standing = standing_of(await _held(connection, claim))
            ending = handed_over(standing, cause, message)
            await self._endings.end(connection, standing, ending)
            if ending.state is JobState.PENDING:
                other = sa.update(jobs).where(jobs.c.id == claim.job.id)
                await connection.execute(other.values(lane=lane, home_lane=lane, attempts=0))

    async def review(
        self, claim: Claim, cause: Cause, message: str, images: Sequence[Image] = ()
    ) -> None:
        """End the attempt counted and leave the job to a person."""
        await self._end(claim, lambda _: to_review(cause, message, tuple(images)))

    async def _end(self, claim: Claim, decide: Callable[[Standing], Ending]) -> None:
        async with self._database.write() as connection:
            standing = standing_of(await _held(connection, claim))
            await self._endings.end(connection, standing, decide(standing))


_HELD: Final = select_standings(attempts.c.facts).where(
    jobs.c.id == sa.bindparam("job"),
    in_state(JobState.IN_PROGRESS),
    jobs.c.fence == sa.bindparam("claimed_fence"),
    jobs.c.worker == sa.bindparam("claimed_by"),
    attempts.c.id == sa.bindparam("attempt"),
)


async def _held(connection: AsyncConnection, claim: Claim) -> AnyRow:
    """The claimed job's standing and facts, locked; LostLease unless the claim still holds it."""
    values = {
        "job": claim.job.id,
        "claimed_fence": claim.fence,
        "claimed_by": claim.worker,
        "attempt": claim.attempt.id,
    }
    row: AnyRow | None = (await connection.execute(_HELD, values)).one_or_none()
    if row is None:
        raise LostLease(
            f"Job {claim.job.id} ({claim.job.queue}/{claim.job.prompt.id}) no longer belongs to "
            f"{claim.worker}: its lease ran out, or it was ended."
        )
    return row


def _advance(database: Database) -> sa.Executable:
    values: dict[str, Any] = {
        name: sa.bindparam(name) for name in ("phase", "facts", "conversation")
    }
    return (
        sa.update(attempts)
        .where(attempts.c.id == sa.bindparam("attempt"))
        .values(**values, phase_at=database.now())
        .returning(*ATTEMPT_COLUMNS)
    )


def _hold(database: Database) -> sa.Executable:
    now = database.now()
    pinned_until = now + sa.bindparam("pin", type_=sa.Double())  # NULL without a pin
    may_cancel = sa.bindparam("may_cancel", type_=sa.Boolean())
    return (
        sa.update(jobs)
        .where(jobs.c.id == sa.bindparam("job"))
        .values(
            updated_at=now,
            lease_until=now + database.terms.lease_seconds,
            lane=sa.bindparam("to_lane"),
            pinned_until=pinned_until,
            cancel_requested=sa.and_(jobs.c.cancel_requested, may_cancel),
        )
    )
