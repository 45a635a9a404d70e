"""A delivery: a file that is to be put somewhere, until it is there."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from farm.model.prompts import Prompt

TOP_FOLDER: Final = "Generated Images"
WEBHOOK: Final = "webhook+"  # what the address of one begins with
FIRST_WAIT_SECONDS: Final = 2.0
LONGEST_WAIT_SECONDS: Final = 3600.0
PERSON_WAIT_SECONDS: Final = 600.0  # until it is looked whether a person has mended it

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
_DRIVE_PAGE = re.compile(r"https://drive\.google\.com/(?:.*/)?folders/([\w-]+)(?:[?#].*)?")


class DeliveryState(StrEnum):
    """Where a delivery stands. One that is under way is `pending` with a lease."""

    PENDING = "pending"
    DELIVERED = "delivered"
    REFUSED = "refused"  # it can never work; a person may ask for it again


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One file on its way to one target. Times are epoch seconds, UTC."""

    id: int
    job_id: int
    target: str  # as `place_of` names it, without passwords
    path: str  # relative to the downloads folder, with forward slashes
    sha256: str
    folder: str  # below the target, with forward slashes
    state: DeliveryState
    attempts: int  # tries that have begun
    not_before: float | None
    facts: Mapping[str, Any] = field(default_factory=dict)  # what a later try goes on from
    remote_id: str = ""
    link: str = ""
    message: str = ""  # why it is not there yet
    at: float
    delivered_at: float | None = None

    @property
    def name(self) -> str:
        """The file's name at the target."""
        return PurePosixPath(self.path).name


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryClaim:
    """A leased delivery, what its image is of, and the fence every write must carry."""

    delivery: Delivery
    queue: str
    prompt: Prompt
    worker: str
    fence: int


def place_of(target: str, home: Path) -> str:
    """What a target is called in the store, in logs and messages: no password, no secret path.

    A relative folder starts at `home`.
    """
    if target.startswith(WEBHOOK):
        host = urlsplit(target.removeprefix(WEBHOOK)).hostname or ""
        return f"webhook:{host}#{hashlib.sha256(target.encode()).hexdigest()[:8]}"
    if page := _DRIVE_PAGE.fullmatch(target):
        return f"drive:{page[1]}"
    if target.startswith("drive:"):
        return target.rstrip("/")
    if "://" not in target or target.startswith("file://"):
        return os.path.normpath(home / Path(target.removeprefix("file://")).expanduser())
    parts = urlsplit(target)
    user, _, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    return urlunsplit((parts.scheme, f"{name}@{host}" if name else host, parts.path, "", ""))


def folder_of(site: str, day: date) -> str:
    """Where a site's images of a day go below a target: `Generated Images/blog/2026-11-21`."""
    return f"{TOP_FOLDER}/{_segment(site)}/{day:%Y-%m-%d}"


def site_of(prompt: Prompt, queue: str, site: str = "") -> str:
    """The row's own column Site, else the setting, else the queue."""
    own = next((v for k, v in prompt.extra.items() if k.strip().lower() == "site"), "")
    return own.strip() or site.strip() or queue


def wait_seconds(attempts: int, *, asked: float = 0.0, spread: float = 0.5) -> float:
    """How long until the next try: doubled each time, an hour at most, never less than asked.

    `spread`, between 0 and 1, is the random part that keeps many deliveries from coming at once.
    """
    usual = FIRST_WAIT_SECONDS * 2.0 ** min(max(attempts, 1) - 1, 16)
    return max(asked, min(usual, LONGEST_WAIT_SECONDS) * (0.5 + spread / 2))


def _segment(text: str) -> str:
    """One folder's name: data from outside, made harmless."""
    shown = "".join(
        c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) != "Cf"
    )
    return _UNSAFE.sub("-", shown).strip(" .") or "images"
