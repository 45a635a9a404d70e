import csv
import os
import random
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from farm.model.causes import Cause
from farm.model.jobs import Job, JobState
from farm.model.operations import Operation
from farm.model.prompts import ImageType, Prompt, Size
from farm.sources.columns import SEED_COLUMNS
from farm.sources.errand import Errand
from farm.sources.formulas import guard, unguard
from farm.sources.kinds import source_of
from farm.sources.names import Kind
from farm.sources.results import results_path, write_results
from farm.sources.table import Table

NOISE = list("=+-@'\t\r\n ,\"|é名🌿＝x")


def job(row: int = 1, **changes: object) -> Job:
    prompt = Prompt(id=str(row), filename="a.png", description="a pond")
    facts: dict[str, object] = {
        "id": row,
        "queue": "prompts",
        "prompt": prompt,
        "version": 1,
        "state": JobState.PENDING,
        "lane": "any",
        "priority": 0,
        "not_before": None,
        "attempts": 0,
        "max_attempts": 3,
        "crashes": 0,
        "cause": None,
        "message": "",
        "image_path": "",
        "session": "",
        "updated_at": 0.0,
        "completed_at": None,
        "source": "/in/prompts.csv",
        "row": row,
    }
    return Job(**(facts | changes))  # type: ignore[arg-type]  # a table of changes


def written(folder: Path, *jobs: Job, **options: Path) -> list[dict[str, str]]:
    path = folder / "prompts-completed.csv"
    write_results(path, jobs, **options)  # type: ignore[arg-type]  # a table of options
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_seeds_columns_come_first_then_the_rows_own_then_the_ending(tmp_path: Path) -> None:
    prompt = replace(job().prompt, extra={"Campaign": "spring", "Zone": "4"})

    (row,) = written(tmp_path, job(prompt=prompt))

    assert list(row) == [*SEED_COLUMNS, "Campaign", "Zone", "Cause", "Error"]
    assert (row["Campaign"], row["Zone"]) == ("spring", "4")


def test_a_finished_job_tells_where_its_image_is_and_who_made_it_when(tmp_path: Path) -> None:
    done = job(
        state=JobState.COMPLETED,
        cause=Cause.MADE,
        message="A little off.",
        image_path="2026-11-21/a.png",
        session="alice",
        completed_at=1_795_225_176.4,
    )

    (row,) = written(tmp_path, done, downloads=Path("downloads"))

    assert [row[name] for name in SEED_COLUMNS[9:]] == [
        "COMPLETED",
        "downloads/2026-11-21/a.png",
        "alice",
        "2026-11-21T01:39:36Z",
    ]
    assert (row["Cause"], row["Error"]) == ("", "")


@pytest.mark.parametrize(
    ("state", "cause", "word"),
    [
        (JobState.PENDING, None, "PENDING"),
        (JobState.DELAYED, Cause.LIMITED_QUOTA, "RATE_LIMITED"),
        (JobState.IN_PROGRESS, None, "IN_PROGRESS"),
        (JobState.FAILED, Cause.REFUSED_POLICY, "FAILED"),
        (JobState.REVIEW, Cause.AMBIGUOUS, "REVIEW"),
        (JobState.CANCELLED, Cause.CANCELLED, "CANCELLED"),
    ],
)
def test_every_other_state_has_its_word_and_its_cause(
    tmp_path: Path, state: JobState, cause: Cause | None, word: str
) -> None:
    (row,) = written(tmp_path, job(state=state, cause=cause, message="Why."))

    assert row["Status"] == word
    assert row["Cause"] == (cause or "")
    assert row["Error"] == ("Why." if cause else "")
    assert row["Generated At"] == ""


def test_rows_stand_in_the_order_of_their_source(tmp_path: Path) -> None:
    rows = written(tmp_path, job(3), job(1), job(2, id=9), job(1, id=4, source="/in/more.csv"))

    assert [row["Prompt ID"] for row in rows] == ["1", "2", "3", "1"]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\rx", "＝1", "'=1", "''@x"]
)
def test_no_cell_is_run_by_a_spreadsheet(tmp_path: Path, text: str) -> None:
    prompt = replace(job().prompt, description=text, extra={text: text})

    (row,) = written(tmp_path, job(prompt=prompt, cause=Cause.CRASHED, message=text, session=text))

    for cell in (row["Description"], row["Error"], row["Session ID"], list(row)[13]):
        assert cell == f"'{text}"


def test_guarding_is_undone_exactly() -> None:
    roll = random.Random(6)  # noqa: S311  # repeatable, not secret
    texts = ["".join(roll.choices(NOISE, k=roll.randint(0, 6))) for _ in range(5_000)]

    assert [text for text in texts if unguard(guard(text)) != text] == []


def test_results_read_again_are_the_same_prompts(tmp_path: Path) -> None:
    roll = random.Random(7)  # noqa: S311  # repeatable, not secret

    def text(longest: int = 8) -> str:
        inner = "".join(roll.choices(NOISE, k=roll.randint(0, longest)))
        return f"{roll.choice('=x-@')}{inner}."

    jobs = [
        job(
            row,
            prompt=Prompt(
                id=f"n{row}",
                image_type=roll.choice(list(ImageType)),
                filename=f"{row}.png",
                size=roll.choice([None, Size(1200, 630)]),
                colors=text(),
                typography=text(),
                description=text(),
                title=text(),
                author=text(),
                extra={"Notes": text(), "=Zone": text()},
            ),
        )
        for row in range(1, 200)
    ]

    write_results(tmp_path / "r.csv", jobs)

    batch = Table(tmp_path / "r.csv").read()
    assert [row.prompt for row in batch.rows] == [job.prompt for job in jobs]
    assert batch.warnings == ()


def test_results_stand_beside_their_input(tmp_path: Path) -> None:
    source = tmp_path / "hero prompts.v2.tsv"

    assert results_path(source, Path("/home")) == tmp_path / "hero prompts.v2-completed.csv"


def test_results_of_a_folder_that_is_gone_go_home(tmp_path: Path) -> None:
    assert results_path(tmp_path / "gone" / "p.csv", tmp_path) == tmp_path / "p-completed.csv"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_results_of_a_folder_one_may_not_write_to_go_home(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)

    assert results_path(locked / "p.csv", tmp_path) == tmp_path / "p-completed.csv"


def test_a_results_file_is_no_more_private_than_any_other(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()

    write_results(tmp_path / "r.csv", [job()])

    assert (tmp_path / "r.csv").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plain", "r.csv"]


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.TXT])
def test_a_queue_is_exported_in_every_kind_and_read_back_as_it_was(
    tmp_path: Path, kind: Kind
) -> None:
    reference = tmp_path / "ref.png"
    reference.write_bytes(b"\x89PNG\r\n\x1a\n")
    rich = Prompt(
        id="a",
        image_type=ImageType.HERO,
        filename="hero-a-b.png",
        size=Size(1920, 1080),
        description="=a pond\n### at dawn",
        title="A Pond",
        references=(str(reference), "https://x.org/b.png"),
        negative="fog",
        backend="openai",
        model="a-model",
        operation=Operation.INSERT,
        mask=str(reference),
        factor=2.5,
        seed=0,
        extra={"Zone": "4"},
    )
    path = tmp_path / f"out.{kind}"

    write_results(path, [job(1, prompt=rich), job(2)])

    back = [row.prompt for row in source_of(Errand(source=str(path))).read().rows]
    assert [replace(prompt, extra={}) for prompt in back] == [
        replace(rich, extra={}),
        job(2).prompt,
    ]
    assert back[0].extra["Zone"] == "4"
