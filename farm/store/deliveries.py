"""The outbox: files that are to be put somewhere, leased and fenced as jobs are.

A lease is a `not_before` in the future: what a dead process held becomes due again by itself, and
one index serves both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farm.errors import LostLease
from farm.model.deliveries import Delivery, DeliveryClaim, DeliveryState
from farm.model.prompts import Prompt
from farm.store.database import Database, insert
from farm.store.records import AnyRow, batched
from farm.store.schema import deliveries, jobs, queues

LEASE_SECONDS: Final = 60.0
_CHUNK: Final = 500
# A literal: a partial index is only used when the statement holds the same one.
_PENDING: Final = deliveries.c.state == sa.literal_column("'pending'", sa.Text())
_COLUMNS: Final = tuple(c for c in deliveries.c if c.name not in {"fence", "worker", "lease_until"})
_OF_JOB: Final = (
    sa.select(queues.c.name, jobs.c.payload)
    .join(queues, queues.c.id == jobs.c.queue_id)
    .where(jobs.c.id == sa.bindparam("job"))
)


class Posting:
    """How files get into the outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def post(
        self,
        connection: AsyncConnection,
        *,
        job_id: int,
        folder: str,
        files: Sequence[tuple[str, str]],  # path below the downloads folder, sha256
        targets: Sequence[str],  # as `place_of` names them
    ) -> int:
        """Ask, within the caller's transaction, that each file be delivered to each target.

        What was asked before is not asked again. Returns how many deliveries are new.
        """
        now = self._database.now()
        line = insert(self._database.dialect_name, deliveries).values(
            job_id=job_id, folder=folder, facts={}, at=now, not_before=now
        )
        once = line.on_conflict_do_nothing(index_elements=["target", "job_id", "path", "sha256"])
        new = 0
        for target in targets:
            for path, sha256 in files:
                one = once.values(target=target, path=path, sha256=sha256)
                new += len((await connection.execute(one.returning(deliveries.c.id))).all())
        return new


