from pathlib import Path

import pytest

from farm.errors import InputError
from farm.sources.checks import MAX_DESCRIPTION, MAX_FILENAME, MAX_TITLE
from farm.sources.decode import read_text
from farm.sources.rows import MAX_PROBLEMS
from farm.sources.table import Table, parse

LONG = "x" * 300
TYPES = "write Hero, Hero-OG or Regular"


def problems(text: str) -> list[str]:
    with pytest.raises(InputError) as refused:
        parse("p.csv", text)
    return refused.value.problems


def problem_of(path: Path) -> str:
    with pytest.raises(InputError) as refused:
        Table(path).read()
    (problem,) = refused.value.problems
    return problem


def saved(folder: Path, data: bytes) -> Path:
    path = folder / "p.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("Size", "large", "'large' is not a size such as 1920x1080px; write width x height"),
        ("Size", "0x100", "each side must be between 1 and 16384 px"),
        ("Size", "1920", "is not a size"),
        ("Image Filename", "../a.png", "'../a.png' is a path; give the file's name alone"),
        ("Image Filename", "/etc/passwd", "is a path"),
        ("Image Filename", "a\\b.png", "is a path"),
        ("Image Filename", "C:a.png", "begins with a drive"),
        ("Image Filename", "a\0b.png", r"'a\x00b.png' holds a control character"),
        ("Image Filename", '"a\nb.png"', "holds a control character or line break"),
        ("Image Filename", "con.png", "is a name Windows keeps for a device"),
        ("Image Filename", "COM1", "is a name Windows keeps for a device"),
        ("Image Filename", "..", "is no file name"),
        ("Image Filename", LONG, f"has 300 characters; the limit is {MAX_FILENAME}"),
        ("Title (Hero)", LONG, f"has 300 characters; the limit is {MAX_TITLE}"),
        ("Author (Hero)", LONG, "has 300 characters; the limit is 200"),
        ("Colors", LONG * 4, "has 1200 characters; the limit is 1000"),
        ("Typography/Brand", LONG * 4, "has 1200 characters; the limit is 1000"),
        ("Prompt ID", LONG, "has 300 characters; the limit is 100"),
        ("Prompt ID", '"a\nb"', "an id stands on one line"),
        ("Image Type", "Heroo", f"'Heroo' is no image type; did you mean Hero? {TYPES}"),
        ("Image Type", "Hero OGG", "did you mean Hero-OG?"),
        ("Image Type", "poster", f"'poster' is no image type; {TYPES}"),
        ("Status", "PENDNG", "'PENDNG' is no status; did you mean PENDING?"),
        ("Status", "done", "'done' is no status; leave it empty or write CANCELLED, COMPLETED"),
    ],
)
def test_a_bad_cell_is_named_with_its_row_column_and_remedy(
    column: str, cell: str, said: str
) -> None:
    (problem,) = problems(f"{column},Description\n,first\n{cell},second\n")

    assert problem.startswith(f"p.csv, row 2, {column}: ")
    assert said in problem
    assert len(problem) < 300


@pytest.mark.parametrize("cell", ["", "  ", "\u200b\ufeff", "\0"])
def test_a_description_nobody_can_see_is_empty(cell: str) -> None:
    assert problems(f"id,description\n1,{cell}\n") == [
        "p.csv, row 1, Description: is empty; say what to draw."
    ]


def test_a_description_has_a_limit() -> None:
    (problem,) = problems(f"description\n{'x' * (MAX_DESCRIPTION + 1)}\n")

    assert problem.endswith("Description: has 8001 characters; the limit is 8000.")


def test_the_line_is_told_where_quoted_newlines_move_it() -> None:
    assert problems('description,size\n"a\nb\nc",\nd,huge\n')[0].startswith(
        "p.csv, row 2 (line 5), Size: "
    )


def test_the_line_counts_what_stands_before_the_header() -> None:
    assert problems("sep=;\n\nid;description\n1;\n")[0].startswith("p.csv, row 1 (line 4), ")


def test_two_rows_with_one_id_are_both_named() -> None:
    assert problems("id,description\na,1\nb,2\na,3\n") == [
        "p.csv, row 3, Prompt ID: 'a' is already the id of row 1; give each row an id of its own."
    ]


def test_a_rows_own_number_can_clash_with_an_id() -> None:
    assert "'2' is already the id of row 1" in problems("id,description\n2,a\n,b\n")[0]


def test_an_id_of_a_completed_row_is_taken_too() -> None:
    assert len(problems("id,status,description\n1,COMPLETED,a\n1,,b\n")) == 1


@pytest.mark.parametrize("row", ["1,a", "1,a,b,c", "1,a,b,,c"])
def test_a_row_with_cells_missing_or_left_over_is_refused(row: str) -> None:
    (problem,) = problems(f"id,description,title\n{row}\n2,ok,ok\n")

    assert problem.startswith("p.csv, row 1: ")
    assert "cells, and the header has 3; look for a missing or surplus delimiter" in problem


