"""What the same pictures would cost at each model that APIs have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from farm.model.demand import Demand
from farm.model.fitting import Order, estimate, misfit
from farm.model.models import Catalogue, Model, Price, Status
from farm.model.operations import Operation


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """So many jobs at one model."""

    backend: str
    model: str
    jobs: int  # that it can make
    unable: int  # that it cannot
    microusd: int | None  # for those it can make, at most; None: nobody knows
    batch_microusd: int | None  # in the provider's batch mode, where it has one
    since: date | None  # the youngest price that holds
    sure: bool  # whether the provider confirms every price
    page: str  # where the provider tells its prices
    shutdown: date | None
    note: str


def costs(demands: Sequence[Demand], catalogue: Catalogue, today: date) -> tuple[Cost, ...]:
    """The cost at every model that is for sale, those first that can make most of them for least.

    Models of yesterday are left out: nobody should begin with them.
    """
    found = [
        _cost(demands, model, today, catalogue.pages[model.backend])
        for model in catalogue.models
        if Operation.GENERATE in model.operations
        and model.backend in catalogue.pages
        and model.status is not Status.LEGACY
        and not model.retired(today)
    ]
    return tuple(sorted(found, key=_rank))


def _cost(demands: Sequence[Demand], model: Model, today: date, page: str) -> Cost:
    able = [one for one in demands if not misfit(model, _order(one), today)]
    prices = [estimate(model, _order(one), today) for one in able]
    known = [one.jobs * price for one, price in zip(able, prices, strict=True) if price is not None]
    jobs = sum(one.jobs for one in able)
    total = sum(known) if able and len(known) == len(able) else None
    return Cost(
        backend=model.backend,
        model=model.id,
        jobs=jobs,
        unable=sum(one.jobs for one in demands) - jobs,
        microusd=total,
        batch_microusd=total // 2 if total is not None and model.batch else None,
        since=max((price.valid_from for price in _held(model, today)), default=None),
        sure=all(price.sure for price in _held(model, today)),
        page=page,
        shutdown=model.shutdown,
        note=model.note,
    )


def _order(demand: Demand) -> Order:
    return Order(
        size=demand.size,
        operation=demand.operation,
        reference_bytes=(0,) * demand.references,
        mask=demand.has_mask,
        factor=demand.factor,
        chars=demand.chars,
    )


def _held(model: Model, today: date) -> list[Price]:
    return [price for price in model.prices if price.valid_from <= today]


def _rank(cost: Cost) -> tuple[int, bool, int, str]:
    return (cost.unable, cost.microusd is None, cost.microusd or 0, cost.model)
