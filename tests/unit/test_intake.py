"""Watched sources are imported when they changed, and a broken save changes nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from farm.errors import FarmError, GoogleBusy, InputError
from farm.intake import Intake, Watched, file_look
from farm.model.events import Notice, RunEvent

State = str | None | FarmError


@dataclass(kw_only=True)
class Stage:
    """A clock whose sleeps are the beats of a play: one look at the source each."""

    states: Iterator[State]
    endings: list[FarmError] = field(default_factory=list)  # of the imports, in their order
    taken: list[State] = field(default_factory=list)
    told: list[RunEvent] = field(default_factory=list)
    state: State = None
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> float:
        return 0.0

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        assert seconds == 7
        await asyncio.sleep(0)
        try:
            self.state = next(self.states)
        except StopIteration:
            self.over.set()
            await asyncio.Event().wait()

    async def look(self) -> str | None:
        if isinstance(self.state, FarmError):
            raise self.state
        return self.state

    async def take(self) -> str:
        self.taken.append(self.state)
        if self.endings:
            raise self.endings.pop(0)
        return "1 new"


async def play(*states: State, endings: Sequence[FarmError] = (), settles: bool = True) -> Stage:
    stage = Stage(states=iter(states), endings=list(endings))
    source = Watched(
        name="prompts.csv",
        look=stage.look,
        take=stage.take,
        every_seconds=7,
        settles=settles,
    )
    async with Intake(sources=[source], clock=stage, tell=stage.told.append):
        await asyncio.wait_for(stage.over.wait(), 5)
    return stage


async def test_a_change_is_imported_once() -> None:
    stage = await play("one", "one", "one", "two", "two", "two")

    assert stage.taken == ["one", "two"]


async def test_a_file_that_is_still_being_written_is_left_alone() -> None:
    stage = await play("1 line", "2 lines", "3 lines", "3 lines")

    assert stage.taken == ["3 lines"]


async def test_a_file_that_is_gone_for_a_moment_is_waited_for() -> None:
    stage = await play("one", "one", None, None, "two", "two")

    assert stage.taken == ["one", "two"]


async def test_a_sheet_counts_as_soon_as_it_looks_different() -> None:
    stage = await play("one", "two", settles=False)

    assert stage.taken == ["one", "two"]


async def test_a_broken_save_is_told_once_with_its_problems() -> None:
    broken = InputError([f"prompts.csv, row {n}: wrong." for n in range(1, 8)])

    stage = await play("one", "one", "one", "two", "two", endings=[broken])

    first, second = stage.told
    assert isinstance(first, Notice)
    assert first.level == "warning"
    assert first.text.startswith("prompts.csv is left as it was: prompts.csv, row 1: wrong.")
    assert first.text.endswith("And 2 more.")
    assert second == Notice(level="info", text="prompts.csv: 1 new")


async def test_an_import_that_may_work_later_is_tried_again() -> None:
    stage = await play("one", "one", "one", endings=[GoogleBusy("Quota.")])

    assert stage.taken == ["one", "one"]


async def test_a_source_that_cannot_be_seen_is_looked_at_again() -> None:
    stage = await play(GoogleBusy("Quota."), "one", settles=False)

    assert stage.taken == ["one"]


@pytest.mark.parametrize("how", ["written", "replaced", "touched"])
async def test_a_file_looks_different_after_every_kind_of_save(tmp_path: Path, how: str) -> None:
    path = tmp_path / "prompts.csv"
    path.write_text("a,b")
    os.utime(path, ns=(1, 1))
    look = file_look(path)
    before = await look()

    if how == "written":
        path.write_text("a,b,c")
        os.utime(path, ns=(1, 1))
    elif how == "replaced":
        (tmp_path / "new").write_text("c,d")
        os.utime(tmp_path / "new", ns=(1, 1))
        (tmp_path / "new").replace(path)
    else:
        os.utime(path, ns=(2, 2))

    assert await look() != before


async def test_a_file_that_is_not_there_looks_like_nothing(tmp_path: Path) -> None:
    assert await file_look(tmp_path / "prompts.csv")() is None
