"""The sizes in which diffusion models on one's own machine draw well: pure."""

from __future__ import annotations

import math

from farm.model.prompts import Size

STEP_PX = 8  # the pixels of one latent cell
SHORTEST_PX = 512  # a shorter side is not what these models were trained on
MOST_PIXELS = 1024 * 1024
WIDEST = 4.0
_NEAR = 0.005  # a proportion so little off is as good as exact


def drawing_size(asked: Size | None, most_pixels: int = MOST_PIXELS) -> Size:
    """Where to draw what is asked: near its proportion, within the pixels a card can hold.

    Both sides are multiples of 8 and at least 512. Of all such sizes the one in the asked
    proportion that is largest, yet not larger than what is asked; where none is in proportion,
    the one that is nearest to it.
    """
    if asked is None:
        side = math.isqrt(most_pixels) // STEP_PX * STEP_PX
        return Size(side, side)
    ratio = min(max(asked.ratio, 1 / WIDEST), WIDEST)
    # A long picture keeps its shorter side at any price.
    pixels = max(
        min(most_pixels, _stepped(asked.width_px) * _stepped(asked.height_px)),
        _least_pixels(ratio),
    )
    sizes = [size for size in _sizes(ratio) if size.width_px * size.height_px <= pixels]
    near = [size for size in sizes if _off(size, ratio) <= _NEAR]
    if near:
        return max(near, key=lambda size: size.width_px * size.height_px)
    return min(sizes, key=lambda size: (round(_off(size, ratio), 3), -size.width_px))


def _sizes(ratio: float) -> list[Size]:
    """Every size of about this proportion, smallest first."""
    shorts = range(SHORTEST_PX, 4096, STEP_PX)
    if ratio >= 1:
        return [Size(max(SHORTEST_PX, _nearest(short * ratio)), short) for short in shorts]
    return [Size(short, max(SHORTEST_PX, _nearest(short / ratio))) for short in shorts]


def _least_pixels(ratio: float) -> int:
    smallest = _sizes(ratio)[0]
    return smallest.width_px * smallest.height_px


def _nearest(side: float) -> int:
    return round(side / STEP_PX) * STEP_PX


def _stepped(side: int) -> int:
    return math.ceil(side / STEP_PX) * STEP_PX


def _off(size: Size, ratio: float) -> float:
    return abs(math.log(size.ratio / ratio))
