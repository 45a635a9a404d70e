"""Rows that ask for the same picture, whatever it shall be called."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from farm.model.images import Image
from farm.model.jobs import Job
from farm.model.prompts import Prompt

_NAMES = {"id", "filename", "extra", "references"}  # what changes no picture, and paths
_VARIATION = re.compile(r"-v(\d+)(?:-og)?$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """A completed job and its picture."""

    job: Job
    image: Image
    references: tuple[str, ...]  # sha256 of the pictures that were sent along

    @property
    def key(self) -> str:
        """See `content_key`."""
        return content_key(self.job.prompt, self.references)


def content_key(prompt: Prompt, references: Sequence[str]) -> str:
    """Alike for rows that ask for the same picture; "" for one that cannot be compared.

    `references` are the sha256 of the pictures to go by: a path says nothing of what it holds.
    Variations of a row are told apart, for their wish is to differ.
    """
    if prompt.mask or len(references) != len(prompt.references):
        return ""
    asked = {k: v for k, v in prompt.to_payload().items() if k not in _NAMES}
    variation = match[1] if (match := _VARIATION.search(prompt.id)) else ""
    facts = (sorted(asked.items()), tuple(references), variation)
    return hashlib.sha256(repr(facts).encode()).hexdigest()
