"""Files in the stand-in: hashed, kept over its lives, and nobody else's."""

from __future__ import annotations

import hashlib
from pathlib import Path

from farm.replay.log import Submission, SubmissionLog, read_log
from farm.replay.stand_in import StandIn
from farm.replay.uploads import Uploads


def uploads(folder: Path) -> Uploads:
    ids = iter(f"id-{n}" for n in range(9))
    return Uploads(folder, lambda: next(ids))


async def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    taken = await uploads(tmp_path).take(b"a kite", "image/png", "first")

    assert taken.sha256 == hashlib.sha256(b"a kite").hexdigest()


async def test_only_the_accounts_own_files_go_along_in_the_order_asked(tmp_path: Path) -> None:
    held = uploads(tmp_path)
    one = await held.take(b"one", "image/png", "first")
    two = await held.take(b"two", "image/png", "first")
    foreign = await held.take(b"three", "image/png", "second")

    assert held.of("first", [two.id, foreign.id, "never", one.id]) == (two, one)


async def test_a_stand_in_that_goes_on_still_has_the_files(tmp_path: Path) -> None:
    async with StandIn.open(state_dir=tmp_path) as stand_in:
        taken = await stand_in.world.uploads.take(b"a kite", "image/png", "first")
        stand_in.world.saved()

    async with StandIn.open(state_dir=tmp_path) as stand_in:
        (known,) = stand_in.world.uploads.of("first", [taken.id])

        assert await stand_in.world.uploads.read(known) == b"a kite"


def test_the_log_on_disk_names_what_went_along(tmp_path: Path) -> None:
    sent = Submission(
        n=1, at=0, account="first", conversation="c", turn="t", text="a kite", accepted=True,
        outcome="ok", mode="Flash", image_mode=True, files=("aa", "bb"),
    )  # fmt: skip
    SubmissionLog(tmp_path / "log").append(sent)

    assert read_log(tmp_path / "log") == [sent]
