"""What a picture looks like in 64 bits, which stay nearly the same when it is saved anew.

The hash is the coarsest waves of a picture: of a 32 by 32 copy in grey the 8 by 8 lowest
frequencies of its cosine transform, a bit for each that is clearly positive. Compression and
scaling hardly change them, a narrow cut changes few. "Clearly" matters: a symmetric picture has no
trace of half of the waves, and their signs would be those of the codec's noise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import PIL.Image

from farm.model.images import look_alike
from farm.model.prompts import Size
from farm.steps.pictures import read_picture
from farm.steps.sizes import flattened

_SIDE, _WAVES = 32, 8
_ENOUGH = Size(4 * _SIDE, 4 * _SIDE)  # of a JPEG: the rest need not be decoded
_STILL = 1e-6  # what reckoning alone makes of a wave that is not there
_CLEARLY = 0.1  # of the mean strength of the waves
_COSINES = tuple(
    tuple(math.cos(math.pi * wave * (2 * place + 1) / (2 * _SIDE)) for place in range(_SIDE))
    for wave in range(_WAVES)
)


def perceptual_of(path: Path) -> str:
    """The hash of a picture file: 16 hex digits. Raises NoPicture."""
    return perceptual_hash(read_picture(path, size=_ENOUGH).image)


def perceptual_hash(image: PIL.Image.Image) -> str:
    """The hash of an upright RGB or RGBA picture: 16 hex digits."""
    grey = flattened(image, "white").convert("L")
    pixels = grey.resize((_SIDE, _SIDE), PIL.Image.Resampling.BOX).tobytes()
    rows = [pixels[at : at + _SIDE] for at in range(0, _SIDE * _SIDE, _SIDE)]
    across = [[_product(wave, row) for wave in _COSINES] for row in rows]
    columns = list(zip(*across, strict=True))
    waves = [_product(wave, column) for wave in _COSINES for column in columns]
    waves[0] = 0.0  # only how bright it is
    least = _CLEARLY * sum(map(abs, waves)) / len(waves) + _STILL
    bits = sum((wave > least) << place for place, wave in enumerate(waves))
    return f"{bits:016x}"


def near_twins(hashes: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The places of those that look alike, each pair once, the earlier place first."""
    numbers = [(place, int(text, 16)) for place, text in enumerate(hashes)]
    for (first, one), (second, other) in combinations(numbers, 2):
        if look_alike(one, other):
            yield first, second


def _product(wave: Sequence[float], values: Sequence[float]) -> float:
    return sum(one * other for one, other in zip(wave, values, strict=True))
