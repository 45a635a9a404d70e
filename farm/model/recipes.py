"""A recipe: which copies are made of an image."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

KIB = 1024
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)%")
_ACROSS: Mapping[str, float] = {"left": 0.0, "right": 1.0}
_DOWN: Mapping[str, float] = {"top": 0.0, "bottom": 1.0}
_MIDDLE = frozenset({"center", "centre", "middle"})
_MOST_WORDS = 2


class Resize(StrEnum):
    """How a picture comes to a size of another proportion."""

    OFF = "off"
    COVER = "cover"  # fills the size; what stands over is cut off
    CONTAIN = "contain"  # fits into the size; the rest is background


class Format(StrEnum):
    """What a copy is encoded as."""

    WEBP = "webp"
    AVIF = "avif"
    JPEG = "jpeg"
    PNG = "png"


@dataclass(frozen=True, slots=True)
class Focus:
    """The point of a picture that stays in view when it is cut: fractions of width and height.

    Works as CSS's `object-position` does: the point at 30 % of the picture comes to stand at 30 %
    of the copy.
    """

    x: float = 0.5
    y: float = 0.5

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `center`, `top`, `bottom left`, `50% 30%` or `30%` (across); ValueError if none."""
        words = text.replace(",", " ").lower().replace("-", " ").split()
        if not 0 < len(words) <= _MOST_WORDS:
            raise ValueError(_no_focus(text))
        if _PERCENT.fullmatch(words[0]):
            return cls(*(_fraction(word, text) for word in words))
        found: dict[str, float] = {}
        for word in words:
            axis = "x" if word in _ACROSS else "y" if word in _DOWN else ""
            if axis in found or not (axis or word in _MIDDLE):
                raise ValueError(_no_focus(text))
            if axis:
                found[axis] = _ACROSS[word] if axis == "x" else _DOWN[word]
        return cls(**found)

    def __str__(self) -> str:
        """As two percentages."""
        return f"{self.x * 100:.4g}% {self.y * 100:.4g}%"


def _fraction(word: str, text: str) -> float:
    match = _PERCENT.fullmatch(word)
    if match is None or float(match[1]) > 100:  # noqa: PLR2004  # per cent
        raise ValueError(_no_focus(text))
    return float(match[1]) / 100


def _no_focus(text: str) -> str:
    return f"{text!r} is no focus such as center, top left or 50% 30%"


@dataclass(frozen=True, slots=True)
class CopyFormat:
    """A format and how well it shall look."""

    format: Format
    quality: int | None = None  # 1 to 100; None: the format's usual one

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `webp` or `webp:85`; ValueError if it is neither."""
        name, colon, quality = text.lower().partition(":")
        try:
            format_ = Format({"jpg": "jpeg"}.get(name, name))
        except ValueError:
            known = ", ".join(Format)
            raise ValueError(f"{name!r} is no format of a copy; there are {known}") from None
        if not colon:
            return cls(format_)
        if format_ is Format.PNG:
            raise ValueError(f"{text!r}: a png is always exact and has no quality")
        if not quality.isdecimal() or not 1 <= int(quality) <= 100:  # noqa: PLR2004  # the scale
            raise ValueError(f"{text!r}: a quality is a whole number from 1 to 100")
        return cls(format_, int(quality))


def parse_formats(text: str) -> tuple[CopyFormat, ...]:
    """Read `webp:85 avif`, with blanks or commas between; ValueError for one that is no format."""
    formats = tuple(CopyFormat.parse(word) for word in text.replace(",", " ").split())
    if len({each.format for each in formats}) < len(formats):
        raise ValueError(f"{text!r} names a format twice")
    return formats


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """What becomes of an image; with everything off nothing is made."""

    resize: Resize = Resize.OFF
    focus: Focus = Focus()
    background: str = "white"  # behind what is contained or flattened: a CSS colour
    formats: tuple[CopyFormat, ...] = ()  # none: a resized copy keeps the image's own
    max_bytes: int | None = None  # of each copy
    keep_profile: bool = False  # otherwise colours become sRGB, which every browser shows alike
    metadata: bool = True  # copies carry the prompt and how they were made
    sidecar: bool = False  # a JSON file and a checksum file

    @property
    def idle(self) -> bool:
        """Whether it makes nothing of any image."""
        return self.resize is Resize.OFF and not self.formats and not self.sidecar


def recipe_of(
    *,
    resize: str = "off",
    focus: str = "center",
    convert: str = "",
    max_kb: int = 0,
    metadata: bool = True,
    sidecar: bool = False,
) -> Recipe:
    """The recipe that the settings of these names ask for; ValueError for a bad text."""
    return Recipe(
        resize=Resize(resize),
        focus=Focus.parse(focus),
        formats=parse_formats(convert),
        max_bytes=max_kb * KIB or None,
        metadata=metadata,
        sidecar=sidecar,
    )
