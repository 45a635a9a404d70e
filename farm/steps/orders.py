"""Copies of any files and folders: which are meant, where their copies go, how each one went."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from farm.errors import NoPicture, SaveFailed, UsageError
from farm.model.images import Derivative
from farm.model.prompts import Size
from farm.model.recipes import Recipe
from farm.steps.base import Derived, Wish
from farm.steps.derive import copy_formats, derive
from farm.steps.formats import EXTENSIONS
from farm.steps.pictures import EXTENSIONS as READ_EXTENSIONS
from farm.steps.pictures import format_of

DERIVED_FOLDER = "derived"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A picture file, and the folder it stands in below the one that was named."""

    path: Path
    below: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """Copies of one file that shall be made."""

    original: Path
    out: Path
    stem: str
    wish: Wish
    force: bool = False  # also over files that stand there


@dataclass(frozen=True, kw_only=True, slots=True)
class Fate:
    """How an order went."""

    original: str
    files: tuple[Derivative, ...] = ()
    kept: tuple[str, ...] = ()  # stood there already and were left alone
    warnings: tuple[str, ...] = ()
    problem: str = ""


def find_pictures(paths: Sequence[Path]) -> tuple[Found, ...]:
    """Files as they are named, folders with all pictures in them, each once and in order.

    Hidden folders and those of copies are passed by, unless they are named themselves. Raises
    UsageError for a path that leads nowhere.
    """
    found = {each.path.resolve(): each for path in paths for each in _pictures(path)}
    return tuple(found.values())


def orders_of(
    pictures: Sequence[Found],
    recipe: Recipe,
    *,
    sizes: Mapping[str, Size | None],
    out: Path | None,
    force: bool = False,
) -> tuple[Order, ...]:
    """An order for each picture and size; a size's name ends the names of its copies.

    Pictures of one name in one place (`a.png`, `a.jpg`) are told apart by their extensions.
    """
    places = [out / each.below if out else each.path.parent / DERIVED_FOLDER for each in pictures]
    stems = _stems(pictures, places)
    return tuple(
        Order(
            original=each.path,
            out=place,
            stem=f"{stem}-{name}" if name else stem,
            wish=Wish(recipe=recipe, size=size),
            force=force,
        )
        for each, place, stem in zip(pictures, places, stems, strict=True)
        for name, size in sizes.items()
    )


def carry_out(order: Order) -> Fate:
    """Make what is not there yet; blocking. What cannot be made is the fate's problem."""
    original = str(order.original)
    try:
        wish, kept = _not_there(order)
        made = derive(order.original, order.out, order.stem, wish) if wish else Derived()
    except (NoPicture, SaveFailed) as error:
        return Fate(original=original, problem=str(error))
    return Fate(original=original, files=made.files, kept=kept, warnings=made.warnings)


def _pictures(path: Path) -> Iterator[Found]:
    if path.is_file():
        yield Found(path=path, below=Path())
        return
    if not path.is_dir():
        raise UsageError(f"{path} is neither a file nor a folder.")
    for name_of_folder, names, files in os.walk(path):
        folder = Path(name_of_folder)
        names[:] = sorted(n for n in names if n[0] != "." and n != DERIVED_FOLDER)
        for name in sorted(files):
            if name[0] != "." and Path(name).suffix.lower() in READ_EXTENSIONS:
                yield Found(path=folder / name, below=folder.relative_to(path))


def _stems(pictures: Sequence[Found], places: Sequence[Path]) -> list[str]:
    def key(place: Path, stem: str) -> tuple[Path, str]:
        return place, unicodedata.normalize("NFC", stem).casefold()

    pairs = list(zip(places, (each.path for each in pictures), strict=True))
    shared = Counter(key(place, path.stem) for place, path in pairs)
    stems = [
        path.stem if shared[key(place, path.stem)] == 1 else f"{path.stem}-{path.suffix[1:]}"
        for place, path in pairs
    ]
    taken = Counter(key(place, stem) for (place, _), stem in zip(pairs, stems, strict=True))
    for (place, path), stem in zip(pairs, stems, strict=True):
        if taken[key(place, stem)] > 1:
            raise UsageError(
                f"{path}: another picture's copies would have the same names in {place}; "
                "make theirs one folder after the other."
            )
    return stems


def _not_there(order: Order) -> tuple[Wish | None, tuple[str, ...]]:
    """The wish for what is missing, and what stands there."""
    if order.force:
        return order.wish, ()
    formats = copy_formats(order.wish, format_of(order.original))
    targets = {each: order.out / (order.stem + EXTENSIONS[each.format]) for each in formats}
    kept = tuple(str(path) for path in targets.values() if path.exists())
    missing = tuple(each for each, path in targets.items() if not path.exists())
    if not kept:
        return order.wish, ()
    recipe = replace(order.wish.recipe, formats=missing)
    return (replace(order.wish, recipe=recipe) if missing else None), kept
