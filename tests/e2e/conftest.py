"""The installed command against the stand-in: what every end-to-end test stands on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from house import Build, House, environment
from post_office import Post, post_office
from signed_in import ReadyProfiles

from farm.replay.scenario import FAST, Scenario
from farm.replay.stand_in import StandIn


@pytest.fixture(scope="session")
def ready_profiles(tmp_path_factory: pytest.TempPathFactory) -> ReadyProfiles:
    """Signed-in profiles, the same for all processes of a test run."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "signed-in"
    folder.mkdir(exist_ok=True)
    return ReadyProfiles(folder=folder)


@pytest.fixture
async def build(tmp_path: Path, ready_profiles: ReadyProfiles) -> AsyncIterator[Build]:
    """Build a house with signed-in profiles against a stand-in with a scenario."""
    async with contextlib.AsyncExitStack() as stack:

        async def build(
            scenario: Scenario | None = None, *, accounts: int = 1, **settings: str
        ) -> House:
            site = StandIn.open(scenario=scenario or Scenario(defaults=FAST))
            stand_in = await stack.enter_async_context(site)
            home = tmp_path / "home"
            home.mkdir(mode=0o700)
            house = House(home=home, stand_in=stand_in, environment=environment(stand_in, settings))
            stack.push_async_callback(house.end_all)
            for n in range(accounts):
                await ready_profiles.copy(f"account{n + 1}", home / "profiles")
            return house

        yield build


@pytest.fixture
def post() -> Iterator[Post]:
    """A server to which messages may be sent."""
    with post_office() as post:
        yield post
