"""Image models: what each can do, what it costs, until when it answers.

Pure: the catalogue is data (`farm/data/models.toml`), read by `farm.catalogue`. Everything that a
provider would refuse is found here first, before money is spent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from farm.model.lanes import Need
from farm.model.operations import Operation
from farm.model.prompts import Size

MICRO = 1_000_000
DEFAULT_SIZE = Size(1024, 1024)


class Status(StrEnum):
    """How far a model is in its life."""

    CURRENT = "current"
    PREVIEW = "preview"  # may change or go without notice
    LEGACY = "legacy"  # answers still, until its shutdown
    RETIRED = "retired"  # answers no more


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides:
    """The pictures a model makes that takes any width and height, in pixels."""

    step: int = 8  # both sides are multiples of it
    longest: int = 2048
    least_pixels: int = 0
    most_pixels: int = 4_194_304
    widest: float = 4.0  # the longer side by the shorter


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """What one picture costs from a day on, in millionths of a US dollar."""

    valid_from: date
    tier: str = ""  # the size class it holds for, "" all
    quality: str = ""  # the quality it holds for, "" all
    image: int = 0  # a picture of up to one megapixel
    further: int = 0  # each further megapixel that was begun
    reference: int = 0  # each picture to go by


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """What a million tokens cost from a day on, in millionths of a US dollar."""

    valid_from: date
    text_in: int = 0
    image_in: int = 0
    text_out: int = 0
    image_out: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """One model of one backend."""

    backend: str
    id: str
    aliases: tuple[str, ...] = ()
    status: Status = Status.CURRENT
    operations: tuple[Operation, ...] = (Operation.GENERATE,)
    ratios: tuple[str, ...] = ()  # such as 16:9; () where it takes any size, or none
    tiers: tuple[str, ...] = ()  # its size classes, smallest first
    sides: Sides | None = None  # where it takes any size
    qualities: tuple[str, ...] = ()
    references: int = 0  # how many pictures to go by it takes
    reference_bytes: int = 0  # of each; 0: no bound is known
    mask: bool = False
    count: int = 1  # pictures of one request
    seed: bool = False
    negative: bool = False  # it has a field for what must not be shown
    prompt_chars: int = 0  # 0: no bound is known
    formats: tuple[str, ...] = ()  # media types it makes, the usual one first
    locations: tuple[str, ...] = ()  # where Vertex has it; () everywhere
    factors: tuple[float, ...] = ()  # of UPSCALE; () any
    prices: tuple[Price, ...] = ()
    rates: tuple[Rates, ...] = ()
    free: bool = False  # runs on the user's own machine
    shutdown: date | None = None
    replacement: str = ""
    note: str = ""

    @property
    def needs(self) -> frozenset[Need]:
        """What a job may need beside words, for the lanes of a hand."""
        able = {Need.REFERENCES: self.references > 0, Need.MASK: self.mask}
        return frozenset(need for need, can in able.items() if can)

    def names(self) -> tuple[str, ...]:
        """Its id and every other spelling."""
        return (self.id, *self.aliases)
