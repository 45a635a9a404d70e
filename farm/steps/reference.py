"""Proof that a file is a picture every hand can take, and its copy as PNG where it is not."""

from __future__ import annotations

import io
from dataclasses import dataclass

import PIL.Image

from farm.model.media import sniff
from farm.steps.base import MAX_PIXELS
from farm.steps.verify import BOMBS, BROKEN, PNG_END

# What every hand takes as it is.
SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}
_TAKEN = ("PNG", "JPEG", "WEBP")
_CONVERTED = ("GIF", "BMP", "TIFF", "AVIF")  # the first frame becomes a PNG
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})


class NoPicture(Exception):  # it says what the file is not
    """A file that no hand can take; its text goes on after "it"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture in a form that every hand takes."""

    data: bytes
    media_type: str


def picture_of(data: bytes) -> Picture:
    """The bytes as they are if every hand takes them, else their first frame as PNG.

    Every pixel is decoded first. Raises NoPicture. Blocking: run it in a thread.
    """
    media_type = sniff(data)
    if not data:
        raise NoPicture("is empty")
    if media_type == "image/png" and PNG_END not in data:
        raise NoPicture("is cut off")
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        raise NoPicture("is HEIC, which not every hand takes: save it as JPEG or PNG")
    try:
        with PIL.Image.open(io.BytesIO(data), formats=_TAKEN if media_type else _CONVERTED) as one:
            if one.width * one.height > MAX_PIXELS:
                size = f"{one.width}x{one.height}px"
                raise NoPicture(f"has {size}, more than a reference may have: make it smaller")
            one.load()
            converted = None if media_type else _png(one)
    except BOMBS as error:
        raise NoPicture("has more pixels than a reference may have: make it smaller") from error
    except PIL.UnidentifiedImageError as error:
        raise NoPicture("is no picture in PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF") from error
    except BROKEN as error:
        raise NoPicture(f"does not decode ({error})") from error
    if converted is not None:
        return Picture(data=converted, media_type="image/png")
    return Picture(data=data, media_type=media_type or "image/png")


def _png(one: PIL.Image.Image) -> bytes:
    file = io.BytesIO()
    mode = "RGBA" if one.has_transparency_data else "RGB"
    one.convert(mode).save(file, "PNG")
    return file.getvalue()
