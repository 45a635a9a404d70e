"""The import graph is the architecture, and this file is its definition (DESIGN section 3)."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "farm"
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))

LAYERS = [  # low to high: a unit imports its own line or a lower one, never a higher one
    {"errors", "model"},
    {
        "values",
        "settings",
        "config",
        "clock",
        "log",
        "files",
        "privacy",
        "substitutions",
        "catalogue",
        "google_apis",
        "signing",
        "fetching",
        "memory",
    },
    {"sources", "compose", "lint", "naming", "report", "store", "browser", "steps", "deliver"},
    {"sites", "references"},
    {"backends"},
    {
        "attempt",
        "presence",
        "wording",
        "settlement",
        "waiting",
        "witness",
        "worker",
        "results",
        "intake",
        "outbox",
        "uploads",
        "incidents",
        "notify",
        "generation_log",
        "purse",
        "finishing",
        "routing",
        "reuse",
        "enlarging",
        "gate",
    },
    {"supervisor"},
    {"replay", "testing", "wiring", "plan", "doctor"},
    {"cli"},
]
LEVEL = {unit: level for level, units in enumerate(LAYERS) for unit in units}
STRANGERS = LAYERS[2] - {"compose", "lint", "naming", "report"}  # these are pure
SEES_ONLY_PORTS = {
    "attempt",
    "incidents",
    "settlement",
    "worker",
    "presence",
    "supervisor",
    "outbox",
    "uploads",
}  # of the rooms with one inside
WITH_PORTS = {"store", "backends", "sites", "sources", "steps", "browser", "deliver"}
HOMES = {
    "PIL": {"steps", "replay"},
    "apprise": {"notify"},
    "aiosqlite": {"store"},
    "cryptography": {"replay"},
    "dotenv": {"config"},
    "filelock": {"browser", "backends"},
    "genai_prices": {"backends"},
    "google_auth_httplib2": {"google_apis"},
    "googleapiclient": {"google_apis", "deliver"},
    "httpcore2": {"fetching"},
    "httplib2": {"google_apis"},
    "httpx2": {"backends"},
    "numpy": set(),
    "openai": {"backends"},
    "openpyxl": {"sources"},
    "pandas": {"sources"},
    "playwright": {"browser", "sites"},
    "playwright_stealth": {"browser"},
    "psutil": {"browser"},
    "boto3": {"deliver"},
    "botocore": {"deliver"},
    "fsspec": {"deliver"},
    "requests": {"notify", "deliver"},
    "rich": {"cli"},
    "sqlalchemy": {"store"},
    "starlette": {"replay"},
    "typer": {"cli"},
    "uvicorn": {"replay"},
}
MODULE_LINES, CLASS_LINES, FUNCTION_LINES, POSITIONAL = 400, 200, 40, 5
FORBIDDEN_WORDS = ("Manager", "Helper", "Handler", "Service", "Util")
PROGRAMS = {Path("browser/install.py"), Path("sources/child.py")}  # started by themselves
READS_ENVIRONMENT = {Path("config.py"), Path("sources/child.py")}  # the latter hands it on whole


def unit_of(module: Path) -> str:
    return module.parts[0].removesuffix(".py")


def tree_of(module: Path) -> ast.Module:
    return ast.parse((PACKAGE / module).read_text(encoding="utf-8"))


def runtime_imports(node: ast.AST) -> Iterator[str]:
    """Dotted names imported below a node at any depth, TYPE_CHECKING blocks excepted."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from runtime_imports(child)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def attributes(tree: ast.AST) -> set[str]:
    """Every `name.attribute` used."""
    return {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


def calls(tree: ast.AST) -> set[str]:
    """Everything that is called, as it is written: `print`, `time.sleep`."""
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


each_module = pytest.mark.parametrize("module", MODULES, ids=str)


@each_module
def test_every_module_belongs_to_a_known_unit(module: Path) -> None:
    assert unit_of(module) in {*LEVEL, "__init__", "__main__"}


@each_module
def test_imports_point_downwards(module: Path) -> None:
    here = unit_of(module)
    for name in runtime_imports(tree_of(module)):
        package, _, rest = name.partition(".")
        if package != "farm" or here in {"__init__", "__main__"}:
            continue
        there, *path = rest.split(".")
        assert there in LEVEL, f"{module} imports the package root by {name}"
        assert LEVEL[there] <= LEVEL[here], f"{here} is below {there}"
        if there != here:
            assert not {here, there} <= STRANGERS, f"{here} must not know {there}"
        if here in SEES_ONLY_PORTS and there in WITH_PORTS:
            assert path[0] == "base", f"{here} must import {there}.base, not {name}"


@each_module
def test_each_library_lives_in_its_home(module: Path) -> None:
    for name in runtime_imports(tree_of(module)):
        library = name.partition(".")[0]
        homes = HOMES.get(library, {unit_of(module)})
        assert unit_of(module) in homes, f"{library} lives in {sorted(homes)} only"


@each_module
def test_modules_and_classes_stay_readable(module: Path) -> None:
    lines = len((PACKAGE / module).read_text(encoding="utf-8").splitlines())
    assert lines <= MODULE_LINES, f"{lines} lines"

    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.ClassDef):
            size = (node.end_lineno or 0) - node.lineno + 1
            assert size <= CLASS_LINES, f"class {node.name}: {size} lines"


