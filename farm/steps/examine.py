"""What any picture file is, and everything that is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from farm.errors import NoPicture
from farm.model.prompts import Size
from farm.steps.perceptual import near_twins, perceptual_hash
from farm.steps.pictures import read_picture
from farm.steps.verify import (
    MAX_BYTES,
    MIN_BYTES,
    MIN_SIDE_PX,
    PROPORTION_LIMIT,
    PROPORTION_WARNING,
    off_by,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """A file by its contents; without a picture the sizes are 0 and the hash is empty."""

    path: str
    sha256: str = ""
    size_bytes: int = 0
    width_px: int = 0
    height_px: int = 0
    format: str = ""
    perceptual: str = ""
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def examine(path: Path, asked: Size | None = None) -> Examined:
    """Decode a file whole and hold it against the bounds of `farm.steps.verify`; blocking.

    Never raises for what is in the file: all of it stands in `problems`.
    """
    try:
        data = _bytes_of(path)
        picture = read_picture(path)
    except NoPicture as error:
        return Examined(path=str(path), problems=(str(error),))
    width, height = picture.size_px
    off = off_by(width / height, asked.ratio) if asked else 0.0
    said = f"{asked} was asked for: the proportion of {width}x{height}px is {off:.0%} off."
    return Examined(
        path=str(path),
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        width_px=width,
        height_px=height,
        format=picture.format.value,
        perceptual=perceptual_hash(picture.image),
        problems=(
            *_out_of_bounds(len(data), picture.size_px),
            *((said,) if off > PROPORTION_LIMIT else ()),
        ),
        warnings=(
            *picture.warnings,
            *((said,) if PROPORTION_WARNING < off <= PROPORTION_LIMIT else ()),
        ),
    )


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise NoPicture(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(data) > MAX_BYTES:
        raise NoPicture(f"{path} has over {MAX_BYTES // 1024**2} MB.")
    return data


def _out_of_bounds(size_bytes: int, size_px: tuple[int, int]) -> Iterator[str]:
    if size_bytes <= MIN_BYTES:
        yield f"It has {size_bytes} bytes; a picture of full size has over {MIN_BYTES}."
    if max(size_px) < MIN_SIDE_PX:
        yield f"{size_px[0]}x{size_px[1]}px is under {MIN_SIDE_PX} px on both sides."


def duplicates(examined: Iterable[Examined]) -> list[tuple[str, ...]]:
    """Files of the same bytes, each group once."""
    groups: dict[str, list[str]] = {}
    for each in examined:
        if each.sha256:
            groups.setdefault(each.sha256, []).append(each.path)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def look_alikes(examined: Iterable[Examined]) -> list[tuple[str, str]]:
    """Pairs of different files that show nearly the same."""
    seen = [each for each in examined if each.perceptual]
    pairs = ((seen[one], seen[other]) for one, other in near_twins([e.perceptual for e in seen]))
    return [(one.path, other.path) for one, other in pairs if one.sha256 != other.sha256]
