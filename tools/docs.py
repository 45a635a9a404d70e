"""Write docs/settings.md and docs/cli.md from the code; `--check`: only say if they are current."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from farm.cli.app import app
from farm.config import ACCOUNT_ALIAS, ENDPOINT_NAME, PROFILE_FILE, SETTINGS
from farm.settings import Setting

DOCS = Path(__file__).resolve().parent.parent / "docs"
WIDTH = 96
WRITTEN = "<!-- Written by tools/docs.py (`make docs`) from {}: change it there. -->\n"


def main() -> int:
    """Write both files; with `--check` 1 when one of them would change."""
    pages = {"settings.md": settings_page(), "cli.md": cli_page()}
    old = [name for name, text in pages.items() if read(DOCS / name) != text]
    if "--check" in sys.argv[1:]:
        for name in old:
            print(f"docs/{name} is not current: run `make docs`", file=sys.stderr)
        return 1 if old else 0
    for name in old:
        (DOCS / name).write_text(pages[name], encoding="utf-8")
        print(f"docs/{name} written")
    return 0


def read(path: Path) -> str:
    """The file's text; "" if there is none."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


SETTINGS_HEAD = """\
# Settings

{written}
A setting is looked for in this order, and the first place that has it wins: the command line, the
environment, `.env` and `farm.toml` in `FARM_HOME`, the default.

In the environment and in `.env` a setting has the name below. In `farm.toml` it has the same name
in small letters without `FARM_`: `prompt_delay_seconds = 60`. An empty value means unset. A bad
value ends the command with exit code 2 and says where it came from. An unknown name that begins
with `FARM_` is warned about.
"""
PROFILES_TAIL = """\
## `{alias}`

A profile that may lie anywhere, for each number `n`; it is called by its folder's name. Other
profiles are the folders in `FARM_PROFILES_DIR`.

- takes: a path; a relative one starts at FARM_HOME
- default: none

## `{endpoint}`

A browser that already runs, to attach to instead of launching one: the address of its debugging
port. `<NAME>` is the profile's name in capitals, with `_` for every other character. See
[operations.md](operations.md).

- takes: an address such as http://127.0.0.1:9222
- default: none

## `profiles/<name>/{file}`

What concerns one profile alone. A key that farm does not know ends the command with exit code 2.

| key | what it does | takes |
|---|---|---|
| `cdp` | the same as `{endpoint}`, which wins | an address |
| `daily_cap` | how many images a day at most | a whole number |
| `daily_reserve` | how many images a day are left to you | a whole number |
| `working_hours` | when the session may work | a text such as "09:00-18:00" |
"""


def settings_page() -> str:
    """Every setting: what it does, what it takes, what it is without being set."""
    head = SETTINGS_HEAD.format(written=WRITTEN.format("farm/settings/"))
    sections = [line for setting in SETTINGS for line in setting_lines(setting)]
    tail = PROFILES_TAIL.format(alias=ACCOUNT_ALIAS, endpoint=ENDPOINT_NAME, file=PROFILE_FILE)
    return "\n".join([head, *sections, tail])


def setting_lines(setting: Setting) -> Iterator[str]:
    """One setting's section."""
    yield f"## `{setting.name}`"
    yield ""
    yield setting.text
    yield ""
    yield f"- takes: {setting.allowed}"
    yield f"- default: {setting.default}"
    for alias in setting.aliases:
        unit = " (milliseconds)" if alias.endswith("_MS") else ""
        yield f"- also read from: `{alias}`{unit}"
    yield ""


def cli_page() -> str:
    """Every command's own help."""
    sections = [
        f"## {path}\n\n```text\n{text}\n```\n"
        for path, text in helps(typer.main.get_command(app), "farm")
    ]
    return "\n".join(["# The command line", "", WRITTEN.format("farm/cli"), *sections])


def helps(command: Any, path: str, parent: Any = None) -> Iterator[tuple[str, str]]:
    """The help of a command and of all commands below it, depth first."""
    _, _, name = path.rpartition(" ")
    context = command.make_context(
        name, [], parent=parent, resilient_parsing=True, terminal_width=WIDTH
    )
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    yield path, text
    for child_name, child in getattr(command, "commands", {}).items():
        yield from helps(child, f"{path} {child_name}", context)


if __name__ == "__main__":
    raise SystemExit(main())
