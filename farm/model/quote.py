"""What a run may cost, said before it begins: never more than the budgets leave."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from farm.model.counting import counted
from farm.model.money import Budget, in_dollars

_NAMED = 5  # kinds of rows, in a question


@dataclass(frozen=True, kw_only=True, slots=True)
class Lot:
    """Jobs that cost the same."""

    jobs: int
    microusd: int | None  # each, at most; None: nobody knows
    row: str = ""  # the id of one of them
    models: tuple[str, ...] = ()  # whose price nobody knows


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """What jobs may cost at the APIs, and what the user's budgets leave for it."""

    lots: tuple[Lot, ...] = ()
    budget: Budget = Budget()  # noqa: RUF009  # frozen
    spent_today: int = 0  # settled and set aside, in millionths of a dollar

    @property
    def images(self) -> int:
        """Those with a known price above nothing."""
        return sum(lot.jobs for lot in self.lots if lot.microusd)

    @property
    def unknown(self) -> int:
        """Images whose price nobody knows."""
        return sum(lot.jobs for lot in self.lots if lot.microusd is None)

    @property
    def dearest(self) -> int:
        """Millionths of a dollar for the dearest image with a known price."""
        return max((lot.microusd or 0 for lot in self.lots), default=0)

    @property
    def total(self) -> int:
        """Millionths of a dollar for all images with a known price."""
        return sum(lot.jobs * (lot.microusd or 0) for lot in self.lots)

    @property
    def left(self) -> int | None:
        """Millionths of a dollar that the budgets leave; None: no bound."""
        day, run = self.budget.a_day_microusd, self.budget.a_run_microusd
        bounds = [run, None if day is None else max(0, day - self.spent_today)]
        return min((bound for bound in bounds if bound is not None), default=None)

    @property
    def most(self) -> int:
        """Millionths of a dollar that can be spent at all, images of no known price apart."""
        return self.total if self.left is None else min(self.total, self.left)

    def needs_consent(self, above_microusd: int) -> bool:
        """Whether to ask first: for much money, and for what nobody knows the price of."""
        return bool(self.unknown) or self.most > above_microusd

    def __str__(self) -> str:
        """In sentences."""
        return " ".join(filter(None, (self._known(), self._of_no_price())))

    def _known(self) -> str:
        if not self.images:
            return ""
        images = counted(self.images, "image")
        each = f"{images} at up to {in_dollars(self.dearest)} each"
        if self.left is None:
            return f"{each}: up to {in_dollars(self.total)}, and you set no budget."
        if self.left < self.total:
            return (
                f"{each}: up to {in_dollars(self.total)}, of which {self._bounds()} "
                f"leaves {in_dollars(self.left)}."
            )
        return f"{each}: up to {in_dollars(self.total)}, within {self._bounds()}."

    def _of_no_price(self) -> str:
        if not self.unknown:
            return ""
        images = counted(self.unknown, "image costs", "images cost")
        which = [_which(lot) for lot in self.lots if lot.microusd is None and lot.row]
        more = len(which) - _NAMED
        told = ", ".join(which[:_NAMED]) + (f", and {more} kinds more" if more > 0 else "")
        return f"Nobody knows what {images}{f': {told}' if told else ''}."

    def _bounds(self) -> str:
        day, run = self.budget.a_day_microusd, self.budget.a_run_microusd
        of = [f"{in_dollars(day)} a day"] if day is not None else []
        of += [f"{in_dollars(run)} for this run"] if run is not None else []
        return f"your budget of {' and '.join(of)}"


def _which(lot: Lot) -> str:
    others = f" and {lot.jobs - 1} more" if lot.jobs > 1 else ""
    models = f" by {' or '.join(lot.models)}" if lot.models else ""
    return f"row {lot.row}{others}{models}"


Agree = Callable[[Quote], Awaitable[bool]]
"""Asks the user; UsageError where nobody can be asked."""


def for_jobs(lots: Sequence[Lot], most: int | None) -> tuple[Lot, ...]:
    """The lots a run of so many jobs may come to, at worst: those of no known price, the dearest.

    None: a run without such a limit.
    """
    if most is None:
        return tuple(lots)
    taken: list[Lot] = []
    for lot in sorted(lots, key=_worry, reverse=True):
        jobs = min(lot.jobs, most - sum(other.jobs for other in taken))
        if jobs > 0:
            taken.append(replace(lot, jobs=jobs))
    return tuple(taken)


def _worry(lot: Lot) -> tuple[bool, int]:
    return lot.microusd is None, lot.microusd or 0
