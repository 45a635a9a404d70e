"""Small copies of images, for pages that show many."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import PIL.Image
import PIL.ImageOps

_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
_BOMB = (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning)


def thumbnail(path: Path, side_px: int) -> bytes | None:
    """A WebP copy that fits into a square, upright; None if there is no readable picture.

    The original is only read.
    """
    try:
        with PIL.Image.open(path, formats=("PNG", "JPEG", "WEBP")) as picture:
            picture.draft("RGB", (side_px, side_px))  # lets JPEG skip most of its decoding
            small = PIL.ImageOps.exif_transpose(picture)
            small.thumbnail((side_px, side_px))
            mode = "RGBA" if small.has_transparency_data else "RGB"
            stream = io.BytesIO()
            small.convert(mode).save(stream, "WEBP", quality=78)
    except (*_BROKEN, *_BOMB):
        return None
    return stream.getvalue()
