"""Reference pictures of a row: paths and addresses become proven files that a hand can take.

Every reference ends as a file named by its content below `downloads/.references`, so what is
uploaded is what was proven, and a picture that hundreds of rows share is fetched once.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from farm.errors import Ended
from farm.fetching import Bounds, Fetched, NotFetched, fetch
from farm.files import write_whole
from farm.model.causes import Cause
from farm.model.outcomes import Outcome
from farm.privacy import address
from farm.steps.mask import NoMask, white_mask
from farm.steps.reference import SUFFIXES, NoPicture, Picture, picture_of

FOLDER = ".references"  # below the downloads folder
MAX_BYTES = 20 * 1024 * 1024
_HEADERS = {"Accept": "image/*", "User-Agent": "gemini-farm"}
_SCHEMES = ("https://", "http://")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A picture to go by, proven and on disk."""

    path: Path
    media_type: str  # image/png, image/jpeg or image/webp
    sha256: str  # of the file's bytes
    size_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class References:
    """Where references are kept, and what fetching one may take."""

    folder: Path
    bounds: Bounds = field(default_factory=lambda: Bounds(size_bytes=MAX_BYTES))

    async def resolve(self, references: Sequence[str]) -> tuple[Reference, ...]:
        """Every reference of a row as a proven file, in the row's order.

        `Ended` names the one that cannot be had: UNSUPPORTED when the row must change, TRANSIENT
        when another try may help. SaveFailed when the disk takes no copy.
        """
        return tuple([await self._one(n, text) for n, text in enumerate(references, start=1)])

    async def _one(self, number: int, text: str) -> Reference:
        is_address = text.lower().startswith(_SCHEMES)
        name = f"Reference {number} of the row ({_shown(text) if is_address else text})"
        try:
            if is_address:
                return await self._fetched(text)
            return await asyncio.to_thread(lambda: self.kept(_read(Path(text))))
        except NotFetched as error:
            raise _ended(name, str(error), passing=error.passing) from error
        except NoPicture as error:
            raise _ended(name, str(error), passing=False) from error

    async def _fetched(self, url: str) -> Reference:
        """The picture behind an address; asked again, the server only says that it is the same."""
        note = self.folder / "addresses" / f"{hashlib.sha256(url.encode()).hexdigest()}.json"
        known, marks = await asyncio.to_thread(lambda: self._noted(note))
        found = await fetch(url, marks if known else {}, self.bounds, _HEADERS)
        if found.data is None and known is not None:
            return known
        return await asyncio.to_thread(lambda: self._note(note, found))

    def _note(self, note: Path, found: Fetched) -> Reference:
        reference = self.kept(found.data or b"")
        if found.marks:
            about = {"file": reference.path.name, "marks": dict(found.marks)}
            write_whole(note, json.dumps(about).encode())
        return reference

    def _noted(self, note: Path) -> tuple[Reference | None, Mapping[str, str]]:
        """What an address gave the last time, if its file still has those bytes."""
        try:
            about: dict[str, Any] = json.loads(note.read_bytes())
            path, marks = self.folder / about["file"], dict(about["marks"])
            data = path.read_bytes()
        except (OSError, ValueError, KeyError, TypeError):
            return None, {}
        media_type = next((m for m, s in SUFFIXES.items() if s == path.suffix), "")
        reference = _reference(path, Picture(data=data, media_type=media_type))
        if reference.sha256 != path.stem or not media_type:
            return None, {}
        _touch(path)
        return reference, marks

    def kept(self, data: bytes) -> Reference:
        """A picture in the folder, named by what it holds; NoPicture. Blocking."""
        picture = picture_of(data)
        name = hashlib.sha256(picture.data).hexdigest() + SUFFIXES[picture.media_type]
        path = self.folder / name
        if not _holds(path, picture.data):
            write_whole(path, picture.data)
        _touch(path)
        return _reference(path, picture)


async def resolve(
    references: Sequence[str], downloads: Path, *, private: bool = False, seconds: float = 60.0
) -> tuple[Reference, ...]:
    """References of a row as proven files below the downloads folder; see `References.resolve`.

    `private` lets addresses of the user's own network through, and plain http on it.
    """
    bounds = Bounds(seconds=seconds, size_bytes=MAX_BYTES)
    bounds = bounds.at_home() if private else bounds
    return await References(folder=downloads / FOLDER, bounds=bounds).resolve(references)


def fitted_mask(downloads: Path, mask: Path, picture: Path) -> Path:
    """A mask as every hand takes it: white where the picture may change, and of its size; blocking.

    `Ended` (unsupported) for one that lets nothing change, or is no mask for this picture.
    """
    try:
        data = white_mask(mask, picture)
    except NoMask as error:
        message = f"The mask {error}. Make one of the picture's size, white where it may change."
        raise Ended(Outcome(cause=Cause.UNSUPPORTED, message=message)) from error
    return References(folder=downloads / FOLDER).kept(data).path


def sweep_references(downloads: Path, before: float) -> int:
    """Remove copies that no row needed since a time (epoch seconds); return how many."""
    swept = 0
    for file in (downloads / FOLDER).rglob("*.*"):
        with suppress(OSError):  # another farm sweeps too
            if file.is_file() and file.lstat().st_mtime < before:
                file.unlink()
                swept += 1
    return swept


def _read(path: Path) -> bytes:
    """The bytes of a file of the user's; NoPicture says what is wrong with the path."""
    if not path.is_absolute():
        raise NoPicture("is neither a whole path nor an https address")
    try:
        if not path.is_file():
            raise NoPicture("is a folder or a device" if path.exists() else "is not there")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise NoPicture(f"cannot be read ({why})") from error
    if len(data) > MAX_BYTES:
        raise NoPicture(f"is over {MAX_BYTES // 1024**2} MB")
    return data


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False


def _touch(path: Path) -> None:
    """Note that a row needed it: what nobody needs is swept away."""
    with suppress(OSError):
        os.utime(path)


def _reference(path: Path, picture: Picture) -> Reference:
    return Reference(
        path=path,
        media_type=picture.media_type,
        sha256=hashlib.sha256(picture.data).hexdigest(),
        size_bytes=len(picture.data),
    )


def _shown(url: str) -> str:
    """An address as a message may show it."""
    try:
        return address(url)
    except ValueError:
        return "an address that is none"


def _ended(name: str, why: str, *, passing: bool) -> Ended:
    if passing:
        return Ended(Outcome(cause=Cause.TRANSIENT, message=f"{name} {why}; it is tried again."))
    advice = "Change it in the row, or take it out, then retry the job."
    return Ended(Outcome(cause=Cause.UNSUPPORTED, message=f"{name} {why}. {advice}"))
