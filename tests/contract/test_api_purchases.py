"""What an API's double has in its ledger is what was paid for: once, and after any death."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fake_comfyui
import fake_fal
import fake_gemini
import fake_openai
import fake_sdwebui
import pytest
import rigs
from loopback import Fate, Reply
from rigs import ATTEMPT, OverApi, Story

from farm.errors import Ended
from farm.model.causes import Cause
from farm.model.jobs import Phase
from farm.steps.verify import verify

HTML = Reply(status=502, body=b"<html>Bad gateway</html>")
FAKES = Path(__file__).parent.parent / "fakes"
CHILD = """
import asyncio, json, sys
from pathlib import Path
from rigs import Story
from farm.clock import SystemClock
from farm.config import load_settings
from farm.testing.apis import CountingPurse
from farm.wiring.apis import open_api_hand

async def main(backend, home, environ):
    settings = load_settings(environ=json.loads(environ), cwd=Path(home))
    hand = open_api_hand(settings, backend, 1, clock=SystemClock(), purse=CountingPurse())
    story = Story(sent=lambda: 0)

    async def record(phase, facts):
        await story.record(phase, facts)
        print(json.dumps([phase, facts]), flush=True)

    async with hand:
        await hand.make(story.work, record)

asyncio.run(main(*sys.argv[1:]))
"""


@dataclass(frozen=True, kw_only=True)
class Market:
    """An API's double, and what goes wrong there."""

    rig: Callable[[Path], OverApi]
    dollars: Callable[[Any], float]
    lost: object  # a play whose answer never comes
    broken: object  # a play that takes nothing
    after_a_loss: Cause | None  # how that ends; None: the request is found and brought back


MARKETS = {
    "gemini": Market(
        rig=rigs.gemini,
        dollars=lambda fake: float(fake.microusd / 1_000_000),
        lost=fake_gemini.Play(fate=Fate.LOST),
        broken=fake_gemini.Play(refused=Reply(status=503, body=b"<html>Busy</html>")),
        after_a_loss=Cause.TRANSIENT,
    ),
    "openai": Market(
        rig=rigs.openai,
        dollars=lambda fake: float(fake.microusd / 1_000_000),
        lost=fake_openai.Play(fate=Fate.LOST),
        broken=fake_openai.Play(refused=Reply(status=503, body=b"<html>Busy</html>")),
        after_a_loss=Cause.TRANSIENT,
    ),
    "fal": Market(
        rig=rigs.fal,
        dollars=lambda fake: float(fake.dollars),
        lost=fake_fal.Play(lost=True),
        broken=fake_fal.Play(refused=HTML),
        after_a_loss=Cause.AMBIGUOUS,
    ),
    "sdwebui": Market(
        rig=rigs.sdwebui,
        dollars=lambda _: 0.0,
        lost=fake_sdwebui.Play(fate=Fate.LOST),
        broken=fake_sdwebui.Play(failed=HTML),
        after_a_loss=Cause.TRANSIENT,
    ),
    "comfyui": Market(
        rig=rigs.comfyui,
        dollars=lambda _: 0.0,
        lost=fake_comfyui.Play(lost=True),
        broken=fake_comfyui.Play(refused=HTML),
        after_a_loss=None,
    ),
}
RESUMABLE = ("fal", "comfyui")


@dataclass
class Shop:
    """One job at one API."""

    market: Market
    rig: OverApi
    story: Story

    @property
    def charged(self) -> int:
        """By the double's own ledger, in millionths of a dollar."""
        return round(self.market.dollars(self.rig.fake) * 1_000_000)


@pytest.fixture(params=MARKETS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    market = MARKETS[request.param]
    rig = market.rig(tmp_path)
    with rig.server():
        yield Shop(market=market, rig=rig, story=Story(sent=rig.sent))


async def test_the_bill_is_the_ledgers(shop: Shop) -> None:
    async with shop.rig.hand() as hand:
        drawn = await hand.make(shop.story.work, shop.story.record)

    assert drawn.maker.cost_microusd == shop.charged == shop.rig.purse.settled[ATTEMPT]
    assert not shop.rig.purse.estimated


async def test_what_came_is_a_picture_in_the_asked_proportion(shop: Shop) -> None:
    async with shop.rig.hand() as hand:
        drawn = await hand.make(shop.story.work, shop.story.record)

    proof = await asyncio.to_thread(verify, drawn.images[0], shop.story.prompt)

    assert proof.warnings == ()


async def test_what_was_not_taken_is_not_paid(shop: Shop) -> None:
    shop.rig.fake.plays.append(shop.market.broken)

    async with shop.rig.hand() as hand:
        with pytest.raises(Ended) as caught:
            await hand.make(shop.story.work, shop.story.record)

    assert (shop.rig.sent(), caught.value.outcome.cause) == (0, Cause.TRANSIENT)
    assert shop.rig.purse.released == {ATTEMPT}


async def test_a_lost_answer_leaves_no_bill_open_and_buys_nothing_twice(shop: Shop) -> None:
    shop.rig.fake.plays.append(shop.market.lost)
    cause = None

    async with shop.rig.hand() as hand:
        try:
            await hand.make(shop.story.work, shop.story.record)
        except Ended as ended:
            cause = ended.outcome.cause

    assert (shop.rig.sent(), cause) == (1, shop.market.after_a_loss)
    assert shop.rig.purse.open == set()


@pytest.mark.parametrize("shop", RESUMABLE, indirect=True)
async def test_after_kill_9_the_picture_is_fetched_and_not_bought_again(
    shop: Shop, tmp_path: Path
) -> None:
    shop.rig.holds()
    await killed_once_sent(shop, tmp_path)
    (accepted,) = list_of(shop.rig.fake.accepted)
    accepted.play = type(accepted.play)()

    async with shop.rig.hand() as hand:
        drawn = await hand.resume(shop.story.work, shop.story.record)

    assert drawn is not None
    assert shop.rig.sent() == 1
    assert drawn.maker.cost_microusd == shop.charged


async def killed_once_sent(shop: Shop, home: Path) -> None:
    """A whole process that dies by SIGKILL while it waits for its picture."""
    environ = json.dumps(dict(shop.rig.settings(shop.rig.fake)))
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, shop.rig.backend, str(home), environ,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(FAKES)},
    )  # fmt: skip
    assert child.stdout is not None
    while Phase.SENT not in shop.story.phases:
        phase, facts = json.loads(await child.stdout.readline())
        await shop.story.record(Phase(phase), facts)
    while not shop.rig.sent():
        await asyncio.to_thread(lambda: None)
    child.send_signal(signal.SIGKILL)
    await child.communicate()


def list_of(accepted: Any) -> list[Any]:
    return list(accepted.values()) if isinstance(accepted, dict) else list(accepted)
