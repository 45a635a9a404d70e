"""What is in a picture file, without judging it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import PIL.Image
import PIL.ImageCms

from farm.steps import xmp
from farm.steps.base import Facts
from farm.steps.metadata import facts_in
from farm.steps.perceptual import perceptual_of
from farm.steps.pictures import opened, xmp_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """A file by what it says of itself."""

    path: str
    sha256: str
    size_bytes: int
    format: str
    width_px: int  # as stored: a rotation mark is not applied
    height_px: int
    mode: str  # Pillow's word for the kind of its pixels
    profile: str  # the colour profile's name
    perceptual: str
    credentials: bool  # whether it carries a C2PA manifest; the signature is not checked
    xmp: Mapping[str, str]
    facts: Facts | None
    stored: bool = False  # the facts are the store's, not the file's


def look(path: Path) -> Look:
    """Read a file's header and metadata, and what it looks like. Raises NoPicture."""
    with opened(path) as picture:
        data = path.read_bytes()
        packet = xmp_of(picture)
        return Look(
            path=str(path),
            sha256=hashlib.sha256(data).hexdigest(),
            size_bytes=len(data),
            format=(picture.format or "").lower(),
            width_px=picture.width,
            height_px=picture.height,
            mode=picture.mode,
            profile=_profile_name(picture),
            perceptual=perceptual_of(path),
            credentials=b"c2pa" in data and b"jumb" in data,
            xmp={k: v for k, v in xmp.properties(packet).items() if k != "farm:facts"},
            facts=facts_in(packet),
        )


def _profile_name(picture: PIL.Image.Image) -> str:
    data = picture.info.get("icc_profile")
    if not data:
        return ""
    try:
        profile = PIL.ImageCms.ImageCmsProfile(io.BytesIO(data))
    except (PIL.ImageCms.PyCMSError, OSError):
        return "unreadable"
    return (profile.profile.profile_description or "unnamed").strip()
