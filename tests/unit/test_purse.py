"""The purse: what it refuses, in which words, and until when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from farm.errors import Ended
from farm.model.causes import Cause
from farm.model.events import BudgetReached, RunEvent
from farm.model.money import Bill, Budget, Overdraft, Receipt, from_dollars, in_dollars
from farm.purse import Purse
from farm.testing.clock import FakeClock

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
BILL = Bill(
    attempt_id=1,
    job_id=1,
    backend="gemini",
    account="key 1",
    model="gemini-nano-banana-2.1",
    estimate_microusd=33_600,
)


@dataclass
class Ledger:
    """Refuses as it is told, and remembers what it was asked."""

    over: Overdraft | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def reserve(self, bill: Bill, *, day: str, run: str, budget: Budget) -> Overdraft | None:
        assert bill is not None
        assert budget is not None
        self.asked.append((day, run))
        return self.over

    async def settle(self, attempt_id: int, receipt: Receipt) -> None:
        raise AssertionError((attempt_id, receipt))

    async def release(self, attempt_id: int) -> None:
        raise AssertionError(attempt_id)


def purse(ledger: Ledger, told: list[RunEvent], *, allows_unknown: bool = False) -> Purse:
    return Purse(
        ledger=ledger,
        run="run-7",
        budget=Budget(),
        clock=FakeClock(time=NOON),
        tell=told.append,
        allows_unknown=allows_unknown,
        zone=UTC,
    )


async def test_a_day_without_room_rests_until_the_next_and_is_told_once() -> None:
    over = Overdraft(of="day", spent_microusd=4_990_000, allowed_microusd=5_000_000)
    told: list[RunEvent] = []
    spender = purse(Ledger(over), told)

    with pytest.raises(Ended) as refused:
        await spender.reserve(BILL)
    with pytest.raises(Ended):
        await spender.reserve(BILL)

    outcome = refused.value.outcome
    assert outcome.cause is Cause.LIMITED_BUDGET
    assert outcome.reset_at == NOON + 12 * 3600
    assert "4.99 USD of the day's budget of 5.00 USD" in outcome.message
    assert [event.allowed for event in told if isinstance(event, BudgetReached)] == ["5.00 USD"]


async def test_the_budget_of_a_run_does_not_come_back() -> None:
    spender = purse(Ledger(Overdraft(of="run", spent_microusd=0, allowed_microusd=1)), [])

    with pytest.raises(Ended) as refused:
        await spender.reserve(BILL)

    assert refused.value.outcome.reset_at is None


async def test_money_is_booked_on_the_users_own_day() -> None:
    ledger = Ledger()

    await purse(ledger, []).reserve(BILL)

    assert ledger.asked == [("2026-11-21", "run-7")]


async def test_an_unknown_price_needs_a_yes() -> None:
    unknown = Bill(
        attempt_id=1, job_id=1, backend="openai", account="k", model="m", estimate_microusd=None
    )
    ledger = Ledger()

    with pytest.raises(Ended, match="--yes"):
        await purse(ledger, []).reserve(unknown)
    await purse(ledger, [], allows_unknown=True).reserve(unknown)

    assert len(ledger.asked) == 1


@pytest.mark.parametrize(
    ("usd", "words"),
    [(0, "0.00 USD"), (0.0336, "0.0336 USD"), (5, "5.00 USD"), (1234.5, "1,234.50 USD")],
)
def test_money_is_read_as_people_do(usd: float, words: str) -> None:
    assert in_dollars(from_dollars(usd)) == words
