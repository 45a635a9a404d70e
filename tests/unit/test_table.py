import csv
import io
import random
from pathlib import Path

import pytest

from farm.errors import InputError
from farm.model.prompts import ImageType, Prompt, Size
from farm.sources.columns import Column
from farm.sources.table import Table, parse

SEEDS_FILE = """\
Prompt ID,Image Type,Image Filename,Size,Colors,Typography/Brand,Description,Title (Hero),\
Author (Hero),Status,Generated Image Path,Session ID,Generated At
1,Hero,hero-greenhouse.png,1920x1080px,"#2563eb, #ffffff","Modern sans-serif, calm","A greenhouse
at dawn",A Greenhouse,The Garden Desk,PENDING,,,
2,Regular,diagram-pond.png,1600x900px,"#3B82F6",Clean sans-serif,"A pond, cut open",,,,,,
3,Hero-OG,hero-greenhouse-og.jpg,1200x630px,#2563eb,,Same scene as before,,,,,,
"""
NOISE = [*"ab,;\t\"'\n |=é名🌿\u00a0\u2028\x0b", "\r\n", "''", '""', "|||"]


def prompts(text: str) -> list[Prompt]:
    return [row.prompt for row in parse("p.csv", text).rows]


def test_the_seeds_file_becomes_three_prompts() -> None:
    hero, regular, og = prompts(SEEDS_FILE)

    assert hero == Prompt(
        id="1",
        image_type=ImageType.HERO,
        filename="hero-greenhouse.png",
        size=Size(1920, 1080),
        colors="#2563eb, #ffffff",
        typography="Modern sans-serif, calm",
        description="A greenhouse\nat dawn",
        title="A Greenhouse",
        author="The Garden Desk",
    )
    assert (regular.description, regular.size) == ("A pond, cut open", Size(1600, 900))
    assert og.image_type is ImageType.HERO_OG


@pytest.mark.parametrize(
    "header",
    [
        "prompt id,DESCRIPTION,image filename",
        " Prompt_ID , Description ,Image-Filename",
        "id,prompt,file",
        "PromptID,Image Prompt,Filename",
    ],
)
def test_columns_are_known_whatever_their_case_and_spelling(header: str) -> None:
    (prompt,) = prompts(f"{header}\nx7, a pond ,pond.png\n")

    assert (prompt.id, prompt.description, prompt.filename) == ("x7", "a pond", "pond.png")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_usual_way_to_save_a_table_is_read(
    tmp_path: Path, delimiter: str, encoding: str, newline: str
) -> None:
    text = newline.join(["ID|Description|Size", "1|a b, c; d é|1x1", ""])
    quoted = text.replace("a b, c; d é", '"a b, c; d é"').replace("|", delimiter)
    path = tmp_path / "p.csv"
    path.write_bytes(quoted.encode(encoding))

    batch = Table(path).read()

    assert [row.prompt.description for row in batch.rows] == ["a b, c; d é"]


def test_the_line_with_which_excel_names_its_delimiter_is_no_header() -> None:
    assert prompts("sep=;\nid;description\n1;a, b\n")[0].description == "a, b"


def test_other_columns_are_kept_in_their_order() -> None:
    (prompt,) = prompts("Zone,Description,Notes,notes,,Notes\na,b,c,d,e,f\n")

    assert list(prompt.extra.items()) == [
        ("Zone", "a"),
        ("Notes", "c"),
        ("notes", "d"),
        ("Column 5", "e"),
        ("Notes (2)", "f"),
    ]


def test_farms_own_result_columns_are_read_past() -> None:
    text = "Description,Generated Image Path,Session ID,Generated At,Cause,Error\nd,p,s,g,c,e\n"

    batch = parse("p.csv", text)

    assert batch.rows[0].prompt.extra == {}
    assert batch.warnings == ()


def test_an_own_column_called_error_is_warned_about() -> None:
    batch = parse("p.csv", "Description,Error\nd,e\n")

    (warning,) = batch.warnings
    assert warning.startswith("p.csv, header: farm writes its own column 'Error'")


def test_blank_rows_and_empty_columns_at_the_end_are_passed_over() -> None:
    text = "\n\nid,description,,\n1,a,,\n\n,,,\n  , ,,\n,b,,\n"

    batch = parse("p.csv", text)

    assert [(row.row, row.prompt.id) for row in batch.rows] == [(1, "1"), (2, "2")]


@pytest.mark.parametrize(
    "text",
    ["id\tdescription\tsize\tnotes\n1\ta\t\t", "id,description,size\n1,a, \n \t\n\0"],
)
def test_the_last_row_may_end_in_empty_cells(text: str) -> None:
    assert [(p.id, p.description) for p in prompts(text)] == [("1", "a")]


def test_a_row_without_an_id_has_its_number_for_one() -> None:
    assert [p.id for p in prompts("id,description\n,a\nx,b\n,c\n")] == ["1", "x", "3"]


