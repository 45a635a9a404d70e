"""Money: what an API may cost, what it did cost, and how much of it the user allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MICRO = 1_000_000
"""Money is counted in whole millionths of a US dollar: sums stay exact."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """What one attempt may cost at most."""

    attempt_id: int
    job_id: int
    backend: str
    account: str  # the label of a key
    model: str
    estimate_microusd: int | None  # None: the price is not known


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """How much may be spent; None: no bound."""

    a_day_microusd: int | None = None
    a_run_microusd: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Overdraft:
    """Why a reservation was refused."""

    of: str  # "day" or "run"
    spent_microusd: int  # settled and reserved
    allowed_microusd: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Spending:
    """What was spent in one way."""

    day: str  # the user's local day, 2026-11-21
    backend: str
    account: str
    model: str
    requests: int
    spent_microusd: int  # settled
    open_microusd: int  # reserved, and never heard of again: may have been billed
    estimated: int  # requests settled without a word of the API about their cost


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What an attempt did cost."""

    spent_microusd: int
    usage: Mapping[str, Any] = field(default_factory=dict)  # what the API said it used
    estimated: bool = False  # it said nothing: the estimate stands


def in_dollars(microusd: int) -> str:
    """As people read it: `0.0336 USD`, at least two decimals and no more than are needed."""
    sign, cents = "-" if microusd < 0 else "", abs(microusd)
    whole, part = divmod(cents, MICRO)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole:,}.{decimals} USD"


def from_dollars(usd: float) -> int:
    """The nearest millionths."""
    return round(usd * MICRO)
