"""Where a page lies and when it is read: links from it, and moments as local clocks show them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from urllib.parse import quote

from farm.model.moments import local

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What every part of a page needs to know beside the facts."""

    out: Path  # the page itself, absolute
    downloads: Path
    logs: Path
    zone: tzinfo

    def original(self, path: str) -> str:
        """A link to a file below the downloads folder."""
        return self._link(self.downloads / path)

    def evidence(self, folder: str, name: str) -> str:
        """A link to a file of an incident; "" when it is not there."""
        path = self.logs / folder / name
        return self._link(path) if folder and path.is_file() else ""

    def _link(self, path: Path) -> str:
        """Relative where it can be, so that the folders can be moved together."""
        try:
            relative = os.path.relpath(path, self.out.parent)
        except ValueError:  # on another drive
            return path.absolute().as_uri()
        return quote(Path(relative).as_posix())

    def clock(self, at: float) -> str:
        """`07:00`."""
        return f"{local(at, self.zone):%H:%M}"

    def seconds(self, at: float) -> str:
        """`07:00:09`."""
        return f"{local(at, self.zone):%H:%M:%S}"

    def day(self, at: float) -> str:
        """`Sat 21 Nov 2026`."""
        then = local(at, self.zone)
        return f"{then:%a} {then.day} {then:%b} {then:%Y}"

    def moment(self, at: float) -> str:
        """`Sat 21 Nov 2026, 07:00`."""
        return f"{self.day(at)}, {self.clock(at)}"

    def iso(self, at: float) -> str:
        """For programs, to the second."""
        return local(at, self.zone).isoformat(timespec="seconds")

    def zone_name(self, at: float) -> str:
        """`UTC+01:00`, after its own name where there is one."""
        name = local(at, self.zone).tzname() or ""
        offset = f"{local(at, self.zone):%z}"
        told = f"UTC{offset[:3]}:{offset[3:5]}"
        return f"{name}, {told}" if name.isalpha() and name != "UTC" else told


def length(seconds: float) -> str:
    """A duration as people say it: `40 s`, `2 min 5 s`, `1 h 20 min`, `2 d 3 h`."""
    whole = round(seconds)
    units = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (1, "s"))
    for (size, name), (less, its_name) in zip(units, (*units[1:], (1, "s")), strict=True):
        if whole >= size:
            part = (whole % size) // less if less < size else 0
            return f"{whole // size} {name}" + (f" {part} {its_name}" if part else "")
    return "0 s"


def count(number: int, one: str, many: str) -> str:
    """`1 image`, `1,200 images`."""
    return f"{number:,} {one if number == 1 else many}"
