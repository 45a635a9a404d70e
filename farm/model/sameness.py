"""Rows that ask for the same picture, whatever it shall be called."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_NAMES = {"id", "filename", "extra", "references"}  # what changes no picture, and paths
_VARIATION = re.compile(r"-v(\d+)(?:-og)?$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """A completed job: what its row asks, and what was sent along."""

    job_id: int
    payload: Mapping[str, Any]  # see `Prompt.to_payload`
    references: tuple[str, ...]  # sha256 of the pictures

    @property
    def key(self) -> bytes:
        """See `content_key`."""
        return content_key(self.payload, self.references)


def content_key(payload: Mapping[str, Any], references: Sequence[str]) -> bytes:
    """Alike for rows that ask for the same picture; empty for one that cannot be compared.

    `references` are the sha256 of the pictures to go by: a path says nothing of what it holds.
    Variations of a row are told apart, for their wish is to differ.
    """
    if payload.get("mask") or len(references) != len(payload.get("references", ())):
        return b""
    asked = sorted((k, v) for k, v in payload.items() if k not in _NAMES)
    variation = match[1] if (match := _VARIATION.search(payload["id"])) else ""
    facts = (asked, tuple(references), variation)
    return hashlib.sha256(repr(facts).encode()).digest()
