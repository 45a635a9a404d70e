"""A prompt: one row of what to draw."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from farm.model.lanes import ANY_LANE, Need, lane
from farm.model.operations import Operation

_SIZE = re.compile(r"^\s*(\d{1,5})\s*[x×X*]\s*(\d{1,5})\s*(?:px)?\s*$")
MAX_SIDE_PX = 16_384
_NOTHING: frozenset[Need] = frozenset()


class ImageType(StrEnum):
    """The three kinds of image the seeds know."""

    HERO = "Hero"  # with title and author in the picture
    HERO_OG = "Hero-OG"  # the social-media twin, without text
    REGULAR = "Regular"


@dataclass(frozen=True, slots=True)
class Size:
    """Asked width and height in pixels."""

    width_px: int
    height_px: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `1920x1080px` (`px` optional, `×` allowed); ValueError when it is no size."""
        match = _SIZE.match(text)
        if match is None:
            raise ValueError(f"{text!r} is not a size such as 1920x1080px")
        width, height = int(match[1]), int(match[2])
        if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX):
            raise ValueError(f"{text!r}: each side must be between 1 and {MAX_SIDE_PX} px")
        return cls(width, height)

    @property
    def ratio(self) -> float:
        """Width divided by height."""
        return self.width_px / self.height_px

    def __str__(self) -> str:
        """The seeds' spelling: `1920x1080px`."""
        return f"{self.width_px}x{self.height_px}px"


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """One row: what to draw and what the file shall be called."""

    id: str
    image_type: ImageType = ImageType.REGULAR
    filename: str  # as the row asks; cleaned by farm.naming before it touches a disk
    size: Size | None = None
    colors: str = ""
    typography: str = ""
    description: str
    title: str = ""
    author: str = ""
    references: tuple[str, ...] = ()  # pictures to go by: paths or https addresses, in order
    negative: str = ""  # what the picture must not show
    backend: str = ""  # the row's own wish, "" is the run's
    model: str = ""  # as above
    operation: Operation = Operation.GENERATE  # others change the first of the references
    mask: str = ""  # absolute path: white is what may change
    factor: float | None = None  # of an upscale
    seed: int | None = None
    extra: Mapping[str, str] = field(default_factory=dict)  # unknown columns, kept in order

    @property
    def lane(self) -> str:
        """Which hands may take it."""
        return self.lane_at(self.backend or ANY_LANE)

    def lane_at(self, backend: str) -> str:
        """Where it waits for the hands of a backend: those that lose nothing of it."""
        return lane(backend, self.needs)

    @property
    def needs(self) -> frozenset[Need]:
        """What it needs of a hand beside taking words."""
        if not (self.references or self.mask):  # nearly every row of a large file
            return _NOTHING
        has = {Need.REFERENCES: self.references, Need.MASK: self.mask}
        return frozenset(need for need, what in has.items() if what)

    @property
    def fingerprint(self) -> str:
        """sha256 (hex) over everything that changes the picture or its name, not over `extra`."""
        facts: tuple[str, ...] = (
            self.id,
            self.image_type.value,
            self.filename,
            str(self.size or ""),
            self.colors,
            self.typography,
            self.description,
            self.title,
            self.author,
        )
        if more := self._more():  # older rows keep their fingerprint
            facts = (*facts, repr(more))
        # A tuple's repr keeps the fields apart and takes a tenth of the time of JSON.
        return hashlib.sha256(repr(facts).encode()).hexdigest()

    def to_payload(self) -> dict[str, Any]:
        """Plain JSON values, as the store keeps them."""
        # Field by field: an import does this twice a row; a loop over names takes twice as long.
        return {
            "id": self.id,
            "image_type": self.image_type.value,
            "filename": self.filename,
            "size": str(self.size) if self.size else "",
            "colors": self.colors,
            "typography": self.typography,
            "description": self.description,
            "title": self.title,
            "author": self.author,
            **self._more(),
            "extra": dict(self.extra),
        }

    def _more(self) -> dict[str, Any]:
        """The fields that few rows have, those that are set."""
        more: dict[str, Any] = {}
        if self.references:
            more["references"] = list(self.references)
        if self.negative:
            more["negative"] = self.negative
        if self.backend:
            more["backend"] = self.backend
        if self.model:
            more["model"] = self.model
        if self.operation is not Operation.GENERATE:
            more["operation"] = self.operation.value
        if self.mask:
            more["mask"] = self.mask
        if self.factor is not None:
            more["factor"] = self.factor
        if self.seed is not None:
            more["seed"] = self.seed
        return more

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        """The inverse of `to_payload`."""
        values = dict(payload)
        values["image_type"] = ImageType(values["image_type"])
        values["references"] = tuple(values.get("references", ()))
        values["operation"] = Operation(values.get("operation", Operation.GENERATE))
        values["size"] = Size.parse(values["size"]) if values["size"] else None
        return cls(**values)


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceRow:
    """A prompt and where it stands in its source."""

    prompt: Prompt
    row: int  # 1-based data row
    regenerate: bool = False  # Status said REGEN

    @property
    def prompt_id(self) -> str:
        """The prompt's id."""
        return self.prompt.id

    @property
    def fingerprint(self) -> str:
        """The prompt's fingerprint."""
        return self.prompt.fingerprint

    @property
    def lane(self) -> str:
        """Which hands may take it; see `farm.model.lanes`."""
        return self.prompt.lane

    @property
    def payload(self) -> str:
        """The prompt as the JSON text that the store keeps."""
        return json.dumps(self.prompt.to_payload())
