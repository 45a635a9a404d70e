"""Any file system that fsspec has a driver for: sftp, ftp, smb, webdav, abfs, memory and more."""

from __future__ import annotations

import ftplib
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from farm.deliver.base import (
    READ_BYTES,
    Delivered,
    Later,
    Never,
    Parcel,
    Remember,
    names_for,
)
from farm.errors import UsageError

_BROKEN: Final = (
    OSError,
    EOFError,
    ftplib.Error,
)  # what drivers without packages of their own raise


@dataclass(frozen=True, kw_only=True)
class FileSystem:
    """Files are sent under another name first, and renamed when they are there whole.

    Few of these systems can refuse to replace a file, so it is looked first: two processes that
    bring different files of one name at the same moment are not kept apart.
    """

    place: str
    url: str = field(repr=False)  # may carry a password

    def put(self, parcel: Parcel, remember: Remember) -> Delivered:
        """Send beside the place, look at the size, then rename."""
        with _spoken(self.place):
            system, root = _opened(self.url)
            folder = "/".join(filter(None, (root.rstrip("/"), parcel.folder)))
            if ".." in folder.split("/"):
                raise Never(f"{parcel.folder} leads out of {self.place}.")
            system.makedirs(folder, exist_ok=True)
            if left := parcel.facts.get("part"):  # by a try that died
                with suppress(FileNotFoundError):
                    system.rm_file(left)
            name = _free_name(system, folder, parcel)
            if not (was_there := system.exists(f"{folder}/{name}")):
                _send(system, folder, name, parcel, remember)
        link = f"{self.place.rstrip('/')}/{parcel.folder}/{name}"
        return Delivered(link=link, remote_id=f"{folder}/{name}", was_there=was_there)

    def check(self) -> str:
        """Whether it can be reached."""
        with _spoken(self.place):
            system, root = _opened(self.url)
            there = system.exists(root)
        return "a folder" if there else "a folder that will be made"

    def close(self) -> None:
        """Connections are fsspec's, which keeps them for the whole process."""


def require_driver(url: str, place: str) -> None:
    """UsageError when fsspec does not know the scheme, or its driver is not installed."""
    import fsspec  # noqa: PLC0415  # heavy

    scheme = url.partition("://")[0]
    try:
        fsspec.get_filesystem_class(scheme)
    except ImportError as error:
        raise UsageError(f"{place} needs a driver that is not installed: {error}.") from error
    except ValueError as error:
        raise UsageError(
            f"{place} is no target: {scheme}:// is unknown. Targets are drive:FOLDER_ID, gs://…, "
            "s3://…, a folder, webhook+https://… and what fsspec knows."
        ) from error


def _opened(url: str) -> tuple[Any, str]:
    import fsspec  # noqa: PLC0415  # heavy

    system, root = fsspec.url_to_fs(url)
    return system, str(root)


def _free_name(system: Any, folder: str, parcel: Parcel) -> str:
    """The first name that is free or has this content."""
    for name in names_for(parcel.name):
        path = f"{folder}/{name}"
        system.invalidate_cache(folder)
        if not system.exists(path) or _is_same(system, path, parcel):
            break
    return name


def _is_same(system: Any, path: str, parcel: Parcel) -> bool:
    if system.size(path) != parcel.size_bytes:
        return False
    digest = hashlib.sha256()
    with system.open(path, "rb") as stream:
        while piece := stream.read(READ_BYTES):
            digest.update(piece)
    return digest.hexdigest() == parcel.sha256


def _send(system: Any, folder: str, name: str, parcel: Parcel, remember: Remember) -> None:
    part = f"{folder}/.{uuid4().hex}.part"
    remember({"part": part})
    system.put_file(str(parcel.file), part)
    system.invalidate_cache(folder)
    if system.size(part) != parcel.size_bytes:
        raise Later(f"{name} arrived in part only.")
    system.mv(part, f"{folder}/{name}")


@contextmanager
def _spoken(place: str) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        said = error.strerror or error
        raise Later(f"{place} refuses: {said}. Look at the rights there.", person=True) from error
    except _BROKEN as error:
        raise Later(f"{place} does not answer as it should: {error}.") from error
