"""Small copies of images for a page: the dear part of it, bounded in number and in time."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from farm.model.jobs import JobState
from farm.report.records import Report, Row
from farm.steps.thumbnail import thumbnail

THUMBNAIL_PX = 480  # twice the width of a card, for dense screens
MAX_PICTURES = 400  # each costs some 20 ms and 15 KB, one of 4K ten times the time
MAX_EVIDENCE = 12
SCREENSHOT = "screenshot.png"
_BROKEN = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Haste:
    """How long pictures may be made; those that come too late are linked, not shown."""

    seconds: float = math.inf
    monotonic: Callable[[], float] = field(default=lambda: 0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pictures:
    """Addresses that hold the pictures themselves; "" for a file that is missing or broken."""

    of_jobs: Mapping[int, str] = field(default_factory=dict)
    of_incidents: Mapping[int, str] = field(default_factory=dict)


def pictures(report: Report, downloads: Path, logs: Path, haste: Haste) -> Pictures:
    """Copies of what is worth seeing, in that order: evidence, what waits, the newest."""
    shown = [one.first for one in report.failures if one.first and one.first.folder][:MAX_EVIDENCE]
    evidence = {one.id: logs / one.folder / SCREENSHOT for one in shown}
    evidence = {number: path for number, path in evidence.items() if path.is_file()}
    jobs = {row.job: downloads / row.picture.path for row in chosen(report.rows) if row.picture}
    made = _made([*evidence.values(), *jobs.values()], haste)
    return Pictures(
        of_jobs={job: made[path] for job, path in jobs.items() if path in made},
        of_incidents={one: made[path] for one, path in evidence.items() if made.get(path)},
    )


def chosen(rows: Sequence[Row], most: int = MAX_PICTURES) -> list[Row]:
    """The rows whose pictures are shown: those that wait for a person, then the newest."""
    with_one = [row for row in rows if row.picture]
    return sorted(with_one, key=_worth)[:most]


def _worth(row: Row) -> tuple[bool, float, int]:
    return row.state is not JobState.REVIEW, -row.updated_at, row.job


def _made(paths: Sequence[Path], haste: Haste) -> dict[Path, str]:
    """The pictures that were made in time."""
    until = haste.monotonic() + haste.seconds

    def one(path: Path) -> str | None:
        return _address(path) if haste.monotonic() < until else None

    with ThreadPoolExecutor(max_workers=2) as pool:
        found = dict(zip(paths, pool.map(one, paths), strict=True))
    return {path: address for path, address in found.items() if address is not None}


def _address(path: Path) -> str:
    data = thumbnail(path, THUMBNAIL_PX)
    return f"data:image/webp;base64,{base64.b64encode(data).decode()}" if data else _BROKEN
