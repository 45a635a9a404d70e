"""The job that enlarges: queued before the small one ends, once for each original."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest

from farm.attempt import Result
from farm.enlarging import Enlarging
from farm.gate import RunGate
from farm.model.causes import Cause
from farm.model.enlarging import Enlargement
from farm.model.images import Image
from farm.model.jobs import Claim, Job, JobState, Phase
from farm.model.lanes import ANY_LANE, Need, lane
from farm.model.operations import Operation
from farm.model.outcomes import Outcome
from farm.model.prompts import Prompt, Size, SourceRow
from farm.presence import Presence
from farm.settlement import Settlement
from farm.store.engine import open_store
from farm.store.facade import Store
from farm.testing.clock import FakeClock
from farm.wording import Wording

IMAGE = Image(
    path="2026-11-21/mill.png", sha256="ab", size_bytes=1, width_px=1376, height_px=768,
    media_type="image/png", source="api",
)  # fmt: skip
HOW = Enlargement(tier="1K", factor=3.0, backend="fal", model="seedvr")
ROW = SourceRow(
    prompt=Prompt(
        id="7", filename="mill.png", description="a mill", size=Size(3840, 2160), seed=5,
        references=("https://example.org/a.png",), extra={"Site": "blog"},
    ),
    row=4,
)  # fmt: skip


class Died(BaseException):
    """What a test stops the world with."""


@dataclass
class Bench:
    """A job that was drawn small and not yet ended."""

    store: Store
    enlarging: Enlarging
    home: Path

    async def claim(self, **facts: object) -> Claim:
        lanes = (ROW.lane, ANY_LANE)
        claim = await self.store.claim("worker", "gemini-1", lanes)
        assert claim is not None
        return await self.store.step(claim, Phase.TYPING, facts)

    async def sequel(self) -> Job | None:
        return next(iter(await self.store.find("prompts", "7-large")), None)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_store(tmp_path / "farm.db") as store:
        await store.add("prompts", [ROW], "prompts.csv", priority=2)
        yield Bench(store, Enlarging(store=store, downloads=tmp_path), tmp_path)


async def test_the_sequel_is_a_row_of_the_same_queue_for_the_upscaler(bench: Bench) -> None:
    claim = await bench.claim(enlarge=asdict(HOW))

    await bench.enlarging(claim, [IMAGE])

    job = await bench.sequel()
    assert job is not None
    assert (job.state, job.priority, job.row) == (JobState.PENDING, 2, 4)
    assert job.lane == lane("fal", frozenset({Need.REFERENCES}))
    assert job.prompt == replace(
        ROW.prompt,
        id="7-large",
        filename="mill-large.png",
        operation=Operation.UPSCALE,
        factor=3.0,
        references=(str((bench.home / IMAGE.path).resolve()),),
        backend="fal",
        model="seedvr",
        seed=None,
    )


async def test_a_death_before_the_small_one_ended_queues_nothing_twice(bench: Bench) -> None:
    claim = await bench.claim(enlarge=asdict(HOW))

    await bench.enlarging(claim, [IMAGE])
    first = await bench.sequel()
    await bench.enlarging(claim, [IMAGE])
    await bench.store.complete(claim, [IMAGE])

    again = await bench.sequel()
    assert first is not None
    assert again == first


async def test_another_original_is_enlarged_anew_and_only_once(bench: Bench) -> None:
    claim = await bench.claim(enlarge=asdict(HOW))
    await bench.enlarging(claim, [IMAGE])
    first = await bench.sequel()
    assert first is not None
    large = await bench.store.claim("other", "fal-1", (first.lane,))
    assert large is not None
    await bench.store.complete(large, [replace(IMAGE, sha256="large", path="large.png")])
    redrawn = replace(IMAGE, sha256="cd")

    states = []
    for original in (IMAGE, redrawn):
        await bench.enlarging(claim, [original])
        job = await bench.sequel()
        assert job is not None
        states.append(job.state)

    assert states == [JobState.COMPLETED, JobState.PENDING]


async def test_what_was_drawn_in_its_own_size_has_no_sequel(bench: Bench) -> None:
    await bench.enlarging(await bench.claim(), [IMAGE])

    assert await bench.sequel() is None


async def test_a_row_of_the_users_with_that_id_is_left_alone(bench: Bench) -> None:
    claim = await bench.claim(enlarge=asdict(HOW))
    own = Prompt(id="7-large", filename="b.png", description="a large mill")
    await bench.store.add("prompts", [SourceRow(prompt=own, row=9)], "prompts.csv")

    await bench.enlarging(claim, [IMAGE])

    job = await bench.sequel()
    assert job is not None
    assert job.prompt == own


async def test_a_death_after_the_sequel_was_queued_leaves_the_small_job_to_be_recovered(
    bench: Bench,
) -> None:
    claim = await bench.claim(enlarge=asdict(HOW))
    made = Result(outcome=Outcome(cause=Cause.MADE, message=""), images=(IMAGE,))

    async def dies_behind(claim: Claim, images: Sequence[Image]) -> None:
        await bench.enlarging(claim, images)
        raise Died

    settlement = Settlement(
        store=bench.store,
        presence=Presence(
            name="gemini-1", book=bench.store, clock=FakeClock(), tell=lambda _event: None
        ),
        limit=RunGate(stop=asyncio.Event()),
        refusals=Wording(book=bench.store),
        clock=FakeClock(),
        sequel=dies_behind,
    )

    with pytest.raises(Died):
        await settlement.settle(claim, made)

    small, large = await bench.store.job(claim.job.id), await bench.sequel()
    assert small is not None
    assert large is not None
    assert (small.state, large.state) == (JobState.IN_PROGRESS, JobState.PENDING)
