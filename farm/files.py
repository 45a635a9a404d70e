"""Writing files so that nobody ever meets half of one, and saying why when it cannot be done."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from farm.errors import SaveFailed

_WHY: Mapping[int, str] = {
    errno.ENOSPC: "the disk is full; free some space and start again",
    errno.EDQUOT: "your disk quota is used up; free some space and start again",
    errno.EACCES: "farm may not write there; change the permissions or choose another folder",
    errno.EPERM: "farm may not write there; change the permissions or choose another folder",
    errno.EROFS: "that disk is read-only; choose another folder",
    errno.ENAMETOOLONG: "the path is too long for this disk; choose a shorter folder",
    errno.EIO: "the disk reports an error; look at its health before going on",
}


@contextmanager
def saving(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal to write `path` into SaveFailed."""
    try:
        yield
    except OSError as error:
        why = _WHY.get(error.errno or 0, f"{error.strerror or error}")
        raise SaveFailed(f"{path} cannot be saved: {why}.") from error


def write_whole(path: Path, data: bytes) -> None:
    """Put a file in place at once: a reader sees the old one or the new one.

    It survives a power cut after this returns. Raises SaveFailed, and leaves the old file then.
    """
    half = path.with_name(f".{uuid4().hex}.tmp")
    with saving(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with half.open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            half.replace(path)
        except BaseException:
            with suppress(OSError):
                half.unlink()
            raise
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make new names in a folder survive a power cut, where the system can do that."""
    if os.name == "nt":  # a folder cannot be opened there, and NTFS keeps a journal of names
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
