"""A sheet is one source under every name, and its queue stays the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fake_google import FakeGoogle
from fake_sheets import FakeSheets, Tab

from farm.browser.profiles import make_profile
from farm.config import load_settings
from farm.errors import InputError
from farm.model.events import RunEvent, RunOptions
from farm.model.sessions import Session
from farm.results.sheets import Locks
from farm.store.base import Added
from farm.wiring.intake import in_words, intake_of, named
from farm.wiring.opened import Farm, open_farm

ID = "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"
HEADER = ["Prompt ID", "Description", "Status"]


@pytest.fixture
def books() -> FakeSheets:
    return FakeSheets()


@pytest.fixture
def tab(books: FakeSheets) -> Tab:
    return books.sheet(ID, HEADER, ["a", "A boat"], title="May 2026")


@pytest.fixture
def google(books: FakeSheets) -> Iterator[FakeGoogle]:
    with FakeGoogle(books) as google:
        yield google


@pytest.fixture
async def farm(google: FakeGoogle, tmp_path: Path) -> AsyncIterator[Farm]:
    environ = {
        "FARM_GOOGLE_CREDENTIALS": str(google.key_file(tmp_path)),
        "FARM_GOOGLE_ENDPOINT": google.url,
        "FARM_SPREADSHEET_ID": ID,
        "FARM_HOME": str(tmp_path),
    }
    async with open_farm(load_settings(environ=environ, cwd=tmp_path)) as farm:
        yield farm


async def test_every_name_of_a_sheet_is_the_same_source_and_queue(farm: Farm, tab: Tab) -> None:
    address = f"https://docs.google.com/spreadsheets/d/{ID}/edit?gid=0#gid=0"
    names = ["sheets:", f"sheets:{ID}", f"sheets:{ID}/{tab.title}", address]

    found = {await named(farm, name) for name in names}

    assert found == {(f"sheets:{ID}#gid=0", "prompts-may-2026")}


async def test_a_tab_that_was_renamed_keeps_its_queue(farm: Farm, tab: Tab) -> None:
    source, queue = await named(farm, "sheets:", "spring")
    await farm.import_source(source, queue)

    tab.title = "June"

    assert await named(farm, "sheets:") == (source, "spring")
    assert await farm.import_source(source, "spring") == Added(unchanged=1)


async def test_a_file_keeps_its_name(farm: Farm) -> None:
    assert await named(farm, "a/prompts.csv") == ("a/prompts.csv", "prompts")
    assert await named(farm, "a/prompts.csv", "mine") == ("a/prompts.csv", "mine")


async def test_a_watched_sheet_is_seen_to_change_and_taken_in(farm: Farm, tab: Tab) -> None:
    source, queue = await named(farm, "sheets:")
    told: list[RunEvent] = []
    options = RunOptions(sources=(source,), watch=True)
    intake = intake_of(farm, options, [queue], told.append, locks=Locks(), on_import=lambda: None)
    (watched,) = intake.sources
    first = await watched.take()
    before = await watched.look()

    tab.rows.append(["b", "A tree"])

    assert (first, await watched.look() != before) == ("1 new", True)
    assert await watched.take() == "1 new, 1 known"
    assert await watched.take() == ""


async def test_a_watched_sheet_that_is_broken_keeps_what_was_there(farm: Farm, tab: Tab) -> None:
    source, queue = await named(farm, "sheets:")
    await farm.import_source(source, queue)
    tab.rows += [["b", "A tree"], ["b", "A pond"]]

    with pytest.raises(InputError, match="May 2026, row 4, Prompt ID"):
        await farm.import_source(source, queue)

    assert [job.prompt.id for job in await farm.jobs_of(queue)] == ["a"]


@pytest.mark.parametrize(("watch", "names"), [(True, ["a.csv"]), (False, [])])
async def test_only_a_run_that_watches_looks_again_and_never_at_a_pipe(
    farm: Farm, watch: bool, names: list[str]
) -> None:
    options = RunOptions(sources=("-", "a.csv"), watch=watch)
    told: list[RunEvent] = []

    intake = intake_of(
        farm, options, ["q", "a"], told.append, locks=Locks(), on_import=lambda: None
    )

    assert [watched.name for watched in intake.sources] == names


@pytest.mark.parametrize(
    ("added", "words"),
    [(Added(new=2, unchanged=1), "2 new, 1 known"), (Added(), "")],
)
def test_an_import_is_told_in_words(added: Added, words: str) -> None:
    assert in_words(added) == words


async def test_rows_that_somebody_unknown_works_on_are_told_once(
    farm: Farm, tab: Tab, caplog: pytest.LogCaptureFixture
) -> None:
    tab.rows[0].append("Session ID")
    tab.rows += [["b", "A tree", "in progress", "carol"], ["c", "A pond", "COMPLETED", "dora"]]
    source, queue = await named(farm, "sheets:")

    for _ in range(2):
        await farm.import_source(source, queue)

    (told,) = [record.getMessage() for record in caplog.records if "carol" in record.getMessage()]
    assert "in progress by carol, of whom" in told
    assert "FARM_DATABASE_URL" in told


async def test_rows_that_a_session_of_ones_own_left_are_no_news(
    farm: Farm, tab: Tab, caplog: pytest.LogCaptureFixture
) -> None:
    tab.rows[0].append("Session ID")
    tab.rows += [["b", "A tree", "IN_PROGRESS", "alice"], ["c", "A pond", "IN_PROGRESS", "bob"]]
    make_profile(farm.settings.profiles_dir, "alice")
    await farm.store.save_session(Session(name="bob"))

    await farm.import_source(*await named(farm, "sheets:"))

    assert not [record for record in caplog.records if record.levelname == "WARNING"]
