"""A picture file of any kind as plain upright pixels: RGB or RGBA, eight bits, sRGB."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import PIL.Image
import PIL.ImageCms
import PIL.ImageOps

from farm.errors import NoPicture
from farm.model.prompts import Size
from farm.model.recipes import Format
from farm.steps.base import MAX_PIXELS

KINDS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "TIFF", "BMP")
EXTENSIONS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".tif", ".tiff", ".bmp"})
FORMATS = {
    "PNG": Format.PNG,
    "JPEG": Format.JPEG,
    "MPO": Format.JPEG,  # a JPEG with further views of the same, as phones write them
    "WEBP": Format.WEBP,
    "AVIF": Format.AVIF,
}
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
    PIL.Image.DecompressionBombError,
    PIL.Image.DecompressionBombWarning,
)
_PNG_END = b"IEND\xae\x42\x60\x82"  # Pillow decodes without its last bytes
_ORIENTATION = 0x0112  # EXIF; 5 to 8 turn the picture by a quarter
_QUARTER_TURNS = frozenset({5, 6, 7, 8})
_DRAFT_GAP = 2  # a JPEG is decoded at least this much larger than needed, then scaled well
_DEEP_STEP = 257  # of 16 bits in one step of 8
_PROFILE_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_OPAQUE = 255


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """What a file shows, and what it said besides."""

    image: PIL.Image.Image  # RGB, or RGBA if anything in it is transparent
    size_px: tuple[int, int]  # of the file, upright; the image may be a smaller draft of it
    format: Format  # the file's own, png for those that copies are not made in
    profile: bytes = b""  # ICC, where colours were left in it
    exif: bytes = b""
    xmp: bytes = b""
    warnings: tuple[str, ...] = ()


@contextmanager
def opened(path: Path) -> Iterator[PIL.Image.Image]:
    """The file, not yet decoded, its claimed size looked at; raises NoPicture in here too."""
    try:
        with PIL.Image.open(path, formats=KINDS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                pixels = f"{picture.width}x{picture.height}"
                raise NoPicture(f"{path} claims {pixels} pixels, which is too large to be true.")
            yield picture
    except FileNotFoundError:
        raise NoPicture(f"{path} is not there.") from None
    except PIL.UnidentifiedImageError:
        raise NoPicture(f"{path} is no picture of a kind farm reads.") from None
    except BROKEN as error:
        raise NoPicture(f"{path} does not decode ({error}).") from error


def read_picture(path: Path, *, size: Size | None = None, keep_profile: bool = False) -> Picture:
    """Decode a file whole; `size` is all that will be needed of it. Raises NoPicture."""
    with opened(path) as file:
        _refuse_cut_off(path, file)
        size_px = _upright_size(file)
        if size is not None:
            _draft(file, size, size_px)
        more = getattr(file, "n_frames", 1) > 1 and file.format != "MPO"
        profile = file.info.get("icc_profile") or b""
        upright = PIL.ImageOps.exif_transpose(file)
        image, warnings = _plain(upright, path), []
        if more:
            warnings.append(f"{path.name} is animated: only its first picture is used.")
        if not (keep_profile and image.mode in {"RGB", "RGBA"}):
            image, fault = _in_srgb(image, profile)
            profile = b""
            warnings += [f"{path.name}: {fault}"] if fault else []
        image.info = {}  # or Pillow would write some of it into copies
        return Picture(
            image=image,
            size_px=size_px,
            format=_own_format(file),
            profile=profile,
            exif=_exif_of(upright),
            xmp=xmp_of(upright),
            warnings=tuple(warnings),
        )


def format_of(path: Path) -> Format:
    """What a copy in the file's own format would be. Raises NoPicture."""
    with opened(path) as file:
        return _own_format(file)


def xmp_of(picture: PIL.Image.Image) -> bytes:
    """The XMP packet of an opened file; PNG keeps it among its texts."""
    found = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or b""
    return found.encode() if isinstance(found, str) else bytes(found)


def _own_format(file: PIL.Image.Image) -> Format:
    return FORMATS.get(file.format or "", Format.PNG)


def _refuse_cut_off(path: Path, file: PIL.Image.Image) -> None:
    if file.format == "PNG" and _PNG_END not in path.read_bytes():
        raise NoPicture(f"{path} is cut off.")


def _upright_size(file: PIL.Image.Image) -> tuple[int, int]:
    turned = file.getexif().get(_ORIENTATION) in _QUARTER_TURNS
    return (file.height, file.width) if turned else file.size


def _draft(file: PIL.Image.Image, size: Size, size_px: tuple[int, int]) -> None:
    """Let a JPEG decode to a fraction of its size, where that is enough to cover `size`."""
    scale = max(size.width_px / size_px[0], size.height_px / size_px[1]) * _DRAFT_GAP
    if scale < 1:
        file.draft(None, (round(file.width * scale), round(file.height * scale)))


def _plain(image: PIL.Image.Image, path: Path) -> PIL.Image.Image:
    """In one of the modes L, LA, RGB, RGBA and CMYK, with alpha only where it shows."""
    mode = image.mode
    if mode == "F":
        raise NoPicture(f"{path} holds floating-point numbers, not colours.")
    if mode.startswith("I"):
        # Pillow's own conversion cuts 16 bits off at white instead of scaling them.
        plain = image.convert("I").point(lambda value: value * (1 / _DEEP_STEP)).convert("L")
    elif image.has_transparency_data:
        plain = image.convert("LA" if mode in {"1", "L", "LA"} else "RGBA")
    elif mode == "1":
        plain = image.convert("L")
    else:
        plain = image if mode in {"L", "RGB", "CMYK"} else image.convert("RGB")
    if plain.mode in {"LA", "RGBA"} and plain.getchannel("A").getextrema()[0] == _OPAQUE:
        plain = plain.convert(plain.mode[:-1])
    return plain


def _in_srgb(image: PIL.Image.Image, profile: bytes) -> tuple[PIL.Image.Image, str]:
    """As RGB or RGBA without a profile, and what was wrong with the one it had."""
    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    colours = image.convert(image.mode[:-1]) if alpha else image
    fault = ""
    if profile:
        try:
            colours = _converted(colours, profile)
        except (PIL.ImageCms.PyCMSError, OSError, ValueError, TypeError):
            fault = "its colour profile is broken or of another kind of picture; left out."
    result = colours.convert("RGB")
    if alpha:
        result.putalpha(alpha)
    return result, fault


def _converted(colours: PIL.Image.Image, profile: bytes) -> PIL.Image.Image:
    source = PIL.ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if _PROFILE_MODES.get(source.profile.xcolor_space.strip()) != colours.mode:
        raise ValueError(source.profile.xcolor_space)
    if "srgb" in (source.profile.profile_description or "").lower():
        return colours
    srgb = PIL.ImageCms.createProfile("sRGB")
    made = PIL.ImageCms.profileToProfile(colours, source, srgb, outputMode="RGB")
    if made is None:  # only in place
        raise ValueError(colours.mode)
    return made


def _exif_of(image: PIL.Image.Image) -> bytes:
    """Its EXIF without the rotation, which is applied, and without the small preview."""
    exif = image.getexif()
    if not exif:
        return b""
    exif.pop(_ORIENTATION, None)
    fresh = PIL.Image.Exif()
    fresh.load(exif.tobytes())
    return fresh.tobytes()
