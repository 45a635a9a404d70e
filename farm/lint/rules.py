"""All rules, and what they find in the prompts of a source."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from farm.lint import description, filename, size, twins
from farm.lint.findings import Finding, OfAll, OfPrompt, Placed, Severity
from farm.model.prompts import Prompt, SourceRow

OF_PROMPT: tuple[OfPrompt, ...] = (
    description.placeholder,
    description.length,
    description.vague_words,
    description.setting,
    description.style,
    description.composition,
    description.quality,
    description.colours,
    description.delimiter,
    description.title,
    filename.conventions,
    size.in_the_table,
)
OF_ALL: tuple[OfAll, ...] = (twins.same_names, twins.same_descriptions)


def lint(rows: Sequence[SourceRow], ignored: Collection[str] = ()) -> list[Placed]:
    """Everything found, by row; of a row's several pictures the first one speaks for all."""
    first = {row.row: row for row in reversed(rows)}
    ordered = [first[number] for number in sorted(first)]
    found = [
        Placed(row=row.row, finding=finding)
        for row in ordered
        for finding in _of_prompt(row.prompt)
    ]
    found += [placed for rule in OF_ALL for placed in rule(ordered)]
    kept = [placed for placed in found if placed.finding.rule not in ignored]
    return sorted(kept, key=lambda placed: placed.row)


def _of_prompt(prompt: Prompt) -> list[Finding]:
    """What the rules say; of a prompt with an error only that, the rest would be noise."""
    found = [finding for rule in OF_PROMPT for finding in rule(prompt)]
    return [f for f in found if f.severity is Severity.ERROR] or found
