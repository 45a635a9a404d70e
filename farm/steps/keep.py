"""Putting a proven image under its final name: once, whole, and over nobody else's file.

The name is taken with a hard link, which one of several racing processes gets and which never
writes over a file. Where a disk has no hard links, the name is reserved with an empty file first.
"""

from __future__ import annotations

import errno
import hashlib
import os
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from farm.errors import SaveFailed
from farm.files import saving, sync_folder
from farm.model.images import Image, RawImage
from farm.steps.base import Proof

PARTS_FOLDER = ".parts"

# How disks without hard links refuse one: FAT, some network and overlay file systems.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS})


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where an image shall stand and how its name is chosen."""

    downloads: Path
    folder: str  # below downloads, with forward slashes
    name: Callable[[Callable[[str], bool]], str]  # given `taken`, the next free name


def keep(raw: RawImage, proof: Proof, place: Place) -> Image:
    """Move a `.part` file to its place on disk; blocking.

    Never writes over another file and never leaves the downloads folder. Called again with the
    same bytes it finds the file of the first call. Raises `SaveFailed`; the part stays then.
    """
    folder = place.downloads / place.folder
    with saving(folder):
        _enter(folder, place.downloads)
        _sync_file(raw.part)
        final = _take_name(raw, folder, place)
        sync_folder(folder)
        raw.part.unlink(missing_ok=True)
    return Image(
        path="/".join(filter(None, (place.folder, final.name))),
        sha256=proof.sha256,
        size_bytes=proof.size_bytes,
        width_px=proof.width_px,
        height_px=proof.height_px,
        media_type=proof.media_type,
        source=raw.source,
        warnings=proof.warnings,
        perceptual=proof.perceptual,
    )


def part_path(downloads: Path, attempt_id: int, number: int) -> Path:
    """Where a hand writes the n-th image of an attempt, on the disk of its final place.

    Makes the folder. The process id keeps two farms apart that share only the downloads folder.
    """
    folder = downloads / PARTS_FOLDER
    with saving(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{attempt_id}-{number}-{os.getpid()}.part"


def sweep_parts(downloads: Path, before: float) -> int:
    """Remove `.part` files last written before a time (epoch seconds); return how many.

    They are what dead processes left; what is younger may be somebody's download in progress.
    """
    swept = 0
    for part in (downloads / PARTS_FOLDER).glob("*.part"):
        with suppress(OSError):  # another farm sweeps too
            if part.lstat().st_mtime < before:
                part.unlink()
                swept += 1
    return swept


def _enter(folder: Path, downloads: Path) -> None:
    if not folder.resolve().is_relative_to(downloads.resolve()):
        raise SaveFailed(
            f"{folder} leads out of the downloads folder {downloads}; remove the link and go on."
        )
    folder.mkdir(parents=True, exist_ok=True)


def _sync_file(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _take_name(raw: RawImage, folder: Path, place: Place) -> Path:
    in_use = {_alike(path.name) for path in folder.iterdir()}
    refused: set[str] = set()
    while True:
        wish = folder / place.name(lambda name: _alike(name) in refused)
        if _alike(wish.name) not in in_use and _take(raw.part, wish):
            return wish
        if _same_bytes(wish, raw):  # an earlier life of this attempt got this far
            return wish
        refused.add(_alike(wish.name))


def _alike(name: str) -> str:
    """Equal for names that some file systems hold for the same."""
    return unicodedata.normalize("NFC", name).casefold()


def _take(part: Path, final: Path) -> bool:
    try:
        os.link(part, final)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _reserve(part, final)
    return True


def _reserve(part: Path, final: Path) -> bool:
    try:
        final.open("xb").close()
    except FileExistsError:
        return False
    part.replace(final)
    return True


def _same_bytes(path: Path, raw: RawImage) -> bool:
    try:
        if path.stat().st_size != raw.size_bytes:
            return False
        return hashlib.sha256(path.read_bytes()).hexdigest() == raw.sha256
    except FileNotFoundError:  # the other spelling of a name stands there
        return False
