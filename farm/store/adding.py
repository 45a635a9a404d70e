"""Importing rows: what is new, what changed, and what REGEN asks for.

REGEN is honoured once. A job remembers the fingerprint its mark was honoured for; the same mark on
the same content does nothing more, however often the file is imported. Importing the row without
the mark forgets that, so setting it again later draws again; so does changing the content under
the mark. A job that is still open takes the mark as honoured: the image it waits for is the wish.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from enum import Enum
from itertools import repeat
from typing import Any, Final, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from farm.errors import UsageError
from farm.model.jobs import ENDED_STATES, JobState
from farm.store.base import Added, Importable
from farm.store.database import Database, insert
from farm.store.endings import AFRESH
from farm.store.records import AnyRow, batched
from farm.store.schema import events, jobs, queues

CHUNK: Final = 2000
Chunk: TypeAlias = tuple[Importable, ...]


class Verdict(Enum):
    """What a row means for the job that already has its key."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"  # the job takes the new content, and stays where it is
    RENEWED = "renewed"  # as CHANGED, and a failed job gets a new chance with it
    REGENERATED = "regenerated"
    OUTDATED = "outdated"  # completed: told, never redone unasked


class SqlImport:
    """How prompts enter the queue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        queue: str,
        rows: Iterable[Importable],
        source: str,
        *,
        priority: int = 0,
    ) -> Added:
        """Import rows; all of them or none, also when `rows` raises in the middle.

        Raises UsageError for an id that stands twice, and for a queue of another source.
        """
        numbers: dict[str, int] = {}
        tally: Counter[str] = Counter()
        async with (
            self._database.write() as connection,
            aclosing(_read_ahead(batched(rows, CHUNK))) as chunks,
        ):
            queue_id = await _bind(connection, queue, source)
            newest = await _newest(connection)
            home = {"queue_id": queue_id, "priority": priority}
            fresh = await _is_empty(connection, queue_id)
            async for chunk in chunks:
                _refuse_twins(numbers, chunk)
                # To look for each row of a large file in an empty queue is a tenth of its import.
                known = {} if fresh else await _known(connection, queue_id, chunk)
                tally.update(await self._merge(connection, home, chunk, known))
                newest = await self._record_new(connection, queue_id, newest)
            await self._database.record(
                connection, None, "imported", queue=queue, source=source, **tally
            )
        return Added(
            new=tally["new"],
            changed=sum(tally[verdict.value] for verdict in _COUNTED_AS_CHANGED),
            unchanged=tally[Verdict.UNCHANGED.value],
            outdated=tally[Verdict.OUTDATED.value],
        )

    async def _merge(
        self,
        connection: AsyncConnection,
        home: Mapping[str, Any],
        chunk: Sequence[Importable],
        known: Mapping[str, AnyRow],
    ) -> Counter[str]:
        await self._insert(connection, home, [row for row in chunk if row.prompt_id not in known])
        found: defaultdict[Verdict, list[dict[str, Any]]] = defaultdict(list)
        tally = Counter(new=len(chunk) - len(known))
        for row in chunk:
            if (job := known.get(row.prompt_id)) is None:
                continue
            verdict = _judge(row, job)
            tally[verdict.value] += 1
            if verdict is not Verdict.UNCHANGED or _differs(row, job):
                found[verdict].append(_parameters(job.id, row))
        for verdict, parameters in found.items():
            await self._update(connection, verdict, parameters)
        return tally

    async def _insert(
        self, connection: AsyncConnection, home: Mapping[str, Any], rows: Sequence[Importable]
    ) -> None:
        if not rows:
            return
        same = {
            **home,
            "max_attempts": self._database.terms.max_attempts,
            "updated_at": self._database.now(),
        }
        own: dict[str, list[Any]] = {
            "prompt_id": [row.prompt_id for row in rows],
            "fingerprint": [row.fingerprint for row in rows],
            "payload": [row.payload for row in rows],
            "source_row": [row.row for row in rows],
            "regen_done": [_regen_done(row) for row in rows],
            "lane": [row.lane for row in rows],
            "home_lane": [row.lane for row in rows],
        }
        statement = sa.insert(jobs).values(
            **same, **{name: sa.bindparam(name, type_=jobs.c[name].type) for name in own}
        )
        # Compiled once: for each row of a large file SQLAlchemy would look at every parameter anew.
        compiled = statement.compile(dialect=connection.dialect)
        constant = compiled.construct_params(dict.fromkeys(own))
        columns = [own.get(name) or repeat(constant[name]) for name in compiled.positiontup or ()]
        await connection.exec_driver_sql(compiled.string, list(zip(*columns, strict=False)))

    async def _update(
        self, connection: AsyncConnection, verdict: Verdict, parameters: list[dict[str, Any]]
    ) -> None:
        change = sa.update(jobs).where(jobs.c.id == sa.bindparam("job")).values(_CHANGES[verdict])
        if verdict is Verdict.UNCHANGED or verdict is Verdict.OUTDATED:
            await connection.execute(change, parameters)
            return
        await connection.execute(change.values(updated_at=self._database.now()), parameters)
        line = sa.insert(events).values(kind=verdict.value, at=self._database.now(), data={})
        await connection.execute(line, [{"job_id": one["job"]} for one in parameters])

    async def _record_new(
        self, connection: AsyncConnection, queue_id: int, newest_before: int
    ) -> int:
        """A line for each job that is newer; the newest of them."""
        added = sa.select(
            jobs.c.id, self._database.now(), sa.literal("added"), sa.literal({}, sa.JSON())
        ).where(jobs.c.queue_id == queue_id, jobs.c.id > newest_before)
        names = ["job_id", "at", "kind", "data"]
        await connection.execute(sa.insert(events).from_select(names, added.order_by(jobs.c.id)))
        return await _newest(connection)


_COUNTED_AS_CHANGED: Final = (Verdict.CHANGED, Verdict.RENEWED, Verdict.REGENERATED)

_MARKS: Final[Mapping[str, Any]] = {
    "source_row": sa.bindparam("row_number"),
    "regen_done": sa.bindparam("row_regen_done"),
}
_EXTRA: Final[Mapping[str, Any]] = {**_MARKS, "payload": sa.bindparam("row_payload")}
_ROW_LANE: Final = sa.bindparam("row_lane", type_=sa.Text())
_CONTENT: Final[Mapping[str, Any]] = {
    **_EXTRA,
    "home_lane": _ROW_LANE,
    # A job that waits for its own session stays there.
    "lane": sa.case((jobs.c.lane == jobs.c.home_lane, _ROW_LANE), else_=jobs.c.lane),
    "fingerprint": sa.bindparam("row_fingerprint"),
    "version": jobs.c.version + 1,
}
_CHANGES: Final[Mapping[Verdict, Mapping[str, Any]]] = {
    Verdict.UNCHANGED: _EXTRA,
    Verdict.OUTDATED: _MARKS,
    Verdict.CHANGED: _CONTENT,
    Verdict.RENEWED: {**_CONTENT, **AFRESH, "lane": _ROW_LANE},
    Verdict.REGENERATED: {**_CONTENT, **AFRESH, "lane": _ROW_LANE},
}


def _parameters(job_id: int, row: Importable) -> dict[str, Any]:
    return {
        "job": job_id,
        "row_number": row.row,
        "row_regen_done": _regen_done(row),
        "row_payload": json.loads(row.payload),
        "row_fingerprint": row.fingerprint,
        "row_lane": row.lane,
    }


def _judge(row: Importable, known: AnyRow) -> Verdict:
    state = JobState(known.state)
    if row.regenerate and known.regen_done != row.fingerprint and state in ENDED_STATES:
        return Verdict.REGENERATED
    if row.fingerprint == known.fingerprint:
        return Verdict.UNCHANGED
    if state is JobState.COMPLETED:
        return Verdict.OUTDATED
    return Verdict.RENEWED if state is JobState.FAILED else Verdict.CHANGED


def _differs(row: Importable, known: AnyRow) -> bool:
    """Whether anything that does not change the picture is new."""
    mine = (row.row, _regen_done(row), row.payload)
    return mine != (known.source_row, known.regen_done, known.payload_text)


def _regen_done(row: Importable) -> str | None:
    return row.fingerprint if row.regenerate else None


async def _read_ahead(chunks: Iterator[Chunk]) -> AsyncGenerator[Chunk]:
    """Each chunk while the next is already read: who reads and who stores need not take turns."""
    coming = asyncio.create_task(asyncio.to_thread(next, chunks, ()))
    try:
        while chunk := await coming:
            coming = asyncio.create_task(asyncio.to_thread(next, chunks, ()))
            yield chunk
    finally:
        await asyncio.gather(coming, return_exceptions=True)


def _refuse_twins(numbers: dict[str, int], rows: Sequence[Importable]) -> None:
    for row in rows:
        if (first := numbers.setdefault(row.prompt_id, row.row)) != row.row:
            raise UsageError(f"Rows {first} and {row.row} have the same id {row.prompt_id!r}.")


async def _bind(connection: AsyncConnection, queue: str, source: str) -> int:
    """The queue's id, made if new; locked, so that two imports into it take turns."""
    if not queue:
        raise UsageError("A queue needs a name: give one with --queue NAME.")
    fresh = insert(connection.dialect.name, queues).values(name=queue, source=source)
    await connection.execute(fresh.on_conflict_do_nothing(index_elements=["name"]))
    found = sa.select(queues.c.id, queues.c.source).where(queues.c.name == queue)
    row = (await connection.execute(found.with_for_update())).one()
    if row.source != source:
        raise UsageError(
            f"Queue {queue!r} was filled from {row.source} and not from {source}. "
            "Give the second file a queue of its own with --queue NAME."
        )
    return int(row.id)


async def _newest(connection: AsyncConnection) -> int:
    return await connection.scalar(sa.select(sa.func.max(jobs.c.id))) or 0


async def _is_empty(connection: AsyncConnection, queue_id: int) -> bool:
    first = sa.select(jobs.c.id).where(jobs.c.queue_id == queue_id).limit(1)
    return await connection.scalar(first) is None


async def _known(
    connection: AsyncConnection, queue_id: int, rows: Sequence[Importable]
) -> dict[str, AnyRow]:
    statement = sa.select(
        jobs.c.id,
        jobs.c.prompt_id,
        jobs.c.state,
        jobs.c.fingerprint,
        jobs.c.regen_done,
        jobs.c.source_row,
        sa.cast(jobs.c.payload, sa.Text).label("payload_text"),
    ).where(jobs.c.queue_id == queue_id, jobs.c.prompt_id.in_([row.prompt_id for row in rows]))
    return {row.prompt_id: row for row in await connection.execute(statement.with_for_update())}
