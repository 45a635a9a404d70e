"""Masks: farm's are white where a picture may change; some models want a hole there instead."""

from __future__ import annotations

import io
from pathlib import Path

import PIL.Image
import PIL.ImageChops

_HALF = 128


class NoMask(ValueError):
    """A file is no mask for a picture; the text goes on after "the mask"."""


def white_mask(mask: Path, picture: Path) -> bytes:
    """A PNG of the picture's size, white where it may change and black elsewhere; blocking.

    A mask with clear parts of its own says by them what may change. NoMask when it is no picture,
    of another proportion, or lets nothing change.
    """
    try:
        with PIL.Image.open(picture) as below, PIL.Image.open(mask) as above:
            changes = _changing(above, below.size)
    except (OSError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        raise NoMask("cannot be read as a picture") from error
    if not changes.getextrema()[1]:
        raise NoMask("has no white in it, so nothing may change")
    return _png(changes)


def hole_mask(mask: Path) -> bytes:
    """The same of a white mask for who wants a hole: clear where it is white, else black."""
    with PIL.Image.open(mask) as white:
        keeps = PIL.ImageChops.invert(white.convert("L"))
    made = PIL.Image.new("RGBA", keeps.size, (0, 0, 0, 255))
    made.putalpha(keeps)
    return _png(made)


def _png(made: PIL.Image.Image) -> bytes:
    file = io.BytesIO()
    made.save(file, "PNG", optimize=True)
    return file.getvalue()


def _changing(above: PIL.Image.Image, size: tuple[int, int]) -> PIL.Image.Image:
    """255 where the picture may change."""
    across = above.width * size[1] / (above.height * size[0])
    if not 0.98 < across < 1.02:  # noqa: PLR2004  # rounding, no other proportion
        raise NoMask(f"has {above.width}x{above.height} px, the picture {size[0]}x{size[1]}")
    if above.has_transparency_data:
        alpha = above.convert("RGBA").getchannel("A")
        if any(alpha.histogram()[:_HALF]):
            return _two_valued(alpha, size, changes_above=False)
    return _two_valued(above.convert("L"), size, changes_above=True)


def _two_valued(
    channel: PIL.Image.Image, size: tuple[int, int], *, changes_above: bool
) -> PIL.Image.Image:
    bright, dark = (255, 0) if changes_above else (0, 255)
    table = [bright if value >= _HALF else dark for value in range(256)]
    return channel.point(table).resize(size, PIL.Image.Resampling.NEAREST)
