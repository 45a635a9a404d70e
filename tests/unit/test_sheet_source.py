"""A Google Sheet is read as a table of prompts, with the row numbers its owner sees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_google import RATE_LIMITED, FakeGoogle
from fake_sheets import FakeSheets

from farm.errors import GoogleBusy, GoogleRefused, InputError, UsageError
from farm.google_apis import Access
from farm.sources.names import identity_of, path_of, queue_of, sheet_of
from farm.sources.sheets import Place, Sheet, Tab, digest_of, place_of

ID = "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"
HEADER = ["Prompt ID", "Description", "Status", "Campaign"]


@pytest.fixture
def books() -> FakeSheets:
    return FakeSheets()


@pytest.fixture
def google(books: FakeSheets) -> Iterator[FakeGoogle]:
    with FakeGoogle(books) as google:
        yield google


@pytest.fixture
def access(google: FakeGoogle, tmp_path: Path) -> Access:
    return Access(credentials=google.key_file(tmp_path), endpoint=google.url, timeout_seconds=5)


def sheet(access: Access, tab: str = "") -> Sheet:
    return Sheet(place=Place(spreadsheet=ID, tab=tab), access=access, sleep=lambda _: None)


def test_rows_are_prompts_with_the_numbers_of_the_sheet(books: FakeSheets, access: Access) -> None:
    books.sheet(ID, [], HEADER, ["a", "A boat", "PENDING", "spring"], [], ["b", "A tree", "regen"])

    batch = sheet(access).read()

    assert [(row.prompt.id, row.row, row.regenerate) for row in batch.rows] == [
        ("a", 3, False),
        ("b", 5, True),
    ]
    assert batch.rows[0].prompt.extra == {"Campaign": "spring"}


def test_rows_that_are_done_are_passed_over(books: FakeSheets, access: Access) -> None:
    books.sheet(ID, HEADER, ["a", "A boat", "COMPLETED"], ["b", "A tree"])

    batch = sheet(access).read()

    assert ([row.prompt.id for row in batch.rows], batch.completed) == (["b"], 1)


def test_a_row_without_an_id_has_its_number_unless_another_row_took_it(
    books: FakeSheets, access: Access
) -> None:
    books.sheet(ID, HEADER, ["", "A boat"], ["", "A tree"], ["2", "A pond"])

    ids = [row.prompt.id for row in sheet(access).read().rows]

    assert ids == ["row-2", "3", "2"]


def test_every_problem_is_named_with_the_row_that_the_sheet_shows(
    books: FakeSheets, access: Access
) -> None:
    books.sheet(
        ID,
        [*HEADER, "Size"],
        ["a", "A boat", "", "", "huge"],
        [],
        ["a", "#REF!"],
        title="May",
    )

    with pytest.raises(InputError) as caught:
        sheet(access).read()

    problems = caught.value.problems
    assert any(line.startswith("Prompts / May, row 2, Size: 'huge'") for line in problems)
    assert any("row 4: Description shows #REF!; repair its formula." in line for line in problems)


@pytest.mark.parametrize("rows", [[], [HEADER], [["Name", "Colour"], ["a", "b"]]])
def test_a_tab_that_is_no_table_of_prompts_is_refused(
    books: FakeSheets, access: Access, rows: list[list[str]]
) -> None:
    books.sheet(ID, *rows)

    with pytest.raises(InputError, match="Prompts / Sheet1"):
        sheet(access).read()


@pytest.mark.parametrize("named", ["It's May!", "it's may!", "gid=1000"])
def test_a_tab_is_found_by_its_title_or_its_number(
    books: FakeSheets, access: Access, named: str
) -> None:
    books.sheet(ID, ["nothing"])
    books.sheet(ID, HEADER, ["a", "A boat"], title="It's May!")

    assert len(sheet(access, named).read().rows) == 1


def test_a_tab_that_is_not_there_is_refused_with_those_that_are(
    books: FakeSheets, access: Access
) -> None:
    books.sheet(ID, HEADER, title="April")

    with pytest.raises(GoogleRefused, match="has no tab 'May'; its tabs are 'April'"):
        sheet(access, "May").read()


def test_a_quota_that_is_used_up_is_waited_for(
    books: FakeSheets, google: FakeGoogle, access: Access
) -> None:
    books.sheet(ID, HEADER, ["a", "A boat"])
    google.fail("/values", RATE_LIMITED, times=3)
    waits: list[float] = []

    batch = Sheet(place=Place(spreadsheet=ID), access=access, sleep=waits.append).read()

    assert len(batch.rows) == 1
    assert len(waits) == 3


def test_a_quota_that_stays_used_up_is_told(
    books: FakeSheets, google: FakeGoogle, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("farm.sources.sheets._PATIENCE_SECONDS", 0)
    books.sheet(ID, HEADER, ["a", "A boat"])
    google.fail("/v4/", RATE_LIMITED, times=99)

    with pytest.raises(GoogleBusy, match="RATE_LIMIT_EXCEEDED"):
        sheet(access).read()


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (f"sheets:{ID}", (ID, "")),
        (f"sheets:{ID}/May 2026", (ID, "May 2026")),
        (f"sheets:{ID}#gid=7", (ID, "gid=7")),
        ("sheets:", ("", "")),
        ("sheets:/May", ("", "May")),
        (f"https://docs.google.com/spreadsheets/d/{ID}", (ID, "")),
        (f"https://docs.google.com/spreadsheets/d/{ID}/edit?usp=sharing", (ID, "")),
        (f"https://docs.google.com/spreadsheets/u/1/d/{ID}/edit?gid=7#gid=7", (ID, "gid=7")),
        ("https://docs.google.com/spreadsheets/d/short/edit", ("short", "")),
        ("prompts.csv", None),
        ("https://docs.google.com/spreadsheets/d/e/2PACX-1v/pubhtml", None),
        ("https://example.com/prompts.csv", None),
    ],
)
def test_a_sheet_is_told_from_a_file_by_its_name(
    source: str, place: tuple[str, str] | None
) -> None:
    assert sheet_of(source) == place
    assert (path_of(source) is None) == (place is not None)


def test_a_sheet_without_an_id_is_the_one_of_the_settings() -> None:
    address = f"https://docs.google.com/spreadsheets/d/{ID}/edit#gid=7"

    assert place_of("sheets:", ID) == Place(spreadsheet=ID)
    assert place_of("sheets:", address) == Place(spreadsheet=ID, tab="gid=7")
    assert place_of("sheets:/May", address) == Place(spreadsheet=ID, tab="May")


def test_no_sheet_at_all_is_told_with_what_to_write() -> None:
    with pytest.raises(UsageError, match="FARM_SPREADSHEET_ID"):
        place_of("sheets:")


def test_a_tab_keeps_its_identity_under_another_title() -> None:
    tab = Tab(spreadsheet=ID, gid=7, title="May", book="Prompts", columns=26)

    assert sheet_of(tab.identity) == (ID, "gid=7")
    assert identity_of(tab.identity) == tab.identity
    assert queue_of(f"sheets:{ID}/May") == f"sheet-{ID}-May"


def test_what_farm_writes_changes_nothing_that_an_import_would_find() -> None:
    grid = [[*HEADER, "Session ID"], ["a", "A boat", "PENDING", "x", ""]]
    own = ("Status", "Session ID")

    def digest(status: str, session: str = "", text: str = "A boat") -> str:
        return digest_of([grid[0], ["a", text, status, "x", session]], own)

    same = digest_of(grid, own)
    assert digest("IN_PROGRESS", "alice") == same
    assert digest("regen") != same
    assert digest("COMPLETED") != same
    assert digest("PENDING", text="A ship") != same
