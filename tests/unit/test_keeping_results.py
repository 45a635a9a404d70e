"""Results are kept current by writers that do not wait for each other."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from farm.config import load_settings
from farm.errors import GoogleBusy
from farm.model.deliveries import Delivery
from farm.model.events import FileDelivered, RunEvent, RunOptions
from farm.model.jobs import Job
from farm.model.prompts import Prompt, SourceRow
from farm.results import Results
from farm.results.base import Queues
from farm.results.files import ResultFiles
from farm.results.keeping import HURRIED_SECONDS, PICTURE_SECONDS
from farm.results.sheets import Locks
from farm.testing.clock import FakeClock
from farm.wiring.beside import results_of
from farm.wiring.opened import open_farm

NEWS = FileDelivered(job_id=1, target="drive:x", path="a.png", link="https://example.com/a")


@dataclass(kw_only=True)
class Slow:
    """A writer that fails, then hangs."""

    rest_seconds: float = 5.0
    failures: int = 0
    calls: list[str] = field(default_factory=list)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, queues: Queues) -> bool:
        self.calls.append(f"write {' '.join(queues)}")
        if self.failures:
            self.failures -= 1
            raise GoogleBusy("Google is busy.")
        self.done.set()
        return True

    async def finish(self, queues: Queues) -> None:
        self.calls.append(f"finish {' '.join(queues)}")


async def no_jobs(queue: str) -> Sequence[Job]:
    assert queue == "q"
    return []


async def no_links(job_ids: Sequence[int]) -> dict[int, Sequence[Delivery]]:
    assert not job_ids
    return {}


async def no_report(seconds: float) -> Path | None:
    assert seconds
    return None


def results(folder: Path, writer: Slow) -> Results:
    return Results(
        queues=["q"],
        jobs_of=no_jobs,
        files=ResultFiles(home=folder, shown=folder, links_of=no_links),
        others=[writer],
        report=no_report,
        clock=FakeClock(),
    )


async def test_a_write_that_fails_is_tried_again_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = Slow(failures=3)

    with caplog.at_level(logging.WARNING):
        async with results(tmp_path, writer):
            await asyncio.wait_for(writer.done.wait(), 5)

    assert writer.calls == ["write q"] * 4 + ["finish q"]
    assert caplog.messages == ["Google is busy."]


async def test_a_file_that_was_delivered_is_news_for_the_results(tmp_path: Path) -> None:
    writer = Slow()
    heard: list[RunEvent] = []
    async with results(tmp_path, writer) as keeping:
        await asyncio.wait_for(writer.done.wait(), 5)
        writer.done.clear()

        keeping.watching(heard.append)(NEWS)
        await asyncio.wait_for(writer.done.wait(), 5)

    assert heard == [NEWS]


@pytest.mark.parametrize(
    ("stopped", "seconds"), [(False, PICTURE_SECONDS), (True, HURRIED_SECONDS)]
)
async def test_a_run_stopped_at_once_hardly_waits_for_pictures(
    tmp_path: Path, stopped: bool, seconds: float
) -> None:
    asked: list[float] = []

    async def report(pictures: float) -> Path | None:
        asked.append(pictures)
        return tmp_path / "report.html"

    kept = replace(results(tmp_path, Slow()), report=report)
    with contextlib.suppress(asyncio.CancelledError):
        async with kept:
            if stopped:
                raise asyncio.CancelledError

    assert asked == [seconds]
    assert kept.contact_sheet == tmp_path / "report.html"


@pytest.mark.parametrize(("replay", "count"), [(False, 1), (True, 0)])
async def test_a_play_on_the_stand_in_is_written_into_nobodys_sheet(
    tmp_path: Path, replay: bool, count: int
) -> None:
    row = SourceRow(prompt=Prompt(id="a", filename="a.png", description="A boat"), row=2)
    async with open_farm(load_settings(environ={}, cwd=tmp_path)) as farm:
        await farm.store.add("q", [row], "sheets:1AbC#gid=0")

        kept = await results_of(farm, RunOptions(replay=replay), ["q"], Locks())

    assert len(kept.others) == count
