"""Processes for the steps: decoding and encoding pictures keeps a core busy for seconds."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor


def step_pool(workers: int | None = None) -> ProcessPoolExecutor:
    """Processes that run steps, as many as there are cores; none is started before its first step.

    They are spawned, so they hold none of farm's browsers and database connections, and they end
    with farm, even when it was killed.
    """
    return ProcessPoolExecutor(
        max_workers=workers or os.cpu_count() or 1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
    )


def _begin() -> None:
    """Leave Ctrl-C to farm, and end when it is gone: nobody else would tell these processes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
