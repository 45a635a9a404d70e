"""Every way an answer can go, in one run of two sessions: the truth about each, no wrong image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from farm.replay.scenario import FAST, Rule, Scenario

if TYPE_CHECKING:
    from house import Build, House


@dataclass(frozen=True, slots=True)
class Row:
    """What the site does with a row, and what must become of it."""

    play: str
    state: str = "completed"
    cause: str = "made"
    sent: int = 1  # accepted submissions over all attempts
    kind: str = ""
    times: int | None = None  # the site does so only the first times, then plays along
    files: int = 1
    code: int = 1095


ROWS = (
    Row("ok"),
    Row("slow"),
    Row("stopped", times=1, sent=2),
    Row("refusal", "failed", "refused.policy", kind="policy", files=0),
    Row("refusal", "failed", "refused.person", kind="person", files=0),
    Row("refusal", "failed", "refused.third_party", kind="third_party", files=0),
    Row("refusal", "failed", "refused.safety", kind="safety", files=0),
    Row("transient", times=1, sent=2, kind="hard_time"),
    Row("toast", times=1, sent=1, kind="send"),
    Row("text_only", times=1, sent=2),
    Row("text_only", "failed", "text_only", sent=2, files=0),
    Row("send_ignored", times=1, sent=1),
    Row("dropped", times=1, sent=2),
    Row("two_images", files=2),
    Row("stale_image"),
    Row("decoys"),
    Row("placeholder_error", "review", "unproven.placeholder", sent=2, files=0),
    Row("preview_only", "review", "unproven.preview_only", sent=2, files=0),
    Row("truncated", times=1, sent=2),
    Row("wrong_orientation", "review", "unproven.wrong_orientation"),
    Row("s0_forbidden"),
    Row("no_button"),
    Row("button_menu"),
    Row("slow_image"),
)


# What the newer page does in another way: sending, stopping, and pictures without an address.
NEWER = {"stopped", "toast", "two_images", "placeholder_error", "preview_only", "s0_forbidden"}
NEWER_ROWS = tuple(row for row in ROWS if row.play in NEWER)


def scenario(rows: tuple[Row, ...], ui: str, image_src: str) -> Scenario:
    rules = tuple(
        Rule(play=row.play, kind=row.kind, times=row.times, text=f"Row-{n}:", code=row.code)
        for n, row in enumerate(rows, start=1)
    )
    defaults = replace(FAST, ui=ui, image_src=image_src)  # type: ignore[arg-type]
    return Scenario(defaults=defaults, rules=rules)


@pytest.mark.parametrize(
    ("rows", "ui", "image_src"),
    [
        (ROWS, "2025", "https"),
        (NEWER_ROWS, "2026", "blob"),
        pytest.param(ROWS, "2026", "blob", marks=pytest.mark.long),
    ],
)
@pytest.mark.timeout(400)
async def test_every_row_ends_in_truth(
    build: Build, rows: tuple[Row, ...], ui: str, image_src: str
) -> None:
    house = await build(
        scenario(rows, ui, image_src), accounts=2, FARM_GENERATION_TIMEOUT_SECONDS="40"
    )

    done = await house.farm(
        "start", str(house.prompts(len(rows))), "--sessions", "2", "--json", seconds=390
    )

    assert done.code == 1, done.err
    jobs, files = await house.jobs(), house.saved()
    wrong = [
        found
        for n, row in enumerate(rows, start=1)
        if (found := differences(house, row, n, jobs[str(n)], files))
    ]
    assert wrong == []


def differences(house: House, row: Row, n: int, job: dict[str, Any], files: dict[str, str]) -> str:
    """What is not as it must be, in words; empty when all is."""
    stem = f"picture-{n}"
    mine = {
        sha
        for name, sha in files.items()
        if name.rpartition("/")[2].partition(".")[0] in {stem, f"{stem}-2"}
    }
    found = {
        "state": (row.state, job["state"]),
        "cause": (row.cause, job["cause"]),
        "sent": (row.sent, sum(entry.accepted for entry in house.submissions(n))),
        "files": (row.files, len(mine)),
    }
    said = [f"{key} {is_!r}, not {must!r}" for key, (must, is_) in found.items() if must != is_]
    if not mine <= house.originals(n):
        said.append("a file that is no original of this row")
    return f"row {n} ({row.play} {row.kind}): {'; '.join(said)}" if said else ""


@pytest.mark.parametrize(
    ("play", "cause", "kind"),
    [
        ("quota", "limited.quota", "resets"),
        ("flash_lite", "wrong_mode", ""),
        ("signed_out", "signed_out", "page"),
        ("challenge", "challenge", ""),
        ("region", "region", ""),
        pytest.param("quota_banner", "limited.quota", "", marks=pytest.mark.long),
        pytest.param("signed_out", "signed_out", "redirect", marks=pytest.mark.long),
        pytest.param("consent", "challenge", "", marks=pytest.mark.long),
    ],
)
async def test_what_stops_a_session_costs_the_job_nothing_and_work_is_left(
    build: Build, play: str, cause: str, kind: str
) -> None:
    rules = (Rule(play=play, kind=kind),)
    house = await build(Scenario(defaults=FAST, rules=rules))

    done = await house.farm("start", str(house.prompts(2)))

    assert done.code == 3, done.out + done.err
    jobs = await house.jobs()
    assert {job["state"] for job in jobs.values()} == {"pending"}
    assert {job["attempts"] for job in jobs.values()} == {0}
    assert jobs["1"]["cause"] in {cause, None}
    assert house.saved() == {}
    assert house.browsers() == []
    sessions = await house.farm("status", "--json")
    assert cause in sessions.out
