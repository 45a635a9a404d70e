"""The audit trail: a line for every attempt that ended."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from farm.generation_log import FILE_NAME, GenerationLog
from farm.model.causes import Cause
from farm.model.events import AttemptEnded, JobChanged, Notice, RunEvent, SessionChanged
from farm.model.images import Image
from farm.model.jobs import Job, JobState
from farm.model.outcomes import Outcome
from farm.model.prompts import ImageType, Prompt, Size
from farm.model.sessions import Session
from farm.testing.clock import FakeClock

SEEDS_KEYS = [
    "timestamp", "sessionId", "promptId", "filename", "imageType", "size", "colors", "title",
    "author", "description", "imagePath", "model", "durationSeconds",
]  # fmt: skip
PROMPT = Prompt(
    id="7", image_type=ImageType.HERO, filename="mill.png", size=Size(1920, 1080),
    colors="#2563eb", typography="serif", description="A mill — «alt».", title="Mills",
    author="Ann",
)  # fmt: skip
JOB = Job(
    id=1, queue="heroes", prompt=PROMPT, version=1, state=JobState.COMPLETED, lane="any",
    priority=0, not_before=None, attempts=1, max_attempts=3, crashes=0, cause=Cause.MADE,
    message="", image_path="2026-11-21/mill.png", session="alice", updated_at=0, completed_at=1.0,
    source="", row=1,
)  # fmt: skip
IMAGE = Image(
    path="2026-11-21/mill.png", sha256="ab12", size_bytes=90_000, width_px=1920, height_px=1080,
    media_type="image/png", source="s0",
)  # fmt: skip
MADE = AttemptEnded(
    job=JOB, session="alice", number=1, outcome=Outcome(cause=Cause.MADE, message=""),
    images=(IMAGE,), text="/imagine the whole text", seconds=41.25049,
)  # fmt: skip
REFUSED = replace(
    MADE,
    job=replace(JOB, state=JobState.FAILED, cause=Cause.REFUSED_POLICY),
    outcome=Outcome(cause=Cause.REFUSED_POLICY, message="Gemini refused."),
    images=(),
)


def trail(folder: Path) -> GenerationLog:
    return GenerationLog(path=folder / FILE_NAME, shown=Path("downloads"), clock=FakeClock())


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / FILE_NAME).read_text("utf-8").splitlines()]


def write(folder: Path, *events: RunEvent) -> list[RunEvent]:
    told: list[RunEvent] = []
    tell = trail(folder).watching(told.append)
    for event in events:
        tell(event)
    return told


def test_a_line_has_the_keys_of_the_seeds_first(tmp_path: Path) -> None:
    told = write(tmp_path, MADE)

    (line,) = lines(tmp_path)
    assert list(line)[: len(SEEDS_KEYS)] == SEEDS_KEYS
    assert [line[key] for key in SEEDS_KEYS] == [
        "1970-01-12T13:46:40.000Z", "alice", "7", "mill.png", "Hero", "1920x1080px", "#2563eb",
        "Mills", "Ann", "A mill — «alt».", "downloads/2026-11-21/mill.png", "", 41.25,
    ]  # fmt: skip
    assert told == [MADE]


def test_farms_own_facts_come_after(tmp_path: Path) -> None:
    write(tmp_path, MADE)

    (line,) = lines(tmp_path)
    assert {key: line[key] for key in list(line)[len(SEEDS_KEYS) :]} == {
        "queue": "heroes",
        "jobId": 1,
        "attempt": 1,
        "cause": "made",
        "message": "",
        "status": "COMPLETED",
        "sha256": "ab12",
        "sizeBytes": 90_000,
        "widthPx": 1920,
        "heightPx": 1080,
    }


def test_an_attempt_without_an_image_says_why(tmp_path: Path) -> None:
    write(tmp_path, REFUSED)

    (line,) = lines(tmp_path)
    assert (line["imagePath"], line["status"]) == ("", "FAILED")
    assert (line["cause"], line["message"]) == ("refused.policy", "Gemini refused.")


def test_the_model_is_the_one_that_the_sessions_page_named(tmp_path: Path) -> None:
    fast = SessionChanged(session=Session(name="alice", mode="Nano Banana Pro"))
    other = SessionChanged(session=Session(name="bob", mode="Lite"))

    write(tmp_path, fast, other, MADE)

    assert lines(tmp_path)[0]["model"] == "Nano Banana Pro"


def test_what_was_sent_is_not_written(tmp_path: Path) -> None:
    write(tmp_path, MADE)

    assert "/imagine" not in (tmp_path / FILE_NAME).read_text()


def test_a_log_is_only_added_to(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"promptId": "of an older program"}\n')

    write(tmp_path, MADE, JobChanged(job=JOB))
    write(tmp_path, REFUSED)

    assert [line["promptId"] for line in lines(tmp_path)] == ["of an older program", "7", "7"]


def test_no_secret_reaches_the_log(tmp_path: Path) -> None:
    said = "Signed in as alice@example.com, Cookie: SID=g.a000abcdefghijklm"
    prompt = replace(PROMPT, description=said, title="bearer abcdef123456")
    outcome = Outcome(cause=Cause.SIGNED_OUT, message=said)

    write(tmp_path, replace(MADE, job=replace(JOB, prompt=prompt), outcome=outcome))

    text = (tmp_path / FILE_NAME).read_text()
    assert not [t for t in ("alice@", "g.a000", "abcdef123456") if t in text]


def test_a_line_that_was_torn_costs_no_other_line(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"promptId": "half of')

    write(tmp_path, MADE, MADE)

    torn, *whole = (tmp_path / FILE_NAME).read_text("utf-8").splitlines()
    assert torn == '{"promptId": "half of'
    assert [json.loads(line)["promptId"] for line in whole] == ["7", "7"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a Linux device")
def test_a_full_disk_stops_no_run_and_is_told_once(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).symlink_to("/dev/full")

    told = write(tmp_path, MADE, MADE)

    notices = [event for event in told if isinstance(event, Notice)]
    assert [event for event in told if event not in notices] == [MADE, MADE]
    assert [FILE_NAME in notice.text for notice in notices] == [True]


def test_a_rotated_log_begins_anew(tmp_path: Path) -> None:
    tell = trail(tmp_path).watching(lambda _: None)

    tell(MADE)
    (tmp_path / FILE_NAME).rename(tmp_path / "old.jsonl")
    tell(REFUSED)

    assert [line["cause"] for line in lines(tmp_path)] == ["refused.policy"]


WRITER = """
import pickle, sys
from pathlib import Path
from farm.generation_log import GenerationLog
from farm.testing.clock import FakeClock
event = pickle.load(sys.stdin.buffer)
path = Path(sys.argv[1])
tell = GenerationLog(path=path, shown=Path("d"), clock=FakeClock()).watching(lambda _: None)
for _ in range(150):
    tell(event)
"""


def test_lines_of_two_farms_never_mix(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / FILE_NAME)]
    farms = {name: subprocess.Popen(command, stdin=subprocess.PIPE) for name in "ab"}

    for name, farm in farms.items():
        prompt = replace(PROMPT, description=name * 9000)  # more than a page of memory
        assert farm.stdin is not None
        with farm.stdin as stdin:
            pickle.dump(replace(MADE, job=replace(JOB, prompt=prompt)), stdin)
    for farm in farms.values():
        farm.wait(timeout=30)

    texts = [line["description"] for line in lines(tmp_path)]
    assert (texts.count("a" * 9000), texts.count("b" * 9000), len(texts)) == (150, 150, 300)
