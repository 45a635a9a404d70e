"""Distinct failures are written down once and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from farm.model.causes import Cause
from farm.model.incidents import Sighting

if TYPE_CHECKING:
    from tests.contract.conftest import Desk


def sighting(key: str = "drift:send", *, at: float = 100.0, session: str = "alice") -> Sighting:
    return Sighting(
        key=key, cause=Cause.DRIFT, role="send", session=session, job_id=7, message="gone", at=at
    )


async def test_a_later_occurrence_only_raises_the_count_and_the_last_time(desk: Desk) -> None:
    first = await desk.store.note_incident(sighting())

    again = await desk.store.note_incident(sighting(at=300.0, session="bob"))

    assert (first.count, again.count, again.id) == (1, 2, first.id)
    assert (again.first_at, again.last_at) == (100.0, 300.0)
    assert (again.session, again.job_id, again.cause) == ("alice", 7, Cause.DRIFT)


async def test_another_key_is_another_incident(desk: Desk) -> None:
    await desk.store.note_incident(sighting())
    await desk.store.note_incident(sighting("drift:composer", at=200.0))
    await desk.store.note_incident(sighting(at=300.0))

    found = await desk.store.incidents()

    assert [(i.key, i.count) for i in found] == [("drift:send", 2), ("drift:composer", 1)]


async def test_an_incident_remembers_where_its_files_are(desk: Desk) -> None:
    noted = await desk.store.note_incident(sighting())

    await desk.store.file_incident(noted.id, "incidents/one")

    found = await desk.store.incident(noted.id)
    assert found is not None
    assert found.folder == "incidents/one"
    assert await desk.store.incident(noted.id + 1) is None
