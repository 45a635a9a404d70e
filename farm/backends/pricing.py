"""What an answer cost, by the tokens it says it used; the home of genai_prices."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from farm.model.fitting import rates_on
from farm.model.models import Model
from farm.model.money import MICRO

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """What was read and written."""

    text_in: int = 0
    image_in: int = 0
    text_out: int = 0  # with thoughts
    image_out: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Flavour:
    """How a provider's answers are read by the price book."""

    provider: str
    api: str


GOOGLE = Flavour(provider="google", api="default")
OPENAI = Flavour(provider="openai", api="images")


def priced(
    body: Mapping[str, Any], flavour: Flavour, model: Model, tokens: Tokens, today: date
) -> int | None:
    """Millionths of a dollar: by the price book, else by farm's own rates; None: nobody knows.

    `body` holds model and usage as the provider's wire spells them.
    """
    known = _by_book(body, flavour)
    return known if known is not None else _by_rates(model, tokens, today)


def _by_book(body: Mapping[str, Any], flavour: Flavour) -> int | None:
    import genai_prices  # noqa: PLC0415  # a third of a second

    try:
        found = genai_prices.extract_usage(
            body, provider_id=flavour.provider, api_flavor=flavour.api
        )
        total = found.calc_price().total_price
    except (LookupError, ValueError) as error:  # a model it does not know, a usage it cannot read
        log.info("the price book has no price", extra={"why": type(error).__name__})
        return None
    return math.ceil(total * Decimal(MICRO))


def _by_rates(model: Model, tokens: Tokens, today: date) -> int | None:
    rates = rates_on(model, today)
    if rates is None:
        return None
    parts = (
        tokens.text_in * rates.text_in,
        tokens.image_in * rates.image_in,
        tokens.text_out * rates.text_out,
        tokens.image_out * rates.image_out,
    )
    return math.ceil(sum(parts) / MICRO)
