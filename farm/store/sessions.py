"""What is known about sessions: their own facts, and what their attempts came to."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farm.model.causes import Cause
from farm.model.limits import ASKED_RESTS
from farm.model.sessions import Session, SessionState
from farm.store.database import Database, insert
from farm.store.records import session_of, session_values
from farm.store.schema import attempts, jobs, limits, sessions


class SqlSessions:
    """Sessions as the store remembers them, and what a worker may ask about the past."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def session(self, name: str) -> Session:
        """The stored facts about a session; a fresh one if it was never seen."""
        statement = sa.select(sessions).where(sessions.c.name == name)
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return Session(name=name) if row is None else session_of(row)

    async def sessions(self) -> tuple[Session, ...]:
        """All sessions ever seen, by name."""
        async with self._database.read() as connection:
            rows = await connection.execute(sa.select(sessions).order_by(sessions.c.name))
            return tuple(session_of(row) for row in rows)

    async def save_session(self, session: Session) -> None:
        """Store a session's facts whole, and once each rest that its user asked for."""
        values = session_values(session)
        is_asked = session.state is SessionState.RESTING and session.cause in ASKED_RESTS
        async with self._database.write() as connection:
            if is_asked:
                await self._note_rest(connection, session)
            statement = insert(self._database.dialect_name, sessions).values(**values)
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["name"], set_=values)
            )

    async def _note_rest(self, connection: AsyncConnection, session: Session) -> None:
        """Unless it is the rest that the session takes already."""
        stored = sa.select(sessions).where(sessions.c.name == session.name)
        row = (await connection.execute(stored)).one_or_none()
        rest = (session.state, session.cause, session.next_ready_at)
        if row is not None and rest == (row.state, row.cause, row.next_ready_at):
            return
        line = sa.insert(limits).values(
            session=session.name,
            cause=session.cause,
            at=self._database.now(),
            until=session.next_ready_at,
        )
        await connection.execute(line)

    async def causes_of(self, job_id: int) -> tuple[Cause, ...]:
        """How the ended attempts of a job ended, oldest first, uncounted ones included.

        Those before the user last queued the job again do not count.
        """
        statement = (
            sa.select(attempts.c.cause)
            .join_from(attempts, jobs, jobs.c.id == attempts.c.job_id)
            .where(attempts.c.job_id == job_id, attempts.c.cause.is_not(None))
            .where(attempts.c.number > jobs.c.forgotten)
            .order_by(attempts.c.number)
        )
        async with self._database.read() as connection:
            return tuple(Cause(word) for word in await connection.scalars(statement))

    async def known_conversations(self, session: str) -> frozenset[str]:
        """Conversations of this session that belong to recorded attempts."""
        statement = sa.select(attempts.c.conversation).where(
            attempts.c.session == session, attempts.c.conversation != ""
        )
        async with self._database.read() as connection:
            return frozenset(await connection.scalars(statement))
