"""The user's money: nothing is asked of an API before its price is set aside from a budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Protocol

from farm.clock import Clock, LocalZone
from farm.errors import Ended
from farm.model.causes import Cause
from farm.model.events import BudgetReached, Tell
from farm.model.moments import next_day
from farm.model.money import Bill, Budget, Overdraft, Receipt, in_dollars
from farm.model.outcomes import Outcome


class Ledger(Protocol):
    """What a purse needs of the job store."""

    async def reserve(self, bill: Bill, *, day: str, run: str, budget: Budget) -> Overdraft | None:
        """Set the estimate aside, or say which budget it would break and change nothing."""

    async def settle(self, attempt_id: int, receipt: Receipt) -> None:
        """Write down what an attempt did cost."""

    async def release(self, attempt_id: int) -> None:
        """Nothing can have been billed for an attempt."""


@dataclass(kw_only=True)
class Purse:
    """Pays for one run, within the budgets of the day and of the run."""

    ledger: Ledger
    run: str  # names the run in the ledger
    budget: Budget
    clock: Clock
    tell: Tell
    allows_unknown: bool = False  # requests whose price nobody knows
    zone: tzinfo = field(default_factory=LocalZone)
    _told: set[str] = field(default_factory=set)

    async def reserve(self, bill: Bill) -> None:
        """Set a bill's estimate aside; Ended when no budget has room, or the price is not known."""
        if bill.estimate_microusd is None and not self.allows_unknown:
            raise Ended(_unknown(bill))
        today = datetime.fromtimestamp(self.clock.now(), self.zone)
        over = await self.ledger.reserve(
            bill, day=f"{today:%Y-%m-%d}", run=self.run, budget=self.budget
        )
        if over is not None:
            tomorrow = self._tomorrow() if over.of == "day" else None
            self._tell_once(over, tomorrow)
            raise Ended(_refused(bill, over, tomorrow))

    async def settle(
        self,
        attempt_id: int,
        spent_microusd: int,
        usage: Mapping[str, Any],
        *,
        estimated: bool,
    ) -> None:
        """Write down what an attempt did cost."""
        receipt = Receipt(spent_microusd=spent_microusd, usage=usage, estimated=estimated)
        await self.ledger.settle(attempt_id, receipt)

    async def release(self, attempt_id: int) -> None:
        """Nothing can have been billed for an attempt."""
        await self.ledger.release(attempt_id)

    def _tomorrow(self) -> float:
        return next_day(self.clock.now(), self.zone)

    def _tell_once(self, over: Overdraft, until: float | None) -> None:
        if over.of in self._told:
            return
        self._told.add(over.of)
        self.tell(
            BudgetReached(
                name=f"a {over.of}",
                spent=in_dollars(over.spent_microusd),
                allowed=in_dollars(over.allowed_microusd),
                until=until,
            )
        )


def _refused(bill: Bill, over: Overdraft, until: float | None) -> Outcome:
    return Outcome(
        cause=Cause.LIMITED_BUDGET,
        message=f"{in_dollars(over.spent_microusd)} of the {over.of}'s budget of "
        f"{in_dollars(over.allowed_microusd)} are spent or set aside; {bill.model} may cost "
        f"{in_dollars(bill.estimate_microusd or 0)} more.",
        reset_at=until,
    )


def _unknown(bill: Bill) -> Outcome:
    return Outcome(
        cause=Cause.LIMITED_BUDGET,
        message=f"Nobody knows what {bill.backend} takes for {bill.model}: start with --yes to pay "
        "whatever it is, or name another model.",
    )
