"""Results stand in the row of their prompt, as text, whatever a person does to the sheet."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from fake_google import FakeGoogle
from fake_sheets import FakeSheets, Tab
from loopback import Asked, Reply

from farm.errors import InputError
from farm.google_apis import Access, sheets
from farm.sources.sheet_entries import Entry, Told, entries_of
from farm.sources.sheet_writing import Written, write_entries
from farm.sources.sheets import Place

HEADER = ["Prompt ID", "Description", "Status"]
ADDED = ["Generated Image Path", "Session ID", "Generated At", "Cause", "Error"]
NUMBERS = itertools.count(1)


@pytest.fixture
def books() -> FakeSheets:
    return FakeSheets()


@pytest.fixture
def google(books: FakeSheets) -> Iterator[FakeGoogle]:
    with FakeGoogle(books) as google:
        yield google


@pytest.fixture
def write(google: FakeGoogle, tmp_path: Path) -> Callable[..., Written]:
    access = Access(credentials=google.key_file(tmp_path), endpoint=google.url, timeout_seconds=5)

    def write(told: Sequence[Told], *news: str) -> Written:
        entries: list[Entry] = entries_of(told)
        with sheets(access) as line:
            wanted = news or [entry.id for entry in entries]
            return write_entries(line, Place(spreadsheet="s"), entries, wanted)

    return write


def told(name: str, status: str = "COMPLETED", *, seen: bool = False, **cells: str) -> Told:
    columns = {
        "Status": status,
        "Generated Image Path": f"downloads/{name}.png" if status == "COMPLETED" else "",
        "Image Link": cells.get("link", ""),
        "Image Preview": cells.get("preview", ""),
        "Session ID": "alice",
        "Generated At": "2026-11-21T01:39:36Z" if status == "COMPLETED" else "",
        "Cause": cells.get("cause", ""),
        "Error": cells.get("error", ""),
    }
    text = cells.get("text", f"A picture of {name}")
    return Told(job_id=next(NUMBERS), id=name, text=text, cells=columns, seen=seen)


def row(name: str, status: str = "", number: str | None = None) -> list[str]:
    return [name if number is None else number, f"A picture of {name}", status]


Write = Callable[..., Written]


def test_results_stand_beside_their_prompt_in_columns_that_were_missing(
    books: FakeSheets, write: Write
) -> None:
    tab = books.sheet("s", HEADER, row("a"), row("b"))

    written = write([told("b"), told("a", "FAILED", cause="timeout", error="Too slow.")])

    assert tab.rows[0] == [*HEADER, *ADDED]
    assert tab.rows[1][2:] == ["FAILED", "", "alice", "", "timeout", "Too slow."]
    assert tab.rows[2][2:6] == ["COMPLETED", "downloads/b.png", "alice", "2026-11-21T01:39:36Z"]
    assert written.done == {"a", "b"}


def test_columns_are_added_once(books: FakeSheets, write: Write) -> None:
    tab = books.sheet("s", HEADER, row("a"))

    write([told("a", "IN_PROGRESS")])
    write([told("a")])

    assert tab.rows[0] == [*HEADER, *ADDED]


def test_only_what_is_news_is_written(books: FakeSheets, write: Write) -> None:
    books.sheet("s", [*HEADER, *ADDED], row("a"), row("b"))

    write([told("a"), told("b")], "b")

    assert {cell.row for cell in books.written} == {3}


def test_a_flush_is_one_write_in_neighbouring_cells(
    books: FakeSheets, google: FakeGoogle, write: Write
) -> None:
    books.sheet("s", [*HEADER, *ADDED], row("a"), row("b"))

    write([told("a"), told("b")])

    (call,) = google.called("POST")
    assert [each["range"] for each in call.body["data"]] == ["'Sheet1'!C2:H2", "'Sheet1'!C3:H3"]


def test_a_sheet_that_was_sorted_meanwhile_gets_its_results_in_the_right_rows(
    books: FakeSheets, write: Write
) -> None:
    tab = books.sheet("s", HEADER, row("a"), row("b"), row("c"))
    write([told(name, "IN_PROGRESS") for name in "abc"])
    tab.rows[1:] = [tab.rows[3], tab.rows[1], tab.rows[2]]

    write([told("a")])

    assert [line[:3] for line in tab.rows[1:]] == [
        row("c", "IN_PROGRESS"),
        row("a", "COMPLETED"),
        row("b", "IN_PROGRESS"),
    ]


def sorting(books: FakeSheets, tab: Tab) -> Callable[[Asked, str], Reply | None]:
    """A person sorts the sheet between the look at its ids and the write."""
    answer = books.answer

    def sort_first(asked: Asked, who: str) -> Reply | None:
        if asked.method == "POST" and tab.rows[1][0] == "a":
            tab.rows[1:] = tab.rows[:0:-1]
        return answer(asked, who)

    return sort_first


def test_a_sheet_that_is_sorted_in_the_middle_of_a_write_is_written_again(
    books: FakeSheets, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = books.sheet("s", [*HEADER, *ADDED], row("a"), row("b"))
    monkeypatch.setattr(books, "answer", sorting(books, tab))

    torn = write([told("a"), told("b", "PENDING")], "a")
    write([told("a"), told("b", "PENDING")], *torn.moved)

    assert (torn.done, torn.moved, torn.strangers) == (set(), {"a", "b"}, ())
    assert [line[0] + " " + line[2] for line in tab.rows[1:]] == ["b PENDING", "a COMPLETED"]


def test_a_row_of_nobody_that_may_have_got_anothers_results_is_named(
    books: FakeSheets, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = books.sheet("s", [*HEADER, *ADDED], row("a"), row("z"))
    monkeypatch.setattr(books, "answer", sorting(books, tab))

    assert write([told("a")]).strangers == (2,)


def test_rows_without_an_id_get_the_one_they_go_by(books: FakeSheets, write: Write) -> None:
    tab = books.sheet("s", HEADER[1:], row("a")[1:], row("b")[1:])
    jobs = [
        told("2", "IN_PROGRESS", text="A picture of a"),
        told("3", "PENDING", text="A picture of b"),
    ]

    write(jobs, "2")
    tab.rows.insert(1, ["A newcomer"])
    write([told("2", text="A picture of a")])

    assert tab.column("Prompt ID") == ["", "2", "3"]
    assert tab.column("Status") == ["", "COMPLETED", ""]


def test_a_row_without_an_id_and_with_another_text_is_left_alone(
    books: FakeSheets, write: Write
) -> None:
    books.sheet("s", HEADER, row("a", number=""))

    written = write([told("2", text="A picture of b")])

    assert (books.written, written.missing) == ([], {"2"})


def test_a_row_that_was_deleted_is_passed_over(books: FakeSheets, write: Write) -> None:
    books.sheet("s", HEADER, row("a"))

    written = write([told("a"), told("gone")])

    assert (written.done, written.missing) == ({"a"}, {"gone"})


def test_a_wish_that_no_import_has_seen_is_not_written_over(
    books: FakeSheets, write: Write
) -> None:
    tab = books.sheet("s", HEADER, row("a", "Regen"), row("b", "REGEN"))

    written = write([told("a"), told("b", seen=True)])

    assert tab.column("Status") == ["Regen", "COMPLETED"]
    assert (written.waiting, written.done) == ({"a"}, {"b"})
    assert len(written.replaced) == 1


def test_text_is_never_taken_for_a_formula(books: FakeSheets, write: Write) -> None:
    tab = books.sheet("s", HEADER, row("a"))

    write([told("a", "FAILED", error='=IMPORTXML("https://example.com")')])

    assert tab.formulas == set()
    assert {cell.option for cell in books.written} == {"RAW"}


def test_a_thumbnail_is_the_only_formula(books: FakeSheets, write: Write) -> None:
    tab = books.sheet("s", HEADER, row("a"))
    picture = '=IMAGE("https://drive.google.com/thumbnail?id=1")'

    write([told("a", preview=picture, link="https://drive.google.com/file/d/1")])

    assert tab.column("Image Preview") == [picture]
    assert [cell.value for cell in books.written if cell.option == "USER_ENTERED"] == [picture]


def test_new_columns_leave_cells_without_a_heading_alone(books: FakeSheets, write: Write) -> None:
    tab = books.sheet("s", HEADER, [*row("a"), "", "a note"])

    write([told("a")])

    assert tab.rows[1][4] == "a note"
    assert tab.rows[0][5:] == ADDED


def test_a_grid_that_is_too_narrow_is_widened(books: FakeSheets, write: Write) -> None:
    tab = books.sheet("s", HEADER, row("a"))
    tab.column_count = 4

    write([told("a")])

    assert (tab.column_count, tab.rows[0]) == (8, [*HEADER, *ADDED])


def test_a_row_of_several_pictures_is_done_when_all_of_them_are(
    books: FakeSheets, write: Write
) -> None:
    tab = books.sheet("s", HEADER, row("a"))

    write([told("a"), told("a-v2", "PENDING")])
    before = tab.cell(2, "Status")
    write([told("a"), told("a-v2")])

    assert (before, tab.cell(2, "Status")) == ("PENDING", "COMPLETED")
    assert tab.cell(2, "Generated Image Path") == "downloads/a.png\ndownloads/a-v2.png"


def test_a_picture_with_a_row_of_its_own_is_told_there(books: FakeSheets, write: Write) -> None:
    tab = books.sheet("s", HEADER, row("a"), row("a-og"))

    write([told("a"), told("a-og", "PENDING")])

    assert tab.column("Status") == ["COMPLETED", "PENDING"]


def test_a_header_that_is_none_any_more_is_refused(books: FakeSheets, write: Write) -> None:
    books.sheet("s", ["Notes"], ["a"])

    with pytest.raises(InputError, match="there is no column Description"):
        write([told("a")])
