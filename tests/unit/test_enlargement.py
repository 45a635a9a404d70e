"""When a picture is drawn small and enlarged: only where that is known to cost less."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from farm.catalogue import load_catalogue
from farm.model.enlarging import enlargement
from farm.model.fitting import Order, estimate
from farm.model.models import Model, Price
from farm.model.operations import Operation
from farm.model.prompts import Size

TODAY = date(2026, 11, 20)
FULL_HD, FOUR_K = Size(1920, 1080), Size(3840, 2160)


def model(name: str) -> Model:
    found = load_catalogue().find(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("draws", "size", "upscaler", "factor"),
    [
        ("nano-banana", FOUR_K, "seedvr", 3.0),
        ("nano-banana", FULL_HD, "seedvr", 1.5),
        ("nano-banana", Size(2400, 1800), "seedvr", 2.0),
        ("nano-banana", Size(8000, 6000), "seedvr", None),  # 56 megapixels are dearer
        ("nano-banana", FOUR_K, "clarity", None),  # dearer
        ("nano-banana-pro", FOUR_K, "imagen-4.0-upscale-preview", 3),
        ("nano-banana-pro", Size(8000, 6000), "imagen-4.0-upscale-preview", None),  # not so far
        ("nano-banana-pro", FULL_HD, "seedvr", None),  # 2K costs what 1K does
        ("nano-banana", Size(1024, 1024), "seedvr", None),  # small anyway
        ("nano-banana", None, "seedvr", None),
        ("nano-banana-lite", FOUR_K, "seedvr", None),  # has one class
        ("flux-dev", FOUR_K, "seedvr", None),  # has none
        ("nano-banana", FOUR_K, "nano-banana", None),  # cannot enlarge
    ],
)
def test_a_row_is_drawn_small_only_where_both_cost_less(
    draws: str, size: Size | None, upscaler: str, factor: float | None
) -> None:
    found = enlargement(model(draws), Order(size=size), model(upscaler), TODAY)

    assert (found.factor if found else None) == factor


@pytest.mark.parametrize("nobody_knows", ["drawing", "enlarging", "small class"])
def test_where_a_price_is_not_known_it_is_not_done(nobody_knows: str) -> None:
    draws, upscaler = model("nano-banana"), model("seedvr")
    large_only = tuple(price for price in draws.prices if price.tier == "4K")
    prices = {"drawing": (), "enlarging": draws.prices, "small class": large_only}
    draws = replace(draws, prices=prices[nobody_knows])
    upscaler = replace(upscaler, prices=() if nobody_knows == "enlarging" else upscaler.prices)

    assert enlargement(draws, Order(size=FOUR_K), upscaler, TODAY) is None


def test_equal_prices_are_no_reason_for_a_second_job() -> None:
    draws, free = model("nano-banana"), replace(model("seedvr"), free=True)
    same = tuple(replace(price, image=1) for price in draws.prices)

    assert enlargement(replace(draws, prices=same), Order(size=FOUR_K), free, TODAY) is None


def test_only_what_is_drawn_is_drawn_small() -> None:
    order = Order(size=FOUR_K, operation=Operation.OUTPAINT, reference_bytes=(1,))

    assert enlargement(model("nano-banana"), order, model("seedvr"), TODAY) is None


@pytest.mark.parametrize("side", range(1100, 8000, 300))
@pytest.mark.parametrize("ratio", [1.0, 16 / 9, 0.25, 8.0])
def test_the_price_of_the_rows_own_class_bounds_both_jobs(side: int, ratio: float) -> None:
    draws, upscaler = model("nano-banana"), model("seedvr")
    order = Order(size=Size(side, max(1, round(side / ratio))), chars=300)

    found = enlargement(draws, order, upscaler, TODAY)

    if found is not None:
        small = estimate(draws, replace(order, tier=found.tier), TODAY)
        drawn = Size(*_largest(ratio))
        large = Order(operation=Operation.UPSCALE, original=drawn, factor=found.factor)
        after, whole = estimate(upscaler, large, TODAY), estimate(draws, order, TODAY)
        assert None not in {small, after, whole}
        assert (small or 0) + (after or 0) < (whole or 0)


def _largest(ratio: float) -> tuple[int, int]:
    """What the model may draw for 1K: more than its name says where the ratio is extreme."""
    return {1.0: (1024, 1024), 16 / 9: (1376, 768), 0.25: (528, 2112), 8.0: (3072, 384)}[ratio]


def test_a_cheap_upscaler_with_factors_takes_the_next_one() -> None:
    price = (Price(valid_from=TODAY, image=1),)
    steps = replace(model("seedvr"), factors=(2.0, 4.0), prices=price)

    found = enlargement(model("nano-banana"), Order(size=FOUR_K), steps, TODAY)

    assert found is not None
    assert found.factor == 4.0
