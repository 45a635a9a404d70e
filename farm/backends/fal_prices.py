"""What fal charges: its own price list, looked up once a model, and the units it says were used."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from farm.backends.wire import NoAnswer, Said, Wire
from farm.model.money import MICRO

_BILLED = "x-fal-billable-units"
_EACH = frozenset({"image", "images", "generation", "generations", "request", "requests"})
_MEGAPIXELS = frozenset({"megapixel", "megapixels"})
_MEGAPIXEL = 1024 * 1024
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitPrice:
    """A model's price by fal's own list."""

    usd: float
    unit: str  # images, megapixels, …


@dataclass(kw_only=True)
class Tariff:
    """Prices as fal tells them; what it did not tell stays unknown until the next start."""

    wire: Wire
    platform: str
    _known: dict[str, UnitPrice | None] = field(default_factory=dict)

    async def price(self, model: str) -> UnitPrice | None:
        """A model's price; None when fal does not tell."""
        if model not in self._known:
            self._known[model] = await self._told(model)
        return self._known[model]

    async def spent(self, model: str, said: Said, made: Sequence[Mapping[str, Any]]) -> int | None:
        """Millionths of a dollar for a result; None when nobody told enough."""
        price = await self.price(model)
        units = _units(said.headers.get(_BILLED, ""), price, made)
        if price is None or units is None:
            return None
        return round(price.usd * units * MICRO)

    async def _told(self, model: str) -> UnitPrice | None:
        url, query = f"{self.platform}/v1/models/pricing", {"endpoint_id": model}
        try:
            said = await self.wire.ask("GET", url, params=query, most_bytes=_MOST_BYTES)
        except NoAnswer:
            return None
        prices = said.fields.get("prices") if said.ok else None
        rows = [row for row in prices if isinstance(row, dict)] if isinstance(prices, list) else []
        return next((price for row in rows if (price := _price(row, model))), None)


def _price(row: Mapping[str, Any], model: str) -> UnitPrice | None:
    """A row of the list, if it is the model's and in dollars."""
    if row.get("endpoint_id") != model or row.get("currency", "USD") != "USD":
        return None
    try:
        return UnitPrice(usd=float(row["unit_price"]), unit=str(row.get("unit", "")))
    except (KeyError, TypeError, ValueError):
        return None


def _units(billed: str, price: UnitPrice | None, made: Sequence[Mapping[str, Any]]) -> float | None:
    try:
        return float(billed)
    except ValueError:
        unit = price.unit.lower() if price else ""
    if unit in _EACH:
        return float(len(made))
    sides = [(image.get("width"), image.get("height")) for image in made]
    if unit not in _MEGAPIXELS or not all(width and height for width, height in sides):
        return None
    # Each picture is charged by the megapixels that it began.
    return float(sum(math.ceil(int(w) * int(h) / _MEGAPIXEL) for w, h in sides if w and h))
