"""What a person decides about a job that farm could not settle, and what is fetched once more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farm.errors import UsageError
from farm.model.images import Image
from farm.model.jobs import PHASES, JobState, Phase, nothing_was_sent
from farm.model.lanes import session_lane
from farm.store.database import Database
from farm.store.endings import AFRESH, RELEASED
from farm.store.images import Keeping
from farm.store.records import ATTEMPT_COLUMNS, AnyRow
from farm.store.schema import attempts, jobs


class SqlDecisions:
    """How a person's word, or a file fetched again, ends what farm had to leave open."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keeping = Keeping(database)

    async def not_sent(self, job_id: int) -> None:
        """A person looked: the prompt was never sent. The job is queued again from the start.

        Raises UsageError for a job that is not in review.
        """
        async with self._database.write() as connection:
            await self._in_review(connection, job_id)
            again = sa.update(jobs).where(jobs.c.id == job_id)
            await connection.execute(again.values(**AFRESH, updated_at=self._database.now()))
            await self._database.record(connection, job_id, "resolved", sent=False)

    async def sent(self, job_id: int, conversation: str = "") -> str:
        """A person looked: it was sent. Its session takes the attempt up again; returns its name.

        Nothing is ever sent for it; without a conversation the session looks for it once more.
        Raises UsageError for a job that is not in review, or that never came to be sent.
        """
        async with self._database.write() as connection:
            await self._in_review(connection, job_id)
            newest = await self._newest(connection, job_id)
            if newest is None or nothing_was_sent(Phase(newest.phase)):
                raise UsageError(
                    f"Job #{job_id} never came to be sent. To try it again: farm queue retry"
                )
            await self._reopen(connection, newest, conversation)
            await self._leave_to(connection, job_id, newest.session)
            await self._database.record(connection, job_id, "resolved", sent=True)
            return str(newest.session)

    async def fetched(self, job_id: int, images: Sequence[Image]) -> None:
        """The images of a job were brought once more, without drawing; a job in review is done."""
        if not images:
            raise ValueError(f"job {job_id} cannot be fetched without an image")
        async with self._database.write() as connection:
            version = await connection.scalar(sa.select(jobs.c.version).where(jobs.c.id == job_id))
            await self._keeping.keep_as(connection, job_id, int(version or 1), images)
            done = {
                "state": JobState.COMPLETED.value,
                "cause": "made",
                "message": "Fetched once more from its conversation.",
                "image_path": images[0].path,
                "completed_at": self._database.now(),
                "updated_at": self._database.now(),
            }
            await connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(**done))
            await self._database.record(connection, job_id, "fetched", path=images[0].path)

    async def _in_review(self, connection: AsyncConnection, job_id: int) -> None:
        state = await connection.scalar(
            sa.select(jobs.c.state).where(jobs.c.id == job_id).with_for_update()
        )
        if state != JobState.REVIEW.value:
            raise UsageError(
                f"Job #{job_id} is {state or 'not there'}: only a job in review is resolved."
            )

    async def _newest(self, connection: AsyncConnection, job_id: int) -> AnyRow | None:
        newest = sa.select(*ATTEMPT_COLUMNS).where(attempts.c.job_id == job_id)
        found = await connection.execute(newest.order_by(attempts.c.number.desc()).limit(1))
        return found.one_or_none()

    async def _reopen(self, connection: AsyncConnection, newest: AnyRow, conversation: str) -> None:
        facts: dict[str, Any] = {**newest.facts, "by_hand": True}
        if conversation:
            facts["conversation"] = conversation
        phase = max(Phase(newest.phase), Phase.SENT, key=PHASES.index)
        again = sa.update(attempts).where(attempts.c.id == newest.id)
        await connection.execute(
            again.values(
                cause=None,
                ended_at=None,
                counted=False,
                phase=phase.value,
                facts=facts,
                conversation=conversation or newest.conversation,
                message="",
            )
        )

    async def _leave_to(self, connection: AsyncConnection, job_id: int, session: str) -> None:
        now = self._database.now()
        pinned = {
            **RELEASED,
            "state": JobState.PENDING.value,
            "lane": session_lane(session),
            "pinned_until": now + self._database.terms.pin_seconds,
            "crashes": 0,
            "cause": None,
            "message": "",
            "attempts": sa.case((jobs.c.attempts > 0, jobs.c.attempts - 1), else_=0),
            "updated_at": now,
        }
        await connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(**pinned))
