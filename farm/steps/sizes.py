"""A picture in exactly the size that was asked for."""

from __future__ import annotations

from collections.abc import Iterator

import PIL.Image
import PIL.ImageColor

from farm.model.prompts import Size
from farm.model.recipes import Focus, Recipe, Resize

_LANCZOS = PIL.Image.Resampling.LANCZOS
OPAQUE = 255
_GAP = 3.0  # shrink by whole numbers first: Pillow calls this indistinguishable, and it is faster


def resized(image: PIL.Image.Image, size: Size, recipe: Recipe) -> PIL.Image.Image:
    """Cut or padded to the size; the recipe says how."""
    match recipe.resize:
        case Resize.COVER:
            return _cover(image, size, recipe.focus)
        case Resize.CONTAIN:
            return _contain(image, size, recipe.background)
        case Resize.OFF:
            return image


def doubts(of_px: tuple[int, int], size: Size, recipe: Recipe) -> Iterator[str]:
    """What a person should know of a picture in this size."""
    across, down = size.width_px / of_px[0], size.height_px / of_px[1]
    scale = max(across, down) if recipe.resize is Resize.COVER else min(across, down)
    if recipe.resize is not Resize.OFF and scale > 1:
        yield (
            f"{of_px[0]}x{of_px[1]}px was enlarged {scale:.2f} times to make {size}: "
            "it is less sharp than it could be."
        )


def colour(text: str) -> tuple[int, int, int, int]:
    """Red, green, blue and opacity of a CSS colour or `transparent`; ValueError if it is none."""
    if text.strip().lower() == "transparent":
        return (255, 255, 255, 0)
    red, green, blue, *alpha = PIL.ImageColor.getrgb(text.strip())
    return (red, green, blue, alpha[0] if alpha else OPAQUE)


def flattened(image: PIL.Image.Image, background: str) -> PIL.Image.Image:
    """On a background, without any transparency."""
    if image.mode != "RGBA":
        return image
    ground = PIL.Image.new("RGBA", image.size, (*colour(background)[:3], OPAQUE))
    return PIL.Image.alpha_composite(ground, image).convert("RGB")


def _cover(image: PIL.Image.Image, size: Size, focus: Focus) -> PIL.Image.Image:
    scale = min(image.width / size.width_px, image.height / size.height_px)
    width, height = size.width_px * scale, size.height_px * scale
    left, top = (image.width - width) * focus.x, (image.height - height) * focus.y
    return image.resize(
        (size.width_px, size.height_px),
        _LANCZOS,
        box=(left, top, min(left + width, image.width), min(top + height, image.height)),
        reducing_gap=_GAP,
    )


def _contain(image: PIL.Image.Image, size: Size, background: str) -> PIL.Image.Image:
    scale = min(size.width_px / image.width, size.height_px / image.height)
    inner = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = image.resize(inner, _LANCZOS, reducing_gap=_GAP)
    ground = colour(background)
    if ground[3] == OPAQUE:
        small = flattened(small, background)
    mode = "RGB" if ground[3] == OPAQUE else "RGBA"
    canvas = PIL.Image.new(mode, (size.width_px, size.height_px), ground[: len(mode)])
    canvas.paste(small, ((size.width_px - inner[0]) // 2, (size.height_px - inner[1]) // 2))
    return canvas
