"""The documents are tested: what they name exists, and what exists they name."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from farm import errors
from farm.cli import FAULT
from farm.cli.app import app
from farm.cli.running import INTERRUPTED
from farm.config import SETTINGS, load_settings
from farm.model.causes import Cause
from farm.sources.columns import SEED_COLUMNS, Column

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
EXIT_CODES = {0, 1, INTERRUPTED, FAULT} | {
    kind.exit_code
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.FarmError)
}
MAIN: Any = typer.main.get_command(app)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def leaves(command: Any = MAIN, path: str = "farm") -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its words."""
    for name, child in command.commands.items():
        if hasattr(child, "commands"):
            yield from leaves(child, f"{path} {name}")
        else:
            yield f"{path} {name}", child


COMMANDS = dict(leaves())


def shell_lines(text: str) -> Iterator[str]:
    for block in re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL):
        yield from (line for line in block.splitlines() if line.strip())


def examples(text: str) -> Iterator[str]:
    """Lines of a help that begin with `farm`, or with settings for it, without pipes."""
    for line in text.splitlines():
        if re.match(r"\s+(?:[A-Z_]+=\S+ )*farm \w", line):
            yield re.split(r" [|<>] | {3,}", line.strip())[0]


def farm_lines() -> list[str]:
    """Every line of a document or help that runs farm."""
    found = {line for page in PAGES for line in shell_lines(page.read_text(encoding="utf-8"))}
    found |= {line for _, command in COMMANDS.items() for line in examples(command.help)}
    found |= set(re.findall(r"`(farm (?!\[)[a-z][^`]*)`", "\n".join(map(Path.read_text, PAGES))))
    found |= set(examples(MAIN.help))
    return sorted(line for line in found if re.match(r"(?:[A-Z_]+=\S+ )*farm ", line))


def parse(line: str) -> None:
    """Parse a line as the program would, without running it."""
    words = shlex.split(line, comments=True)
    while "=" in words[0]:
        name = words.pop(0).partition("=")[0]
        assert name in {s.name for s in SETTINGS} | {"PWDEBUG"}, name
    assert words.pop(0) == "farm"
    command, name = MAIN, "farm"
    while hasattr(command, "commands") and words:
        name = words.pop(0)
        assert name in command.commands, f"no command {name}"
        command = command.commands[name]
    names = " ".join(words)
    if not hasattr(command, "commands") and "--help" not in names:
        command.make_context(name, words)


@pytest.mark.parametrize("line", farm_lines())
def test_every_command_line_in_a_document_or_help_can_be_parsed(line: str) -> None:
    if line in BARE:
        return
    parse(line)


BARE = {  # commands that are spoken of without their arguments
    "farm login",
    "farm add",
    "farm queue reset",
    "farm queue export",
    "farm generate",
    "farm edit",
    "farm upscale",
    "farm convert",
    "farm lint",
    "farm og",
}


@pytest.mark.parametrize("line", list(shell_lines(read("README.md") + read("CONTRIBUTING.md"))))
def test_every_make_target_in_a_document_exists(line: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), flags=re.MULTILINE))

    assert set(re.findall(r"(?:^|or: )make ([a-z]+)", line)) <= targets


def test_the_first_two_commands_are_the_ones_of_the_readme() -> None:
    assert "make demo" in read("README.md")
    assert "make test" in read("README.md")
    assert "exec make test" in read(".ci/run")


@pytest.mark.parametrize("column", SEED_COLUMNS)
def test_every_column_of_a_prompt_file_is_named_to_the_user(column: Column) -> None:
    assert column.value in read("README.md")


def test_the_first_use_takes_at_most_fifteen_lines() -> None:
    (use,) = re.findall(r"## Use it\n\n```sh\n(.*?)```", read("README.md"), flags=re.DOTALL)

    assert len(use.splitlines()) <= 15


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_and_stands_in_the_reference(name: str) -> None:
    assert "Examples:" in COMMANDS[name].help
    assert f"\n## {name}\n" in read("docs/cli.md")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: s.name)
def test_every_setting_stands_in_the_reference(setting: Any) -> None:
    section = read("docs/settings.md").partition(f"\n## `{setting.name}`\n")[2]

    assert section
    for alias in setting.aliases:
        assert alias in section.partition("\n## ")[0]


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_says_what_it_means_what_farm_does_and_what_you_do(cause: Cause) -> None:
    rows = [
        row for row in read("docs/operations.md").splitlines() if row.startswith(f"| `{cause}`")
    ]

    (row,) = rows
    assert len([cell for cell in row.strip("|").split("|") if cell.strip()]) == 4


def test_no_document_speaks_of_a_cause_that_does_not_exist() -> None:
    told = re.findall(r"^\| `([a-z_.]+)` \|", read("docs/operations.md"), flags=re.MULTILINE)

    assert set(told) == set(Cause)


@pytest.mark.parametrize("code", sorted(EXIT_CODES))
@pytest.mark.parametrize("page", ["README.md", "docs/operations.md"])
def test_every_exit_code_is_explained(page: str, code: int) -> None:
    assert f"| {code} |" in read(page)


@pytest.mark.parametrize("code", sorted(EXIT_CODES))
def test_every_exit_code_stands_in_the_help(code: int) -> None:
    assert re.search(rf"^ +{code} ", MAIN.help, flags=re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_link_between_documents_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_setting_a_document_names_exists(page: Path) -> None:
    known = {setting.name for setting in SETTINGS}

    assert set(re.findall(r"\bFARM_[A-Z_]*[A-Z]\b", page.read_text(encoding="utf-8"))) <= known


def test_the_example_of_a_settings_file_is_understood_without_a_warning(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(read(".env.example"))

    settings = load_settings(environ={}, cwd=tmp_path)

    assert settings.warnings == ()
    assert settings.prompt_delay_seconds == 90


def test_the_written_references_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "tools/docs.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_the_glossary_holds_the_words_of_the_design() -> None:
    words = re.findall(r"^\| ([^|]+) \|", read("docs/glossary.md"), flags=re.MULTILINE)
    told = {word.strip() for cell in words for word in cell.split(",")}

    assert {"prompt", "job", "attempt", "phase", "hand", "session", "profile", "site"} <= told
    assert {"selector pack", "reading", "turn", "image", "rest", "pace", "stand-in"} <= told
