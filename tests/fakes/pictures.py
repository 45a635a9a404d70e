"""Pictures for doubles: whole, heavy enough to prove, and no two alike."""

from __future__ import annotations

import io
import random

from PIL import Image

_GRAIN = 176  # px a side: what keeps a file above the size at which previews begin


def picture(width: int, height: int, seed: object, kind: str = "PNG") -> bytes:
    """Grain drawn for this seed, blown up to the size asked."""
    noise = random.Random(repr(seed)).randbytes(_GRAIN * _GRAIN * 3)  # noqa: S311  # a picture
    small = Image.frombytes("RGB", (_GRAIN, _GRAIN), noise)
    return _encoded(small.resize((width, height), Image.Resampling.NEAREST), kind)


def black(width: int, height: int, kind: str = "JPEG") -> bytes:
    """What a safety filter sends in place of a picture."""
    return _encoded(Image.new("RGB", (width, height)), kind)


def size_of(body: bytes) -> tuple[int, int]:
    """Width and height of an encoded picture."""
    with Image.open(io.BytesIO(body)) as opened:
        return opened.size


def _encoded(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()
