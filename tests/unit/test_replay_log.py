"""The submission log of the stand-in."""

from __future__ import annotations

from pathlib import Path

from farm.replay.log import LoggedImage, Submission, SubmissionLog, read_log

IMAGE = LoggedImage(sha256_original="a", sha256_s0="b", sha256_preview="c", width=1408, height=768)


def submission(n: int) -> Submission:
    return Submission(
        n=n,
        at=1.0,
        account="first",
        conversation="c",
        turn="t",
        text="Drachen über dem Tal",
        accepted=True,
        outcome="ok",
        mode="Flash",
        image_mode=True,
        images=(IMAGE,),
    )


def test_a_log_is_on_disk_as_soon_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "submissions.jsonl"
    log = SubmissionLog(path)

    log.append(submission(log.next_number()))

    assert read_log(path) == log.entries == [submission(1)]


def test_a_cut_submission_loses_its_images_in_memory_and_on_disk(tmp_path: Path) -> None:
    log = SubmissionLog(tmp_path / "log.jsonl")
    log.append(submission(1))

    log.cut(1)

    assert read_log(tmp_path / "log.jsonl") == log.entries
    assert (log.entries[0].outcome, log.entries[0].images) == ("cut", ())


def test_a_log_file_is_continued_with_the_next_number(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    SubmissionLog(path).append(submission(7))

    log = SubmissionLog(path)

    assert log.entries == [submission(7)]
    assert log.next_number() == 8


def test_a_line_cut_short_by_a_crash_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    SubmissionLog(path).append(submission(1))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"n": 2, "at"')

    assert read_log(path) == [submission(1)]


def test_without_a_path_nothing_is_written(tmp_path: Path) -> None:
    log = SubmissionLog(None)

    log.append(submission(log.next_number()))

    assert log.entries == [submission(1)]
    assert list(tmp_path.iterdir()) == []
