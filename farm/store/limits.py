"""The limits sessions met, what users wished of sessions, and how much each made."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from farm.model.causes import Cause
from farm.model.limits import ASKED_RESTS, Limit
from farm.model.sessions import Wish, WishKind
from farm.store.database import Database, insert
from farm.store.schema import IS_DRAWN, attempts, limits, wishes

_REMEMBERED: Final = 50  # limits of a session that its history may tell of
_OF_THE_SITE: Final = limits.c.cause.not_in(sorted(ASKED_RESTS))
LIMIT_COLUMNS: Final = tuple(c for c in limits.c if c is not limits.c.id)


class SqlLimits:
    """What is known about the allowances of accounts, and what users decided about them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def limits(self, session: str) -> tuple[Limit, ...]:
        """The newest limits a session met, oldest first."""
        newest = (
            sa.select(*LIMIT_COLUMNS)
            .where(limits.c.session == session, _OF_THE_SITE)
            .order_by(limits.c.id.desc())
            .limit(_REMEMBERED)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(newest)).mappings().all()
        return tuple(limit_of(row) for row in reversed(rows))

    async def note_limit(self, limit: Limit) -> None:
        """Write down that a session met a limit, with the images it made since the one before."""
        before = (
            sa.select(sa.func.coalesce(sa.func.max(limits.c.at), 0.0))
            .where(limits.c.session == limit.session, _OF_THE_SITE)
            .scalar_subquery()
        )
        made = sa.select(sa.func.count()).where(
            attempts.c.session == limit.session,
            IS_DRAWN,
            attempts.c.ended_at > before,
        )
        line = sa.insert(limits).values(
            session=limit.session,
            mode=limit.mode,
            cause=limit.cause.value,
            at=limit.at,
            until=limit.until,
            told=limit.told,
            images=made.scalar_subquery(),
        )
        async with self._database.write() as connection:
            await connection.execute(line)

    async def lift_limits(self, session: str, at: float) -> None:
        """An image proves that no limit of the session holds any more."""
        lifted = (
            sa.update(limits)
            .where(limits.c.session == session, limits.c.lifted_at.is_(None))
            .values(lifted_at=at)
        )
        async with self._database.write() as connection:
            await connection.execute(lifted)

    async def made_since(self, session: str, since: float) -> int:
        """How many jobs a session completed since a moment."""
        counted = sa.select(sa.func.count()).where(
            attempts.c.session == session,
            IS_DRAWN,
            attempts.c.ended_at >= since,
        )
        async with self._database.read() as connection:
            return int(await connection.scalar(counted) or 0)

    async def wish(self, session: str, wish: Wish) -> None:
        """Ask something of a session; its worker reads it within seconds, a later wish replaces."""
        values = {
            "session": session,
            "kind": wish.kind.value,
            "until": wish.until,
            "at": self._database.now(),
        }
        line = insert(self._database.dialect_name, wishes).values(**values)
        async with self._database.write() as connection:
            await connection.execute(
                line.on_conflict_do_update(index_elements=["session"], set_=values)
            )

    async def take_wish(self, session: str) -> Wish | None:
        """Read what was asked of a session, once."""
        asked = sa.select(wishes.c.kind, wishes.c.until).where(wishes.c.session == session)
        async with self._database.read() as connection:
            if (await connection.execute(asked)).one_or_none() is None:
                return None
        taken = sa.delete(wishes).where(wishes.c.session == session)
        async with self._database.write() as connection:
            row = (
                await connection.execute(taken.returning(wishes.c.kind, wishes.c.until))
            ).one_or_none()
        return None if row is None else Wish(kind=WishKind(row.kind), until=row.until)


def limit_of(row: sa.RowMapping) -> Limit:
    """A limit from `LIMIT_COLUMNS`."""
    values: dict[str, Any] = dict(row)
    values["cause"] = Cause(values["cause"])
    return Limit(**values)
