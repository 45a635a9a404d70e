"""An image under the very name a person asked for, outside the downloads folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from farm.errors import NoPicture, UsageError
from farm.files import saving, write_whole
from farm.model.prompts import Size
from farm.model.recipes import CopyFormat, Format, Recipe, Resize
from farm.steps.base import Facts, Wish
from farm.steps.derive import derive
from farm.steps.look import look

FORMATS: Mapping[str, Format] = {
    ".png": Format.PNG,
    ".jpg": Format.JPEG,
    ".jpeg": Format.JPEG,
    ".webp": Format.WEBP,
    ".avif": Format.AVIF,
}


def format_of(path: Path) -> Format:
    """What a file of this name holds; UsageError for an extension that is no picture's."""
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise UsageError(f"{path.name}: name a picture, one of {', '.join(FORMATS)}.")
    return found


def refuse_to_overwrite(path: Path) -> None:
    """UsageError when something stands there."""
    if path.exists():
        raise UsageError(f"{path} is there already: choose another name, or say --force.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Handing:
    """Where an image is to stand, and as what."""

    path: Path
    size: Size | None = None  # None: its own
    facts: Facts | None = None  # what a copy says of how it came to be
    labelled: bool = False  # say so even where the original's very bytes would do
    force: bool = False  # write over what stands there


def hand_out(original: Path, wish: Handing) -> tuple[str, ...]:
    """Put an image there, in the format of the name and the size; blocking. Returns warnings.

    Where nothing is to be changed it is the original, byte for byte. UsageError when something
    stands there, NoPicture, SaveFailed.
    """
    path, size = wish.path, wish.size
    if not wish.force:
        refuse_to_overwrite(path)
    seen = look(original)
    has_size = size is None or (seen.width_px, seen.height_px) == (size.width_px, size.height_px)
    if has_size and not wish.labelled and format_of(path).value == seen.format:
        _put(path, original.read_bytes(), force=wish.force)
        return ()
    recipe = Recipe(
        resize=Resize.OFF if has_size else Resize.COVER,
        formats=(CopyFormat(format_of(path)),),
        metadata=wish.facts is not None,
    )
    with tempfile.TemporaryDirectory(prefix="farm-") as folder:
        copied = Wish(recipe=recipe, size=size, facts=wish.facts)
        made = derive(original, Path(folder), "copy", copied)
        if not made.files:
            raise NoPicture(f"No copy of {original} could be made.")
        _put(path, Path(made.files[0].path).read_bytes(), force=wish.force)
    return made.warnings


def _put(path: Path, data: bytes, *, force: bool) -> None:
    """The name is taken first, so that of two commands one is refused."""
    with saving(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not force:
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            except FileExistsError:
                refuse_to_overwrite(path)
    write_whole(path, data)
