"""What a page says about its picture, for those who show links to it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from farm.model.prompts import Size

OG_SIZE = Size(1200, 630)
"""What social networks show: 1.91 to 1."""


def meta_tags(
    url: str, size: Size, media_type: str, *, title: str = "", alt: str = ""
) -> Iterator[str]:
    """The tags for a page's head (https://ogp.me, and Twitter's card beside them), one a line."""
    properties = [
        ("og:image", url),
        ("og:image:type", media_type),
        ("og:image:width", str(size.width_px)),
        ("og:image:height", str(size.height_px)),
        ("og:image:alt", alt),
        ("og:title", title),
    ]
    names = [
        ("twitter:card", "summary_large_image"),
        ("twitter:image", url),
        ("twitter:image:alt", alt),
        ("twitter:title", title),
    ]
    for kind, tags in (("property", properties), ("name", names)):
        yield from (
            f'<meta {kind}="{key}" content="{escape(text)}" />' for key, text in tags if text
        )
