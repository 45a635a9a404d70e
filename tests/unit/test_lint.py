"""The rules by which prompts are judged, and `farm lint`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from farm.cli.lint import lint as lint_command
from farm.lint.rules import lint
from farm.model.prompts import ImageType, Prompt, Size, SourceRow

GOOD = (
    "Professional tech workspace with AI visualization on screens showing neural networks and data "
    "flows. Modern minimalist office with developer working on advanced AI systems. Soft ambient "
    "lighting, depth of field with blurred background elements. Clean, modern aesthetic with blue "
    "(#2563eb) and white (#ffffff) color scheme. High quality, 4K, professional photography. The "
    "left third stays empty."
)
INFOGRAPHIC = (
    "Vertical infographic titled 'Local SEO Checklist for Businesses'. Organized in 4 sections: "
    "(1) Google Business Profile Optimization (with checkboxes for photos, reviews, posts), (2) "
    "Website & Local Pages (suburb-specific pages), (3) Citations & Directories (NAP "
    "consistency), (4) Reviews & Reputation (5-star icons). Include icons for each item. Use navy "
    "#1e3a5f and blue #3b82f6 color scheme. Clean white background, professional design with "
    "progress tracker at bottom."
)
FACTS: dict[str, object] = {
    "id": "1",
    "image_type": ImageType.HERO,
    "filename": "hero-neural-networks.png",
    "size": Size(1920, 1080),
    "description": GOOD,
    "title": "Neural networks",
}


def row(number: int = 1, **changes: object) -> SourceRow:
    facts = FACTS | {"id": str(number)} | changes
    return SourceRow(prompt=Prompt(**facts), row=number)  # type: ignore[arg-type]  # a table


def rules(**changes: object) -> list[str]:
    return [placed.finding.rule for placed in lint([row(1, **changes)])]


def test_the_seeds_good_prompts_are_good() -> None:
    assert rules() == []
    assert rules(
        image_type=ImageType.REGULAR,
        filename="infographic-local-seo.png",
        size=Size(1200, 1600),
        description=INFOGRAPHIC,
    ) in ([], ["no-quality"])


@pytest.mark.parametrize(
    ("description", "rule"),
    [
        ("AI in healthcare", "short-description"),
        ("Make a cool image", "vague-words"),
        (GOOD.replace("Clean", "Nice"), "vague-words"),
        (GOOD.replace("(#2563eb)", "").replace("(#ffffff)", ""), "no-hex"),
        ("A cat", "no-colors"),
        ("A cat", "no-style"),
        ("A cat", "no-quality"),
        ("A cat", "no-composition"),
        ("A cat", "no-setting"),
        (GOOD.replace("#2563eb", "#2563e"), "bad-hex"),
        (f"{GOOD} ||| more", "delimiter"),
    ],
)
def test_each_point_of_the_checklist_is_a_rule(description: str, rule: str) -> None:
    assert rule in rules(description=description)
    assert rule not in rules()


@pytest.mark.parametrize("text", ["TODO", "tbd: ask Anna", "...", "Lorem ipsum dolor", "???"])
def test_what_somebody_meant_to_fill_in_is_an_error_and_all_that_is_said(text: str) -> None:
    (placed,) = lint([row(description=text)])

    assert (placed.finding.rule, placed.finding.severity) == ("placeholder", "error")


@pytest.mark.parametrize(
    "text", ["None of the lamps is lit in the hall", "A test tube", "Cool slate blues"]
)
def test_words_that_only_look_like_it_are_let_be(text: str) -> None:
    assert not {"placeholder", "vague-words"} & set(rules(description=text))


@pytest.mark.parametrize(
    ("filename", "wrong"),
    [
        ("hero-neural-networks.png", []),
        ("Hero-Neural-Networks.png", ["filename-case"]),
        ("hero_neural_networks.png", ["filename-hyphens", "filename-prefix"]),
        ("hero-neural networks.png", ["filename-hyphens"]),
        ("picture-neural-networks.png", ["filename-prefix"]),
        ("diagram-neural-networks.png", ["filename-prefix", "size-of-type"]),
        ("hero-1.png", ["filename-topic"]),
        ("hero-neural-networks", ["filename-extension"]),
        ("hero-neural-networks.bmp", ["filename-extension"]),
    ],
)
def test_file_names_follow_the_seeds_conventions(filename: str, wrong: list[str]) -> None:
    found = [rule for rule in rules(filename=filename) if rule != "size-of-type"]

    assert found == [rule for rule in wrong if rule != "size-of-type"]


def test_a_name_that_farm_made_up_is_nobodys_fault() -> None:
    assert rules(image_type=ImageType.REGULAR, title="", filename="image-1.png") == []


@pytest.mark.parametrize(
    ("image_type", "filename", "size", "wrong"),
    [
        (ImageType.HERO, "hero-a-b.png", Size(1800, 768), []),
        (ImageType.HERO, "hero-a-b.png", Size(1600, 900), ["size-of-type"]),
        (ImageType.HERO, "hero-a-b.png", None, ["no-size"]),
        (ImageType.HERO_OG, "hero-a-b-og.jpg", Size(1200, 630), ["og-with-title"]),
        (ImageType.HERO_OG, "hero-a-b.jpg", Size(1, 1), ["og-with-title", "filename-prefix", "x"]),
        (ImageType.REGULAR, "infographic-a-b.png", Size(1200, 1600), []),
        (ImageType.REGULAR, "infographic-a-b.png", Size(1024, 1400), ["size-of-type"]),
        (ImageType.REGULAR, "inline-a-b.png", Size(1080, 1080), []),
        (ImageType.REGULAR, "inline-a-b.png", Size(1081, 1080), ["size-table"]),
    ],
)
def test_sizes_are_those_of_the_seeds_table(
    image_type: ImageType, filename: str, size: Size | None, wrong: list[str]
) -> None:
    found = rules(image_type=image_type, filename=filename, size=size)

    assert found == [rule if rule != "x" else "size-of-type" for rule in wrong]


def test_a_hero_without_a_title_is_told() -> None:
    assert rules(title="") == ["hero-without-title"]


def test_rows_that_share_a_name_or_nearly_their_words_are_told_once() -> None:
    other = GOOD.replace("ambient", "warm")
    rows = [
        row(1),
        row(2, filename="HERO-neural-networks.png", description=INFOGRAPHIC),
        row(3, filename="hero-c-c.png", description=other),
        row(4, filename="hero-d-d.png", description=GOOD.upper()),
        row(5, filename="hero-e-og.jpg", image_type=ImageType.HERO_OG, title=""),
    ]

    found = [(p.row, p.finding.rule, p.finding.said) for p in lint(rows, {"size-of-type"})]

    told = [one for one in found if one[1].endswith(("name", "description"))]
    assert told == [
        (2, "same-name", "'HERO-neural-networks.png' is that of row 1 too"),
        (3, "near-description", "rows 3, 4 say nearly the same as row 1"),
    ]


def test_thousands_of_rows_of_a_kind_are_compared_with_one_of_them() -> None:
    rows = [row(n, filename=f"hero-a-b-{n}.png", description=f"{GOOD} {n}") for n in range(1, 3001)]

    found = [placed for placed in lint(rows) if placed.finding.rule == "near-description"]

    assert [placed.row for placed in found] == [2]
    assert found[0].finding.said.startswith("rows 2, 3, 4, 5, 6, 7, 8, 9, … say nearly the same")


def test_the_pictures_of_a_row_are_judged_by_the_first_of_them() -> None:
    twin = SourceRow(prompt=row(1, filename="Hero_X.bmp", description="x").prompt, row=1)

    assert lint([row(1), twin]) == []


@pytest.fixture
def bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "p.md"
    path.write_text(f"### a\n**Prompt:** {GOOD}\n\n### b\n**Size:** huge\n**Prompt:** x\n")
    return path


def exit_code(*files: Path, **options: object) -> int:
    with pytest.raises(typer.Exit) as left:
        lint_command([str(file) for file in files], **options)  # type: ignore[arg-type]  # a table
    return left.value.exit_code


def test_a_wrong_cell_is_an_error_beside_the_warnings_about_the_others(
    bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(bad) == 1

    first, second, last = capsys.readouterr().out.splitlines()
    assert first == (
        f"{bad}, row 1 (line 1), Size: is empty; "
        "write one, or the picture has any proportion. [warning no-size]"
    )
    assert second.startswith(f"{bad}, row 2 (line 4), Size: 'huge' is not a size")
    assert last == f"{bad}: 1 prompt, 1 error, 1 warning"


def test_programs_get_row_line_column_severity_rule_and_advice(
    bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code(bad, as_json=True)

    (told,) = json.loads(capsys.readouterr().out)["files"]
    assert (told["prompts"], told["errors"], told["warnings"]) == (1, 1, 1)
    assert told["findings"][0] == {
        "row": 1,
        "line": 1,
        "column": "Size",
        "severity": "warning",
        "rule": "no-size",
        "text": "is empty",
        "advice": "write one, or the picture has any proportion",
    }


def test_many_findings_end_in_a_count_by_rule_errors_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.csv"
    path.write_text(f"description;size\n{GOOD};\n{GOOD[1:]};\nTODO;\n")

    exit_code(path, ignore=["near-description"])

    *_, head, placeholder, sizes, _, last = capsys.readouterr().out.splitlines()
    assert head.split() == ["found", "rule", "severity", "first"]
    assert " ".join(placeholder.split()) == f"1 placeholder error {path}, row 3, Description"
    assert sizes.split()[:3] == ["2", "no-size", "warning"]
    assert last == f"{path}: 3 prompts, 1 error, 2 warnings"


def test_programs_get_the_count_by_rule(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exit_code(bad, as_json=True)

    rules = json.loads(capsys.readouterr().out)["rules"]
    assert [(rule["severity"], rule["rule"], rule["count"]) for rule in rules] == [
        ("error", "input", 1),
        ("warning", "no-size", 1),
    ]


def test_warnings_only_count_when_that_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "p.txt"
    path.write_text("a cat\n")

    assert exit_code(path) == 0
    assert exit_code(path, strict=True) == 1


def test_rules_can_be_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.txt"
    path.write_text(f"{GOOD}\n")

    assert exit_code(path, strict=True, ignore=["no-size"]) == 0
    assert capsys.readouterr().out == f"{path}: 1 prompt, 0 errors, 0 warnings\n"


def test_a_file_that_cannot_be_read_is_an_error_among_the_others(
    tmp_path: Path, bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(tmp_path / "lost.csv", bad) == 1

    out = capsys.readouterr().out
    assert "lost.csv does not exist" in out
    assert f"{bad}: 1 prompt," in out


def test_what_concerns_a_whole_file_names_it_once_and_ends_with_one_full_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    branded, blank = tmp_path / "branded.csv", tmp_path / "blank.csv"
    branded.write_text("description,brand\na cat,tech\n")
    blank.write_text("")

    exit_code(branded, blank)

    lines = capsys.readouterr().out.splitlines()
    told = [line for line in lines if "[warning source]" in line or "[error input]" in line]
    assert [line.count(str(file)) for line, file in zip(told, (branded, blank), strict=True)] == [
        1,
        1,
    ]
    assert not any(".." in line for line in told)
