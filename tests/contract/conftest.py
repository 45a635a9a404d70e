"""The job store for the contract tests: every engine there is, and a clock that tests turn."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from farm.model.images import Image
from farm.model.jobs import Claim, Job, JobState, Phase
from farm.model.lanes import session_lane
from farm.model.prompts import Prompt, SourceRow
from farm.store.base import Added
from farm.store.engine import open_store
from farm.store.facade import Store
from farm.store.schema import DatabaseClock, metadata

POSTGRES = os.environ.get("FARM_TEST_PG", "")
ENGINES = ["sqlite", "postgresql"] if POSTGRES else ["sqlite"]
SOURCE = "/prompts.csv"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A store, its clock, and the short words that the tests speak."""

    store: Store
    clock: DatabaseClock
    url: str

    def wait(self, seconds: float) -> None:
        """Let the database's time pass."""
        self.clock.ahead_seconds += seconds

    @staticmethod
    def row(name: str, *, regenerate: bool = False, number: int = 1, **fields: Any) -> SourceRow:
        facts = {"description": f"A picture of {name}", "filename": f"{name}.png"} | fields
        return SourceRow(prompt=Prompt(id=name, **facts), row=number, regenerate=regenerate)

    @staticmethod
    def image(name: str, content: str = "") -> Image:
        return Image(
            path=f"2026-11-21/{name}.png",
            sha256=content or f"sha-of-{name}",
            size_bytes=90_000,
            width_px=1408,
            height_px=768,
            media_type="image/png",
            source="s0",
        )

    async def add(self, *names: str, queue: str = "q") -> Added:
        rows = [self.row(name, number=number) for number, name in enumerate(names, 1)]
        return await self.store.add(queue, rows, SOURCE)

    async def claim(self, session: str = "alice", worker: str = "") -> Claim:
        claim = await self.try_claim(session, worker)
        assert claim is not None, "nothing to claim"
        return claim

    async def try_claim(self, session: str = "alice", worker: str = "") -> Claim | None:
        lanes = (session_lane(session), "web", "any")
        return await self.store.claim(worker or f"host:1:0:{session}", session, lanes)

    async def reach(self, claim: Claim, phase: Phase) -> Claim:
        """Step through the phases up to this one."""
        facts: dict[Phase, dict[str, Any]] = {
            Phase.TYPING: {"text": "the text"},
            Phase.SENT: {"conversation": f"conversation-{claim.attempt.id}"},
        }
        for step in (Phase.TYPING, Phase.SENDING, Phase.SENT, Phase.READY, Phase.SAVED):
            claim = await self.store.step(claim, step, facts.get(step, {}))
            if step is phase:
                break
        return claim

    async def complete(self, claim: Claim) -> None:
        await self.store.complete(claim, [self.image(claim.job.prompt.id)])

    async def finish(self, name: str, queue: str = "q") -> Job:
        """Add one job and complete it."""
        await self.add(name, queue=queue)
        await self.complete(await self.claim())
        return await self.only(name)

    async def only(self, name: str) -> Job:
        """The one job of this prompt id."""
        (job,) = await self.store.find(None, name)
        return job

    async def states(self) -> dict[str, JobState]:
        """All jobs' states by prompt id."""
        page = await self.store.page(limit=1000)
        return {job.prompt.id: job.state for job in page.jobs}

    async def kinds(self, job_id: int) -> Sequence[str]:
        """The words of a job's history."""
        _, events = await self.store.history(job_id)
        return [event.kind for event in events]


@pytest.fixture(params=ENGINES)
async def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'farm.db'}"
    engine = create_async_engine(POSTGRES, poolclass=sa.NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.drop_all)
    await engine.dispose()
    return POSTGRES


@pytest.fixture
async def desk(store_url: str) -> AsyncIterator[Desk]:
    """An open store with nothing in it."""
    clock = DatabaseClock()
    async with open_store(store_url, clock=clock) as store:
        yield Desk(store=store, clock=clock, url=store_url)