class SqlDeliveries:
    """How deliveries are made and asked after."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._posting = Posting(database)

    async def post_delivery(
        self, *, job_id: int, folder: str, files: Sequence[tuple[str, str]], targets: Sequence[str]
    ) -> int:
        """`Posting.post` in a transaction of its own."""
        async with self._database.write() as connection:
            return await self._posting.post(
                connection, job_id=job_id, folder=folder, files=files, targets=targets
            )

    async def claim_delivery(self, worker: str, targets: Sequence[str]) -> DeliveryClaim | None:
        """Lease what has been due longest for one of these targets; None when nothing is."""
        if not targets:
            return None
        now = self._database.now()
        due = (
            sa.select(deliveries.c.id)
            .where(_PENDING, deliveries.c.not_before <= now, deliveries.c.target.in_(targets))
            .order_by(deliveries.c.not_before, deliveries.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        leased = (
            sa.update(deliveries)
            .where(deliveries.c.id == due.scalar_subquery())
            .values(
                **self._lease(),
                worker=worker,
                fence=deliveries.c.fence + 1,
                attempts=deliveries.c.attempts + 1,
            )
            .returning(*_COLUMNS, deliveries.c.fence)
        )
        async with self._database.write() as connection:
            row = (await connection.execute(leased)).one_or_none()
            if row is None:
                return None
            of = (await connection.execute(_OF_JOB, {"job": row.job_id})).one()
        return DeliveryClaim(
            delivery=_delivery_of(row),
            queue=of.name,
            prompt=Prompt.from_payload(of.payload),
            worker=worker,
            fence=row.fence,
        )

    def _lease(self) -> dict[str, Any]:
        until = self._database.now() + LEASE_SECONDS
        return {"not_before": until, "lease_until": until}

    async def renew_deliveries(self, worker: str) -> int:
        """Renew all leases of this worker; how many there are."""
        mine = (
            sa.update(deliveries)
            .where(_PENDING, deliveries.c.worker == worker)
            .where(deliveries.c.lease_until.is_not(None))
            .values(**self._lease())
        )
        async with self._database.write() as connection:
            return (await connection.execute(mine)).rowcount

    async def remember_delivery(self, claim: DeliveryClaim, facts: Mapping[str, Any]) -> None:
        """Commit what a later try goes on from; LostLease when another process has it now."""
        async with self._database.write() as connection:
            await self._settle(connection, claim, facts=dict(facts))

    async def delivered(self, claim: DeliveryClaim, *, link: str, remote_id: str = "") -> None:
        """The file is there."""
        values = {
            "state": DeliveryState.DELIVERED.value,
            "delivered_at": self._database.now(),
            "link": link,
            "remote_id": remote_id,
            "message": "",
        }
        async with self._database.write() as connection:
            await self._settle(connection, claim, **_FREE, **values)
            await self._record(connection, claim, "delivered", link=link)

    async def postpone_delivery(
        self, claim: DeliveryClaim, message: str, after_seconds: float
    ) -> None:
        """It did not work this time: another try is due after the wait."""
        due = self._database.now() + after_seconds
        async with self._database.write() as connection:
            await self._settle(connection, claim, **{**_FREE, "not_before": due}, message=message)

    async def refuse_delivery(self, claim: DeliveryClaim, message: str) -> None:
        """It can never work: no more tries until a person asks for one."""
        refused = DeliveryState.REFUSED.value
        async with self._database.write() as connection:
            await self._settle(connection, claim, **_FREE, state=refused, message=message)
            await self._record(connection, claim, "not_delivered", message=message)

    async def _settle(
        self, connection: AsyncConnection, claim: DeliveryClaim, **values: Any
    ) -> None:
        held = sa.and_(
            deliveries.c.id == claim.delivery.id,
            deliveries.c.fence == claim.fence,
            deliveries.c.worker == claim.worker,
            _PENDING,
        )
        done = await connection.execute(sa.update(deliveries).where(held).values(**values))
        if done.rowcount != 1:
            raise LostLease(f"Delivery {claim.delivery.id} is another process's now, or is done.")

    async def _record(
        self, connection: AsyncConnection, claim: DeliveryClaim, kind: str, **data: Any
    ) -> None:
        told = {"target": claim.delivery.target, "path": claim.delivery.path, **data}
        await self._database.record(connection, claim.delivery.job_id, kind, **told)

    async def retry_deliveries(self, ids: Sequence[int] | None = None) -> int:
        """Make deliveries due now that wait or were refused: these, or all that nobody has."""
        now = self._database.now()
        idle = sa.or_(deliveries.c.lease_until.is_(None), deliveries.c.lease_until <= now)
        open_ones = sa.and_(deliveries.c.state != DeliveryState.DELIVERED.value, idle)
        again = sa.update(deliveries).values(
            state=DeliveryState.PENDING.value, not_before=now, attempts=0
        )
        touched = 0
        async with self._database.write() as connection:
            if ids is None:
                return (await connection.execute(again.where(open_ones))).rowcount
            for chunk in batched(ids, _CHUNK):
                named = again.where(open_ones, deliveries.c.id.in_(chunk))
                touched += (await connection.execute(named)).rowcount
        return touched

    async def forget_deliveries(self, target: str) -> int:
        """Drop what a target has not got; who is just putting a file there loses its lease."""
        undelivered = deliveries.c.state != DeliveryState.DELIVERED.value
        dropped = sa.delete(deliveries).where(deliveries.c.target == target, undelivered)
        async with self._database.write() as connection:
            return (await connection.execute(dropped)).rowcount

    async def next_delivery_seconds(self, targets: Sequence[str]) -> float | None:
        """How long until something for these targets is due, 0 at once; None: nothing is left."""
        soonest = sa.select(sa.func.min(deliveries.c.not_before) - self._database.now()).where(
            _PENDING, deliveries.c.target.in_(targets)
        )
        async with self._database.read() as connection:
            left = await connection.scalar(soonest)
        return None if left is None else max(0.0, float(left))

    async def delivery_counts(self) -> Mapping[tuple[str, DeliveryState], int]:
        """How many deliveries of each target stand where."""
        counted = sa.select(deliveries.c.target, deliveries.c.state, sa.func.count()).group_by(
            deliveries.c.target, deliveries.c.state
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(counted)).all()
        return {(target, DeliveryState(state)): count for target, state, count in rows}

    async def deliveries(
        self, *, states: Sequence[DeliveryState] = (), after: int = 0, limit: int = 100
    ) -> tuple[Delivery, ...]:
        """Deliveries in id order after the given id."""
        listed = sa.select(*_COLUMNS).where(deliveries.c.id > after)
        if states:
            listed = listed.where(deliveries.c.state.in_([state.value for state in states]))
        async with self._database.read() as connection:
            rows = await connection.execute(listed.order_by(deliveries.c.id).limit(limit))
            return tuple(_delivery_of(row) for row in rows)

    async def links_of(self, job_ids: Sequence[int]) -> Mapping[int, tuple[Delivery, ...]]:
        """What was delivered of each of these jobs, in the order in which it was asked for."""
        found: dict[int, list[Delivery]] = {}
        there = sa.select(*_COLUMNS).where(deliveries.c.state == DeliveryState.DELIVERED.value)
        async with self._database.read() as connection:
            for chunk in batched(job_ids, _CHUNK):
                some = there.where(deliveries.c.job_id.in_(chunk)).order_by(deliveries.c.id)
                for row in await connection.execute(some):
                    found.setdefault(row.job_id, []).append(_delivery_of(row))
        return {job_id: tuple(ones) for job_id, ones in found.items()}


_FREE: Final[Mapping[str, Any]] = {"worker": "", "lease_until": None, "not_before": None}


def _delivery_of(row: AnyRow) -> Delivery:
    values = {column.name: getattr(row, column.name) for column in _COLUMNS}
    return Delivery(**values | {"state": DeliveryState(row.state)})
