"""What the steps tell each other about an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from farm.model.images import Derivative
from farm.model.prompts import Size
from farm.model.recipes import Recipe

MAX_PIXELS = 40_000_000  # 8K is 33 million; decoded as RGB this is 120 MB


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What a file was found to be: a whole picture, and the one that was asked for."""

    sha256: str
    size_bytes: int
    width_px: int  # as shown: a camera's rotation mark is applied
    height_px: int
    media_type: str  # sniffed: image/png, image/jpeg, image/webp
    perceptual: str  # alike for pictures that look alike; see farm.steps.perceptual
    warnings: tuple[str, ...] = ()  # one sentence each


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """How an image came to be: what its copies carry, and enough to queue its row again."""

    queue: str = ""
    prompt: Mapping[str, Any] = field(default_factory=dict)  # `Prompt.to_payload()`
    text: str = ""  # what was sent for it
    backend: str = ""
    account: str = ""  # a label; what looks like an e-mail address is never written
    model: str = ""
    made_at: float = 0.0  # epoch seconds; 0: not known
    original_sha256: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """Which copies of one image are wanted, and what they shall say."""

    recipe: Recipe
    size: Size | None = None  # of the copies; None: as large as the image
    facts: Facts | None = None  # None: copies carry on what the file says about itself


@dataclass(frozen=True, kw_only=True, slots=True)
class Derived:
    """What was made; each Derivative's path is absolute here."""

    files: tuple[Derivative, ...] = ()
    warnings: tuple[str, ...] = ()  # one sentence each
