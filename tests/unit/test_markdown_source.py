"""Markdown in the seeds' two forms, read and written back."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from farm.errors import InputError, UsageError
from farm.model.prompts import ImageType, Prompt, Size
from farm.sources.cells import Cells
from farm.sources.columns import Column
from farm.sources.errand import Errand
from farm.sources.kinds import read_cells, source_of
from farm.sources.markdown import cells_of_markdown
from farm.sources.markdown_writing import Form, markdown_of
from farm.sources.names import Kind
from farm.sources.rows import check
from farm.sources.table import cells_of as cells_of_table
from farm.sources.writing import written

EXAMPLES = Path(__file__).parents[2] / "examples"
NOISE = [
    "a",
    "é",
    " ",
    "\n",
    "\n\n",
    "`",
    "```",
    "~~~",
    "### x",
    "---",
    "**Size:** 1x1",
    "*",
    "|",
    "> q",
]
SEEDS_FIELDS = """\
# Title of the file

### Hero Image: AI in Healthcare
**File:** `hero-ai-healthcare.png`
**Size:** 1920x1080px
**Colors:** #2563eb, #ffffff
**Typography:** Modern sans-serif
**Prompt:** A professional at work
in two lines.

And a second paragraph.
**Title:** AI in Healthcare
**Author:** The Desk

