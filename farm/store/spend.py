"""What was spent: reserved before an API is asked, settled when it has answered.

A reservation that is never settled, because farm died while it waited, counts as spent for good:
the API may have billed it.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farm.model.jobs import Phase, nothing_was_sent
from farm.model.money import Bill, Budget, Overdraft, Receipt, Spending
from farm.store.database import Database, insert
from farm.store.records import AnyRow
from farm.store.schema import attempts, spend

_LOCK: Final = 0x7370656E  # "spen": reservations on PostgreSQL take turns, as SQLite's writers do
_COUNTS: Final = sa.func.coalesce(spend.c.spent_microusd, spend.c.reserved_microusd)
RESERVED, SETTLED, RELEASED = "reserved", "settled", "released"


class SqlSpend:
    """The ledger of all runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, bill: Bill, *, day: str, run: str, budget: Budget) -> Overdraft | None:
        """Set the estimate aside, or say which budget it would break and change nothing.

        A second reservation for the same attempt renews the first.
        """
        async with self._database.write() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            refused = await self._refused(connection, bill, day, run, budget)
            if refused is None:
                await connection.execute(self._renewed(bill, day, run))
            return refused

    async def settle(self, attempt_id: int, receipt: Receipt) -> None:
        """Write down what an attempt did cost; an estimate never replaces the API's own word."""
        known = sa.and_(spend.c.state == SETTLED, spend.c.estimated.is_(sa.false()))
        await self._end(
            attempt_id,
            ~known if receipt.estimated else sa.true(),
            state=SETTLED,
            spent_microusd=receipt.spent_microusd,
            estimated=receipt.estimated,
            usage=dict(receipt.usage),
        )

    async def release(self, attempt_id: int) -> None:
        """Nothing can have been billed for an attempt; what was settled stays."""
        await self._end(attempt_id, spend.c.state == RESERVED, state=RELEASED, spent_microusd=0)

    async def release_unsent(self) -> int:
        """Release what was set aside for attempts that ended before anything was sent; how many."""
        unsent = [phase.value for phase in Phase if nothing_was_sent(phase)]
        ended = sa.select(attempts.c.id).where(
            attempts.c.cause.is_not(None), attempts.c.phase.in_(unsent)
        )
        line = (
            sa.update(spend)
            .where(spend.c.state == RESERVED, spend.c.attempt_id.in_(ended))
            .values(state=RELEASED, spent_microusd=0, settled_at=self._database.now())
        )
        async with self._database.write() as connection:
            return (await connection.execute(line)).rowcount

    async def spent(self, *, day: str = "", run: str = "") -> int:
        """Settled and reserved millionths of a dollar, of a day or a run."""
        async with self._database.read() as connection:
            return await _sum(connection, *_within(day, run))

    async def spendings(self, *, since: str = "") -> tuple[Spending, ...]:
        """Sums by day, backend, key and model, from a local day on."""
        async with self._database.read() as connection:
            return await sums(connection, spend.c.day >= since)

    async def _refused(
        self, connection: AsyncConnection, bill: Bill, day: str, run: str, budget: Budget
    ) -> Overdraft | None:
        others = spend.c.attempt_id.is_distinct_from(bill.attempt_id)
        for of, allowed in (("day", budget.a_day_microusd), ("run", budget.a_run_microusd)):
            if allowed is None:
                continue
            within = _within(day, "") if of == "day" else _within("", run)
            spent = await _sum(connection, others, *within)
            if spent + (bill.estimate_microusd or 0) > allowed:
                return Overdraft(of=of, spent_microusd=spent, allowed_microusd=allowed)
        return None

    def _renewed(self, bill: Bill, day: str, run: str) -> sa.Executable:
        values = {
            "job_id": bill.job_id,
            "day": day,
            "run": run,
            "backend": bill.backend,
            "account": bill.account,
            "model": bill.model,
            "state": RESERVED,
            "reserved_microusd": bill.estimate_microusd or 0,
            "spent_microusd": None,
            "usage": {},
            "at": self._database.now(),
        }
        fresh = insert(self._database.dialect_name, spend).values(
            attempt_id=bill.attempt_id, **values
        )
        return fresh.on_conflict_do_update(index_elements=["attempt_id"], set_=values)

    async def _end(self, attempt_id: int, only: sa.ColumnElement[bool], **values: Any) -> None:
        line = (
            sa.update(spend)
            .where(spend.c.attempt_id == attempt_id, only)
            .values(**values, settled_at=self._database.now())
        )
        async with self._database.write() as connection:
            await connection.execute(line)


def _within(day: str, run: str) -> list[sa.ColumnElement[bool]]:
    bounds = [spend.c.state != RELEASED]
    if day:
        bounds.append(spend.c.day == day)
    if run:
        bounds.append(spend.c.run == run)
    return bounds


async def _sum(connection: AsyncConnection, *where: sa.ColumnElement[bool]) -> int:
    total = sa.select(sa.func.coalesce(sa.func.sum(_COUNTS), 0)).where(*where)
    return int(await connection.scalar(total) or 0)


async def sums(connection: AsyncConnection, *where: sa.ColumnElement[bool]) -> tuple[Spending, ...]:
    """What was spent, by day, backend, key and model; what was released counts nowhere."""
    keys = (spend.c.day, spend.c.backend, spend.c.account, spend.c.model)
    is_open = spend.c.state == RESERVED
    statement = (
        sa.select(
            *keys,
            sa.func.count().label("requests"),
            sa.func.coalesce(sa.func.sum(spend.c.spent_microusd), 0).label("spent_microusd"),
            _sum_if(is_open, spend.c.reserved_microusd).label("open_microusd"),
            _sum_if(spend.c.estimated, sa.literal(1)).label("estimated"),
        )
        .where(spend.c.state != RELEASED, *where)
        .group_by(*keys)
        .order_by(*keys)
    )
    rows = (await connection.execute(statement)).all()
    return tuple(_spending_of(row) for row in rows)


def _sum_if(test: sa.ColumnElement[bool], what: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((test, what), else_=0)), 0)


def _spending_of(row: AnyRow) -> Spending:
    return Spending(
        day=row.day,
        backend=row.backend,
        account=row.account,
        model=row.model,
        requests=row.requests,
        spent_microusd=int(row.spent_microusd),
        open_microusd=int(row.open_microusd),
        estimated=int(row.estimated),
    )
