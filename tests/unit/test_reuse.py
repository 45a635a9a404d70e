"""Copies for equal rows: one after the other, only of files that still stand, never unasked."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from farm.errors import Ended
from farm.model.causes import Cause
from farm.model.images import REUSED, Image, Maker
from farm.model.jobs import Job, JobState
from farm.model.outcomes import Outcome
from farm.model.prompts import Prompt
from farm.model.sameness import Drawn
from farm.reuse import Copy, DrawnBefore

BYTES = b"a picture of a mill"


def job(number: int, description: str = "a mill", **prompt: object) -> Job:
    asked = {"filename": "a.png", "description": description} | prompt
    return Job(
        id=number,
        queue="q",
        prompt=Prompt(id=str(number), **asked),  # type: ignore[arg-type]
        version=1,
        state=JobState.PENDING,
        lane="any",
        priority=0,
        not_before=None,
        attempts=0,
        max_attempts=3,
        crashes=0,
        cause=None,
        message="",
        image_path="",
        session="",
        updated_at=0,
        completed_at=None,
        source="q.csv",
        row=1,
    )


def image(path: str = "mill.png") -> Image:
    return Image(
        path=path,
        sha256=hashlib.sha256(BYTES).hexdigest(),
        size_bytes=len(BYTES),
        width_px=8,
        height_px=8,
        media_type="image/png",
        source="api",
        maker=Maker(backend="gemini", model="nano", cost_microusd=33_600),
    )


def drawn(of: Job) -> Drawn:
    return Drawn(job_id=of.id, payload=of.prompt.to_payload(), references=())


@dataclass
class Desk:
    """What was drawn before, by a book and on a disk."""

    home: Path
    before: list[Drawn] = field(default_factory=list)
    owned: dict[int, tuple[Image, ...]] = field(default_factory=dict)
    reads: int = 0
    state: JobState = JobState.COMPLETED  # of what was drawn before, by now

    async def drawn(self, after: int = 0) -> tuple[Drawn, ...]:
        self.reads += 1
        return tuple(one for one in self.before if one.job_id > after)[:1]

    async def job(self, job_id: int) -> Job:
        return replace(job(job_id), state=self.state, image_path="mill.png")

    async def images(self, job_id: int) -> tuple[Image, ...]:
        return self.owned.get(job_id, ())

    async def digest(self, references: Sequence[str]) -> Sequence[str]:
        if "gone" in references:
            raise Ended(Outcome(cause=Cause.UNSUPPORTED, message="It cannot be fetched."))
        return references

    def reuse(self) -> DrawnBefore:
        return DrawnBefore(
            book=self,
            downloads=self.home,
            part_path=lambda attempt, n: self.home / f"{attempt}-{n}.part",
            digest=self.digest,
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """One completed job whose file stands."""
    (tmp_path / "mill.png").write_bytes(BYTES)
    return Desk(home=tmp_path, before=[drawn(job(1))], owned={1: (image(),)})


async def copy_for(reuse: DrawnBefore, of: Job) -> Copy | None:
    async with reuse.turn(of) as turn:
        return await turn.copy(11)


async def test_an_equal_row_gets_the_bytes_for_nothing(desk: Desk) -> None:
    copy = await copy_for(desk.reuse(), job(2))

    assert copy is not None
    assert copy.raw.part.read_bytes() == BYTES
    assert copy.maker == Maker(backend=REUSED, model="nano", cost_microusd=0)
    assert copy.of == "q/1"


async def test_another_row_gets_none_and_the_past_is_read_once(desk: Desk) -> None:
    reuse = desk.reuse()

    found = await asyncio.gather(*(copy_for(reuse, job(n, f"boat {n}")) for n in range(2, 9)))

    assert found == [None] * 7
    assert desk.reads == 2  # a page, and the empty one after it


@pytest.mark.parametrize("content", [None, b"another picture"])
async def test_a_file_that_is_gone_or_was_changed_is_drawn_again(
    desk: Desk, content: bytes | None
) -> None:
    (desk.home / "mill.png").unlink()
    if content is not None:
        (desk.home / "mill.png").write_bytes(content)

    assert await copy_for(desk.reuse(), job(2)) is None


async def test_what_is_no_longer_completed_is_no_twin(desk: Desk) -> None:
    desk.state = JobState.REVIEW

    assert await copy_for(desk.reuse(), job(2)) is None


async def test_a_row_that_had_a_picture_before_is_drawn_anew(desk: Desk) -> None:
    desk.owned[2] = (image("its-own.png"),)

    assert await copy_for(desk.reuse(), job(2)) is None


async def test_rows_whose_pictures_cannot_be_had_are_left_to_who_draws_them(desk: Desk) -> None:
    assert await copy_for(desk.reuse(), job(2, references=("gone",))) is None


async def test_equal_rows_take_turns_and_find_what_the_first_one_made(desk: Desk) -> None:
    desk.before, reuse, log = [], desk.reuse(), []

    async def work(number: int) -> None:
        async with reuse.turn(job(number)) as turn:
            if await turn.copy(number) is not None:
                log.append("copied")
                return
            log.append("drawing")
            await asyncio.sleep(0)
            log.append("drawn")
            turn.made((image(),))

    await asyncio.gather(*(work(n) for n in range(1, 4)))

    assert log == ["drawing", "drawn", "copied", "copied"]


async def test_after_a_failure_the_next_equal_row_is_drawn(desk: Desk) -> None:
    desk.before, reuse = [], desk.reuse()

    with pytest.raises(Ended):
        async with reuse.turn(job(1)):
            raise Ended(Outcome(cause=Cause.TIMEOUT, message="no image"))

    assert await copy_for(reuse, job(2)) is None
