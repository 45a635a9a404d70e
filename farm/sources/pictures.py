"""The pictures a row names to go by."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from farm.model.media import HEAD_BYTES, may_be_picture

_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):", re.ASCII)  # two letters at least
_HTTPS = re.compile(r"https://[^\s/?#]+[^\s]*", re.IGNORECASE)


def references_of(text: str, folder: Path | None) -> tuple[str, ...]:
    """Absolute paths and https addresses, in order; separated by `;` or line breaks in the cell."""
    return tuple(_absolute(part, folder) for part in _parts(text))


def wrong_with(text: str, folder: Path | None, *, single: bool = False) -> str:
    """What is wrong with a cell, "" if nothing is; looks at how the files begin.

    A `single` one is a path: no address, and no second picture.
    """
    parts = list(_parts(text))
    if single and (len(parts) > 1 or any(map(_ADDRESS.match, parts))):
        return "must be the path of one picture"
    return next(filter(None, (_wrong(part, folder) for part in parts)), "")


def _parts(text: str) -> Iterator[str]:
    return filter(None, (part.strip() for part in re.split(r"[;\r\n]+", text)))


def _absolute(part: str, folder: Path | None) -> str:
    return part if _ADDRESS.match(part) else os.path.abspath(_path(part, folder))  # noqa: PTH100


def _path(part: str, folder: Path | None) -> Path:
    return (folder or Path()) / Path(part).expanduser()


def _wrong(part: str, folder: Path | None) -> str:
    if (address := _ADDRESS.match(part)) is not None:
        if address["scheme"].casefold() != "https":
            return f"{part!r} is neither a path nor an https address; farm takes nothing else"
        return "" if _HTTPS.fullmatch(part) else f"{part!r} is no whole https address"
    path = _path(part, folder)
    if folder is None and not path.is_absolute():
        return f"{part!r} is relative, and nothing says to which folder; give the whole path"
    if os.path.isdir(path):  # noqa: PTH112  # false, not an error, for what is no path at all
        return f"{part!r} is a folder; name the pictures in it, separated by semicolons"
    if not os.path.isfile(path):  # noqa: PTH113  # as above
        return f"{part!r} does not exist (looked for {_absolute(part, folder)})"
    return _no_picture(part, path)


def _no_picture(part: str, path: Path) -> str:
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as error:
        return f"{part!r} cannot be read: {error.strerror or error}"
    if not head:
        return f"{part!r} is empty"
    if may_be_picture(head):
        return ""
    return f"{part!r} is no picture; farm takes PNG, JPEG, WebP, GIF, BMP, TIFF and AVIF"
