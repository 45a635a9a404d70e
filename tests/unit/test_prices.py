"""The price book that ships, and what is reckoned with it."""

from __future__ import annotations

from datetime import date

from farm.model.prices import Price, costs
from farm.plan import price_book

TODAY = date(2026, 11, 21)


def price(model: str, usd: float | None, valid_from: date = TODAY) -> Price:
    return Price(
        provider="p",
        page="https://p",
        model=model,
        what="1K",
        usd=usd,
        batch_usd=None,
        valid_from=valid_from,
    )


def test_the_cheapest_comes_first_and_the_unknown_last() -> None:
    found = costs(300, [price("a", None), price("b", 0.134), price("c", 0.0336)], TODAY)

    assert [(c.price.model, c.usd) for c in found] == [("c", 10.08), ("b", 40.2), ("a", None)]


def test_a_price_that_does_not_hold_yet_is_left_out() -> None:
    assert costs(1, [price("a", 1.0, date(2026, 12, 1))], TODAY) == ()


def test_every_price_that_ships_names_its_page_and_what_is_not_sure_says_why() -> None:
    book = price_book()

    assert {p.provider for p in book} == {"gemini", "openai", "fal"}
    assert all(p.page.startswith("https://") for p in book)
    assert all(p.note for p in book if not p.sure or p.usd is None)
    assert all(p.usd is None or 0 < p.usd < 1 for p in book)


def test_a_batch_is_never_dearer() -> None:
    assert all(p.batch_usd <= p.usd for p in price_book() if p.batch_usd and p.usd)
