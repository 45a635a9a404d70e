"""The port of a target: put a file, say where it is.

Putting is one try. It goes on from what earlier tries remembered, and comes to the same single
file however often it is repeated, whichever process does it.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any, Final, Protocol, TypeAlias

from farm.model.deliveries import DeliveryClaim

Remember: TypeAlias = Callable[[Mapping[str, Any]], None]
"""Commits the facts that a later try goes on from; it returns when they are safe."""

READ_BYTES: Final = 1024 * 1024
_MOST_NAMES: Final = 1000
_MEDIA_TYPES: Final[Mapping[str, str]] = {  # that not every machine's table knows
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".sha256": "text/plain",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """A file to be put, and what the target may say about it."""

    file: Path
    name: str  # at the target
    folder: str  # below the target, with forward slashes
    sha256: str
    key: str  # the same at every try: what a receiver tells repetitions by
    about: Mapping[str, Any] = field(default_factory=dict)  # queue, prompt and job, as JSON
    facts: Mapping[str, Any] = field(default_factory=dict)  # remembered by earlier tries

    @property
    def media_type(self) -> str:
        """The file's type, by its name."""
        known = _MEDIA_TYPES.get(Path(self.name).suffix.lower())
        return known or mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    @property
    def size_bytes(self) -> int:
        """The file's size."""
        return self.file.stat().st_size


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """Where the file is."""

    link: str  # what a person opens
    remote_id: str = ""  # what the target calls it
    was_there: bool = False  # the same content, before this try


class Placed(Enum):
    """What became of a try to take a name."""

    NEW = "new"  # the file stands under it now
    SAME = "same"  # the same content stood there already
    TAKEN = "taken"  # something else has it


class Later(Exception):
    """It did not work this time; the text says why, and what a person may do."""

    def __init__(self, why: str, *, after_seconds: float = 0.0, person: bool = False) -> None:
        """Not before `after_seconds`; `person`: only once somebody has changed something."""
        super().__init__(why)
        self.after_seconds, self.person = after_seconds, person


class Never(Exception):
    """No try can ever put this file there; the text says why and what to do."""


class Target(Protocol):
    """One place that files are put into. Its methods block, and may run in several threads."""

    @property
    def place(self) -> str:
        """How the store, logs and people call it: no password in it."""

    def put(self, parcel: Parcel, remember: Remember) -> Delivered:
        """Try once. The same file already there is a success; other content is never overwritten.

        Raises Later or Never, and whatever `remember` raises.
        """

    def check(self) -> str:
        """Say in words what is there, without writing anything. Raises Later or Never."""

    def close(self) -> None:
        """Let go of connections."""


def names_for(name: str) -> Iterator[str]:
    """The name, then `-2`, `-3` before its extension; Never when a thousand are taken."""
    path = PurePosixPath(name)
    for number in count(1):
        if number > _MOST_NAMES:
            raise Never(f"{name} is taken a thousand times: choose other names.")
        yield name if number == 1 else f"{path.stem}-{number}{path.suffix}"


def sha256_of(path: Path) -> str:
    """The file's hash, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def parcel_of(claim: DeliveryClaim, downloads: Path) -> Parcel:
    """What a claim asks to be put. Raises Never when the file is gone, or is another one now."""
    delivery = claim.delivery
    file = downloads / delivery.path
    try:
        found = sha256_of(file)
    except OSError as error:
        said = error.strerror or error
        raise Never(f"{file} cannot be read: {said}.") from error
    if found != delivery.sha256:
        raise Never(f"{file} was changed after it was made; to deliver it: farm upload {file}")
    return Parcel(
        file=file,
        name=delivery.name,
        folder=delivery.folder,
        sha256=delivery.sha256,
        key=f"farm-{delivery.job_id}-{delivery.id}-{delivery.sha256[:16]}",
        about={
            "job": delivery.job_id,
            "queue": claim.queue,
            "prompt": claim.prompt.to_payload(),
            "path": delivery.path,
        },
        facts=delivery.facts,
    )