@each_module
def test_functions_stay_readable(module: Path) -> None:
    """A function's lines are those of its body, without its docstring."""
    for node in functions(tree_of(module)):
        body = node.body[1:] if ast.get_docstring(node) else node.body
        size = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
        positional = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
        asked = [a for a in positional if a not in {"self", "cls"}]

        assert size <= FUNCTION_LINES, f"{node.name}: {size} lines"
        assert len(asked) <= POSITIONAL, f"{node.name}: {asked}"


@each_module
def test_only_the_command_line_prints(module: Path) -> None:
    if unit_of(module) == "cli" or module in PROGRAMS:
        return
    tree = tree_of(module)

    assert "print" not in calls(tree)
    assert not attributes(tree) & {"sys.stdout"}


@each_module
def test_only_config_reads_the_environment(module: Path) -> None:
    if module not in READS_ENVIRONMENT:
        assert not attributes(tree_of(module)) & {"os.environ", "os.getenv", "os.environb"}


@each_module
def test_only_the_last_stops_catch_everything(module: Path) -> None:
    """Elsewhere a broad clause is only for cleaning up: it ends by raising the same again."""
    if unit_of(module) in {"supervisor", "cli"}:
        return
    for node in ast.walk(tree_of(module)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        names = (
            {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)} if node.type else {""}
        )
        if names & {"", "Exception", "BaseException"}:
            last = node.body[-1]
            assert isinstance(last, ast.Raise), f"line {node.lineno} swallows everything"
            assert last.exc is None, f"line {node.lineno} relabels everything"


@each_module
def test_nobody_waits_but_the_clock(module: Path) -> None:
    """Others are handed a clock, or `sleep` as an argument that tests replace."""
    if module.name != "clock.py":
        tree = tree_of(module)

        assert not calls(tree) & {"time.sleep", "asyncio.sleep"}
        assert not set(runtime_imports(tree)) & {"time.sleep", "asyncio.sleep"}


@each_module
def test_names_say_what_a_thing_is(module: Path) -> None:
    names = [node.name for node in ast.walk(tree_of(module)) if isinstance(node, ast.ClassDef)]

    assert [n for n in names if n.endswith(FORBIDDEN_WORDS)] == []
    assert module.stem not in {"utils", "util", "helpers", "common", "misc", "core"}


def test_every_unit_stands_in_the_layout_of_the_package() -> None:
    layout = ast.get_docstring(tree_of(Path("__init__.py"))) or ""

    missing = {unit_of(m) for m in MODULES} - {"__init__", "__main__"} - set(words(layout))

    assert missing == set()


def words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def test_every_library_is_declared_with_a_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    start = lines.index("dependencies = [")
    declared = lines[start + 1 : lines.index("]", start)]

    assert [line for line in declared if '",' not in line or "# " not in line] == []


def test_every_rule_switched_off_has_a_reason() -> None:
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    for rule in ruff["lint"]["ignore"]:
        line = next(li for li in text.splitlines() if f'"{rule}"' in li)
        following = text[text.index(line) :].partition("]")[0]
        assert "#" in following.partition("\n")[0] or "TC001" in line, rule
