"""Opening and closing the stand-in as one thing."""

from __future__ import annotations

import asyncio
import secrets
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from farm.replay.app import site
from farm.replay.certificates import issue
from farm.replay.control import Control
from farm.replay.gallery import Gallery
from farm.replay.hosts import HOSTS
from farm.replay.listening import listening, loopback
from farm.replay.log import Submission, SubmissionLog
from farm.replay.performance import Sleep
from farm.replay.proxy import Proxy, proxying
from farm.replay.scenario import Scenario, load_scenario
from farm.replay.state import restore, save
from farm.replay.uploads import Uploads
from farm.replay.world import World

_TOKEN_BYTES = 45
_STATE = "state.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class StandIn:
    """A running stand-in: give a browser its proxy and ignore TLS errors, nothing else."""

    proxy: Proxy
    world: World
    control_url: str

    @property
    def proxy_url(self) -> str:
        """What a browser takes as its proxy."""
        return self.proxy.url

    @property
    def log(self) -> list[Submission]:
        """Every prompt that reached the site, in order of arrival."""
        return sorted(self.world.log.entries, key=lambda entry: entry.n)

    @property
    def originals(self) -> dict[int, frozenset[str]]:
        """By submission: every SHA-256 that a full-size file of it may have."""
        return {
            entry.n: frozenset(
                digest for i in entry.images for digest in (i.sha256_original, i.sha256_s0)
            )
            for entry in self.log
        }

    @staticmethod
    @asynccontextmanager
    async def open(
        *,
        scenario: Scenario | Path | None = None,
        log_path: Path | None = None,
        port: int = 0,
        state_dir: Path | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> AsyncIterator[StandIn]:
        """Run a stand-in on loopback for as long as the block lasts.

        `sleep` is what answers wait with; a test that hands its own in decides when they go on.
        Raises OSError when the port is taken, UsageError when the scenario cannot be read.
        """
        if isinstance(scenario, Path):
            scenario = load_scenario(scenario)
        async with AsyncExitStack() as stack:
            folder = state_dir or Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="farm-replay-"))
            )
            world = World(
                scenario=scenario or Scenario(),
                gallery=Gallery(folder / "pictures", lambda: secrets.token_urlsafe(_TOKEN_BYTES)),
                uploads=Uploads(folder / "uploads", lambda: secrets.token_hex(8)),
                log=SubmissionLog(log_path),
                clock=time.time,
                sleep=sleep,
                new_id=lambda: secrets.token_hex(8),
            )
            if state_dir is not None:
                restore(world, folder / _STATE)
                world.saved = lambda: save(world, folder / _STATE)
                world.resume()
            yield await _start(world, port, stack)


async def _start(world: World, port: int, stack: AsyncExitStack) -> StandIn:
    front, tls, control = loopback(port), loopback(), loopback()
    for sock in (front, tls, control):
        stack.callback(sock.close)
    upstream_port, control_port = tls.getsockname()[1], control.getsockname()[1]
    credentials = issue(HOSTS, datetime.now(UTC))
    await stack.enter_async_context(listening(site(world), tls, credentials))
    stack.push_async_callback(world.performances.end)
    proxy = await stack.enter_async_context(
        proxying(front, upstream_port=upstream_port, hosts=HOSTS)
    )
    await stack.enter_async_context(listening(Control(world, proxy).routes(), control))
    return StandIn(proxy=proxy, world=world, control_url=f"http://127.0.0.1:{control_port}")


def serve(
    *,
    ready: Callable[[StandIn], None],
    scenario: Path | None = None,
    log_path: Path | None = None,
    port: int = 0,
    state_dir: Path | None = None,
) -> None:
    """Run a stand-in until Ctrl-C or a termination signal; `ready` is told once it answers."""

    async def run() -> None:
        async with StandIn.open(
            scenario=scenario, log_path=log_path, port=port, state_dir=state_dir
        ) as stand_in:
            ready(stand_in)
            await _signalled()

    asyncio.run(run())


async def _signalled() -> None:
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, told.set)
        except NotImplementedError:  # Windows: Ctrl-C ends the loop by KeyboardInterrupt
            break
    await told.wait()
