"""What the steps tell each other about an image."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What a file was found to be: a whole picture, and the one that was asked for."""

    sha256: str
    size_bytes: int
    width_px: int  # as shown: a camera's rotation mark is applied
    height_px: int
    media_type: str  # sniffed: image/png, image/jpeg, image/webp
    warnings: tuple[str, ...] = ()  # one sentence each
