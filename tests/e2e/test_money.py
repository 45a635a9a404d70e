"""Money, through the installed command: the question before it, what bounds it, what saves it."""

from __future__ import annotations

import csv
import json
import os
import pty
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from api_desk import FARM, SECONDS, ApiDesk
from fake_gemini import FakeGemini

COLUMNS = ("Prompt ID", "Image Filename", "Size", "Description")


class Desk(ApiDesk):
    """Whose user may sit at a terminal."""

    def prompts(self, *descriptions: str, name: str = "rows.csv") -> str:
        """A prompt file of square pictures."""
        path = self.home / name
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for n, description in enumerate(descriptions, 1):
                writer.writerow((str(n), f"{path.stem}-{n}.png", "1024x1024px", description))
        return str(path)

    def at_terminal(self, answer: str, *words: str, **settings: str) -> tuple[int, str]:
        """Run it at a terminal, where somebody answers the first question; code and screen."""
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [FARM, *words],
            cwd=self.home,
            env=self.environment(TERM="xterm", COLUMNS="100", **settings),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            shown = _read_until(ours, b"[y/N]")
            os.write(ours, answer.encode())
            shown += _read_until(ours, None)
            code = process.wait(SECONDS)
        os.close(ours)
        return code, shown.decode(errors="replace")


def _read_until(terminal: int, mark: bytes | None) -> bytes:
    shown = b""
    with suppress(OSError):  # Linux tells the end of a terminal so
        while (more := os.read(terminal, 4096)) and (mark is None or mark not in shown + more):
            shown += more
    return shown if mark is None else shown + more


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An empty folder, and Gemini on loopback."""
    with FakeGemini() as gemini:
        yield Desk(home=tmp_path, gemini=gemini)


def test_without_a_terminal_much_money_is_not_spent_unasked(desk: Desk) -> None:
    done = desk.farm("start", desk.prompts("a", "b", "c"), FARM_CONFIRM_ABOVE="0.05")

    assert done.returncode == 2
    assert "3 images at up to" in done.stderr
    assert "within your budget of 10.00 USD a day" in done.stderr
    assert "--yes" in done.stderr
    assert desk.gemini.ledger == []


def test_who_says_no_spends_nothing_and_keeps_the_queue(desk: Desk) -> None:
    rows = desk.prompts("a", "b", "c")

    code, shown = desk.at_terminal("n\n", "start", rows, FARM_CONFIRM_ABOVE="0.05")

    assert code == 3, shown
    assert "nothing is spent" in shown
    assert desk.gemini.ledger == []
    assert desk.rows("SELECT count(*) FROM jobs WHERE state = 'pending'") == [(3,)]


def test_who_says_yes_is_asked_once_and_gets_the_images(desk: Desk) -> None:
    rows = desk.prompts("a", "b", "c")

    code, shown = desk.at_terminal("y\n", "start", rows, FARM_CONFIRM_ABOVE="0.05")

    assert code == 0, shown
    assert shown.count("Go on?") == 1
    assert len(desk.gemini.ledger) == 3


def test_yes_and_little_money_are_not_asked_about(desk: Desk) -> None:
    much = desk.farm("start", desk.prompts("a", "b"), "--yes", FARM_CONFIRM_ABOVE="0.01")
    little = desk.farm("start", desk.prompts("c", name="more.csv"), "--limit", "1")

    assert (much.returncode, little.returncode) == (0, 0), much.stderr + little.stderr
    assert len(desk.gemini.ledger) == 3


def test_a_used_up_budget_is_told_and_shown(desk: Desk) -> None:
    done = desk.farm("start", desk.prompts("a", "b", "c", "d"), "--budget-day", "0.1")

    assert done.returncode == 3, done.stderr
    assert "The budget of a day is used up" in done.stdout
    assert desk.gemini.microusd <= 100_000
    status = json.loads(desk.farm("status", "--json", FARM_BUDGET_DAY="0.1").stdout)
    assert status["money"]["spent_today_microusd"] == desk.gemini.microusd
    assert "of your budget of 0.10 USD" in desk.farm("status", FARM_BUDGET_DAY="0.1").stdout


def test_the_schedule_lets_so_many_sessions_work_as_the_hour_says(desk: Desk) -> None:
    now = datetime.now().astimezone()
    begin, end = now - timedelta(hours=1), now + timedelta(hours=2)

    done = desk.farm(
        "start",
        desk.prompts(*"abcde"),
        FARM_API_CONCURRENCY="3",
        FARM_API_SCHEDULE=f"{begin:%H:%M}-{end:%H:%M}=1",
    )

    assert done.returncode == 0, done.stderr
    assert desk.rows("SELECT DISTINCT session FROM attempts") == [("gemini-1",)]
    resting = desk.rows("SELECT name, cause FROM sessions WHERE state = 'resting' ORDER BY name")
    assert resting == [("gemini-2", "limited.hours"), ("gemini-3", "limited.hours")]
    assert f"Next image from {end:%H:%M} on" in done.stdout


def test_equal_rows_are_drawn_once_and_each_gets_its_own_file(desk: Desk) -> None:
    rows = desk.prompts("a mill", "a boat", "a mill", "a mill", "a mill")

    done = desk.farm("start", rows, "--reuse", FARM_API_CONCURRENCY="5")

    assert done.returncode == 0, done.stderr
    assert len(desk.gemini.ledger) == 2
    images = desk.rows("SELECT path, sha256, backend, cost_microusd FROM images ORDER BY job_id")
    assert len({path for path, *_ in images}) == 5
    assert len({sha256 for _, sha256, *_ in images}) == 2
    assert [cost for *_, backend, cost in images if backend == "reuse"] == [0, 0, 0]
    assert all((desk.home / "downloads" / path).is_file() for path, *_ in images)


def test_what_an_earlier_run_drew_is_taken_and_without_reuse_it_is_bought(desk: Desk) -> None:
    desk.farm("start", desk.prompts("a mill", "a boat"))

    again = desk.farm("start", desk.prompts("a boat", "a mill", name="more.csv"), "--reuse")
    bought = len(desk.gemini.ledger)
    afresh = desk.farm("start", desk.prompts("a mill", name="third.csv"), FARM_REUSE="no")

    assert (again.returncode, afresh.returncode) == (0, 0), again.stderr + afresh.stderr
    assert (bought, len(desk.gemini.ledger)) == (2, 3)
    (path,) = desk.rows("SELECT image_path FROM jobs WHERE prompt_id = '1' AND queue_id = 2")
    assert "more-1" in path[0]


@pytest.mark.long
def test_a_farm_that_is_killed_while_it_reuses_buys_nothing_twice(desk: Desk) -> None:
    rows = desk.prompts(*["a mill"] * 60)
    words = [FARM, "start", rows, "--reuse", "--yes", "--json"]

    for _ in range(3):
        with subprocess.Popen(
            words, cwd=desk.home, env=desk.environment(), stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            ended = (line for line in process.stdout if '"attempt_ended"' in line)
            for _ in zip(range(5), ended, strict=False):
                pass
            process.kill()
    done = desk.farm("start", rows, "--reuse", "--yes")

    assert done.returncode == 0, done.stderr
    assert len(desk.gemini.ledger) == 1
    assert desk.rows("SELECT count(DISTINCT path) FROM images") == [(60,)]
    assert desk.rows("SELECT count(*) FROM jobs WHERE state = 'completed'") == [(60,)]
