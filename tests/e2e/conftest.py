"""The installed command against the stand-in: what every end-to-end test stands on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from house import Build, House, environment, sign_in
from post_office import Post, post_office

from farm.replay.scenario import Scenario
from farm.replay.stand_in import StandIn


@pytest.fixture
async def build(tmp_path: Path) -> AsyncIterator[Build]:
    """Build a house with signed-in profiles against a stand-in with a scenario."""
    async with contextlib.AsyncExitStack() as stack:

        async def build(
            scenario: Scenario | None = None, *, accounts: int = 1, **settings: str
        ) -> House:
            stand_in = await stack.enter_async_context(StandIn.open(scenario=scenario))
            home = tmp_path / "home"
            home.mkdir(mode=0o700)
            house = House(home=home, stand_in=stand_in, environment=environment(stand_in, settings))
            stack.push_async_callback(house.end_all)
            await asyncio.gather(*(sign_in(house, f"account{n + 1}") for n in range(accounts)))
            return house

        yield build


@pytest.fixture
def post() -> Iterator[Post]:
    """A server to which messages may be sent."""
    with post_office() as post:
        yield post
