"""File names by the seeds' conventions, for rows that ask for none and for a row's twins."""

from __future__ import annotations

import re

from farm.model.prompts import ImageType

_EXTENSION = re.compile(r"\.(?:png|jpe?g|webp|avif|gif)$", re.IGNORECASE)


def derived_name(image_type: ImageType, title: str, number: str) -> str:
    """A name for a row that asks for none: `hero-after-the-storm.png`."""
    slug = slug_of(title) or slug_of(number)
    if image_type is ImageType.REGULAR:
        return f"image-{slug}.png"
    return f"hero-{slug}.png" if image_type is ImageType.HERO else f"hero-{slug}-og.jpg"


def slug_of(text: str) -> str:
    """Words in small letters with hyphens between them."""
    return re.sub(r"[\W_]+", "-", text.casefold()).strip("-")


def numbered(filename: str, number: int) -> str:
    """The name of a row's further picture: `hero-mill.png` becomes `hero-mill-v2.png`."""
    stem, extension = _parted(filename)
    return f"{stem}-v{number}{extension}"


def enlarged(filename: str) -> str:
    """The name of a row's enlarged picture: `hero-mill.png` becomes `hero-mill-large.png`."""
    stem, extension = _parted(filename)
    return f"{stem}-large{extension}"


def twin_of(filename: str) -> str:
    """The name of a Hero's social-media twin: `hero-mill.png` becomes `hero-mill-og.jpg`."""
    return f"{_parted(filename)[0]}-og.jpg"


def _parted(filename: str) -> tuple[str, str]:
    found = _EXTENSION.search(filename)
    return (filename[: found.start()], found[0]) if found else (filename, "")
