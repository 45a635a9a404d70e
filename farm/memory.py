"""Memory that is free goes back to the system: in a run of days it is not farm's to keep."""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Return what the C library holds for later; a millisecond or a few.

    Pictures and pages come and go in many threads, and glibc keeps as much as each once needed.
    Other C libraries give it back by themselves, or cannot be asked: then nothing happens.
    """
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
