"""A folder of this machine, or of a disk mounted on it."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from farm.deliver.base import Delivered, Later, Never, Parcel, Remember, names_for, sha256_of
from farm.errors import SaveFailed
from farm.files import saving, sync_folder

_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})


@dataclass(frozen=True, kw_only=True)
class Local:
    """Copies appear under their names whole, and never in place of something else."""

    place: str
    root: Path

    def put(self, parcel: Parcel, remember: Remember) -> Delivered:
        """Copy beside the place, then take the first name that is free or has the same content."""
        folder = self.root / parcel.folder
        if not folder.resolve().is_relative_to(self.root.resolve()):
            raise Never(f"{parcel.folder} leads out of {self.root}.")
        with _spoken(folder):
            self._make(folder)
            if left := parcel.facts.get("part"):  # by a try that died
                (folder / left).unlink(missing_ok=True)
            return self._placed(parcel, folder, remember)

    def check(self) -> str:
        """Whether the folder is there, or can be made."""
        with _spoken(self.root):
            nearest = self.root if self.root.exists() else self._above()
            if not os.access(nearest, os.W_OK):
                raise PermissionError(errno.EACCES, "permission denied")
        return "a folder" if self.root.exists() else "a folder that will be made"

    def close(self) -> None:
        """Nothing is kept open."""

    def _make(self, folder: Path) -> None:
        if not self.root.exists():
            self._above()
        folder.mkdir(parents=True, exist_ok=True)

    def _above(self) -> Path:
        """Only one level is made for the target itself: more is a disk that is not mounted."""
        if not self.root.parent.is_dir():
            said = f"{self.root.parent} is not there: make it, or mount the disk it is on."
            raise Later(said, person=True)
        return self.root.parent

    def _placed(self, parcel: Parcel, folder: Path, remember: Remember) -> Delivered:
        part, was_there = None, False
        try:
            for name in names_for(parcel.name):
                place = folder / name
                if not place.exists() and part is None:
                    part = _copied(parcel, folder, remember)
                if part is not None and _took(part, place):
                    sync_folder(folder)
                    break
                if was_there := sha256_of(place) == parcel.sha256:
                    break
        finally:
            if part is not None:
                part.unlink(missing_ok=True)
        link = place.resolve().as_uri()
        return Delivered(link=link, remote_id=str(place), was_there=was_there)


def _copied(parcel: Parcel, folder: Path, remember: Remember) -> Path:
    part = folder / f".{uuid4().hex}.part"
    remember({"part": part.name})
    try:
        with parcel.file.open("rb") as source, part.open("xb") as copy:
            shutil.copyfileobj(source, copy)
            copy.flush()
            os.fsync(copy.fileno())
    except BaseException:
        part.unlink(missing_ok=True)  # a full disk is not to be filled with halves
        raise
    return part


def _took(part: Path, place: Path) -> bool:
    """Give the copy its name; False when something else has that name."""
    try:
        os.link(part, place)  # unlike a rename it never replaces anything
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if place.exists():
            return False
        part.rename(place)
    return True


@contextmanager
def _spoken(folder: Path) -> Iterator[None]:
    """A full disk and missing rights are for a person to mend; the rest may pass."""
    try:
        with saving(folder):
            yield
    except SaveFailed as error:
        raise Later(str(error), person=True) from error
