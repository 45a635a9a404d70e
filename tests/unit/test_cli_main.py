"""The entry point: words and an exit code for every ending."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from farm import cli
from farm.cli import app as command_line
from farm.errors import FarmError, InputError, PersonNeeded, StoreError, UsageError
from farm.log import configure_logging

Leave = Callable[..., int]


def raiser(error: BaseException) -> Callable[[], None]:
    def app() -> None:
        raise error

    return app


@pytest.fixture
def leave(monkeypatch: pytest.MonkeyPatch) -> Leave:
    """Run `farm` whose command ends with an error; give the exit code."""

    def run(error: BaseException) -> int:
        monkeypatch.setattr(command_line, "app", raiser(error))
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert isinstance(caught.value.code, int)
        return caught.value.code

    return run


@pytest.fixture
def _logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers = root.handlers[:]
    root.handlers[:] = []
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no such queue"), 2),
        (InputError(["a.csv row 3: no Description"]), 2),
        (PersonNeeded("alice is signed out"), 3),
        (StoreError("farm.db is of a later version"), 4),
        (FarmError("anything else"), 4),
    ],
)
def test_an_error_of_farm_is_its_message_and_its_code(
    leave: Leave, capsys: pytest.CaptureFixture[str], error: FarmError, code: int
) -> None:
    assert leave(error) == code

    assert capsys.readouterr().err == f"farm: {error}\n"


@pytest.mark.usefixtures("_logging_restored")
def test_a_fault_of_farm_is_short_on_screen_and_whole_in_the_log(
    leave: Leave, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = configure_logging(level="info", log_dir=tmp_path, now=0)
    assert path is not None

    code = leave(ZeroDivisionError("by alice@example.com"))

    shown = capsys.readouterr().err
    assert code == 4
    assert "ZeroDivisionError: by [redacted]" in shown
    assert str(path) in shown
    assert "Traceback" not in shown
    assert "Traceback" in path.read_text()
    assert "alice" not in shown + path.read_text()


@pytest.mark.usefixtures("_logging_restored")
def test_a_fault_without_a_log_shows_its_traceback(
    leave: Leave, capsys: pytest.CaptureFixture[str]
) -> None:
    assert leave(ZeroDivisionError("x")) == 4

    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--no-such-option"],
        ["no-such-command"],
        ["start", "--sessions", "0"],
        ["queue", "list", "x"],
    ],
)
def test_wrong_use_is_exit_code_two(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["farm", *words])

    with pytest.raises(SystemExit) as caught:
        cli.main()

    assert caught.value.code == 2


def test_the_version_is_told_without_a_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["farm", "--version"])

    with pytest.raises(SystemExit) as left:
        cli.main()

    assert left.value.code == 0
    assert re.fullmatch(r"farm \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)
