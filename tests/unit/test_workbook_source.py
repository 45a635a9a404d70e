"""Excel workbooks, real ones."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from farm.errors import InputError
from farm.sources.base import Batch
from farm.sources.cells import Cells
from farm.sources.columns import Column
from farm.sources.errand import Errand
from farm.sources.kinds import source_of
from farm.sources.names import Kind
from farm.sources.table import cells_of
from farm.sources.workbook import cells_of_workbook
from farm.sources.writing import written

HALF_PAST = datetime(2026, 11, 21, 7, 30)  # noqa: DTZ001  # Excel knows no zones


def workbook(*rows: Sequence[object], title: str = "Prompts") -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    return book


def data_of(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def changed(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """The workbook with one of its parts rewritten, as another program would have saved it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(stream, "w") as after:
        for item in before.namelist():
            text = before.read(item)
            if item == part:
                assert re.search(old, text), text
                text = re.sub(old, new, text)
            after.writestr(item, text)
    return stream.getvalue()


def read(folder: Path, book: openpyxl.Workbook, name: str = "book.xlsx", sheet: str = "") -> Batch:
    path = folder / name
    book.save(path)
    return source_of(Errand(source=f"{path}{sheet}")).read()


def problems(cells: bytes, sheet: str = "") -> list[str]:
    with pytest.raises(InputError) as refused:
        cells_of_workbook("b.xlsx", cells, sheet)
    return refused.value.problems


def test_numbers_and_dates_are_texts_as_their_owner_sees_them(tmp_path: Path) -> None:
    book = workbook(
        ["ID", "Description", "Price", "Day", "Hour", "Yes", "None"],
        [7, " a pond ", 2.50, date(2026, 11, 21), HALF_PAST, True, None],
        [8.0, "a mill", 0.1 + 0.2, None, None, False, None],
    )

    first, second = (row.prompt for row in read(tmp_path, book).rows)

    assert (first.id, first.description) == ("7", "a pond")
    assert first.extra == {
        "Price": "2.5",
        "Day": "2026-11-21",
        "Hour": "2026-11-21 07:30:00",
        "Yes": "yes",
        "None": "",
    }
    assert (second.id, second.extra["Price"], second.extra["Yes"]) == ("8", "0.3", "no")


def test_blank_rows_are_passed_over_and_errors_name_the_row_of_the_sheet(tmp_path: Path) -> None:
    book = workbook(["Description", "Size"], ["x", "1x1"], [], [None, " "], ["y", "huge"])
    book.active.cell(row=1_000, column=1).font = openpyxl.styles.Font(bold=True)

    with pytest.raises(InputError) as refused:
        read(tmp_path, book)

    (problem,) = refused.value.problems
    assert problem.startswith(f"{tmp_path}/book.xlsx, row 2 (line 5), Size: 'huge'")


def test_a_sheet_is_named_behind_the_file(tmp_path: Path) -> None:
    book = workbook(["Description"], ["first"])
    book.create_sheet("Mai Ü").append(["Description"])
    book["Mai Ü"].append(["second"])

    one = read(tmp_path, book)
    other = read(tmp_path, book, sheet="#mai ü")

    assert [row.prompt.description for row in (*one.rows, *other.rows)] == ["first", "second"]
    assert "of its sheets 'Prompts' is read" in one.warnings[0]
    assert other.warnings == ()


def test_a_hidden_sheet_is_read_only_when_it_is_named() -> None:
    book = workbook(["Description"], ["hidden"], title="Old")
    book.active.sheet_state = "hidden"
    book.create_sheet("New").append(["Description"])
    book["New"].append(["shown"])

    assert cells_of_workbook("b", data_of(book)).known[Column.DESCRIPTION] == ["shown"]
    assert cells_of_workbook("b", data_of(book), "Old").known[Column.DESCRIPTION] == ["hidden"]


def test_a_sheet_that_is_not_there_is_told_with_the_nearest_one() -> None:
    data = data_of(workbook(["Description"], ["x"]))

    assert problems(data, "Promts") == [
        "b.xlsx: no sheet is called 'Promts'; did you mean 'Prompts'?"
    ]


def test_of_a_formula_the_saved_value_is_read() -> None:
    book = workbook(["Description", "Note"], ["x", '=IF(A2="","",1)'])
    unsaved = data_of(book)
    part = "xl/worksheets/sheet1.xml"
    saved = changed(unsaved, part, rb"(</f>)<v ?/>|(</f>)<v></v>", rb"</f><v>5</v>")
    empty = changed(unsaved, part, rb'<c r="B2"', rb'<c r="B2" t="str"')

    assert cells_of_workbook("b", saved).extra == {"Note": ["5"]}
    assert cells_of_workbook("b", empty).extra == {"Note": [""]}
    (problem,) = problems(unsaved)
    assert problem == (
        "b.xlsx, cell B2: its formula has no saved value; "
        "open the file in Excel or LibreOffice and save it."
    )


def test_a_cell_that_shows_an_error_is_told() -> None:
    book = workbook(["Description"], ["x"], ["#REF!"])
    book.active["A3"].data_type = "e"

    (problem,) = problems(data_of(book))
    assert problem == "b.xlsx, cell A3: holds the error #REF!; correct its formula."


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04 and no more", "is no whole Excel workbook"),
        (data_of(workbook(["Description"], ["x"]))[:3000], "is no whole Excel workbook"),
        (b"Description\nx\n", "is no whole Excel workbook"),
        (data_of(workbook()), "is empty; its first row must name the columns"),
        (data_of(workbook(["Description"])), "has a header and no rows"),
        (data_of(workbook(["Descripton"], ["x"])), "Rename 'Descripton' to 'Description'"),
    ],
)
def test_a_file_that_is_no_table_of_prompts_says_why(data: bytes, said: str) -> None:
    (problem,) = problems(data)

    assert said in problem


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("farm.sources.workbook.MAX_BYTES", 1000)

    (problem,) = problems(data_of(workbook(["Description"], ["x"])))

    assert "b.xlsx is too large" in problem


def test_texts_that_look_like_formulas_stay_texts_in_a_workbook_that_farm_writes() -> None:
    cells: Cells = cells_of("p.csv", 'id,description,Note\n007,"=1+1, quoted",@x\n,plain\x07,-3\n')

    back = cells_of_workbook("b.xlsx", written(cells, Kind.XLSX))

    assert back.known[Column.ID] == ["007", "2"]
    assert back.known[Column.DESCRIPTION] == ["=1+1, quoted", "plain"]
    assert back.extra == {"Note": ["@x", "-3"]}
