"""Sizes that have a name: the seeds' size table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from farm.model.prompts import Size


@dataclass(frozen=True, slots=True)
class Preset:
    """A size and what it is for."""

    size: Size
    use: str


PRESETS: Mapping[str, Preset] = {
    "hero": Preset(Size(1920, 1080), "standard website hero"),
    "hero-wide": Preset(Size(1800, 768), "wide-container sites"),
    "og": Preset(Size(1200, 630), "Facebook, LinkedIn, Twitter"),
    "diagram": Preset(Size(1600, 900), "technical diagrams, flowcharts"),
    "infographic": Preset(Size(1200, 1600), "portrait detailed content"),
    "inline": Preset(Size(800, 450), "in-content screenshots"),
    "square": Preset(Size(1080, 1080), "Instagram posts"),
    "thumbnail": Preset(Size(400, 225), "grid and list previews"),
    "pinterest": Preset(Size(1000, 1500), "Pinterest pins"),
}


def preset_size(name: str) -> Size:
    """The size of a preset, whatever the case; ValueError names those there are."""
    try:
        return PRESETS[name.strip().lower()].size
    except KeyError:
        raise ValueError(f"{name!r} is no preset; there are {', '.join(PRESETS)}") from None
