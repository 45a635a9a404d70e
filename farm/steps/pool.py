"""Blocking steps on all cores at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from farm.errors import FarmError

AHEAD = 2  # tasks in line per process: none ever waits for work, and few wait in memory
_INSIST_SECONDS = 0.3

Task = TypeVar("Task")
Result = TypeVar("Result")


def cores() -> int:
    """How many processes can work at once here."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def step_pool(processes: int = 0) -> ProcessPoolExecutor:
    """Processes for blocking steps, as many as there are cores; the first task starts them."""
    return ProcessPoolExecutor(
        processes or cores(),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_follow_parent,
    )


def new_pool(processes: int) -> ProcessPoolExecutor:
    """Fresh processes, started when first needed, that leave Ctrl-C to this one and end with it.

    Started anew and not forked: a fork would inherit locks that threads of this process hold.
    """
    return ProcessPoolExecutor(
        processes, mp_context=multiprocessing.get_context("spawn"), initializer=_follow_parent
    )


@contextmanager
def process_pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """A new pool; leaving drops what waits and waits for what is being written."""
    pool = new_pool(processes)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def spread(
    work: Callable[[Task], Result], tasks: Iterable[Task], *, processes: int
) -> Iterator[tuple[Task, Result]]:
    """Each task with its result, as they are done; one process means this one.

    What a task raises is raised here and ends the rest; what was begun is finished first.
    """
    if processes == 1:
        yield from ((task, work(task)) for task in tasks)
        return
    rest = iter(tasks)
    running: dict[Future[Result], Task] = {}
    with process_pool(processes) as pool:
        try:
            while True:
                for task in islice(rest, processes * AHEAD - len(running)):
                    running[pool.submit(work, task)] = task
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                yield from ((running.pop(future), future.result()) for future in done)
        except BrokenProcessPool as error:
            raise FarmError(
                "A working process was ended from outside, perhaps for want of memory; "
                "try again with --jobs 1."
            ) from error


def _follow_parent() -> None:
    """Leave signals to the first process, which sees to an orderly end; outlive it by no task."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end_as_orphan)
    threading.Thread(target=_watch_parent, daemon=True).start()


def _end_as_orphan(*_: object) -> None:
    parent = multiprocessing.parent_process()
    if parent is None or not parent.is_alive():
        raise SystemExit(1)  # not os._exit: whoever is writing removes the half file


def _watch_parent() -> None:
    """A killed parent says nothing, and its line of tasks never ends by itself."""
    if parent := multiprocessing.parent_process():
        parent.join()
        while True:  # a task that is being worked on may swallow the first one
            os.kill(os.getpid(), signal.SIGTERM)
            threading.Event().wait(_INSIST_SECONDS)
