"""Numbers of things, in words."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """`1 job`, `2 jobs`; `many` where it is not `one` with an s behind it."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"
