"""Text that a spreadsheet would run as a formula, made harmless on the way out and back.

A leading apostrophe marks a cell as text in every spreadsheet. It is put before what begins like a
formula (with the full-width signs that some of them take for one) and taken off when such a file
is read again, so that results can be imported unchanged.
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])")


def guard(text: str) -> str:
    """The text as a cell that is never run; `unguard` gives it back."""
    return f"'{text}" if _FORMULA.match(text) else text


def unguard(text: str) -> str:
    """What the apostrophe of `guard`, or of a spreadsheet, was put before."""
    return text[1:] if text[:1] == "'" and _FORMULA.match(text, 1) else text
