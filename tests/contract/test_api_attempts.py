"""An API's attempts with the real store, purse and keeper: images, phases and money add up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import fake_gemini
import pytest
from fake_gemini import FakeGemini, Play
from loopback import Fate

from farm.attempt import Attempt, Keeper, Result
from farm.backends.api_hand import ApiHand
from farm.compose import compose_natural
from farm.config import load_settings
from farm.model.causes import Cause
from farm.model.images import Image, RawImage
from farm.model.jobs import Claim, Job, Phase
from farm.model.money import Budget, from_dollars
from farm.model.prompts import Prompt, Size, SourceRow
from farm.purse import Purse
from farm.steps.keeper import DiskKeeper
from farm.store.engine import open_store
from farm.store.facade import Store
from farm.testing.clock import FakeClock
from farm.wiring.apis import open_api_hand
from farm.wording import Wording

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()


@dataclass
class Market:
    """A store with jobs, a provider, and hands that buy from it."""

    home: Path
    store: Store
    fake: FakeGemini
    budget: Budget = field(default_factory=Budget)

    async def add(self, count: int) -> None:
        rows = [
            SourceRow(
                prompt=Prompt(
                    id=str(n), filename=f"{n}.jpg", description=f"mill {n}", size=Size(1024, 1024)
                ),
                row=n,
            )
            for n in range(1, count + 1)
        ]
        await self.store.add("q", rows, "q.csv")

    def hand(self) -> ApiHand:
        environ = {
            "GEMINI_API_KEY": fake_gemini.KEY,
            "FARM_GEMINI_BASE_URL": self.fake.url,
        }
        clock = FakeClock(time=NOON)
        purse = Purse(
            ledger=self.store, run="r", budget=self.budget, clock=clock, tell=lambda _event: None
        )
        settings = load_settings(environ=environ, cwd=self.home)
        return open_api_hand(settings, "gemini", 1, clock=clock, purse=purse)

    def attempt(self, claim: Claim, hand: ApiHand) -> Attempt:
        return Attempt(
            claim=claim,
            hand=hand,
            store=self.store,
            keeper=DiskKeeper(downloads=self.home / "downloads", today=lambda: date(2026, 11, 20)),
            texts=Wording(book=self.store, form=compose_natural),
            on_phase=lambda _claim: None,
        )

    async def work(self, hand: ApiHand) -> Result | None:
        """One job, settled; None when there is none to claim."""
        claim = await self.store.claim("w", hand.name, hand.lanes)
        if claim is None:
            return None
        attempt = self.attempt(claim, hand)
        result = await attempt.run()
        cause, message = result.outcome.cause, result.outcome.message
        if cause is Cause.MADE:
            await self.store.complete(attempt.claim, result.images, message)
        elif cause is Cause.AMBIGUOUS:
            await self.store.review(attempt.claim, cause, message)
        else:
            await self.store.fail(attempt.claim, cause, message, None)
        return result

    async def spent(self) -> tuple[int, int]:
        """What was settled, and what is set aside still."""
        found = await self.store.spendings()
        return sum(s.spent_microusd for s in found), sum(s.open_microusd for s in found)

    async def images(self) -> list[Image]:
        page = await self.store.page()
        return [image for job in page.jobs for image in await self.store.images(job.id)]


@pytest.fixture
async def market(store_url: str, tmp_path: Path) -> AsyncIterator[Market]:
    with FakeGemini() as fake:
        async with open_store(store_url) as store:
            yield Market(home=tmp_path, store=store, fake=fake)


async def test_costs_add_up_to_the_providers_own_ledger(market: Market) -> None:
    await market.add(6)
    market.fake.plays.extend(
        [
            Play(),
            Play(finish="IMAGE_SAFETY"),
            Play(refused=fake_gemini.exhausted()),
            Play(drawn=0, text="No."),
            Play(block="SAFETY", usage=False),
            Play(),
        ]
    )

    async with market.hand() as hand:
        causes = [result.outcome.cause for _ in range(6) if (result := await market.work(hand))]

    assert causes == [
        Cause.MADE,
        Cause.REFUSED_SAFETY,
        Cause.LIMITED_THROTTLE,
        Cause.TEXT_ONLY,
        Cause.REFUSED_SAFETY,
        Cause.MADE,
    ]
    assert await market.spent() == (market.fake.microusd, 0)
    images = await market.images()
    assert sum(image.maker.cost_microusd or 0 for image in images) < market.fake.microusd
    assert {(i.maker.backend, i.maker.model) for i in images} == {
        ("gemini", "gemini-nano-banana-2.1")
    }


async def test_a_lost_answer_counts_at_its_estimate_which_is_no_less_than_its_price(
    market: Market,
) -> None:
    await market.add(1)
    market.fake.plays.append(Play(fate=Fate.LOST))

    async with market.hand() as hand:
        await market.work(hand)

    spent, aside = await market.spent()
    assert spent >= market.fake.microusd > 0
    assert aside == 0


async def test_a_budget_is_never_passed_by_many_at_once(market: Market) -> None:
    await market.add(8)
    market.budget = Budget(a_day_microusd=from_dollars(0.16))

    async with market.hand() as hand:

        async def buy() -> None:
            await market.work(hand)

        await asyncio.gather(*(buy() for _ in range(8)))

    assert 0 < market.fake.microusd <= from_dollars(0.16)
    assert len(market.fake.ledger) < 8


@pytest.mark.parametrize("phase", [Phase.TYPING, Phase.SENDING, Phase.READY, Phase.SAVED])
async def test_a_death_at_any_phase_buys_nothing_twice(market: Market, phase: Phase) -> None:
    await market.add(1)
    async with market.hand() as hand:
        claim = await market.store.claim("w", hand.name, hand.lanes)
        assert claim is not None
        attempt = market.attempt(claim, hand)
        attempt.on_phase = dying_at(phase)
        with suppress(Killed):
            await attempt.run()

    async with market.hand() as hand:
        (again,) = await market.store.adopt("w2", hand.name)
        result = await market.attempt(again, hand).run()

    ended = (result.outcome.cause, len(market.fake.ledger))
    assert ended == ((Cause.AMBIGUOUS, 0) if phase is Phase.SENDING else (Cause.MADE, 1))
    assert all(i.maker.cost_microusd == market.fake.microusd for i in result.images)
    assert (await market.spent())[1] == 0


async def test_an_answer_that_does_not_prove_is_looked_at_once(market: Market) -> None:
    await market.add(1)
    market.fake.plays.append(Play(kind="GIF"))

    async with market.hand() as hand:
        claim = await market.store.claim("w", hand.name, hand.lanes)
        assert claim is not None
        attempt = market.attempt(claim, hand)
        attempt.keeper = looked = Looked(attempt.keeper)
        result = await attempt.run()

    assert result.outcome.cause is Cause.UNREADABLE
    assert looked.times == 1


@dataclass
class Looked:
    """A keeper that counts how often it is shown something."""

    keeper: Keeper
    times: int = 0

    async def keep(self, raw: RawImage, job: Job, *, owner: int | None) -> Image:
        self.times += 1
        return await self.keeper.keep(raw, job, owner=owner)

    async def keep_for_review(self, raw: RawImage, job: Job) -> Image | None:
        return await self.keeper.keep_for_review(raw, job)

    async def still_stands(self, path: str, sha256: str) -> Image | None:
        return await self.keeper.still_stands(path, sha256)


class Killed(Exception):
    """The process dies here."""


def dying_at(phase: Phase) -> Callable[[Claim], None]:
    def look(claim: Claim) -> None:
        if claim.attempt.phase is phase:
            raise Killed

    return look
