"""What the same images would cost elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """What one image of a model costs, in US dollars."""

    provider: str
    page: str  # where the provider says so
    model: str
    what: str  # the size or quality the price is for
    usd: float | None  # None: not known
    batch_usd: float | None  # in the provider's batch mode; None: no such mode, or not known
    valid_from: date
    sure: bool = True  # False: reckoned from another number, as `note` says
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What so many images of a model cost."""

    price: Price
    usd: float | None
    batch_usd: float | None


def prices_of(book: Mapping[str, Any]) -> tuple[Price, ...]:
    """The prices of a book as `farm/data/prices.toml` holds it."""
    return tuple(
        Price(
            provider=entry["page"],
            page=book["pages"][entry["page"]],
            model=entry["model"],
            what=entry["what"],
            usd=entry.get("usd"),
            batch_usd=entry.get("batch"),
            valid_from=entry["valid_from"],
            sure=entry.get("sure", True),
            note=entry.get("note", ""),
        )
        for entry in book["price"]
    )


def costs(images: int, prices: Sequence[Price], today: date) -> tuple[Cost, ...]:
    """The cost of so many images by every price that holds today, the cheapest first."""
    found = [
        Cost(price=price, usd=_times(images, price.usd), batch_usd=_times(images, price.batch_usd))
        for price in prices
        if price.valid_from <= today
    ]
    return tuple(sorted(found, key=lambda cost: (cost.usd is None, cost.usd or 0.0)))


def _times(images: int, usd: float | None) -> float | None:
    return None if usd is None else round(images * usd, 2)
