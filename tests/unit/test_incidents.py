"""The first failure of a kind leaves evidence, later ones are counted, and none of it hurts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from farm.errors import SaveFailed, StoreError
from farm.incidents import Incidents
from farm.model.causes import LIMITS, REFUSALS, Cause
from farm.model.events import IncidentSeen, RunEvent
from farm.model.incidents import EXTENTS, Extent, Incident, Keep, Sighting, incident_key
from farm.model.outcomes import Outcome
from farm.testing.clock import FakeClock

FULL = {"screenshot.png", "page.html", "snapshot.json", "reading.json", "console.txt"}
DRIFT = Outcome(cause=Cause.DRIFT, role="send", message="The page has no send.", said="Hi 12:04")


@dataclass
class Book:
    """Incidents in memory."""

    kept: dict[str, Incident] = field(default_factory=dict)
    closed: bool = False

    async def note_incident(self, sighting: Sighting) -> Incident:
        if self.closed:
            raise StoreError("the store is gone")
        s, old = sighting, self.kept.get(sighting.key)
        new = Incident(
            id=len(self.kept) + 1, key=s.key, cause=s.cause, role=s.role, session=s.session,
            job_id=s.job_id, message=s.message, folder="", first_at=s.at, last_at=s.at, count=1,
        )  # fmt: skip
        self.kept[s.key] = replace(old, count=old.count + 1, last_at=s.at) if old else new
        return self.kept[s.key]

    async def file_incident(self, incident_id: int, folder: str) -> None:
        (key,) = (k for k, i in self.kept.items() if i.id == incident_id)
        self.kept[key] = replace(self.kept[key], folder=folder)


@dataclass
class Shows:
    """Evidence that hands out what it is told to."""

    parts: dict[str, bytes | str]
    fails: BaseException | None = None
    hangs: bool = False
    asked: list[Extent] = field(default_factory=list)
    private: Sequence[str] = ()

    def where(self) -> str:
        return "https://gemini.google.com/app"

    async def collect(self, extent: Extent, private: Sequence[str], keep: Keep) -> None:
        self.asked.append(extent)
        self.private = private
        for name, part in self.parts.items():
            keep(name, part)
        if self.hangs:
            await asyncio.Event().wait()
        if self.fails is not None:
            raise self.fails


Make = Callable[..., Incidents]


@pytest.fixture
def told() -> list[RunEvent]:
    return []


@pytest.fixture
def make(tmp_path: Path, told: list[RunEvent]) -> Make:
    def make(evidence: Shows | None = None, book: Book | None = None) -> Incidents:
        shows = evidence or Shows(dict.fromkeys([*FULL, "network.txt"], b"x"))
        return Incidents(
            book=book or Book(), evidence=shows, logs=tmp_path, clock=FakeClock(), session="alice",
            tell=told.append, seconds=0.2,
        )  # fmt: skip

    return make


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def facts_of(incident: Incident | None, logs: Path) -> dict[str, object]:
    assert incident is not None
    text = (logs / incident.folder / "incident.json").read_text(encoding="utf-8")
    facts: dict[str, object] = json.loads(text)
    return facts


async def test_the_first_of_a_kind_is_kept_in_full_and_the_next_only_counted(
    make: Make, tmp_path: Path, told: list[RunEvent]
) -> None:
    incidents = make()

    first = await incidents.witness(DRIFT, None)
    again = await incidents.witness(replace(DRIFT, said="Hi 13:55"), None)

    (folder,) = (tmp_path / "incidents").iterdir()
    assert first is not None
    assert again is not None
    assert {p.name for p in folder.iterdir()} >= {*FULL, "incident.json", "index.html"}
    assert (again.count, again.folder) == (2, first.folder)
    seen = [e for e in told if isinstance(e, IncidentSeen)]
    assert [e.first for e in seen] == [True, False]
    assert {e.screenshot for e in seen} == {folder / "screenshot.png"}


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (replace(DRIFT, message="in other words"), True),
        (replace(DRIFT, role="composer"), False),
        (replace(DRIFT, said="Bye"), False),
        (replace(DRIFT, cause=Cause.TRANSIENT, role=""), False),
    ],
)
def test_failures_are_the_same_by_cause_role_and_the_first_words(
    other: Outcome, *, same: bool
) -> None:
    def key(o: Outcome) -> str:
        return incident_key(o.cause, o.role, o.said)

    assert (key(DRIFT) == key(other)) is same


@pytest.mark.parametrize("cause", Cause)
async def test_each_cause_leaves_as_much_as_the_table_says(make: Make, cause: Cause) -> None:
    evidence = Shows({})

    incident = await make(evidence).witness(Outcome(cause=cause, message="words"), None)

    asked = evidence.asked or [Extent.NONE]
    assert asked == [EXTENTS[cause]]
    assert (incident is None) is (EXTENTS[cause] is Extent.NONE)


def test_only_what_is_as_it_should_be_leaves_little_or_nothing() -> None:
    little = {cause for cause, extent in EXTENTS.items() if extent is not Extent.FULL}

    assert little == LIMITS | REFUSALS | {Cause.MADE, Cause.CANCELLED}
    assert set(EXTENTS) == set(Cause)


async def test_parts_that_cannot_be_had_are_named_with_the_reason(
    make: Make, tmp_path: Path
) -> None:
    evidence = Shows({"console.txt": b"log: hello", "page.html": "the page does not answer"})

    facts = facts_of(await make(evidence).witness(DRIFT, None), tmp_path)

    assert facts["files"] == ["console.txt"]
    assert isinstance(facts["missing"], dict)
    assert facts["missing"]["page.html"] == "the page does not answer"
    assert facts["missing"]["snapshot.json"] == "there was none"


async def test_what_came_before_the_time_was_over_is_kept(make: Make, tmp_path: Path) -> None:
    evidence = Shows({"console.txt": b"log: hello"}, hangs=True)

    facts = facts_of(await make(evidence).witness(DRIFT, None), tmp_path)

    assert facts["files"] == ["console.txt"]
    assert isinstance(facts["missing"], dict)
    assert facts["missing"]["screenshot.png"] == "not within 0.2 s"


async def test_a_fault_of_the_collector_is_logged_and_never_raised(
    make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    evidence = Shows({}, fails=KeyError("turns"))

    facts = facts_of(await make(evidence).witness(DRIFT, None), tmp_path)

    assert "KeyError" in str(facts["missing"])
    assert "collecting evidence failed" in caplog.text


async def test_without_store_or_disk_there_is_no_incident_and_no_error(
    make: Make, tmp_path: Path, told: list[RunEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise SaveFailed("the disk is full")

    assert await make(book=Book(closed=True)).witness(DRIFT, None) is None
    monkeypatch.setattr("farm.incidents.write_folder", refuse)
    assert await make().witness(DRIFT, None) is None

    assert told == []
    assert names_in(tmp_path) == []


async def test_evidence_that_was_thrown_away_is_collected_again(make: Make, tmp_path: Path) -> None:
    incidents = make()
    first = await incidents.witness(DRIFT, None)
    assert first is not None
    for path in (tmp_path / first.folder).iterdir():
        path.unlink()
    (tmp_path / first.folder).rmdir()

    again = await incidents.witness(DRIFT, None)

    assert facts_of(again, tmp_path)["count"] == 2


async def test_cancelling_the_run_ends_the_collecting_too(make: Make) -> None:
    incidents = make(Shows({}, hangs=True))
    incidents.seconds = 60
    task = asyncio.create_task(incidents.witness(DRIFT, None))
    await asyncio.wait([task], timeout=0.05)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_message_is_kept_without_addresses_and_tokens(make: Make) -> None:
    told = "No send (https://gemini.google.com/app/0123456789abcdef?hl=en) for eve@example.com"

    incident = await make().witness(replace(DRIFT, message=told), None)

    assert incident is not None
    assert incident.message == "No send (https://gemini.google.com/app/*) for [redacted]"


async def test_the_summary_shows_the_picture_and_the_facts_by_itself(
    make: Make, tmp_path: Path
) -> None:
    incident = await make().witness(replace(DRIFT, message="No <send>"), None)

    assert incident is not None
    page = (tmp_path / incident.folder / "index.html").read_text(encoding="utf-8")
    assert 'src="data:image/png;base64,eA=="' in page
    assert "drift: No &lt;send&gt;" in page
    assert 'href="page.html"' in page
