"""`farm lint`: what is wrong with prompt files, and what could be better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farm.cli.options import AsJson, open_settings
from farm.cli.render import say, say_json, say_table
from farm.cli.sources import (
    Brand,
    Format,
    Mapped,
    Sources,
    Templates,
    Variations,
    WithOg,
    reading_of,
)
from farm.model.counting import counted

if TYPE_CHECKING:
    from farm.sources.errand import Errand

FOUND = 1  # exit code

_Finding = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Linted:
    """One file, and what was found in it in the order of its rows."""

    file: str
    prompts: int
    findings: list[_Finding]

    def count(self, severity: str) -> int:
        """How many findings weigh so much."""
        return sum(1 for finding in self.findings if finding["severity"] == severity)


def lint(
    files: Sources,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings too.")] = False,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="RULE", help="Leave this rule out; may be repeated."),
    ] = None,
    mapped: Mapped = None,
    kind: Format = "",
    templates: Templates = False,
    brand: Brand = "",
    variations: Variations = 1,
    with_og: WithOg = False,
    as_json: AsJson = False,
) -> None:
    """Check prompt files: cells, descriptions, file names, sizes, duplicates.

    Errors are what no run takes; the exit code is 1 if there is one. Warnings are advice from the
    checklists in docs/prompts.md and never stop a run. How often each rule was broken stands at the
    end. Nothing is stored or sent.

    \b
    Examples:
      farm lint prompts.csv
      farm lint prompts.md articles.md --ignore no-hex
      farm lint prompts.csv --strict --json
    """
    from farm.sources.errand import Errand

    settings = open_settings()
    reading = reading_of(
        mapped,
        kind=kind,
        templates=templates,
        brand=brand,
        variations=variations,
        with_og=with_og,
    )
    linted = [_linted(Errand.of(settings, source, reading), ignore or ()) for source in files]
    if as_json:
        say_json({"files": [_shape(one) for one in linted], "rules": _by_rule(linted)})
    else:
        _say_linted(linted)
    found = sum(one.count("error") + (strict and one.count("warning")) for one in linted)
    raise typer.Exit(FOUND if found else 0)


def _say_linted(linted: Sequence[Linted]) -> None:
    for one in linted:
        for line in _lines(one):
            say(line)
    rules = _by_rule(linted)
    if any(rule["count"] > 1 for rule in rules):
        head = ("found", "rule", "severity", "first")
        say()
        say_table(
            head,
            ([str(rule[key]) for key in ("count", "rule", "severity", "first")] for rule in rules),
        )
        say()
    for one in linted:
        say(_totals(one))


def _by_rule(linted: Sequence[Linted]) -> list[dict[str, Any]]:
    """How often each rule was broken and where first; errors before warnings, then the most."""
    counts = Counter((f["severity"], f["rule"]) for one in linted for f in one.findings)
    first: dict[tuple[str, str], str] = {}
    for one in linted:
        for f in one.findings:
            first.setdefault((f["severity"], f["rule"]), _place(one.file, f))
    return [
        {"rule": rule, "severity": severity, "count": count, "first": first[severity, rule]}
        for (severity, rule), count in sorted(
            counts.items(), key=lambda item: (item[0][0], -item[1])
        )
    ]


def _linted(errand: Errand, ignored: Collection[str]) -> Linted:
    from farm.errors import InputError
    from farm.lint.rules import lint as found_in
    from farm.sources.kinds import read_cells
    from farm.sources.rows import examine, sound_rows

    try:
        cells, flaws = examine(read_cells(errand), errand)
    except InputError as error:
        problems = [_finding(None, "input", "", said) for said in error.problems]
        return Linted(file=errand.source, prompts=0, findings=problems)
    rows = sound_rows(cells, flaws)
    told = [_finding(flaw.row, "input", flaw.column, flaw.said) for flaw in flaws]
    told += [
        _finding(one.row, f.rule, f.column, f.said, advice=f.advice, severity=f.severity)
        for one in found_in(rows, ignored)
        for f in (one.finding,)
    ]
    for finding in told:
        finding["line"] = cells.line_of(finding["row"] - 1)
    told.sort(key=lambda finding: int(finding["row"]))
    general = [
        _finding(None, "source", "", said, severity="warning")
        for said in cells.warnings
        if "source" not in ignored
    ]
    return Linted(file=errand.source, prompts=len(rows), findings=[*general, *told])


def _finding(
    row: int | None, rule: str, column: str, said: str, *, advice: str = "", severity: str = "error"
) -> _Finding:
    return {
        "row": row,
        "line": None,
        "column": str(column),
        "severity": str(severity),
        "rule": rule,
        "text": said,
        "advice": advice,
    }


def _shape(linted: Linted) -> dict[str, Any]:
    return {
        "file": linted.file,
        "prompts": linted.prompts,
        "errors": linted.count("error"),
        "warnings": linted.count("warning"),
        "findings": linted.findings,
    }


def _lines(linted: Linted) -> Iterator[str]:
    for f in linted.findings:
        where = _place(linted.file, f)
        advice = f"; {f['advice']}" if f["advice"] else ""
        text = f"{f['text'].removesuffix('.')}{advice}"
        text += "" if text.endswith("?") else "."
        said = text if text.startswith(linted.file) else f"{where}: {text}"
        yield f"{said} [{f['severity']} {f['rule']}]"


def _place(file: str, found: _Finding) -> str:
    row, line = found["row"], found["line"]
    at_line = f" (line {line})" if row is not None and line != row + 1 else ""
    place = f"{file}, row {row}{at_line}" if row is not None else file
    return ", ".join(filter(None, (place, found["column"])))


def _totals(linted: Linted) -> str:
    counts = {"prompt": linted.prompts, **{s: linted.count(s) for s in ("error", "warning")}}
    told = ", ".join(counted(count, word) for word, count in counts.items())
    return f"{linted.file}: {told}"
