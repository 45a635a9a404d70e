"""docs/prompts.md and examples/ are true."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from farm.lint import description, filename, size, twins
from farm.lint.rules import lint
from farm.model.presets import PRESETS
from farm.model.prompts import Prompt
from farm.sources.brands import Brand, read_brands
from farm.sources.checks import BACKENDS
from farm.sources.columns import Column, column_named
from farm.sources.documents import cells_of_json
from farm.sources.errand import Errand
from farm.sources.kinds import source_of
from farm.sources.markdown import cells_of_markdown
from farm.sources.names import Kind
from farm.sources.rows import check

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "prompts.md").read_text(encoding="utf-8")
SOURCES = sorted(
    path for path in (ROOT / "examples").iterdir() if path.suffix.removeprefix(".") in list(Kind)
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def prompts(path: Path) -> list[Prompt]:
    errand = Errand(source=str(path), brands=ROOT / "examples" / "brands.toml")
    return [row.prompt for row in source_of(errand).read().rows]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_example_is_read_without_a_warning(path: Path) -> None:
    batch = source_of(Errand(source=str(path), brands=ROOT / "examples/brands.toml")).read()

    assert batch.rows
    assert batch.warnings == ()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_example_stands_in_a_document(path: Path) -> None:
    assert path.name in PAGE + (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_markdown_of_the_page_is_read() -> None:
    fields, slug = blocks("markdown")

    (diagram,) = check(cells_of_markdown("page", fields)).rows
    hero, inline = check(cells_of_markdown("page", slug)).rows

    assert diagram.prompt.extra["Campaign"] == "spring"
    assert (hero.prompt.filename, str(hero.prompt.size)) == (
        "hero-boat-on-a-puddle.png",
        "1800x768px",
    )
    assert (inline.prompt.id, str(inline.prompt.size)) == ("boat-on-a-puddle-context", "800x450px")


def test_the_json_and_the_brands_of_the_page_are_read(tmp_path: Path) -> None:
    (told,) = blocks("json")
    (tmp_path / "brands.toml").write_text(blocks("toml")[0])

    (row,) = check(cells_of_json("page", told)).rows

    assert row.prompt.description.endswith("Mood: Ethereal, peaceful.")
    brand = (read_brands(tmp_path / "brands.toml") or {})["travel"]
    assert all((brand.suffix, brand.negative, brand.colors, brand.typography))
    assert isinstance(brand, Brand)


def test_the_cities_show_templates_brands_variations_and_twins() -> None:
    read = prompts(ROOT / "examples" / "cities.csv")

    assert [p.id for p in read] == [
        "rome-pantheon",
        "rome-pantheon-og",
        "rome-pantheon-v2",
        "rome-pantheon-v2-og",
        "porto-bridge",
        "porto-bridge-og",
    ]
    assert read[0].description.startswith("The Pantheon in Rome at first light")
    assert "travel photography" in read[0].description
    assert "{" not in "".join(p.description + p.title + p.filename for p in read)


def test_the_examples_of_good_prompts_are_good() -> None:
    for name in ("prompts.md", "cities.csv"):
        errand = Errand(
            source=str(ROOT / "examples" / name), brands=ROOT / "examples" / "brands.toml"
        )
        assert lint(source_of(errand).read().rows) == []


@pytest.mark.parametrize("column", Column)
def test_every_column_stands_in_the_table(column: Column) -> None:
    assert f"`{column.value}`" in PAGE


def test_other_names_of_the_table_mean_their_column() -> None:
    table = PAGE.partition("## Columns")[2].partition("## Markdown")[0]
    rows = re.findall(r"^\| (`[^|]+`) \| ([a-z, ]*[a-z]) \|", table, flags=re.MULTILINE)

    for columns, others in rows:
        for other in others.split(", "):
            assert f"`{column_named(other)}`" in columns, other
    assert {"id", "author", "og"} <= {n for _, others in rows for n in others.split(", ")}


@pytest.mark.parametrize("word", [*Kind, *BACKENDS, *[str(p.size) for p in PRESETS.values()]])
def test_every_kind_backend_and_size_is_named(word: str) -> None:
    assert word in PAGE


def test_every_rule_of_lint_stands_in_the_table() -> None:
    code = "".join(map(inspect.getsource, (description, filename, size, twins)))
    rules = set(re.findall(r'(?:rule=|_finding\(\s*|rule = |else )"([a-z]+-?[a-z-]+)"', code))
    told = set(re.findall(r"`([a-z-]+)`", PAGE.partition("| rule |")[2].partition("The usual")[0]))

    assert rules | {"input", "source"} == told
