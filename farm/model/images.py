"""An image: a file that was made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
