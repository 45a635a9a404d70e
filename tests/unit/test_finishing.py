"""Copies of images made: beside the run, in processes of their own, after a death as well."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import PIL.Image
import pytest

from farm.errors import StoreError
from farm.finishing import Finishing
from farm.model.images import Image, Maker
from farm.model.prompts import Prompt, Size, SourceRow
from farm.model.recipes import Recipe, Resize, parse_formats
from farm.steps.metadata import read_facts
from farm.steps.pool import step_pool
from farm.store.base import Unfinished
from farm.store.engine import open_store
from farm.store.facade import Store

WEBP = Recipe(resize=Resize.COVER, formats=parse_formats("webp:80"))


@dataclass
class Bench:
    """A store with jobs whose images were made, and a downloads folder."""

    store: Store
    downloads: Path
    pools: list[Executor] = field(default_factory=list)
    posted: int = 0

    async def make(self, name: str, filename: str = "", **extra: str) -> int:
        prompt = Prompt(
            id=name,
            filename=filename or f"{name}.png",
            description="d",
            size=Size(64, 36),
            extra=extra,
        )
        await self.store.add(name, [SourceRow(prompt=prompt, row=1)], "/p.csv")
        claim = await self.store.claim("w", "alice", ("any",))
        assert claim is not None
        path = self.downloads / "2026-11-21" / prompt.filename
        path.parent.mkdir(exist_ok=True, parents=True)
        noise = random.Random(name).randbytes(96 * 64 * 3)  # noqa: S311  # a picture
        PIL.Image.frombytes("RGB", (96, 64), noise).save(path, "PNG")
        image = Image(
            path=f"2026-11-21/{prompt.filename}", sha256=f"sha-{name}", size_bytes=1,
            width_px=96, height_px=64, media_type="image/png", source="s0",
            maker=Maker(backend="web", account="alice", model="Nano"),
        )  # fmt: skip
        await self.store.complete(claim, [image])
        return claim.job.id

    def finishing(self, recipe: Recipe, *targets: str, processes: bool = False) -> Finishing:
        return Finishing(
            store=self.store,
            recipe=recipe,
            downloads=self.downloads,
            pool=lambda: self._pool(processes=processes),
            targets=targets,
            site="blog",
            on_posted=self._on_posted,
        )

    def _pool(self, *, processes: bool) -> Executor:
        self.pools.append(step_pool(1) if processes else ThreadPoolExecutor(1))
        return self.pools[-1]

    def _on_posted(self) -> None:
        self.posted += 1

    def copies(self) -> list[str]:
        return sorted(p.name for p in self.downloads.rglob("derived/*"))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_store(f"sqlite:///{tmp_path / 'farm.db'}") as store:
        yield Bench(store=store, downloads=tmp_path / "downloads")


async def test_copies_are_made_in_another_process_and_say_how_they_came_to_be(
    bench: Bench,
) -> None:
    job = await bench.make("mill")

    async with bench.finishing(WEBP, processes=True):
        pass

    (copy,) = (await bench.store.copies_of([job]))[job]
    assert copy.path == "2026-11-21/derived/mill.webp"
    assert (copy.width_px, copy.height_px) == (64, 36)
    facts = read_facts(bench.downloads / copy.path)
    assert facts is not None
    assert (facts.queue, facts.prompt["id"], facts.account) == ("mill", "mill", "alice")


async def test_what_another_life_left_undone_is_done_at_the_next_start(bench: Bench) -> None:
    await bench.make("a")
    await bench.make("b")

    async with bench.finishing(WEBP):
        pass
    async with bench.finishing(WEBP):
        pass

    assert bench.copies() == ["a.webp", "b.webp"]
    assert len(bench.pools) == 1


async def test_copies_that_are_being_made_when_a_run_ends_are_made(bench: Bench) -> None:
    await bench.make("a")
    begun, asked = asyncio.Event(), bench.store.take_unfinished

    async def take(limit: int) -> tuple[Unfinished, ...]:
        found = await asked(limit)
        begun.set()  # leased, and not made yet
        await asyncio.sleep(0)
        return found

    bench.store.take_unfinished = take
    async with bench.finishing(WEBP):
        await begun.wait()

    assert bench.copies() == ["a.webp"]


async def test_without_a_recipe_no_process_is_started_and_deliveries_are_posted(
    bench: Bench,
) -> None:
    job = await bench.make("a", Site="shop")

    async with bench.finishing(Recipe(), "drive:1"):
        pass

    (delivery,) = await bench.store.deliveries()
    assert (delivery.job_id, delivery.path) == (job, "2026-11-21/a.png")
    assert delivery.folder.startswith("Generated Images/shop/")
    assert bench.pools == []
    assert bench.posted == 1


async def test_two_originals_of_one_stem_have_copies_of_their_own(bench: Bench) -> None:
    await bench.make("a", "hero.png")
    await bench.make("b", "hero.jpg")

    async with bench.finishing(WEBP):
        pass

    assert bench.copies() == ["hero-jpg.webp", "hero-png.webp"]


async def test_a_broken_original_costs_its_own_copies_only(bench: Bench) -> None:
    broken = await bench.make("a")
    sound = await bench.make("b")
    (bench.downloads / "2026-11-21" / "a.png").write_bytes(b"no picture")

    async with bench.finishing(WEBP, "drive:1"):
        pass

    assert "No copies could be made" in (await bench.store.troubles_of([broken, sound]))[broken]
    assert bench.copies() == ["b.webp"]
    assert len(await bench.store.deliveries()) == 3


async def test_a_row_may_name_its_own_focus_and_a_bad_one_costs_nothing(bench: Bench) -> None:
    await bench.make("a", Focus="left")
    await bench.make("b", Focus="the cat")

    async with bench.finishing(WEBP):
        pass

    assert bench.copies() == ["a.webp", "b.webp"]


async def test_a_run_that_is_broken_off_leaves_the_rest_to_the_next(bench: Bench) -> None:
    with pytest.raises(KeyboardInterrupt):
        async with bench.finishing(WEBP):
            raise KeyboardInterrupt

    assert bench.copies() == []


async def test_a_store_that_is_busy_for_a_moment_costs_no_copies(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.make("a")
    take, faults = bench.store.take_unfinished, [StoreError("busy")]

    async def busy_once(limit: int) -> tuple[Unfinished, ...]:
        if faults:
            raise faults.pop()
        return await take(limit)

    monkeypatch.setattr(bench.store, "take_unfinished", busy_once)
    async with bench.finishing(WEBP):
        while faults:  # noqa: ASYNC110  # the loop has no other way to tell
            await asyncio.sleep(0)

    assert bench.copies() == ["a.webp"]


async def test_images_that_another_process_holds_are_told_at_the_end(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    await bench.make("a")
    await bench.store.take_unfinished(1)

    async with bench.finishing(WEBP):
        pass

    assert bench.copies() == []
    assert "1 image still waits for its copies" in caplog.text


async def test_images_are_held_for_as_long_as_their_copies_take(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.make("a")
    told, held = threading.Event(), list[int]()

    async def hold(image_ids: Sequence[int]) -> None:
        held.extend(image_ids)
        told.set()

    monkeypatch.setattr(bench.store, "hold_unfinished", hold)
    finishing = bench.finishing(WEBP)
    finishing.hold_seconds = 0.0
    finishing.pool = lambda: _busy(told)
    async with finishing:
        pass

    assert held
    assert bench.copies() == ["a.webp"]


def _busy(until: threading.Event) -> Executor:
    executor = ThreadPoolExecutor(1)
    executor.submit(until.wait, 5)
    return executor


async def test_what_a_killed_run_was_to_deliver_is_delivered_by_one_that_names_no_target(
    bench: Bench,
) -> None:
    job = await bench.make("a")
    finishing = bench.finishing(Recipe())
    finishing.earlier, finishing.began = {"a": ("drive:1",)}, 9e9

    async with finishing:
        pass

    assert [one.job_id for one in await bench.store.deliveries()] == [job]
    assert bench.posted == 1


async def test_what_is_made_in_a_run_without_a_target_goes_nowhere(bench: Bench) -> None:
    await bench.make("a")
    finishing = bench.finishing(Recipe())
    finishing.earlier = {"a": ("drive:1",)}

    async with finishing:
        pass

    assert await bench.store.deliveries() == ()
