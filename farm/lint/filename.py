"""The seeds' conventions for file names: `hero-{topic}.png`, `hero-{topic}-og.jpg`, `diagram-…`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from farm.lint.findings import Finding
from farm.model.prompts import ImageType, Prompt
from farm.sources.columns import Column
from farm.sources.filenames import derived_name, slug_of

PREFIXES = ("hero", "diagram", "infographic", "screenshot", "inline")
EXTENSIONS = ("png", "jpg", "jpeg", "webp", "avif")
_TOPIC_WORDS = 2


def conventions(prompt: Prompt) -> Iterator[Finding]:
    """All of them, for a name that the row asks for."""
    if prompt.filename == derived_name(prompt.image_type, prompt.title, prompt.id):
        return
    stem, dot, extension = prompt.filename.rpartition(".")
    if not dot:
        stem, extension = prompt.filename, ""
    yield from _letters(prompt.filename, stem)
    yield from _prefix(prompt, stem)
    yield from _topic(stem)
    if extension.casefold() not in EXTENSIONS:
        said = f"ends in .{extension}" if extension else "has no extension"
        yield _finding("filename-extension", said, f"end it in .{EXTENSIONS[0]} or .jpg")


def _letters(filename: str, stem: str) -> Iterator[Finding]:
    if filename != filename.lower():
        advice = f"call it {filename.lower()}"
        yield _finding("filename-case", f"{filename!r} has capital letters", advice)
    if re.search(r"[^\w-]|_", stem):
        better = slug_of(stem)
        said = f"{filename!r} has other signs than letters, digits and hyphens"
        yield _finding("filename-hyphens", said, f"part its words with hyphens: {better}")


def _prefix(prompt: Prompt, stem: str) -> Iterator[Finding]:
    first, is_og = stem.casefold().partition("-")[0], stem.casefold().endswith("-og")
    rule = "filename-prefix"
    if first not in PREFIXES:
        known = ", ".join(f"{prefix}-" for prefix in PREFIXES)
        yield _finding(rule, "does not begin with its type", f"begin it with one of {known}")
    elif prompt.image_type is ImageType.HERO and first != "hero":
        yield _finding(rule, f"begins with {first}-, and the row is a Hero", "begin it with hero-")
    elif prompt.image_type is ImageType.HERO_OG and not is_og:
        yield _finding(rule, "does not say that it is for social media", "end it in -og.jpg")


def _topic(stem: str) -> Iterator[Finding]:
    words = [word for word in re.split(r"[\W_]+", stem) if word and word not in PREFIXES]
    if len([word for word in words if not word.isdecimal()]) < _TOPIC_WORDS:
        yield _finding(
            "filename-topic",
            f"{stem!r} says little of what is in the picture",
            "name its topic in two words or more",
        )


def _finding(rule: str, said: str, advice: str) -> Finding:
    return Finding(rule=rule, column=Column.FILENAME, said=said, advice=advice)
