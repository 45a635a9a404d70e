"""The distinct failures that were met, and how often."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from farm.model.causes import Cause
from farm.model.incidents import Incident, Sighting
from farm.store.database import Database, insert
from farm.store.schema import incidents


class SqlIncidents:
    """One row for each distinct failure; later occurrences are counted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note_incident(self, sighting: Sighting) -> Incident:
        """Write an occurrence down; the first one of its key is told by its count of 1."""
        line = insert(self._database.dialect_name, incidents).values(
            key=sighting.key,
            cause=sighting.cause.value,
            role=sighting.role,
            session=sighting.session,
            job_id=sighting.job_id,
            message=sighting.message,
            first_at=sighting.at,
            last_at=sighting.at,
        )
        again = line.on_conflict_do_update(
            index_elements=["key"],
            set_={"count": incidents.c.count + 1, "last_at": line.excluded.last_at},
        )
        async with self._database.write() as connection:
            row = (await connection.execute(again.returning(*incidents.c))).mappings().one()
        return _incident_of(row)

    async def file_incident(self, incident_id: int, folder: str) -> None:
        """Write down where an incident's files are, relative to the logs folder."""
        filed = sa.update(incidents).where(incidents.c.id == incident_id).values(folder=folder)
        async with self._database.write() as connection:
            await connection.execute(filed)

    async def incidents(self) -> tuple[Incident, ...]:
        """All incidents, the one met last first."""
        newest = sa.select(incidents).order_by(incidents.c.last_at.desc(), incidents.c.id.desc())
        async with self._database.read() as connection:
            rows = (await connection.execute(newest)).mappings().all()
        return tuple(map(_incident_of, rows))

    async def incident(self, incident_id: int) -> Incident | None:
        """One incident."""
        one = sa.select(incidents).where(incidents.c.id == incident_id)
        async with self._database.read() as connection:
            row = (await connection.execute(one)).mappings().one_or_none()
        return None if row is None else _incident_of(row)


def _incident_of(row: sa.RowMapping) -> Incident:
    values: dict[str, Any] = dict(row)
    values["cause"] = Cause(values["cause"])
    return Incident(**values)
