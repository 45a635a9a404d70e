"""A desk for page tests: a stand-in, a signed-in browser on it, and a quick farm page."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from farm.browser.launch import LaunchOptions, is_root
from farm.browser.profiles import Profile, make_profile
from farm.browser.session import BrowserSession
from farm.clock import SystemClock
from farm.replay.log import Submission
from farm.replay.scenario import parse_scenario
from farm.replay.stand_in import StandIn
from farm.sites.gemini.composer import Composer, Sent
from farm.sites.gemini.pack import load_pack
from farm.sites.gemini.page import GeminiPage, Patience
from farm.sites.gemini.scripts import OBSERVE_JS

SIGN_IN = "https://accounts.google.com/ServiceLogin?auto=1&account={}"
QUICK: Mapping[str, object] = {
    "delay_seconds": 0.2,
    "first_delay_seconds": 0.1,
    "footer_seconds": 0.1,
    "hydrate_seconds": 0,
    "sidebar_seconds": 0.02,
    "account_seconds": 0.02,
    "mode_seconds": 0.02,
}
PATIENCE = Patience(
    hydrate=20, sign_in_marks=9, mode_label=1.5, menu=4, typed=5, accepted=20, refused=0.5,
    answer=30, late_image=1.5, stuck_stop=0.5, vanished=0.5, listed=8, poll=0.3,
)  # fmt: skip


class Beat:
    """The stand-in's sense of time: as its scenario says, or one step when a test says so."""

    def __init__(self) -> None:
        self._steps = asyncio.Semaphore(0)
        self.held = False

    async def sleep(self, seconds: float) -> None:
        if self.held:
            await self._steps.acquire()
        else:
            await asyncio.sleep(seconds)

    def hold(self) -> None:
        """From now on every answer waits for its steps."""
        self.held, self._steps = True, asyncio.Semaphore(0)

    def step(self, count: int = 1) -> None:
        for _ in range(count):
            self._steps.release()


@dataclass(kw_only=True)
class Desk:
    """What a test of the page works with."""

    stand_in: StandIn
    page: GeminiPage
    beat: Beat
    _seen: int = 0

    @property
    def session(self) -> BrowserSession:
        return self.page.session

    @property
    def log(self) -> list[Submission]:
        """What the site received since the last `play`."""
        return self.stand_in.log[self._seen :]

    def play(self, rules: str = "", **defaults: object) -> None:
        """Give the site another scenario."""
        table = toml({**QUICK, **defaults})
        self.stand_in.world.change_scenario(parse_scenario(f"[defaults]\n{table}\n{rules}"))
        self._seen = len(self.stand_in.log)

    async def send(self, text: str, *, route: str = "images") -> tuple[Composer, Sent]:
        """Write and send a prompt in a new chat."""
        composer = Composer(page=self.page)
        await self.page.open_signed_in(route)
        await composer.write(text)
        await composer.remember()
        sent = await composer.send(text)
        assert sent is not None
        return composer, sent


def toml(table: Mapping[str, object]) -> str:
    return "\n".join(f"{json.dumps(key)} = {_value(value)}" for key, value in table.items())


def _value(value: object) -> str:
    if not isinstance(value, Mapping):
        return json.dumps(value)
    return "{" + toml(value).replace("\n", ", ") + "}"


def launch_options(proxy: str = "") -> LaunchOptions:
    return LaunchOptions(
        asked_browser=os.environ.get("FARM_BROWSER", ""),
        proxy_server=proxy,
        ignore_https_errors=bool(proxy),
        root=is_root(),
    )


def gemini_page(stand_in: StandIn, profile: Profile) -> GeminiPage:
    pack = load_pack()
    session = BrowserSession(
        profile=profile,
        options=launch_options(stand_in.proxy_url),
        observe_js=OBSERVE_JS,
        wants=pack.is_image_bytes,
        marks=pack.is_submission,
    )
    return GeminiPage(session=session, pack=lambda: pack, clock=SystemClock(), patience=PATIENCE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """One stand-in and one browser, signed in, for a whole module."""
    beat = Beat()
    folder: Path = tmp_path_factory.mktemp("profiles")
    async with StandIn.open(sleep=beat.sleep) as stand_in:
        page = gemini_page(stand_in, make_profile(folder, "first"))
        async with page.session:
            await page.session.goto(SIGN_IN.format("first"))
            yield Desk(stand_in=stand_in, page=page, beat=beat)


@pytest.fixture
def desk(studio: Desk) -> Iterator[Desk]:
    """The module's desk, cleared: a quick site without rules, the usual patience."""
    studio.play()
    studio.page.patience = PATIENCE
    studio.beat.held = False
    yield studio
    studio.beat.held = False
