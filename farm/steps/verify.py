"""Proof that a fetched file is a whole picture of full size, and the one the page showed."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from typing import NoReturn

import PIL.Image
import PIL.ImageOps

from farm.errors import Ended
from farm.model.causes import Cause
from farm.model.images import RawImage
from farm.model.media import sniff
from farm.model.outcomes import Outcome
from farm.model.prompts import Prompt
from farm.steps.base import MAX_PIXELS, Proof
from farm.steps.perceptual import perceptual_hash

# The seeds' bounds: less is a logo or an icon, more is an error.
MIN_BYTES = 50 * 1024
MAX_BYTES = 20 * 1024 * 1024
MIN_SIDE_PX = 500
# What an API answers is the original: a flat drawing may be small, a 4K picture may be large.
API_SOURCE, API_MIN_BYTES, API_MAX_BYTES = "api", 1024, 200 * 1024 * 1024
PREVIEW_TOLERANCE = 0.02  # previews are 1024 px wide and rounded to whole pixels
PROPORTION_WARNING = 0.10
PROPORTION_LIMIT = 0.30

_LOOKED_AT_PX = 128

_DECODERS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
PNG_END = b"IEND\xae\x42\x60\x82"  # Pillow decodes without its last bytes
_ORIENTATION = 0x0112  # EXIF; 5 to 8 turn the picture by a quarter
_QUARTER_TURNS = frozenset({5, 6, 7, 8})
# What Pillow's decoders raise on broken files; it has no common base for them.
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    struct.error,
    zlib.error,
)
BOMBS = (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning)


def verify(raw: RawImage, prompt: Prompt, *, duplicate_of: int | None = None) -> Proof:
    """What the file is; raises `Ended` with a cause of the family `unproven` if that is not enough.

    `duplicate_of` is the other job that already has these bytes, if there is one. Blocking, and
    pure but for reading the file: run it in a thread.
    """
    if not raw.full_size:
        _refuse(Cause.PREVIEW_ONLY, "only the preview could be fetched, not the full-size picture")
    data = _read(raw)
    media_type = sniff(data)
    if media_type is None:
        _refuse(Cause.UNREADABLE, f"the file is {_looks_like(data)}, not a PNG, JPEG or WebP")
    least = API_MIN_BYTES if raw.source == API_SOURCE else MIN_BYTES
    if len(data) <= least:
        _refuse(Cause.TOO_SMALL, f"the file has {len(data)} bytes; a picture has over {least}")
    size_px, perceptual = _decode(data, media_type)
    if max(size_px) < MIN_SIDE_PX:
        _refuse(Cause.TOO_SMALL, f"{_px(size_px)} is under {MIN_SIDE_PX} px on both sides")
    _compare_with_preview(size_px, raw.preview_px)
    if duplicate_of is not None:
        _refuse(Cause.DUPLICATE, f"these bytes are already the image of job {duplicate_of}")
    return Proof(
        sha256=raw.sha256,
        size_bytes=len(data),
        width_px=size_px[0],
        height_px=size_px[1],
        media_type=media_type,
        perceptual=perceptual,
        warnings=(*_compare_with_asked(size_px, prompt), *_compare_with_usual(len(data))),
    )


def off_by(one: float, other: float) -> float:
    """How far two proportions differ: 0 for equal ones, 0.3 for 30 %, whichever is larger."""
    return max(one / other, other / one) - 1


def _refuse(cause: Cause, message: str) -> NoReturn:
    raise Ended(Outcome(cause=cause, message=f"{message[0].upper()}{message[1:]}."))


def _read(raw: RawImage) -> bytes:
    most = API_MAX_BYTES if raw.source == API_SOURCE else MAX_BYTES
    try:
        with raw.part.open("rb") as stream:
            data = stream.read(most + 1)
    except FileNotFoundError:
        _refuse(Cause.UNREADABLE, f"the downloaded file {raw.part.name} is gone")
    if len(data) > most:
        _refuse(Cause.UNREADABLE, f"the file is over {most // 1024**2} MB")
    if len(data) != raw.size_bytes or hashlib.sha256(data).hexdigest() != raw.sha256:
        _refuse(Cause.UNREADABLE, "the file on disk is not what was downloaded")
    return data


def _looks_like(data: bytes) -> str:
    head = data[:256].lstrip().lower()
    if not head:
        return "empty"
    if head.startswith((b"<!doctype", b"<html")):
        return "a web page"
    if head.startswith((b"{", b"[")):
        return "JSON"
    return f"of an unknown kind (it begins with {data[:8].hex()})"


def _decode(data: bytes, media_type: str) -> tuple[tuple[int, int], str]:
    """Decode every pixel, after a look at how many: the size as shown, and what it looks like."""
    if media_type == "image/png" and PNG_END not in data:
        _refuse(Cause.UNREADABLE, "the picture is cut off")
    formats = (_DECODERS[media_type],)
    try:
        with PIL.Image.open(io.BytesIO(data), formats=formats) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                _refuse(Cause.UNREADABLE, f"{_px(picture.size)} is too large to be true")
            picture.load()
            turned = picture.getexif().get(_ORIENTATION) in _QUARTER_TURNS
            width, height = picture.size
            looks = _looks_of(picture)
    except BOMBS:
        _refuse(Cause.UNREADABLE, "its pixels would not fit into memory")
    except BROKEN as error:
        _refuse(Cause.UNREADABLE, f"the picture does not decode ({error})")
    return ((height, width) if turned else (width, height)), looks


def _looks_of(picture: PIL.Image.Image) -> str:
    """Its perceptual hash, of a copy just large enough for it."""
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    small = picture.convert(mode).resize((_LOOKED_AT_PX, _LOOKED_AT_PX), PIL.Image.Resampling.BOX)
    return perceptual_hash(PIL.ImageOps.exif_transpose(small))


def _compare_with_preview(size_px: tuple[int, int], preview_px: tuple[int, int]) -> None:
    if 0 in preview_px:
        return
    if off_by(size_px[0] / size_px[1], preview_px[0] / preview_px[1]) > PREVIEW_TOLERANCE:
        _refuse(
            Cause.MISMATCH,
            f"the page showed a picture of {_px(preview_px)} and the file has {_px(size_px)}",
        )


def _compare_with_asked(size_px: tuple[int, int], prompt: Prompt) -> tuple[str, ...]:
    if prompt.size is None:
        return ()
    off = off_by(size_px[0] / size_px[1], prompt.size.ratio)
    said = f"{prompt.size} was asked for and {_px(size_px)} came: the proportion is {off:.0%} off"
    if off > PROPORTION_LIMIT:
        _refuse(Cause.WRONG_ORIENTATION, said)
    return (f"{said}.",) if off > PROPORTION_WARNING else ()


def _compare_with_usual(size_bytes: int) -> tuple[str, ...]:
    """Only what an API answers comes here with so few bytes, or so many."""
    if MIN_BYTES < size_bytes <= MAX_BYTES:
        return ()
    return (f"The file has {size_bytes:,} bytes, which is unusual for a picture: look at it.",)


def _px(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}px"