@pytest.mark.parametrize(
    ("row", "filename"),
    [
        ("7,Hero,,A Glass Garden!", "hero-a-glass-garden.png"),
        ("7,hero og,,A Glass Garden!", "hero-a-glass-garden-og.jpg"),
        ("7,,,", "image-7.png"),
        ("7,,,東京の庭", "image-東京の庭.png"),
        ("7,,given.webp,Title", "given.webp"),
    ],
)
def test_a_missing_file_name_follows_the_conventions(row: str, filename: str) -> None:
    (prompt,) = prompts(f"id,type,filename,title,description\n{row},d\n")

    assert prompt.filename == filename


@pytest.mark.parametrize(
    ("cell", "kind"),
    [("", "Regular"), ("HERO", "Hero"), ("hero_og", "Hero-OG"), ("Hero OG", "Hero-OG")],
)
def test_image_types_are_read_kindly(cell: str, kind: str) -> None:
    assert prompts(f"type,description\n{cell},d\n")[0].image_type == kind


@pytest.mark.parametrize(
    "cell",
    ["", "pending", "In Progress", "FAILED", "rate-limited", "REVIEW", "Cancelled", "canceled"],
)
def test_whatever_is_not_done_is_queued(cell: str) -> None:
    (row,) = parse("p.csv", f"status,description\n{cell},d\n").rows

    assert not row.regenerate


def test_completed_rows_are_counted_and_not_checked() -> None:
    batch = parse("p.csv", "status,size,description\nCompleted,huge,\nREGEN,1x1,d\n")

    assert batch.completed == 1
    assert [(row.row, row.regenerate) for row in batch.rows] == [(2, True)]


def test_rows_that_share_a_file_name_are_warned_about() -> None:
    batch = parse("p.csv", "file,description\na.png,1\nb.png,2\nA.PNG,3\n")

    assert batch.warnings == (
        "p.csv, rows 1, 3: all ask for 'a.png'; the later ones are saved with -2, -3 and so on.",
    )


def test_a_misspelt_optional_column_is_kept_and_pointed_out() -> None:
    batch = parse("p.csv", "Description,Colrs\nd,red\n")

    assert batch.rows[0].prompt.extra == {"Colrs": "red"}
    assert "did you mean 'Colors'?" in batch.warnings[0]


def test_no_text_is_taken_for_a_missing_value() -> None:
    (prompt,) = prompts("description,title,author,notes\nNA,null,NaN,None\n")

    assert (prompt.description, prompt.title, prompt.author) == ("NA", "null", "NaN")
    assert prompt.extra == {"notes": "None"}


def test_numbers_stay_as_they_are_written() -> None:
    assert [p.id for p in prompts("id,description\n007,a\n1.0,b\n1e5,c\n")] == ["007", "1.0", "1e5"]


def test_random_tables_are_read_as_they_were_written() -> None:
    roll = random.Random(4)  # noqa: S311  # repeatable, not secret

    for _ in range(150):
        columns = [Column.DESCRIPTION, Column.COLORS, Column.ID, "Notes", "Zone"]
        roll.shuffle(columns)
        table = [_random_row(roll, number, columns) for number in range(roll.randint(1, 8))]
        delimiter = roll.choice(",;\t")
        stream = io.StringIO(newline="")
        ends = roll.choice(["\n", "\r\n"])
        writer = csv.DictWriter(stream, columns, delimiter=delimiter, lineterminator=ends)
        writer.writeheader()
        writer.writerows(table)

        read = prompts(stream.getvalue())

        assert [_as_row(prompt) for prompt in read] == table, stream.getvalue()


def test_random_bytes_are_refused_in_words_or_read(tmp_path: Path) -> None:
    roll = random.Random(5)  # noqa: S311  # repeatable, not secret
    path = tmp_path / "p.csv"

    for _ in range(300):
        lines = ["".join(roll.choices(NOISE, k=roll.randint(0, 12))) for _ in range(5)]
        path.write_bytes("\n".join(["id,description", *lines]).encode())
        said = _descriptions_or_problems(path)
        assert said
        assert all(said)


def _descriptions_or_problems(path: Path) -> list[str]:
    try:
        return [row.prompt.description for row in Table(path).read().rows]
    except InputError as error:
        return error.problems


def _random_row(roll: random.Random, number: int, columns: list[str]) -> dict[str, str]:
    row = {
        column: roll.choice("x=+é") + "".join(roll.choices(NOISE, k=roll.randint(0, 9))) + "."
        for column in columns
    }
    return row | {Column.ID: f"n{number}"}


def _as_row(prompt: Prompt) -> dict[str, str]:
    known = {
        Column.ID: prompt.id,
        Column.COLORS: prompt.colors,
        Column.DESCRIPTION: prompt.description,
    }
    return {str(column): text for column, text in (known | dict(prompt.extra)).items()}
