"""What is known of an image in a JSON file, and its checksums as `sha256sum -c` reads them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from farm.files import write_whole
from farm.model.images import Derivative
from farm.steps.base import Facts
from farm.steps.metadata import SOFTWARE, facts_shape


def write_sidecar(
    path: Path, original: Derivative, copies: Sequence[Derivative], facts: Facts | None
) -> Derivative:
    """Everything about an image and its copies, with paths as seen from the file's folder."""
    shape = {
        "software": SOFTWARE,
        "original": _shape(original, path.parent),
        "copies": [_shape(copy, path.parent) for copy in copies],
        "facts": facts_shape(facts) if facts else None,
    }
    text = json.dumps(shape, ensure_ascii=False, indent=2) + "\n"
    return kept(path, text.encode(errors="replace"), kind="sidecar", media_type="application/json")


def write_checksums(path: Path, files: Iterable[Derivative]) -> Derivative:
    """A line for each file; check them in the file's folder with `sha256sum -c`."""
    lines = [checksum_line(file.sha256, _seen_from(path.parent, file)) for file in files]
    return kept(path, "".join(lines).encode(), kind="checksum", media_type="text/plain")


def checksum_line(sha256: str, name: str) -> str:
    """As GNU coreutils writes it, names with line breaks or backslashes escaped."""
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"{'' if escaped == name else chr(92)}{sha256}  {escaped}\n"


def kept(
    path: Path, data: bytes, *, kind: str, media_type: str, size_px: tuple[int, int] = (0, 0)
) -> Derivative:
    """Put a file in place whole, and say what it is. Raises SaveFailed."""
    write_whole(path, data)
    return Derivative(
        kind=kind,
        path=str(path),
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        width_px=size_px[0],
        height_px=size_px[1],
        media_type=media_type,
    )


def _shape(file: Derivative, folder: Path) -> dict[str, object]:
    return {
        "kind": file.kind,
        "path": _seen_from(folder, file),
        "sha256": file.sha256,
        "size_bytes": file.size_bytes,
        "width_px": file.width_px,
        "height_px": file.height_px,
        "media_type": file.media_type,
    }


def _seen_from(folder: Path, file: Derivative) -> str:
    return Path(os.path.relpath(file.path, folder)).as_posix()
