"""Settling: what a worker writes down about its claim, fenced every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farm.errors import LostLease
from farm.model.causes import Cause
from farm.model.images import Image
from farm.model.jobs import Claim, JobState, Phase, session_lane
from farm.store.database import Database
from farm.store.endings import (
    Leaving,
    end,
    leave_to_session,
    select_standings,
    standing_of,
)
from farm.store.fates import Ending, Standing, completed, failed, given_back, reached, to_review
from farm.store.records import ATTEMPT_COLUMNS, AnyRow, attempt_of
from farm.store.schema import attempts, in_state, jobs


class SqlSettlements:
    """How a worker writes down what happened to a claim."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def step(self, claim: Claim, phase: Phase, facts: Mapping[str, Any]) -> Claim:
        """Commit a phase with its facts, and renew the lease.

        The facts are merged into the stored ones. A phase may be written again with more facts,
        but never an earlier one than the stored: ValueError.
        """
        async with self._database.write() as connection:
            row = await _held(connection, claim)
            if not reached(phase, Phase(row.phase)):
                raise ValueError(f"job {claim.job.id} is {row.phase} and cannot be {phase} again")
            attempt = await self._advance(connection, claim, phase, {**row.facts, **facts})
            lane = await self._hold(connection, claim, phase)
            await self._database.record(
                connection, claim.job.id, "phase", phase=phase.value, attempt=claim.attempt.number
            )
        return replace(claim, attempt=attempt_of(attempt), job=replace(claim.job, lane=lane))

    async def _advance(
        self, connection: AsyncConnection, claim: Claim, phase: Phase, facts: dict[str, Any]
    ) -> AnyRow:
        statement = (
            sa.update(attempts)
            .where(attempts.c.id == claim.attempt.id)
            .values(
                phase=phase.value,
                phase_at=self._database.now(),
                facts=facts,
                conversation=str(facts.get("conversation", "")),
            )
            .returning(*ATTEMPT_COLUMNS)
        )
        return (await connection.execute(statement)).one()

    async def _hold(self, connection: AsyncConnection, claim: Claim, phase: Phase) -> str:
        """Renew the lease; from `sending` on pin the job to its session. Returns its lane."""
        now, terms = self._database.now(), self._database.terms
        values: dict[str, Any] = {"updated_at": now, "lease_until": now + terms.lease_seconds}
        lane = claim.job.lane
        if reached(phase, Phase.SENDING):
            lane = session_lane(claim.attempt.session)
            values |= {"lane": lane, "pinned_until": now + terms.pin_seconds}
        if reached(phase, Phase.SAVED):
            values["cancel_requested"] = False
        await connection.execute(sa.update(jobs).where(jobs.c.id == claim.job.id).values(**values))
        return lane

    async def complete(self, claim: Claim, images: Sequence[Image], message: str = "") -> None:
        """End the job as completed with its images; ValueError without one."""
        if not images:
            raise ValueError(f"job {claim.job.id} cannot be completed without an image")
        async with self._database.write() as connection:
            standing = standing_of(await _held(connection, claim))
            await self._end(connection, standing, completed(standing, tuple(images), message))

    async def give_back(
        self, claim: Claim, cause: Cause, message: str, after_seconds: float = 0
    ) -> None:
        """End the attempt uncounted and free the job from its session.

        If the user asked to cancel it meanwhile, or `cause` is `cancelled`, the job ends so.
        """
        async with self._database.write() as connection:
            standing = standing_of(await _held(connection, claim))
            ending = given_back(standing, cause, message, after_seconds)
            await self._end(connection, standing, ending)

    async def park(self, claim: Claim, cause: Cause, message: str) -> None:
        """Release the lease and leave the open attempt to its own session, until the pin ends.

        A job that the user asked to cancel meanwhile ends as cancelled instead.
        """
        async with self._database.write() as connection:
            standing = standing_of(await _held(connection, claim))
            if standing.cancelled:
                ending = given_back(standing, cause, message, 0)
                await self._end(connection, standing, ending)
            else:
                await leave_to_session(
                    self._database, connection, standing, Leaving("parked", cause, message)
                )

    async def fail(
        self, claim: Claim, cause: Cause, message: str, retry_after_seconds: float | None
    ) -> None:
        """End the attempt counted; the job waits, or fails at None or its last attempt."""
        async with self._database.write() as connection:
            standing = standing_of(await _held(connection, claim))
            ending = failed(standing, cause, message, retry_after_seconds)
            await self._end(connection, standing, ending)

    async def review(
        self, claim: Claim, cause: Cause, message: str, images: Sequence[Image] = ()
    ) -> None:
        """End the attempt counted and leave the job to a person."""
        async with self._database.write() as connection:
            standing = standing_of(await _held(connection, claim))
            await self._end(connection, standing, to_review(cause, message, tuple(images)))

    async def _end(self, connection: AsyncConnection, standing: Standing, ending: Ending) -> None:
        await end(self._database, connection, standing, ending)


async def _held(connection: AsyncConnection, claim: Claim) -> AnyRow:
    """The claimed job's standing and facts, locked; LostLease unless the claim still holds it."""
    statement = select_standings(attempts.c.facts).where(
        jobs.c.id == claim.job.id,
        in_state(JobState.IN_PROGRESS),
        jobs.c.fence == claim.fence,
        jobs.c.worker == claim.worker,
        attempts.c.id == claim.attempt.id,
    )
    row: AnyRow | None = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise LostLease(
            f"Job {claim.job.id} ({claim.job.queue}/{claim.job.prompt.id}) no longer belongs to "
            f"{claim.worker}: its lease ran out, or it was ended."
        )
    return row
