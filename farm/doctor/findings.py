"""What an examination found: one line each, and what follows from all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from farm.sites.gemini.checkup import RoleFinding


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    NOTE = "note"  # could not be seen, or worth knowing: no reason to worry
    WARNING = "warning"  # farm works, and somebody should look
    BROKEN = "broken"  # farm cannot work like this


EXIT_CODES = {Level.OK: 0, Level.NOTE: 0, Level.WARNING: 1, Level.BROKEN: 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One line: what is so, and what to do about it."""

    level: Level
    what: str
    todo: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """The findings about one part of the farm."""

    name: str
    findings: tuple[Finding, ...]
    roles: tuple[RoleFinding, ...] = ()  # of a profile's page: every role of the pack


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The whole examination."""

    sections: tuple[Section, ...]

    @property
    def exit_code(self) -> int:
        """0 all well, 1 with warnings, 2 when something is broken."""
        return max((EXIT_CODES[one.level] for one in self.findings()), default=0)

    def findings(self) -> Iterator[Finding]:
        """All of them."""
        for section in self.sections:
            yield from section.findings


def ok(what: str) -> Finding:
    """Nothing to do."""
    return Finding(level=Level.OK, what=what)


def note(what: str, todo: str = "") -> Finding:
    """No reason to worry."""
    return Finding(level=Level.NOTE, what=what, todo=todo)


def warning(what: str, todo: str) -> Finding:
    """Somebody should look."""
    return Finding(level=Level.WARNING, what=what, todo=todo)


def broken(what: str, todo: str) -> Finding:
    """Farm cannot work like this."""
    return Finding(level=Level.BROKEN, what=what, todo=todo)


def listed(names: Sequence[str]) -> str:
    """`a, b and c`."""
    *head, last = names
    return f"{', '.join(head)} and {last}" if head else last
