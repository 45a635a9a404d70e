"""What the same images would cost elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from farm.model.models import Catalogue, Model, Status
from farm.model.money import MICRO
from farm.model.operations import Operation


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
    sure: bool = True  # False: reckoned from another number, and not confirmed
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What so many images of a model cost."""

    price: Price
    usd: float | None
    batch_usd: float | None


def prices_in(catalogue: Catalogue, today: date) -> tuple[Price, ...]:
    """What a picture costs with every model of a provider that draws and answers still."""
    return tuple(
        price
        for model in catalogue.models
        if Operation.GENERATE in model.operations
        and model.backend in catalogue.pages
        and model.status is not Status.LEGACY
        and not model.retired(today)
        for price in _prices(model, catalogue)
    )


def _prices(model: Model, catalogue: Catalogue) -> Iterator[Price]:
    page = catalogue.pages[model.backend]
    if not model.prices:
        yield Price(
            provider=model.backend,
            page=page,
            model=model.id,
            what="any",
            usd=None,
            batch_usd=None,
            valid_from=catalogue.checked,
            note=model.note,
        )
    for price in model.prices:
        usd = price.image / MICRO
        yield Price(
            provider=model.backend,
            page=page,
            model=model.id,
            what=" ".join(filter(None, (price.tier or "1 MP", price.quality))),
            usd=usd,
            batch_usd=usd / 2 if model.batch else None,
            valid_from=price.valid_from,
            sure=price.sure,
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
