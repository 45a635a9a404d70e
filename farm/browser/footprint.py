"""What a profile's browser costs the machine: memory and processes, asked of the system."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from farm.browser.profiles import browsers_on

_MIB = 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class BrowserFootprint:
    """A browser and all its children: pages, graphics, network."""

    memory_mb: float  # in MiB; what several processes share is counted once where that is known
    processes: int


def footprint_on(user_data_dir: Path) -> BrowserFootprint:
    """The footprint of whatever browser runs on this folder; zero when none does.

    Blocking: some milliseconds per process. What ends while it is looked at counts for nothing.
    """
    sizes = [size for process in _family(user_data_dir) if (size := _bytes(process))]
    return BrowserFootprint(memory_mb=sum(sizes) / _MIB, processes=len(sizes))


def _family(user_data_dir: Path) -> Iterable[psutil.Process]:
    for browser in browsers_on(user_data_dir):
        yield browser
        try:
            yield from browser.children(recursive=True)
        except psutil.NoSuchProcess:
            continue


def _bytes(process: psutil.Process) -> int:
    """Linux shares the memory that processes have in common out among them (PSS).

    Elsewhere, and where that may not be read, all of a process's resident memory counts.
    """
    try:
        return _shared_out(process) or int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _shared_out(process: psutil.Process) -> int:
    try:
        return int(getattr(process.memory_full_info(), "pss", 0))
    except psutil.AccessDenied:
        return 0
