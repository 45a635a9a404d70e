"""How a row's wish is put to a model: the nearest size it has, what it cannot do, what it costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from farm.model.models import Model, Price, Rates, Sides
from farm.model.money import MICRO
from farm.model.operations import CHANGES_A_PICTURE, NEEDS_MASK, Operation
from farm.model.prompts import Size

SQUARE = Size(1024, 1024)
CHARS_PER_TOKEN = 3  # fewer than in truth: an estimate must not be too low
REFERENCE_TOKENS = 1300  # of a picture that is looked at; as above
_MEGAPIXEL = 1_048_576
_TIER_PX = {"512": 512, "0.5K": 512, "1K": 1024, "2K": 2048, "4K": 4096}
_FAR = 0.3  # what a proof of the finished picture calls a wrong orientation
NEAR = 1.02  # a side so little too short is not worth the next size class


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What is asked of a model, before anybody looked whether it can do it."""

    size: Size | None = None
    quality: str = ""  # "" or auto: the model's usual one
    operation: Operation = Operation.GENERATE
    reference_bytes: tuple[int, ...] = ()  # of each picture to go by
    mask: bool = False
    factor: float | None = None
    original: Size | None = None  # of the picture that is enlarged
    count: int = 1
    chars: int = 0  # of the text
    tier: str = ""  # a size class of the model; "": the smallest that is large enough


@dataclass(frozen=True, kw_only=True, slots=True)
class Fit:
    """How an order is put to a model; "" and None where it has no such field."""

    ratio: str = ""
    tier: str = ""
    canvas: Size | None = None
    quality: str = ""


def fitted(model: Model, order: Order) -> Fit:
    """The sizes of the model that come nearest to what is asked."""
    size = order.size or SQUARE
    ratio = nearest_ratio(size.ratio, model.ratios) if model.ratios else ""
    asked = order.quality if order.quality in model.qualities else model.quality
    return Fit(
        ratio=ratio,
        tier=order.tier or _tier(model, order.size, ratio),
        canvas=canvas(model.sides, size) if model.sides else None,
        quality=asked,
    )


def nearest_ratio(ratio: float, ratios: tuple[str, ...]) -> str:
    """The one of these (`16:9`) that cuts least away, by the quotient of the two."""

    def strain(text: str) -> float:
        return abs(math.log(_quotient(text) / ratio))

    return min(ratios, key=strain)


def _quotient(text: str) -> float:
    width, _, height = text.partition(":")
    return int(width) / int(height)


def _tier(model: Model, size: Size | None, ratio: str) -> str:
    """The smallest class whose pictures are as large as what is asked, or the largest there is."""
    if not model.tiers:
        return ""
    if size is None:
        return "1K" if "1K" in model.tiers else model.tiers[0]
    for tier in model.tiers:
        width, height = sides_of(tier, ratio, size)
        if width * NEAR >= size.width_px and height * NEAR >= size.height_px:
            return tier
    return model.tiers[-1]


def sides_of(tier: str, ratio: str, size: Size) -> tuple[float, float]:
    """Width and height, in pixels, of a class's pictures in a ratio; "" is the size's own."""
    shape = _quotient(ratio) if ratio else size.ratio
    width = _TIER_PX[tier] * math.sqrt(shape)
    return width, width / shape


def canvas(sides: Sides, size: Size) -> Size:
    """The nearest picture the model takes, in the asked proportion as far as it goes."""
    ratio = min(max(size.ratio, 1 / sides.widest), sides.widest)
    pixels = float(size.width_px * size.height_px)
    pixels = min(max(pixels, sides.least_pixels), sides.most_pixels)
    width = math.sqrt(pixels * ratio)
    width = min(width, sides.longest, sides.longest * ratio)
    return Size(*_stepped(width, width / ratio, sides))


def _stepped(width: float, height: float, sides: Sides) -> tuple[int, int]:
    """Both sides as multiples of the step, the larger ones unless that is more than it takes."""
    up = tuple(math.ceil(side / sides.step - 0.01) * sides.step for side in (width, height))
    fits = max(up) <= sides.longest and up[0] * up[1] <= sides.most_pixels
    if fits and max(up) <= min(up) * sides.widest:
        return (up[0], up[1])
    down = tuple(max(1, math.floor(side / sides.step)) * sides.step for side in (width, height))
    if max(down) <= min(down) * sides.widest:
        return (down[0], down[1])
    shorter = math.ceil(max(down) / sides.widest / sides.step) * sides.step
    return (max(down[0], shorter), max(down[1], shorter))


