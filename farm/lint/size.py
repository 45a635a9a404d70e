"""Sizes against the seeds' size table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from farm.lint.findings import Finding
from farm.model.presets import PRESETS
from farm.model.prompts import ImageType, Prompt, Size
from farm.sources.columns import Column

_OF_PREFIX: Mapping[str, tuple[str, ...]] = {
    "hero": ("hero", "hero-wide", "og"),
    "diagram": ("diagram",),
    "infographic": ("infographic",),
    "screenshot": ("inline",),
}


def in_the_table(prompt: Prompt) -> Iterator[Finding]:
    """There is a size, it is one of the table, and it is the one of its type."""
    usual = _usual(prompt)
    told = " or ".join(f"{PRESETS[name].size} ({PRESETS[name].use})" for name in usual)
    if prompt.size is None:
        advice = f"write {told}" if told else "write one, or the picture has any proportion"
        yield _finding("no-size", "is empty", advice)
    elif usual and prompt.size not in [PRESETS[name].size for name in usual]:
        yield _finding("size-of-type", f"{prompt.size} is unusual for it", f"write {told}")
    elif prompt.size not in [preset.size for preset in PRESETS.values()]:
        name = _nearest(prompt.size)
        near = f"{PRESETS[name].size} ({PRESETS[name].use})"
        yield _finding("size-table", f"{prompt.size} is none of the usual sizes", f"near is {near}")


def _usual(prompt: Prompt) -> tuple[str, ...]:
    if prompt.image_type is ImageType.HERO_OG:
        return ("og",)
    if prompt.image_type is ImageType.HERO:
        return ("hero", "hero-wide")
    return _OF_PREFIX.get(prompt.filename.casefold().partition("-")[0], ())


def _nearest(size: Size) -> str:
    def apart(name: str) -> tuple[float, int]:
        other = PRESETS[name].size
        return abs(other.ratio / size.ratio - 1), abs(other.width_px - size.width_px)

    return min(PRESETS, key=apart)


def _finding(rule: str, said: str, advice: str) -> Finding:
    return Finding(rule=rule, column=Column.SIZE, said=said, advice=advice)
