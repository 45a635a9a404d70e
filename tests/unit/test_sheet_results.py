"""A sheet follows the jobs of a real store: nothing is written twice, nothing holds a run up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fake_google import RATE_LIMITED, UNAVAILABLE, FakeGoogle
from fake_sheets import FakeSheets, Tab
from loopback import Asked, Fate, Reply

from farm.errors import GoogleBusy
from farm.google_apis import Access
from farm.model.deliveries import Delivery, DeliveryState
from farm.model.images import Image
from farm.model.jobs import Job
from farm.results.sheets import REST_SECONDS, Pen, SheetResults
from farm.sources.sheets import Place, Sheet
from farm.store.base import Added
from farm.store.engine import open_store
from farm.store.facade import Store
from farm.testing.clock import FakeClock

SOURCE = "sheets:s#gid=0"
HEADER = ["Prompt ID", "Description", "Status", "Generated Image Path", "Session ID"]
HEADER += ["Generated At", "Cause", "Error"]


@dataclass(kw_only=True)
class Office:
    """A store, a sheet, and whoever carries news between them."""

    google: FakeGoogle
    books: FakeSheets
    tab: Tab
    store: Store
    access: Access
    clock: FakeClock = field(default_factory=FakeClock)
    links: dict[int, list[Delivery]] = field(default_factory=dict)

    async def take_in(self) -> Added:
        """Import the sheet as a run does."""
        sheet = Sheet(place=Place(spreadsheet="s"), access=self.access)
        batch = await asyncio.to_thread(sheet.read)
        return await self.store.add("q", batch.rows, SOURCE)

    async def jobs(self) -> Mapping[str, Sequence[Job]]:
        return {"q": (await self.store.page(queues=["q"])).jobs}

    async def draw(self, count: int = 1) -> None:
        """Complete the next jobs."""
        for _ in range(count):
            claim = await self.store.claim("w:1:0:alice", "alice", ("any",))
            assert claim is not None
            name = f"2026-11-21/{claim.job.prompt.id}-{claim.job.version}"
            await self.store.complete(claim, [image(name)])

    async def links_of(self, job_ids: Sequence[int]) -> Mapping[int, Sequence[Delivery]]:
        return {number: self.links[number] for number in job_ids if number in self.links}

    def writer(self, *, with_preview: bool = False) -> SheetResults:
        """What a new run writes with."""
        return SheetResults(
            pen=Pen(access=self.access),
            memory=self.store,
            links_of=self.links_of,
            shown=Path("downloads"),
            clock=self.clock,
            with_preview=with_preview,
        )

    async def tell(self, **how: bool) -> bool:
        """One write of a new run."""
        return await self.writer(**how).write(await self.jobs())

    def writes(self) -> int:
        return len(self.google.called("POST"))


def image(name: str) -> Image:
    return Image(
        path=f"{name}.png",
        sha256=f"sha-of-{name}",
        size_bytes=90_000,
        width_px=1408,
        height_px=768,
        media_type="image/png",
        source="s0",
    )


@pytest.fixture
def books() -> FakeSheets:
    return FakeSheets()


@pytest.fixture
def google(books: FakeSheets) -> Iterator[FakeGoogle]:
    with FakeGoogle(books) as google:
        yield google


@pytest.fixture
async def office(books: FakeSheets, google: FakeGoogle, tmp_path: Path) -> AsyncIterator[Office]:
    rows = [[name, f"A picture of {name}"] for name in "abc"]
    tab = books.sheet("s", HEADER, *rows)
    access = Access(credentials=google.key_file(tmp_path), endpoint=google.url, timeout_seconds=5)
    async with open_store(f"sqlite:///{tmp_path / 'farm.db'}") as store:
        office = Office(google=google, books=books, tab=tab, store=store, access=access)
        await office.take_in()
        yield office


async def test_rows_nobody_has_touched_cost_no_write(office: Office) -> None:
    assert await office.tell()
    assert office.google.calls[2:] == []


async def test_a_claim_is_shown_in_its_row(office: Office) -> None:
    await office.store.claim("w:1:0:alice", "alice", ("any",))

    await office.tell()

    assert office.tab.column("Status") == ["IN_PROGRESS", "", ""]


async def test_many_rows_are_one_write(office: Office) -> None:
    await office.draw(3)

    await office.tell()

    assert office.writes() == 1
    assert office.tab.column("Status") == ["COMPLETED"] * 3
    assert office.tab.cell(2, "Generated Image Path") == "downloads/2026-11-21/a-1.png"


async def test_a_new_run_writes_only_what_changed_since_the_last(office: Office) -> None:
    await office.draw(2)
    await office.tell()
    office.books.written.clear()

    await office.tell()
    await office.draw()
    await office.tell()

    assert {cell.row for cell in office.books.written} == {4}


async def test_a_run_killed_between_the_write_and_its_memory_writes_the_same_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.draw()
    with monkeypatch.context() as death:
        death.setattr(office.store, "note_written", _dies)
        with pytest.raises(asyncio.CancelledError):
            await office.tell()

    await office.tell()

    assert office.tab.column("Status") == ["COMPLETED", "", ""]
    assert office.writes() == 2


async def _dies(*_: object) -> None:
    raise asyncio.CancelledError


async def test_the_same_sheet_makes_nothing_twice_whoever_reads_it(
    office: Office, tmp_path: Path
) -> None:
    await office.draw(2)
    await office.tell()

    here = await office.take_in()
    async with open_store(f"sqlite:///{tmp_path / 'elsewhere.db'}") as store:
        office.store = store
        elsewhere = await office.take_in()

    assert here == Added(unchanged=1)
    assert elsewhere == Added(new=1)


async def test_regen_draws_a_row_again_and_again_and_keeps_every_image(office: Office) -> None:
    await office.draw(3)
    await office.tell()
    added = []

    for _ in range(2):
        office.tab.rows[1][2] = "REGEN"
        added.append(await office.take_in())
        await office.tell()
        between = office.tab.cell(2, "Status")
        await office.draw()
        await office.tell()

    (job, *_) = (await office.jobs())["q"]
    assert [one.changed for one in added] == [1, 1]
    assert (between, office.tab.cell(2, "Status")) == ("PENDING", "COMPLETED")
    assert len(await office.store.images(job.id)) == 3


async def test_a_wish_made_while_the_row_is_drawn_is_not_lost(office: Office) -> None:
    claim = await office.store.claim("w:1:0:alice", "alice", ("any",))
    assert claim is not None
    office.tab.rows[1][2:] = ["REGEN"]

    await office.store.complete(claim, [image("a")])
    await office.tell()
    added = await office.take_in()

    assert office.tab.cell(2, "Status") == "REGEN"
    assert added.changed == 1


@pytest.mark.parametrize("answer", [RATE_LIMITED, UNAVAILABLE, Reply(fate=Fate.LOST)])
async def test_a_last_write_waits_for_google(office: Office, answer: Reply) -> None:
    await office.draw()
    office.google.fail(":batchUpdate", answer, times=3)

    await office.writer().finish(await office.jobs())

    assert office.tab.column("Status")[0] == "COMPLETED"
    assert sum(office.clock.slept) < 75


async def test_an_answer_that_was_lost_after_the_write_does_no_harm(office: Office) -> None:
    office.tab.rows[0] = HEADER[:2]
    await office.draw()
    office.google.fail(":batchUpdate", Reply(fate=Fate.LOST), after=True)

    await office.writer().finish(await office.jobs())

    assert office.tab.rows[0] == HEADER


async def test_a_sheet_that_stays_closed_ends_the_last_try_in_time(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    await office.draw()
    office.google.fail(":batchUpdate", RATE_LIMITED, times=999)

    with caplog.at_level(logging.WARNING):
        await office.writer().finish(await office.jobs())

    assert sum(office.clock.slept) <= 76
    assert "farm sheets push q" in caplog.text


async def test_a_sheet_that_may_not_be_written_says_whom_to_share_it_with(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    await office.draw()
    book = office.books.spreadsheets["s"]
    book.readers, book.editors = book.editors, set()

    with caplog.at_level(logging.WARNING):
        await office.writer().finish(await office.jobs())

    warning = caplog.records[-1].getMessage()  # the address itself is no matter for logs
    assert "Share it with " in warning
    assert "as an editor" in warning


async def test_the_rest_grows_while_google_is_busy(office: Office) -> None:
    await office.draw()
    writer, jobs = office.writer(), await office.jobs()
    office.google.fail(":batchUpdate", RATE_LIMITED, times=2)
    waits = []

    for _ in range(2):
        with pytest.raises(GoogleBusy):
            await writer.write(jobs)
        waits.append(writer.rest_seconds)
    await writer.write(jobs)

    assert [*waits, writer.rest_seconds] == [REST_SECONDS * 2, REST_SECONDS * 4, REST_SECONDS]


async def test_a_minute_of_changes_stays_under_googles_quota(office: Office) -> None:
    await office.draw()
    before = len(office.google.calls)

    await office.tell()

    methods = [call.method for call in office.google.calls[before:]]
    assert methods.count("GET") * 60 / REST_SECONDS <= 50
    assert 2 * methods.count("POST") * 60 / REST_SECONDS <= 50  # thumbnails are another one


async def test_where_an_image_was_delivered_is_shown_and_its_thumbnail_on_request(
    office: Office,
) -> None:
    await office.draw()
    (job, *_) = (await office.jobs())["q"]
    office.links[job.id] = [delivery(job)]

    await office.tell(with_preview=True)

    assert office.tab.cell(2, "Image Link") == "https://drive.google.com/file/d/1x/view"
    thumbnail = "https://drive.google.com/thumbnail?id=1x&sz=w320"
    assert office.tab.cell(2, "Image Preview") == f'=IMAGE("{thumbnail}")'


def delivery(job: Job) -> Delivery:
    return Delivery(
        id=1,
        job_id=job.id,
        target="drive:folder",
        path=job.image_path,
        sha256="x",
        folder="",
        state=DeliveryState.DELIVERED,
        attempts=1,
        not_before=None,
        remote_id="1x",
        link="https://drive.google.com/file/d/1x/view",
        at=0.0,
    )


async def test_rows_that_changed_places_during_a_write_are_set_right(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.draw()
    monkeypatch.setattr(office.books, "answer", _sorting(office))

    await office.writer().finish(await office.jobs())

    assert office.tab.column("Prompt ID") == ["c", "b", "a"]
    assert office.tab.column("Status") == ["PENDING", "", "COMPLETED"]


def _sorting(office: Office) -> Callable[[Asked, str], Reply | None]:
    answer, tab = office.books.answer, office.tab

    def sort_first(asked: Asked, who: str) -> Reply | None:
        if asked.method == "POST" and tab.rows[1][0] == "a":
            tab.rows[1:] = tab.rows[:0:-1]
        return answer(asked, who)

    return sort_first
