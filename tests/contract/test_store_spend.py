"""Money: set aside before an API is asked, never over a budget, never forgotten."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from farm.model.causes import Cause
from farm.model.jobs import Phase
from farm.model.money import Bill, Budget, Receipt

if TYPE_CHECKING:
    from tests.contract.conftest import Desk

DAY, RUN = "2026-11-21", "run-1"


def bill(attempt: int, microusd: int | None = 40_000, **changes: str) -> Bill:
    names = {"backend": "gemini", "account": "key 1", "model": "nano"} | changes
    return Bill(attempt_id=attempt, job_id=attempt, estimate_microusd=microusd, **names)


async def reserve(desk: Desk, attempt: int, a_day: int | None = None, **more: int | None) -> bool:
    budget = Budget(a_day_microusd=a_day, a_run_microusd=more.get("a_run"))
    return await desk.store.reserve(bill(attempt), day=DAY, run=RUN, budget=budget) is None


async def test_what_is_set_aside_counts_as_spent(desk: Desk) -> None:
    taken = [await reserve(desk, attempt, 100_000) for attempt in (1, 2, 3)]

    assert taken == [True, True, False]
    assert await desk.store.spent(day=DAY) == 80_000


async def test_a_refusal_says_which_budget_and_what_was_spent(desk: Desk) -> None:
    await reserve(desk, 1)

    over = await desk.store.reserve(bill(2), day=DAY, run=RUN, budget=Budget(a_run_microusd=50_000))

    assert over is not None
    assert (over.of, over.spent_microusd, over.allowed_microusd) == ("run", 40_000, 50_000)


async def test_many_workers_at_once_never_pass_the_budget(desk: Desk) -> None:
    taken = await asyncio.gather(*(reserve(desk, attempt, 200_000) for attempt in range(40)))

    assert sum(taken) == 5
    assert await desk.store.spent(day=DAY) == 200_000


async def test_what_was_billed_replaces_the_estimate(desk: Desk) -> None:
    await reserve(desk, 1)

    await desk.store.settle(1, Receipt(spent_microusd=33_600, usage={"images": 1}))

    assert await desk.store.spent(day=DAY, run=RUN) == 33_600


async def test_an_estimate_never_replaces_what_was_billed(desk: Desk) -> None:
    await reserve(desk, 1)
    await desk.store.settle(1, Receipt(spent_microusd=33_600))

    await desk.store.settle(1, Receipt(spent_microusd=40_000, estimated=True))
    await desk.store.release(1)

    assert await desk.store.spent(day=DAY) == 33_600


async def test_what_was_not_billed_is_free_again(desk: Desk) -> None:
    await reserve(desk, 1, 40_000)

    await desk.store.release(1)

    assert await reserve(desk, 2, 40_000)


async def test_an_attempt_that_is_taken_up_again_is_paid_once(desk: Desk) -> None:
    await reserve(desk, 1, 40_000)

    assert await reserve(desk, 1, 40_000)
    assert await desk.store.spent(day=DAY) == 40_000


async def test_a_reservation_nobody_settled_counts_for_good_and_is_told_apart(desk: Desk) -> None:
    await reserve(desk, 1)
    await reserve(desk, 2)
    await desk.store.settle(2, Receipt(spent_microusd=10_000, estimated=True))

    (spending,) = await desk.store.spendings(since=DAY)

    assert (spending.requests, spending.estimated) == (2, 1)
    assert (spending.spent_microusd, spending.open_microusd) == (10_000, 40_000)
    assert await desk.store.spendings(since="2026-11-22") == ()


async def test_what_was_set_aside_for_prompts_that_never_left_is_free_again(desk: Desk) -> None:
    await desk.add("unsent", "sent", "open")
    claims = [await desk.claim() for _ in range(3)]
    for claim, phase in zip(claims, (Phase.TYPING, Phase.SENDING, Phase.TYPING), strict=True):
        await desk.reach(claim, phase)
        await reserve(desk, claim.attempt.id)
    for claim in claims[:2]:
        await desk.store.give_back(claim, Cause.CRASHED, "")

    released = await desk.store.release_unsent()

    assert released == 1
    assert await desk.store.spent(day=DAY) == 80_000
