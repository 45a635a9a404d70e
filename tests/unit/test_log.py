"""What the log keeps, and what it never says."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farm.log import REDACTED, configure_logging, redact

log = logging.getLogger("farm.test_log")
SECRETS = [
    "Cookie: SID=g.a000abcdefghijklmno; NID=511=abc",
    "set-cookie: __Secure-1PSIDTS=sidts-CjEBabcdefgh; path=/; secure",
    "{'Cookie': 'a=b; c=d'}",
    "Authorization: Bearer abcdef123456",
    "authorization=Basic YWxpY2U6c2VjcmV0",
    "sent bearer abcdef123456",
    "__Secure-1PSID=abcdefgh.ijk",
    "SAPISID=abcdef/ghijkl",
    "https://example.com/?access_token=abcdef123456&x=1",
    "key=AIzaSyA1234567890abcdefghijklmnop",
    "ya29.a0AbCdEfGhIjKl",
    "http://alice:hunter22@127.0.0.1:3128",
    "alice@example.com",
    "https://lh3.googleusercontent.com/gg/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789=s0",
]
TELLTALES = (
    "g.a000abc", "511=abc", "CjEBabc", "a=b", "abcdef123456", "YWxpY2U6", "abcdefgh.ijk",
    "abcdef/ghi", "AIzaSy", "a0AbCd", "hunter22", "alice@", "AbCdEfGhIjKlMnOp",
)  # fmt: skip


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    root, farm = logging.getLogger(), logging.getLogger("farm")
    handlers, levels = root.handlers[:], (root.level, farm.level)
    root.handlers[:] = []
    yield root
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    farm.setLevel(levels[1])


@pytest.fixture
def run_log(root_logger: logging.Logger, tmp_path: Path) -> Path:
    assert root_logger.handlers == []
    path = configure_logging(level="info", log_dir=tmp_path / "logs", now=0)
    assert path is not None
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_redacted_from_text(secret: str) -> None:
    said = redact(f"before {secret}\nafter")

    assert REDACTED in said
    assert said.startswith("before ")
    assert said.endswith("\nafter")
    assert not [t for t in TELLTALES if t in said]


@pytest.mark.parametrize(
    "text",
    [
        "https://gemini.google.com/app/0123456789abcdef?hl=en",
        "job heroes/12 claimed by alpha",
        "profiles/work is held by process 4711",
        "a 1920x1080px hero, key visual: a mill",
        "Inside the SIDE=left panel",
    ],
)
def test_ordinary_text_is_kept(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_reaches_the_file_by_any_road(run_log: Path, secret: str) -> None:
    log.warning("said %s", secret)
    log.warning("carried", extra={"url": secret, "deep": {"list": [(secret,)]}})
    try:
        raise ValueError(secret)
    except ValueError:
        log.exception("failed")

    written = run_log.read_text()
    assert len(lines(run_log)) == 3
    assert not [t for t in TELLTALES if t in written]


def test_no_secret_reaches_the_console(run_log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.warning("seen", extra={"request": SECRETS[0]})

    assert run_log.exists()
    assert capsys.readouterr().err == f"warning: seen  request=Cookie: {REDACTED}\n"


def test_the_console_speaks_json_where_a_program_reads_it(
    root_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(level="info", log_dir=None, now=0, console_format="json")

    log.warning("seen", extra={"request": SECRETS[0]})

    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert root_logger.handlers
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "warning",
        "logger": "farm.test_log",
        "event": "seen",
        "request": f"Cookie: {REDACTED}",
    }


@pytest.mark.timeout(20)
@pytest.mark.parametrize("word", ["a", "a.", "a-", "@", "://", "token", "SID ", "x:"])
def test_a_long_word_is_looked_through_once(word: str) -> None:
    """Anything slower than the length itself would take hours for these."""
    text = word * (200_000 // len(word))

    assert redact(text) == text


@pytest.mark.parametrize("key", ["cookies", "Authorization", "access_token", "api_key", "password"])
def test_a_telling_key_is_redacted_whole(run_log: Path, key: str) -> None:
    log.info("saved", extra={"facts": {key: ["short"]}})

    assert lines(run_log)[0]["facts"] == {key: REDACTED}


def test_libraries_are_redacted_like_farm(run_log: Path) -> None:
    logging.getLogger("asyncio").warning("mail to alice@example.com")

    assert lines(run_log)[0]["event"] == f"mail to {REDACTED}"


def test_what_a_library_warns_of_is_kept_from_the_terminal_and_its_errors_are_not(
    run_log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("urllib3.connectionpool").warning("Retrying")
    logging.getLogger("asyncio").error("Task exception was never retrieved")

    assert [line["event"].split()[0] for line in lines(run_log)] == ["Retrying", "Task"]
    assert capsys.readouterr().err == "error: Task exception was never retrieved\n"


def test_an_event_is_one_line_of_json_with_its_data(run_log: Path) -> None:
    log.info("job claimed", extra={"job_id": 7, "path": Path("a/b")})

    (line,) = lines(run_log)
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "farm.test_log",
        "event": "job claimed",
        "job_id": 7,
        "path": "a/b",
    }


def test_the_console_shows_warnings_and_the_file_what_was_asked_for(
    run_log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.debug("tiny")
    log.info("small")
    log.warning("big")

    assert [line["event"] for line in lines(run_log)] == ["small", "big"]
    assert capsys.readouterr().err == "warning: big\n"


def test_a_run_that_logs_nothing_leaves_no_file(run_log: Path) -> None:
    assert run_log.parent.is_dir()
    assert not run_log.exists()


def test_the_file_is_named_by_its_time(run_log: Path) -> None:
    assert run_log.name.startswith(("farm-19700101-", "farm-19691231-"))


def test_configuring_twice_writes_once(
    root_logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(level="info", log_dir=None, now=0)
    configure_logging(level="info", log_dir=None, now=0)

    log.warning("once")

    assert len(root_logger.handlers) == 1
    assert capsys.readouterr().err == "warning: once\n"
