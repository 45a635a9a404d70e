"""What others may import from farm: types, published checks, and nothing by accident."""

from __future__ import annotations

import ast
import importlib
from importlib import metadata, resources
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "farm"
MODULES = sorted(
    "farm." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if path.name != "__main__.py" and path != PACKAGE / "__init__.py"
)


@pytest.mark.parametrize("name", MODULES)
def test_every_module_imports_without_a_word_and_lists_what_exists(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module = importlib.import_module(name)
    public = getattr(module, "__all__", [])

    assert capsys.readouterr() == ("", "")
    assert len(set(public)) == len(public)  # ruff keeps their order
    assert [n for n in public if not hasattr(module, n)] == []


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_is_about(name: str) -> None:
    assert (importlib.import_module(name).__doc__ or "").strip()


def test_the_package_is_typed() -> None:
    assert (resources.files("farm") / "py.typed").is_file()


def test_the_package_itself_names_nothing() -> None:
    """`import farm` costs nothing: its docstring is the map, its modules are the doors."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))

    assert [type(node).__name__ for node in tree.body] == ["Expr"]


def test_the_program_is_an_entry_point() -> None:
    (entry,) = metadata.entry_points(group="console_scripts", name="farm")

    assert entry.value == "farm.cli:main"
    assert callable(entry.load())
