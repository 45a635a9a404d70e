"""What the first bytes of a file tell of the picture in it."""

from __future__ import annotations

HEAD_BYTES = 32
"""So many of them are enough."""

_TAKEN_TOO = (b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_AVIF = frozenset({b"avif", b"avis"})


def sniff(data: bytes) -> str | None:
    """The media type of a picture that farm keeps; None if it is none of these."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def may_be_picture(data: bytes) -> bool:
    """Whether a file begins like one that farm can read: kept as it is, or made a PNG of."""
    is_avif = data[4:8] == b"ftyp" and not _AVIF.isdisjoint(_brands(data))
    return sniff(data) is not None or data.startswith(_TAKEN_TOO) or is_avif


def _brands(data: bytes) -> list[bytes]:
    """What an ISO media file says it is: its own brand, then those it is compatible with."""
    return [data[8:12], *(data[at : at + 4] for at in range(16, len(data) - 3, 4))]
