"""What tests ask an API for, and the memory of the hand that asks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pictures import picture

from farm.backends.api import Request
from farm.model.models import Model
from farm.model.operations import Operation


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A reference picture on disk."""

    path: Path
    media_type: str
    sha256: str
    size_bytes: int


@dataclass(kw_only=True)
class Memory:
    """Keeps what an adapter wants remembered."""

    facts: dict[str, Any] = field(default_factory=dict)
    times: int = 0

    async def __call__(self, facts: Mapping[str, Any]) -> None:
        self.facts = dict(facts)
        self.times += 1


def kept(path: Path, width: int = 96, height: int = 96) -> Kept:
    """A new picture at this place."""
    path.write_bytes(body := picture(width, height, path.name))
    return Kept(
        path=path,
        media_type="image/png",
        sha256=hashlib.sha256(body).hexdigest(),
        size_bytes=len(body),
    )


def a_request(
    backend: str, model: str, operation: Operation = Operation.GENERATE, **more: Any
) -> Request:
    """A request to a model that can do everything."""
    able = Model(
        backend=backend,
        id=model,
        operations=tuple(Operation),
        references=4,
        mask=True,
        count=4,
        seed=True,
        negative=True,
    )
    return Request(text="A red fox in the snow", model=able, operation=operation, **more)
