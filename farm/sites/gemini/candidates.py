"""Where a part of the page may be found: ordered candidates, localised names written out as css."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

HOW = {"is": "=", "starts": "^=", "has": "*="}
# A host element of the 2026 generation carries its name as `arialabel`, the inner button as usual.
NAME_ATTRIBUTES = ("aria-label", "arialabel")


class Need(StrEnum):
    """When a page without the role is a page that changed."""

    NEVER = "never"
    PAGE = "page"  # always
    TYPED = "typed"  # while the box holds text
    TURN = "turn"  # while the conversation holds turns


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """One way to find a part of the page."""

    css: str  # names are already written out
    ui: str  # the generation it belongs to, "any" for all
    texts: tuple[str, ...] = ()  # the element must contain one of these as well

    @property
    def locator(self) -> str:
        """The same as a Playwright selector, where a text can be asked for too."""
        if not self.texts:
            return self.css
        by_text = [f":is({self.css}):has-text({quoted(t)})" for t in self.texts]
        return ", ".join([*by_text, named(self.css, self.texts, "*=")])


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """A part of the page and the ways to find it, best first."""

    name: str
    candidates: tuple[Candidate, ...]
    required: Need = Need.NEVER

    @property
    def css(self) -> str:
        """All candidates as one Playwright selector."""
        return ", ".join(c.locator for c in self.candidates)

    def rank(self, index: int) -> int:
        """How many earlier candidates the same generation could have matched; 0 is no drift."""
        ui = self.candidates[index].ui
        earlier = self.candidates[:index]
        return len(earlier) if ui == "any" else sum(c.ui in {ui, "any"} for c in earlier)


def quoted(text: str) -> str:
    """A css string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def named(css: str, names: Iterable[str], operator: str) -> str:
    """The css narrowed to elements whose accessible name compares with one of the names."""
    parts = [f"[{a}{operator}{quoted(n)} i]" for n in names for a in NAME_ATTRIBUTES]
    return f":is({css}):is({', '.join(parts)})"


def not_named(css: str, names: Iterable[str]) -> str:
    """The css narrowed to elements that carry none of the names."""
    parts = [f"[{a}={quoted(n)} i]" for n in names for a in NAME_ATTRIBUTES]
    return f":is({css}):not({', '.join(parts)})"


def unbalanced(css: str) -> bool:
    """Whether brackets or quotes do not close: the commonest slip in a hand-written selector."""
    closing = {")": "(", "]": "["}
    stack: list[str] = []
    quote = ""
    for char in css:
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "([":
            stack.append(char)
        elif char in closing and (not stack or stack.pop() != closing[char]):
            return True
    return bool(stack or quote)
