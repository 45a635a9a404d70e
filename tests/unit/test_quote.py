"""What a run may cost: summed, bounded by the budgets, told in one sentence."""

from __future__ import annotations

import pytest

from farm.model.money import Budget
from farm.model.quote import Lot, Quote, for_jobs

DOLLAR = 1_000_000
USUAL = Lot(jobs=120, microusd=50_400)
UNKNOWN = Lot(jobs=3, microusd=None)


def quote(*lots: Lot, day: float | None = 10, run: float | None = None, spent: int = 0) -> Quote:
    bounds = [None if bound is None else round(bound * DOLLAR) for bound in (day, run)]
    return Quote(
        lots=lots,
        budget=Budget(a_day_microusd=bounds[0], a_run_microusd=bounds[1]),
        spent_today=spent,
    )


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            quote(USUAL),
            (
                "120 images at up to 0.0504 USD each: up to 6.048 USD, "
                "within your budget of 10.00 USD a day."
            ),
        ),
        (
            quote(USUAL, spent=9 * DOLLAR),
            (
                "120 images at up to 0.0504 USD each: up to 6.048 USD, of which "
                "your budget of 10.00 USD a day leaves 1.00 USD."
            ),
        ),
        (
            quote(USUAL, day=None),
            "120 images at up to 0.0504 USD each: up to 6.048 USD, and you set no budget.",
        ),
        (
            quote(Lot(jobs=1, microusd=50_400), Lot(jobs=9, microusd=0), run=2),
            (
                "1 image at up to 0.0504 USD each: up to 0.0504 USD, "
                "within your budget of 10.00 USD a day and 2.00 USD for this run."
            ),
        ),
        (quote(UNKNOWN), "Nobody knows what 3 images cost."),
        (quote(Lot(jobs=1, microusd=None)), "Nobody knows what 1 image costs."),
        (
            quote(
                Lot(jobs=3, microusd=None, row="12", models=("openai gpt-new", "fal x")),
                Lot(jobs=1, microusd=None, row="hero", models=("fal x",)),
            ),
            (
                "Nobody knows what 4 images cost: row 12 and 2 more by openai gpt-new or fal x, "
                "row hero by fal x."
            ),
        ),
        (
            quote(*[Lot(jobs=1, microusd=None, row=f"{n}") for n in range(7)]),
            (
                "Nobody knows what 7 images cost: row 0, row 1, row 2, row 3, row 4, and 2 kinds "
                "more."
            ),
        ),
    ],
)
def test_a_quote_says_how_many_at_how_much_and_what_bounds_it(found: Quote, sentence: str) -> None:
    assert str(found) == sentence


def test_what_has_no_price_is_said_beside_what_has_one() -> None:
    assert str(quote(USUAL, UNKNOWN)).endswith("a day. Nobody knows what 3 images cost.")


@pytest.mark.parametrize(
    ("found", "most"),
    [
        (quote(USUAL), 6_048_000),
        (quote(USUAL, day=4), 4_000_000),
        (quote(USUAL, day=4, spent=3_500_000), 500_000),
        (quote(USUAL, day=4, spent=9_000_000), 0),
        (quote(USUAL, run=0.5), 500_000),
        (quote(USUAL, day=None), 6_048_000),
    ],
)
def test_no_more_can_be_spent_than_the_budgets_leave(found: Quote, most: int) -> None:
    assert found.most == most


@pytest.mark.parametrize(
    ("found", "asks"),
    [
        (quote(USUAL), True),
        (quote(Lot(jobs=19, microusd=50_400)), False),
        (quote(USUAL, day=1), False),
        (quote(UNKNOWN, day=0.01), True),
        (quote(Lot(jobs=100_000, microusd=0)), False),
        (quote(), False),
    ],
)
def test_much_money_and_unknown_prices_are_asked_about(found: Quote, *, asks: bool) -> None:
    assert found.needs_consent(DOLLAR) is asks


def test_a_limited_run_is_reckoned_with_the_worst_it_may_come_to() -> None:
    cheap, dear = Lot(jobs=50, microusd=10), Lot(jobs=4, microusd=90)

    assert for_jobs([cheap, dear, UNKNOWN], 10) == (UNKNOWN, dear, Lot(jobs=3, microusd=10))
    assert for_jobs([cheap, dear], None) == (cheap, dear)
    assert for_jobs([cheap, dear], 4) == (dear,)
