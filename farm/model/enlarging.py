"""Whether a picture is had for less by drawing it small and enlarging it: pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date

from farm.model.fitting import NEAR, Order, estimate, fitted, misfit, sides_of
from farm.model.models import Model
from farm.model.operations import Operation
from farm.model.prompts import Size

_ROOMY = 1.07  # models draw up to an eighth more pixels than a class says (8:1 in 3072x384)
_STEP = 2  # of factors that are free: halves


@dataclass(frozen=True, kw_only=True, slots=True)
class Enlargement:
    """A picture in the smallest class, and who makes it large afterwards."""

    tier: str
    factor: float
    backend: str
    model: str


def enlargement(model: Model, order: Order, upscaler: Model, today: date) -> Enlargement | None:
    """How an order is drawn small, if that and the enlarging cost less than its own size class.

    None where a price is not known: what may be dearer is not done.
    """
    if order.operation is not Operation.GENERATE or order.size is None or not model.tiers:
        return None
    fit, tier = fitted(model, order), model.tiers[0]
    if fit.tier == tier:
        return None
    small = sides_of(tier, fit.ratio, order.size)
    factor = _factor(upscaler, small, order.size)
    if factor is None:
        return None
    roomy = Size(math.ceil(small[0] * _ROOMY), math.ceil(small[1] * _ROOMY))
    enlarged = Order(
        operation=Operation.UPSCALE, original=roomy, factor=factor, reference_bytes=(0,)
    )
    if misfit(upscaler, enlarged, today):
        return None
    drawn = estimate(model, replace(order, tier=tier), today)
    after = estimate(upscaler, replace(enlarged, chars=order.chars), today)
    whole = estimate(model, order, today)
    if drawn is None or after is None or whole is None or drawn + after >= whole:
        return None
    return Enlargement(tier=tier, factor=factor, backend=upscaler.backend, model=upscaler.id)


def _factor(upscaler: Model, small: tuple[float, float], asked: Size) -> float | None:
    """The least that makes both sides long enough; None when the upscaler has none so large."""
    least = max(asked.width_px / small[0], asked.height_px / small[1]) / NEAR
    if upscaler.factors:
        return min((factor for factor in upscaler.factors if factor >= least), default=None)
    return math.ceil(least * _STEP) / _STEP
