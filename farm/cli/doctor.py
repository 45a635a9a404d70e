"""`farm doctor`: what is wrong, and what to do about it."""

from __future__ import annotations

import asyncio
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.options import AsJson, open_settings
from farm.cli.render import say, say_json
from farm.clock import SystemClock

if TYPE_CHECKING:
    from farm.doctor.examination import Examination
    from farm.doctor.findings import Finding, Report, Section

MARKS = {"ok": "ok", "note": "-", "warning": "warn", "broken": "FAIL"}
ENDINGS = ("All well.", "It works, and somebody should look.", "Something is broken.")
WIDEST = 110
INDENT = 8


def doctor(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Profiles; else all that are free.")
    ] = None,
    *,
    offline: Annotated[
        bool, typer.Option("--offline", help="Leave Gemini's page and the APIs alone.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Examine the whole farm: machine, settings, browser, profiles, store, APIs, the living page.

    Each profile that is free is opened for half a minute at most, to see whether it is signed in
    and whether the selector pack still finds every part of the page. APIs that are set
    up are asked whether they take key and model. Nothing is drawn, paid or changed.

    \b
    Exit codes: 0 all well, 1 with warnings, 2 when something is broken.

    \b
    Examples:
      farm doctor
      farm doctor alice
      farm doctor --offline
      farm doctor --json
    """
    from farm.doctor.examination import Examination

    settings = open_settings()
    examination = Examination(
        settings=settings, clock=SystemClock(), names=tuple(names or ()), offline=offline
    )
    report = asyncio.run(_examine(examination, tell=not as_json))
    if as_json:
        say_json({"exit_code": report.exit_code, "sections": report.sections})
    else:
        say(ENDINGS[report.exit_code])
    raise typer.Exit(report.exit_code)


async def _examine(examination: Examination, *, tell: bool) -> Report:
    from farm.doctor.findings import Report

    found = []
    async for section in examination.sections():
        found.append(section)
        if tell:
            _say_section(section)
    return Report(sections=tuple(found))


def _say_section(section: Section) -> None:
    say(section.name)
    for finding in section.findings:
        for line in finding_lines(finding, _width()):
            say(line)
    say()


def finding_lines(finding: Finding, width: int) -> list[str]:
    """A finding as lines of this width: mark, what, and below it what to do; 0: one long line."""
    mark = f"  {MARKS[finding.level.value]:<{INDENT - 2}}"
    if not width:
        return [mark + finding.what + (f" -> {finding.todo}" if finding.todo else "")]
    lines = _folded(finding.what, width, mark, " " * INDENT)
    if finding.todo:
        lines += _folded(finding.todo, width, " " * INDENT + "-> ", " " * (INDENT + 3))
    return lines


def _folded(text: str, width: int, first: str, following: str) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=following, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def _width() -> int:
    """Of a terminal; what goes to a file or another program keeps one finding on one line."""
    if not sys.stdout.isatty():
        return 0
    return min(shutil.get_terminal_size().columns, WIDEST)
