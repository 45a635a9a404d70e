"""Open jobs that ask for the same, as far as its price goes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from farm.model.operations import Operation
from farm.model.prompts import ImageType, Prompt, Size


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """So many jobs, alike in all that a model's price depends on."""

    jobs: int
    lane: str
    image_type: ImageType
    size: Size | None
    model: str  # "" where the rows name none
    operation: Operation
    factor: float | None
    references: int  # pictures to go by
    original: str  # the picture that is enlarged, "" for what is drawn
    has_mask: bool
    chars: int  # of the longest row, everything counted
    row: str = ""  # the id of one of them

    @property
    def prompt(self) -> Prompt:
        """A row that asks for it; its pictures have no names but their number."""
        names = (self.original,) if self.original else ()
        return Prompt(
            id="",
            filename="",
            description="",
            image_type=self.image_type,
            size=self.size,
            model=self.model,
            operation=self.operation,
            factor=self.factor,
            references=(*names, *("?" * (self.references - len(names)))),
            mask="?" if self.has_mask else "",
        )


def demands_of(prompts: Iterable[Prompt]) -> tuple[Demand, ...]:
    """The same of rows that no store holds yet."""
    alike: defaultdict[tuple[Any, ...], list[tuple[int, str]]] = defaultdict(list)
    for prompt in prompts:
        enlarged = prompt.operation is Operation.UPSCALE and prompt.references
        key = (
            prompt.lane,
            prompt.image_type,
            prompt.size,
            prompt.model,
            prompt.operation,
            prompt.factor,
            len(prompt.references),
            prompt.references[0] if enlarged else "",
            bool(prompt.mask),
        )
        alike[key].append((len(json.dumps(prompt.to_payload())), prompt.id))
    names = (
        "lane",
        "image_type",
        "size",
        "model",
        "operation",
        "factor",
        "references",
        "original",
        "has_mask",
    )
    return tuple(
        Demand(
            jobs=len(rows),
            chars=max(rows)[0],
            row=min(row for _, row in rows),
            **dict(zip(names, key, strict=True)),
        )
        for key, rows in alike.items()
    )
