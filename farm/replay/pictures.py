"""Draws images that look like nothing else, and encodes every form in which they are served."""

from __future__ import annotations

import hashlib
import io
import math
import random
import re
import textwrap
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from farm.replay.plays import Fault

PREVIEW_PX = 1024
_NOISE = 0.22  # how much of the picture is grain; it makes files as heavy as real ones
_SHAPES = 18
_SIZE_IN_TEXT = re.compile(r"Size:\s*(\d{2,5})\s*[x×]\s*(\d{2,5})")
_SMALL = (320, 176)
_LANDSCAPE = (1408, 768)
_SHAPE_BY_RATIO = {
    1 / 1: (1408, 1408),
    2 / 3: (960, 1440),
    3 / 2: (1440, 960),
    3 / 4: (1056, 1408),
    4 / 3: (1408, 1056),
    4 / 5: (1152, 1440),
    5 / 4: (1440, 1152),
    9 / 16: (768, 1408),
    16 / 9: _LANDSCAPE,
    21 / 9: (1792, 768),
}
_EXIF_SOFTWARE = 0x0131


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What to draw; equal subjects give equal bytes."""

    text: str
    account: str
    n: int  # number of the submission
    index: int  # of the image in its answer
    fault: Fault | None = None
    type: str = "jpeg"  # of the original


@dataclass(frozen=True, kw_only=True, slots=True)
class Forms:
    """The same image in the three forms in which the site serves it."""

    original: bytes  # what the page's button gives
    s0: bytes  # every pixel, encoded again
    preview: bytes  # what the page shows
    width: int
    height: int
    type: str

    @property
    def hashes(self) -> dict[str, str]:
        """The SHA-256 of each form, as the submission log names them."""
        return {
            "sha256_original": sha256(self.original),
            "sha256_s0": sha256(self.s0),
            "sha256_preview": sha256(self.preview),
        }


def sha256(data: bytes) -> str:
    """Hex digest, as everywhere in farm."""
    return hashlib.sha256(data).hexdigest()


def shape_for(text: str) -> tuple[int, int]:
    """The supported shape nearest to the `Size: WxH` in a prompt; landscape without one."""
    match = _SIZE_IN_TEXT.search(text)
    if match is None:
        return _LANDSCAPE
    asked = math.log(int(match[1]) / int(match[2]))
    ratio = min(_SHAPE_BY_RATIO, key=lambda known: abs(math.log(known) - asked))
    return _SHAPE_BY_RATIO[ratio]


def make(subject: Subject) -> Forms:
    """Draw and encode; takes tens of milliseconds, so not on the event loop."""
    width, height = shape_for(subject.text)
    if subject.fault is Fault.SMALL:
        width, height = _SMALL
    if subject.fault is Fault.WRONG_ORIENTATION:
        width, height = (height, width) if width != height else _LANDSCAPE[::-1]
    picture = draw(subject, width, height)
    preview = _encode(_fitted(picture, PREVIEW_PX), quality=82, from_picasa=True)
    forms = Forms(
        original=_png(picture) if subject.type == "png" else _encode(picture, quality=95),
        s0=_encode(picture, quality=80),
        preview=preview,
        width=width,
        height=height,
        type=subject.type,
    )
    return _spoiled(forms, subject.fault)


def resized(data: bytes, long_side: int) -> bytes:
    """Any other size the image hosts are asked for, as JPEG."""
    with Image.open(io.BytesIO(data)) as picture:
        return _encode(_fitted(picture.convert("RGB"), long_side), quality=82, from_picasa=True)


def portrait(letter: str, side: int = 64) -> bytes:
    """An account's round-the-corner picture: a letter on a colour, as PNG."""
    hue = random.Random(letter).randrange(360)  # noqa: S311  # a colour, no secret
    picture = Image.new("RGB", (side, side), f"hsl({hue}, 45%, 45%)")
    font = ImageFont.load_default(side * 0.6)
    ImageDraw.Draw(picture).text((side / 2, side / 2), letter, "white", font, anchor="mm")
    return _png(picture)


def draw(subject: Subject, width: int, height: int) -> Image.Image:
    """A gradient, shapes, grain, and a plate that says which submission this is."""
    seed = f"{subject.account}|{subject.n}|{subject.index}|{subject.text}"
    dice = random.Random(seed)  # noqa: S311  # the same subject must give the same bytes
    sky = Image.linear_gradient("L").resize((width, height))
    picture = Image.composite(
        Image.new("RGB", (width, height), _colour(dice)),
        Image.new("RGB", (width, height), _colour(dice)),
        sky,
    )
    pen = ImageDraw.Draw(picture)
    for _ in range(_SHAPES):
        _shape(pen, dice, width, height)
    grain = Image.frombytes("L", (width, height), dice.randbytes(width * height))
    picture = Image.blend(picture, grain.convert("RGB"), _NOISE)
    _plate(picture, subject)
    return picture


def _colour(dice: random.Random) -> tuple[int, int, int]:
    return dice.randrange(40, 240), dice.randrange(40, 240), dice.randrange(40, 240)


def _shape(pen: ImageDraw.ImageDraw, dice: random.Random, width: int, height: int) -> None:
    side = dice.randrange(min(width, height) // 12, min(width, height) // 3)
    left, top = dice.randrange(-side // 2, width), dice.randrange(-side // 2, height)
    box = (left, top, left + side, top + side)
    match dice.randrange(3):
        case 0:
            pen.ellipse(box, fill=_colour(dice))
        case 1:
            pen.rounded_rectangle(box, radius=side // 5, fill=_colour(dice))
        case _:
            centre = (left + side / 2, top + side / 2, side / 2)
            pen.regular_polygon(centre, dice.randrange(3, 7), dice.randrange(90), _colour(dice))


def _plate(picture: Image.Image, subject: Subject) -> None:
    size = max(12, picture.width // 44)
    font = ImageFont.load_default(size)
    head = f"#{subject.n}.{subject.index + 1} · {subject.account or 'nobody'}"
    lines = [head, *textwrap.wrap(subject.text, 52)[:6]]
    text = "\n".join(lines)
    pen = ImageDraw.Draw(picture, "RGBA")
    left, top, right, bottom = pen.multiline_textbbox((size, size), text, font)
    pad = size // 2
    plate = (left - pad, top - pad, right + pad, bottom + pad)
    pen.rounded_rectangle(plate, radius=pad, fill=(0, 0, 0, 150))
    pen.multiline_text((size, size), text, "white", font)


def _fitted(picture: Image.Image, long_side: int) -> Image.Image:
    copy = picture.copy()
    copy.thumbnail((long_side, long_side))
    return copy


def _encode(picture: Image.Image, *, quality: int, from_picasa: bool = False) -> bytes:
    exif = Image.Exif()
    if from_picasa:
        exif[_EXIF_SOFTWARE] = "Picasa"
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, exif=exif)
    return file.getvalue()


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _spoiled(forms: Forms, fault: Fault | None) -> Forms:
    original, s0 = forms.original, forms.s0
    if fault is Fault.PREVIEW_ONLY:
        original = s0 = forms.preview
    elif fault is Fault.TRUNCATED:
        original, s0 = original[: len(original) * 2 // 3], s0[: len(s0) * 2 // 3]
    return Forms(
        original=original,
        s0=s0,
        preview=forms.preview,
        width=forms.width,
        height=forms.height,
        type="jpeg" if fault is Fault.PREVIEW_ONLY else forms.type,
    )
