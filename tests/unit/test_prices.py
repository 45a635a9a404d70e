"""The price book that ships, and what is reckoned with it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from farm.config import load_settings
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


def test_every_price_names_its_page_and_an_unknown_one_says_why(tmp_path: Path) -> None:
    book = price_book(load_settings(environ={}, cwd=tmp_path), TODAY)

    assert {p.provider for p in book} == {"gemini", "openai", "fal"}
    assert all(p.page.startswith("https://") for p in book)
    assert all(p.note for p in book if p.usd is None)
    assert all(p.usd is None or 0 < p.usd < 1 for p in book)


def test_a_batch_costs_half_where_there_is_one(tmp_path: Path) -> None:
    book = price_book(load_settings(environ={}, cwd=tmp_path), TODAY)

    halves = [p for p in book if p.batch_usd is not None]

    assert {p.provider for p in halves} == {"gemini", "openai"}
    assert all(p.batch_usd == (p.usd or 0) / 2 for p in halves)


def test_a_model_of_yesterday_is_not_offered(tmp_path: Path) -> None:
    book = price_book(load_settings(environ={}, cwd=tmp_path), TODAY)

    assert not {"gpt-image-1", "gpt-image-1.5", "gemini-2.5-flash-image"} & {p.model for p in book}


def test_a_price_of_the_users_own_list_is_told(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text(
        '[[model]]\nbackend = "fal"\nid = "fal-ai/own"\n'
        "price = [{ valid_from = 2026-01-01, usd = 0.5 }]\n"
    )

    book = price_book(load_settings(environ={}, cwd=tmp_path), TODAY)

    assert [p.usd for p in book if p.model == "fal-ai/own"] == [0.5]
