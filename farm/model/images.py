"""An image: a file that was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

NEAR_BITS = 6
"""Perceptual hashes that differ in no more are of pictures that look the same."""

REUSED = "reuse"
"""Who made an image that is the copy of an equal row's: nobody."""


def look_alike(one: int, other: int) -> bool:
    """Whether two perceptual hashes are of pictures that look the same."""
    return (one ^ other).bit_count() <= NEAR_BITS


@dataclass(frozen=True, kw_only=True, slots=True)
class RawImage:
    """Bytes a hand fetched, in a `.part` file, not yet proven."""

    part: Path  # absolute; owned by the worker from here on
    sha256: str
    size_bytes: int
    source: str  # "s0", "button", "api": how it was had
    preview_px: tuple[int, int]  # natural size of the picture the page showed; (0, 0) if none
    full_size: bool  # False when only the preview could be had


@dataclass(frozen=True, kw_only=True, slots=True)
class Maker:
    """Who made an image, and at what price."""

    backend: str = ""  # web, gemini, openai, fal, sdwebui, comfyui
    account: str = ""  # the profile's name, or the label of a key: never the key
    model: str = ""
    cost_microusd: int | None = None  # of the whole attempt; None: not known, 0: free


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A proven file under its final name."""

    path: str  # relative to the downloads folder, with forward slashes
    sha256: str
    size_bytes: int
    width_px: int
    height_px: int
    media_type: str  # sniffed: image/png, image/jpeg, image/webp
    source: str
    warnings: tuple[str, ...] = ()
    perceptual: str = ""  # 16 hex digits, alike for pictures that look alike
    maker: Maker = field(default_factory=Maker)


@dataclass(frozen=True, kw_only=True, slots=True)
class Twin:
    """Another job's image that looks the same."""

    job: str  # `queue/prompt id`
    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Derivative:
    """A file made from an image; the image itself is never altered."""

    kind: str  # what it is for: size, webp, sidecar, …; unique within an image
    path: str  # relative to the downloads folder, with forward slashes
    sha256: str
    size_bytes: int
    width_px: int  # 0 for what is no picture
    height_px: int
    media_type: str
