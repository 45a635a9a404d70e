"""Working processes: all tasks done, faults told, no process left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from farm.errors import FarmError, NoPicture
from farm.steps.pool import spread

ORPHANS = """
import sys
from pathlib import Path
from farm.steps.pool import spread
sys.path.insert(0, sys.argv[1])
from tasks import stay

if __name__ == "__main__":
    for _ in spread(stay, [sys.argv[1]] * 9, processes=2):
        pass
"""
TASKS = """
import os, threading
from pathlib import Path

def stay(folder):
    half = Path(folder) / f".{os.getpid()}.tmp"
    try:
        half.write_text("half")
        print(os.getpid(), flush=True)
        threading.Event().wait(60)
    finally:
        half.unlink()
"""
WAIT_SECONDS = 20


def double(number: int) -> int:
    return number * 2


def refuse(number: int) -> int:
    raise NoPicture(f"{number} is none.")


def die(_number: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("processes", [1, 2])
def test_every_task_comes_back_with_its_result(processes: int) -> None:
    done = dict(spread(double, range(9), processes=processes))

    assert done == {number: number * 2 for number in range(9)}


@pytest.mark.parametrize("processes", [1, 2])
def test_what_a_task_raises_is_raised_here(processes: int) -> None:
    with pytest.raises(NoPicture, match="is none"):
        list(spread(refuse, range(3), processes=processes))


def test_a_process_that_is_killed_is_told_in_words() -> None:
    with pytest.raises(FarmError, match="ended from outside"):
        list(spread(die, range(3), processes=2))


def test_processes_end_with_a_killed_parent_and_clean_up(tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text(TASKS)
    (tmp_path / "main.py").write_text(ORPHANS)
    command = [sys.executable, str(tmp_path / "main.py"), str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout is not None
        workers = [psutil.Process(int(parent.stdout.readline())) for _ in range(2)]

        parent.kill()
        _, alive = psutil.wait_procs(workers, timeout=WAIT_SECONDS)

    assert alive == []
    assert list(tmp_path.glob(".*.tmp")) == []
