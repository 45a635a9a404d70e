"""Pixels as the bytes of a file, in a format and within a size."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import PIL.Image
import PIL.PngImagePlugin

from farm.model.recipes import KIB, CopyFormat, Format

USUAL_QUALITY: Mapping[Format, int] = {Format.WEBP: 85, Format.AVIF: 72, Format.JPEG: 88}
LEAST_QUALITY = 20  # below, every format shows its blocks
EXTENSIONS: Mapping[Format, str] = {
    Format.WEBP: ".webp",
    Format.AVIF: ".avif",
    Format.JPEG: ".jpg",
    Format.PNG: ".png",
}
# A level of 3 takes an eighth of the time of Pillow's usual 6 for a few per cent more bytes.
_PNG_LEVEL, _PNG_HARDEST = 3, 9
# One thread each: all cores are busy with other pictures, and the bytes are those of any machine.
_OPTIONS: Mapping[Format, Mapping[str, Any]] = {
    Format.WEBP: {"method": 4},
    Format.AVIF: {"speed": 7, "max_threads": 1},
    Format.JPEG: {"optimize": True, "progressive": True},
    Format.PNG: {},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """What a file says besides its picture."""

    exif: bytes = b""
    xmp: bytes = b""
    texts: tuple[tuple[str, str], ...] = ()  # keyword and text, for PNG
    profile: bytes = b""  # ICC


def encode(
    image: PIL.Image.Image, wish: CopyFormat, label: Label, max_bytes: int | None = None
) -> tuple[bytes, str]:
    """The file's bytes, and a sentence if they are more than they may be.

    The quality goes down as little as it must. Of equal pixels and wishes come equal bytes.
    """

    def at(quality: int) -> bytes:
        return _encoded(image, wish.format, label, quality)

    if wish.format is Format.PNG:
        data = at(_PNG_LEVEL)
        if max_bytes is not None and len(data) > max_bytes:
            data = at(_PNG_HARDEST)
        lowest = "a png keeps every pixel; choose webp or avif"
    else:
        quality = wish.quality or USUAL_QUALITY[wish.format]
        data = _within(at, quality, max_bytes)
        lowest = f"its quality is already {min(quality, LEAST_QUALITY)}; choose a smaller size"
    if max_bytes is None or len(data) <= max_bytes:
        return data, ""
    size = f"{len(data) / KIB:.0f} KiB where {max_bytes / KIB:.0f} were asked for"
    return data, f"the {wish.format} copy has {size}, and {lowest}."


def _within(at: Callable[[int], bytes], quality: int, max_bytes: int | None) -> bytes:
    """The best encoding up to this quality that fits, or else the smallest."""
    best = at(quality)
    if max_bytes is None or len(best) <= max_bytes or quality <= LEAST_QUALITY:
        return best
    low, high, best = LEAST_QUALITY, quality, at(LEAST_QUALITY)
    while len(best) <= max_bytes and high - low > 1:  # low fits, high does not
        middle = (low + high) // 2
        tried = at(middle)
        if len(tried) <= max_bytes:
            low, best = middle, tried
        else:
            high = middle
    return best


def _encoded(image: PIL.Image.Image, format_: Format, label: Label, quality: int) -> bytes:
    options: dict[str, Any] = dict(_OPTIONS[format_])
    if format_ is Format.PNG:
        options |= {"pnginfo": _png_texts(label), "compress_level": quality}
    else:
        options["quality"] = quality
        if label.xmp:
            options["xmp"] = label.xmp
    if label.exif:
        options["exif"] = label.exif
    if label.profile:
        options["icc_profile"] = label.profile
    stream = io.BytesIO()
    image.save(stream, format_.value, **options)
    return stream.getvalue()


def _png_texts(label: Label) -> PIL.PngImagePlugin.PngInfo:
    """Pillow's PNG has no argument for XMP: it is a text with a name of its own."""
    texts = PIL.PngImagePlugin.PngInfo()
    if label.xmp:
        texts.add_itxt("XML:com.adobe.xmp", label.xmp.decode())
    for keyword, text in label.texts:
        texts.add_itxt(keyword, text)
    return texts
