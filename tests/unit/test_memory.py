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
    last = pieces.pop()
    del pieces
    before = resident()

    give_back()

    assert before - resident() > PIECES * IN_HEAP / 2
    assert len(last) == IN_HEAP


def test_giving_back_nothing_is_no_error() -> None:
    give_back()
    give_back()
