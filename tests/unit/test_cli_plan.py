"""What `farm plan` says in words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from farm.cli.plan import rough, told
from farm.config import load_settings
from farm.model.allowance import Allowance
from farm.model.causes import Cause
from farm.model.experience import Try
from farm.model.plan import Facts, Known, lay_out
from farm.model.sessions import Session, SessionState

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
TRIES = tuple(
    Try(cause=Cause.MADE, began=NOW - 10**6 - n * 7200, ended=NOW - 10**6 - n * 7200 + 30)
    for n in range(50)
)
ALICE = Known(session=Session(name="alice"), allowance=Allowance(), tries=TRIES)
FACTS = Facts(
    in_queue=31,
    in_files=0,
    counts={},
    accounts=(ALICE,),
    pace_seconds=90.0,
    longest_try_seconds=600.0,
)


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        getattr(time, "tzset", lambda: None)()
        yield
    getattr(time, "tzset", lambda: None)()


def lines(tmp_path: Path, facts: Facts = FACTS, **more: Any) -> list[str]:
    plan = lay_out(facts, now=NOW, zone=UTC, **more)
    return list(told(plan, load_settings(environ={}, cwd=tmp_path)))


def test_the_end_is_told_with_its_range_and_what_holds_it_back(tmp_path: Path) -> None:
    assert lines(tmp_path) == [
        "31 jobs, 1 account.",
        "Done: about 13:00, in 1 h 1 min; between 12:59 and 13:04.",
        "Most of the time goes to the pace between prompts (74%).",
        "With one more account: 12:30, 30 min sooner.",
    ]


def test_until_is_told_as_how_far_it_gets(tmp_path: Path) -> None:
    told = lines(tmp_path, until=NOW + 1800)

    assert told[1] == "By 12:30: about 15 of 31 done, at least 14 and at most 15."


def test_an_empty_queue_has_no_end_to_tell(tmp_path: Path) -> None:
    assert lines(tmp_path, replace(FACTS, in_queue=0)) == ["0 jobs, 1 account."]


def test_waits_that_a_run_would_not_last_through_are_told(tmp_path: Path) -> None:
    capped = replace(ALICE, allowance=Allowance(cap=10))

    told = lines(tmp_path, replace(FACTS, accounts=(capped,)))

    assert any("farm start --watch" in line for line in told)


def test_paused_queues_and_accounts_left_out_are_named(tmp_path: Path) -> None:
    red = Known(session=Session(name="bob", state=SessionState.NEEDS_PERSON), allowance=Allowance())
    new = replace(ALICE, session=Session(name="new account 1"), exists=False)

    told = lines(tmp_path, replace(FACTS, accounts=(ALICE, red, new), paused=("heroes",)))

    assert told[0] == "31 jobs, 2 accounts."
    assert told[-3:] == [
        "Paused, and reckoned as if it were not: heroes. To go on: farm queue resume",
        "bob needs a person and is left out: farm login bob",
        "new account 1 does not exist yet. To make it: farm login NAME",
    ]


SEAT = replace(ALICE, session=Session(name="gemini-1"), backend="gemini")


def test_apis_are_told_beside_accounts_with_the_share_of_each(tmp_path: Path) -> None:
    told = lines(tmp_path, replace(FACTS, accounts=(ALICE, SEAT), api_pace_seconds=0.0))

    assert told[0] == "31 jobs, 1 account and up to 1 request at once at gemini."
    assert told[2] == "Of these 6 at web, 25 at gemini."


def test_jobs_that_nobody_of_the_run_makes_are_told_with_the_way(tmp_path: Path) -> None:
    told = lines(tmp_path, replace(FACTS, left_out={"fal": 2, "any+mask": 1}, stand_by=("openai",)))

    assert told[-3:] == [
        "2 jobs left out, for fal, which takes no part: farm plan --backends web,fal",
        "1 job left out: nobody here takes what comes with it (mask).",
        "openai may step in; reckoned only with the rows that name it.",
    ]


def test_an_api_without_its_key_is_reckoned_and_told(tmp_path: Path) -> None:
    told = lines(tmp_path, replace(FACTS, accounts=(SEAT,), lacking={"gemini": "It needs a key."}))

    assert told[-1] == "Reckoned as if it could work: It needs a key."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "5 s"), (90, "2 min"), (3600, "1 h 0 min"), (86400, "24 h 0 min"), (200000, "2 d 7 h")],
)
def test_a_duration_is_told_without_false_precision(seconds: float, text: str) -> None:
    assert rough(seconds) == text