### Architecture diagram
- **File**: diagram-architecture.png
- **Description:**
```
### no header
**Size:** no field
```
**Notes:** kept
"""


def prompts(text: str) -> list[Prompt]:
    return [row.prompt for row in check(cells_of_markdown("p.md", text)).rows]


def test_the_seeds_form_of_fields_becomes_prompts_with_all_their_lines() -> None:
    hero, diagram = prompts(SEEDS_FIELDS)

    assert hero == Prompt(
        id="1",
        image_type=ImageType.HERO,
        filename="hero-ai-healthcare.png",
        size=Size(1920, 1080),
        colors="#2563eb, #ffffff",
        typography="Modern sans-serif",
        description="A professional at work\nin two lines.\n\nAnd a second paragraph.",
        title="AI in Healthcare",
        author="The Desk",
        extra={"Heading": "Hero Image: AI in Healthcare", "Notes": ""},
    )
    assert diagram.description == "### no header\n**Size:** no field"
    assert (diagram.image_type, diagram.extra["Notes"]) == (ImageType.REGULAR, "kept")


def test_a_slug_stands_for_up_to_three_pictures_of_the_seeds_sizes() -> None:
    text = (
        "### Composting\n**Slug:** `seven-steps`\n**Colors:** #111\n**Header Prompt:** a bin\n"
        "**Infographic Prompt:** seven panels\n**Infographic Size:** 1024x1400px\n"
        "**Context Prompt:** two hands\n\n### Boats\n**Slug:** boats\n**Context Prompt:** a boat\n"
    )

    read = prompts(text)

    assert [(p.id, p.image_type.value, p.filename, str(p.size)) for p in read] == [
        ("seven-steps-header", "Hero", "hero-seven-steps.png", "1920x1080px"),
        ("seven-steps-infographic", "Regular", "infographic-seven-steps.png", "1024x1400px"),
        ("seven-steps-context", "Regular", "inline-seven-steps.png", "800x450px"),
        ("boats-context", "Regular", "inline-boats.png", "800x450px"),
    ]
    assert [p.colors for p in read] == ["#111", "#111", "#111", ""]
    assert [p.description for p in read] == ["a bin", "seven panels", "two hands", "a boat"]


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Hero", ImageType.HERO),
        ("1. HERO image: x", ImageType.HERO),
        ("Hero-OG: x", ImageType.HERO_OG),
        ("Hero Image (OG)", ImageType.HERO_OG),
        ("Hero ogre", ImageType.HERO),
        ("Diagram", ImageType.REGULAR),
    ],
)
def test_the_header_says_the_type_unless_a_field_does(heading: str, kind: ImageType) -> None:
    (by_heading,) = prompts(f"### {heading}\n**Prompt:** x\n")
    (by_field,) = prompts(f"### {heading}\n**Type:** Hero-OG\n**Prompt:** x\n")

    assert (by_heading.image_type, by_field.image_type) == (kind, ImageType.HERO_OG)


def test_a_wrong_cell_is_named_with_the_line_of_its_block() -> None:
    text = "### a\n**Prompt:** x\n\n### b\n**Size:** huge\n**File:** b.png\n**Prompt:**\n"

    with pytest.raises(InputError) as refused:
        prompts(text)

    assert [problem.split(": ")[0] for problem in refused.value.problems] == [
        "p.md, row 2 (line 4), Size",
        "p.md, row 2 (line 4), Description",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("### a\n**Prompt:** ```\nx\n", "p.md, line 2: a code fence is opened there"),
        ("### a\n**Prompt:** x\n**Prompt:** y\n", "p.md, line 3: **Prompt:** stands there twice"),
        ("# a\n**Prompt:** x\n", "p.md holds no prompts; write '### '"),
        ("### a\nonly words\n", "p.md holds no prompts; write '### '"),
        ("### a\n**File:** a.png\n", "no prompt says what to draw; the fields are "),
    ],
)
def test_a_text_that_holds_no_prompts_says_why(text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        prompts(text)

    assert said in str(refused.value)


def test_sections_without_a_field_are_told_of() -> None:
    cells = cells_of_markdown("p.md", "### Notes\nwords\n\n### a\n**Prompt:** x\n")

    assert cells.warnings == ("p.md: sections without a field are passed over (lines 1).",)


@pytest.mark.parametrize("name", ["prompts.md", "articles.md"])
@pytest.mark.parametrize("kind", Kind)
def test_both_forms_survive_every_kind_that_keeps_columns(
    tmp_path: Path, name: str, kind: Kind
) -> None:
    if kind is Kind.TXT:
        return
    original = source_of(Errand(source=str(EXAMPLES / name))).read()
    text = markdown_of(cells_of_markdown(name, (EXAMPLES / name).read_text()))
    between = tmp_path / f"p.{kind}"
    between.write_bytes(written(cells_of_markdown(name, text), kind))

    again = markdown_of(read_cells(Errand(source=str(between))))

    assert again == text
    back = check(cells_of_markdown(name, again))
    assert [row.prompt for row in back.rows] == [row.prompt for row in original.rows]


@pytest.mark.parametrize("form", Form)
def test_whatever_a_cell_holds_is_read_back_from_markdown(form: Form) -> None:
    roll = random.Random(4)  # noqa: S311
    for _ in range(400):
        cells = _noisy(roll, form)

        text = markdown_of(cells, form)

        back = cells_of_markdown("p.md", text)
        for column in (Column.ID, Column.DESCRIPTION, Column.COLORS, Column.SIZE, Column.FILENAME):
            assert list(back.column(column)) == list(cells.column(column)), text
        assert [row.strip() for row in back.extra.get("Notes", [""] * len(back))] == list(
            cells.extra["Notes"]
        )


def _noisy(roll: random.Random, form: Form) -> Cells:
    def noise() -> str:
        return "".join(roll.choices(NOISE, k=roll.randint(0, 8))).strip()

    names = ["hero-mill.png", "infographic-mill.png", "inline-mill.png", "inline-mill.png"]
    types = ["Hero", "Regular", "Regular", "Regular"]
    cells = cells_of_table("p.csv", "Description,Notes\n" + "x,y\n" * 4)
    known = {
        Column.ID: ["a", "2", "c", "mill-context"],
        Column.IMAGE_TYPE: types,
        Column.FILENAME: names if form is Form.SLUG else ["", "x.png", "`y`.png", "z"],
        Column.SIZE: ["1920x1080px", "", "1x1", "800x450px"],
        Column.COLORS: [noise() for _ in names],
        Column.DESCRIPTION: [noise() or "x" for _ in names],
    }
    return replace(cells, known=known, extra={"Notes": [noise() for _ in names]})


def test_rows_that_no_slug_stands_for_are_refused_in_that_form() -> None:
    cells = cells_of_table("p.csv", "Description,File\nx,diagram-x.png\n")

    with pytest.raises(UsageError, match=r"p\.csv, row 1: its file name is none of hero-"):
        markdown_of(cells, Form.SLUG)


@pytest.mark.parametrize("name", ["a:b", "Header Prompt"])
def test_a_column_that_can_be_no_field_is_refused(name: str) -> None:
    cells = cells_of_table("p.csv", f"Description,{name}\nx,y\n")

    with pytest.raises(UsageError, match="cannot be a Markdown field"):
        markdown_of(cells)


def test_a_table_gets_headings_that_leave_no_trace_when_it_is_read_back() -> None:
    cells = cells_of_table("p.csv", "Type,Title,Description\nHero,A Mill,x\n,,y\n")

    text = markdown_of(cells)

    assert text.startswith("### Hero: A Mill\n\n**Prompt:** x\n**Title:** A Mill\n")
    assert cells_of_markdown("p.md", text).extra == {}
