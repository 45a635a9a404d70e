"""Painting over what a picture must not show."""

from __future__ import annotations

import io
from collections.abc import Iterable

from PIL import Image, ImageDraw

from farm.model.incidents import Box

COLOUR = "#5f6368"


def cover(picture: bytes, boxes: Iterable[Box]) -> bytes:
    """The picture as PNG with every box filled; boxes may reach over its edges."""
    with Image.open(io.BytesIO(picture)) as seen:
        image = seen.convert("RGB")
    brush = ImageDraw.Draw(image)
    for left, top, right, bottom in boxes:
        brush.rectangle((left - 1, top - 1, right + 1, bottom + 1), fill=COLOUR)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