def misfit(model: Model, order: Order, today: date) -> str:
    """Why a model cannot do this, in words for the user; "" when it can."""
    if gone := model.obituary(today):
        return gone
    can = ", ".join(model.operations)
    if order.operation not in model.operations:
        return f"{model.id} cannot {order.operation}: it can {can}."
    return _misfit_of_pictures(model, order) or _misfit_of_words(model, order)


def _misfit_of_pictures(model: Model, order: Order) -> str:
    count = len(order.reference_bytes)
    if order.operation in CHANGES_A_PICTURE and not count:
        return f"To {order.operation} needs a picture, and the job names none."
    if count > model.references:
        most = model.references or "no"
        return f"{model.id} takes {most} reference pictures, and the job has {count}."
    largest = max(order.reference_bytes, default=0)
    if model.reference_bytes and largest > model.reference_bytes:
        megabytes = model.reference_bytes / 1_000_000
        return f"{model.id} takes pictures up to {megabytes:g} MB, and one of the job's is larger."
    return _misfit_of_mask(model, order)


def _misfit_of_mask(model: Model, order: Order) -> str:
    if order.operation in NEEDS_MASK and not order.mask:
        return f"To {order.operation} needs a mask, and the job names none."
    if order.mask and not order.reference_bytes:
        return "A mask needs the picture it is for, and the job names none."
    if order.mask and not model.mask:
        return f"{model.id} takes no mask."
    return ""


def _misfit_of_words(model: Model, order: Order) -> str:
    if order.count > model.count:
        return f"{model.id} makes {model.count} pictures at once, and the job asks {order.count}."
    if model.prompt_chars and order.chars > model.prompt_chars:
        return f"{model.id} takes {model.prompt_chars} characters, and the text has {order.chars}."
    if order.factor is not None and model.factors and order.factor not in model.factors:
        known = ", ".join(f"x{factor:g}" for factor in model.factors)
        return f"{model.id} enlarges by {known}, not x{order.factor:g}."
    if order.size is not None and model.ratios and _far(order.size, model):
        return f"{order.size} is far from every proportion of {model.id}: {_known(model)}."
    return ""


def _far(size: Size, model: Model) -> bool:
    """Whether even the nearest ratio would be held for a wrong orientation."""
    nearest = _quotient(nearest_ratio(size.ratio, model.ratios))
    return abs(nearest / size.ratio - 1) > _FAR


def _known(model: Model) -> str:
    return ", ".join(model.ratios)


def estimate(model: Model, order: Order, today: date) -> int | None:
    """What an order will cost at most, in millionths of a dollar; None when nobody knows."""
    if model.free:
        return 0
    fit = fitted(model, order)
    price = _price(model, fit, today)
    if price is None:
        return None
    further = max(0, _megapixels(order, fit) - 1) * price.further
    pictures = order.count * (price.image + further)
    references = len(order.reference_bytes)
    return pictures + references * price.reference + _of_tokens(model, order, today)


def _price(model: Model, fit: Fit, today: date) -> Price | None:
    """The newest price that holds for this tier and quality."""
    held = [
        price
        for price in model.prices
        if price.valid_from <= today
        and price.tier in {"", fit.tier}
        and price.quality in {"", fit.quality}
    ]
    return max(held, key=lambda price: price.valid_from, default=None)


def _megapixels(order: Order, fit: Fit) -> int:
    made = fit.canvas or order.size or SQUARE
    if order.operation is Operation.UPSCALE:
        made = order.original or made
    pixels = float(made.width_px * made.height_px)
    if order.operation is Operation.UPSCALE:
        pixels *= (order.factor or 2.0) ** 2
    return math.ceil(pixels / _MEGAPIXEL)


def rates_on(model: Model, today: date) -> Rates | None:
    """The newest rates that hold on a day."""
    held = [rates for rates in model.rates if rates.valid_from <= today]
    return max(held, key=lambda rates: rates.valid_from, default=None)


def _of_tokens(model: Model, order: Order, today: date) -> int:
    """What is read and thought beside the pictures that are made."""
    rates = rates_on(model, today)
    if rates is None:
        return 0
    words = math.ceil(order.chars / CHARS_PER_TOKEN) * rates.text_in
    pictures = (len(order.reference_bytes) + order.mask) * REFERENCE_TOKENS * rates.image_in
    thoughts = model.thought_tokens * order.count * rates.text_out
    return math.ceil((words + pictures + thoughts) / MICRO)
