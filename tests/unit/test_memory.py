"""What a run once needed and no longer needs is given back."""

from __future__ import annotations

import ctypes

import psutil
import pytest

from farm.memory import give_back

IN_HEAP = 100_000  # bytes: smaller than what glibc maps apart
PIECES = 1500
NEEDS_GLIBC = pytest.mark.skipif(
    not psutil.LINUX or not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="needs glibc"
)


def resident() -> int:
    return int(psutil.Process().memory_info().rss)


@NEEDS_GLIBC
def test_freed_memory_under_a_piece_that_is_still_used_goes_back_to_the_system() -> None:
    pieces = [bytearray(IN_HEAP) for _ in range(PIECES)]
    before = resident()
    last = pieces.pop()
    del pieces

    give_back()

    assert before - resident() > PIECES * IN_HEAP / 2
    assert len(last) == IN_HEAP


def test_a_c_library_that_cannot_be_asked_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[None] = []

    def library(_name: None) -> object:
        asked.append(_name)
        return object()

    monkeypatch.setattr(ctypes, "CDLL", library)

    give_back()

    assert asked == ([None] if psutil.LINUX else [])
