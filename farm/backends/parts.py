"""An API's answer on disk, before anybody speaks of it, and found again after a death."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from farm.files import saving
from farm.model.images import RawImage

PartPath = Callable[[int, int], Path]
"""Where the n-th image of an attempt is written before it is proven."""

SOURCE = "api"


def write_parts(pictures: Sequence[bytes], paths: Sequence[Path]) -> tuple[RawImage, ...]:
    """Write each picture whole and durable; blocking. Raises SaveFailed."""
    return tuple(_written(data, path) for data, path in zip(pictures, paths, strict=True))


def _written(data: bytes, path: Path) -> RawImage:
    with saving(path), path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    return _raw(path, hashlib.sha256(data).hexdigest(), len(data))


def facts_of(parts: Sequence[RawImage]) -> list[dict[str, Any]]:
    """What is remembered of parts."""
    return [{"path": str(part.part), "sha256": part.sha256} for part in parts]


def read_again(facts: Sequence[Mapping[str, Any]]) -> tuple[RawImage, ...] | None:
    """The parts of an earlier life, if every one still has its bytes; blocking."""
    found = []
    for fact in facts:
        path = Path(fact["path"])
        try:
            data = path.read_bytes()
        except OSError:
            return None
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 != fact["sha256"]:
            return None
        found.append(_raw(path, sha256, len(data)))
    return tuple(found) or None


def _raw(path: Path, sha256: str, size_bytes: int) -> RawImage:
    return RawImage(
        part=path,
        sha256=sha256,
        size_bytes=size_bytes,
        source=SOURCE,
        preview_px=(0, 0),
        full_size=True,
    )