def test_a_row_far_wider_than_the_table_is_refused_by_its_line() -> None:
    (problem,) = problems(f"description\na\n{'b,' * 100_000}\n")

    assert problem == "p.csv, line 3: 100001 cells, and the header has 1."


def test_all_problems_are_told_at_once_in_the_files_order() -> None:
    found = problems(
        "id,type,file,size,description\n1,Heroo,../a,1x,\n2,Hero,a,1x1,ok\n1,,b,,ok\n3,Hero\n"
    )

    assert [problem.split(":")[0] for problem in found] == [
        "p.csv, row 1, Image Type",
        "p.csv, row 1, Image Filename",
        "p.csv, row 1, Size",
        "p.csv, row 1, Description",
        "p.csv, row 3, Prompt ID",
        "p.csv, row 4",
    ]


def test_a_flood_of_problems_is_cut_and_counted() -> None:
    found = problems("description,size\n" + "d,huge\n" * 120)

    assert len(found) == MAX_PROBLEMS + 1
    assert found[-1] == "p.csv: and 70 more problems like these."


def test_a_description_that_no_store_takes_is_a_problem_of_its_row() -> None:
    assert problems("description\na\0cat\n") == [
        "p.csv, row 1, Description: holds a NUL byte; remove it."
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n\n \n\0", "is empty"),
        ("", "its first line must name the columns, Description at least"),
        ("id,description\n", "has a header and no rows"),
        ("id,Descripton\n1,a\n", "Rename 'Descripton' to 'Description'."),
        ("name,value\n1,a\n", "The first line must name the columns: Prompt ID, Image Type"),
        ("description,Description\na,b\n", "columns 1 and 2 are both Description"),
        ('id,description\n1,"never closed\n2,b\n', "line 2: a quote is opened there and never"),
        ('id,description\n1,"' + LONG * 500, "line 2: field larger than field limit"),
    ],
)
def test_a_table_that_is_none_says_why(text: str, said: str) -> None:
    (problem,) = problems(text)

    assert problem.startswith("p.csv")
    assert said in problem


def test_a_missing_file_is_named_with_its_nearest_neighbour(tmp_path: Path) -> None:
    (tmp_path / "prompts.csv").touch()

    assert problem_of(tmp_path / "promts.csv") == (
        f"{tmp_path}/promts.csv does not exist. Did you mean {tmp_path}/prompts.csv?"
    )


def test_a_file_in_a_missing_folder_says_so(tmp_path: Path) -> None:
    assert f"There is no folder {tmp_path}/no." in problem_of(tmp_path / "no" / "p.csv")


def test_a_folder_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    saved(tmp_path, b"")

    assert problem_of(tmp_path) == f"{tmp_path} is a folder; name a file in it. It holds p.csv."


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "loop.csv"
    path.symlink_to(path)

    assert "cannot be read" in problem_of(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n", "is empty"),
        (b"PK\x03\x04" + bytes(50), "is an Excel workbook (say --format xlsx)"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "is a PNG picture"),
        (b"%PDF-1.7 and so on", "is a PDF"),
        (bytes(range(256)) * 4, "is a binary file"),
        ("id,description\n1,a".encode("utf-16-le"), "looks like UTF-16 without its mark"),
        (b"\xff\xfei\0d\0,", "this is not UTF-16-LE; the file may be cut off"),
    ],
)
def test_a_file_that_is_no_text_says_what_it_is(tmp_path: Path, data: bytes, said: str) -> None:
    assert said in problem_of(saved(tmp_path, data))


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"id,descripti\xe9n\n1,a\n", "header (line 1), byte 13"),
        (b"id,description\n1,caf\xe9\n", "row 1 (line 2), byte 21"),
        (b'id,description\n1,"a\nb"\n\n\xe9,b\n', "row 2 (line 5), byte 25"),
        (b"\xef\xbb\xbfid,description\n1,caf\xe9\n", "row 1 (line 2), byte 24"),
    ],
)
def test_a_byte_that_is_not_utf8_is_named_with_its_place(
    tmp_path: Path, data: bytes, place: str
) -> None:
    problem = problem_of(saved(tmp_path, data))

    assert f"p.csv, {place}: 0xE9 is not UTF-8 (in Windows-1252 it is 'é')." in problem
    assert "Save the file as UTF-8: in Excel as 'CSV UTF-8'" in problem


def test_a_device_without_content_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.symlink_to("/dev/null")

    assert "is empty" in problem_of(path)


def test_text_is_read_without_its_mark(tmp_path: Path) -> None:
    assert read_text(saved(tmp_path, "é".encode("utf-8-sig"))) == "é"
