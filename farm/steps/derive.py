"""All copies of one image, as a recipe asks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import PIL.Image

from farm.errors import NoPicture
from farm.model.images import Derivative
from farm.model.recipes import CopyFormat, Format, Resize
from farm.steps.base import Derived, Facts, Wish
from farm.steps.formats import EXTENSIONS, Label, encode
from farm.steps.metadata import JPEG_MOST_BYTES, facts_in, label_of
from farm.steps.pictures import Picture, read_picture
from farm.steps.sidecar import kept, write_checksums, write_sidecar
from farm.steps.sizes import doubts, flattened, resized

SIZED = "size"  # the kind of a resized copy in the image's own format


def derive(original: Path, out: Path, stem: str, wish: Wish) -> Derived:
    """Make the copies `out/<stem>.<extension>` of an image; blocking.

    Run it in a process pool: wish and result can be pickled. The same call writes the same bytes,
    so what a killed process left half done is simply made again; each file is put in place whole.
    The stem must be this image's own: what stands under its names is replaced. The original is
    only read. Raises `NoPicture` and `SaveFailed`.
    """
    if wish.recipe.idle:
        return Derived()
    size = wish.size if wish.recipe.resize is not Resize.OFF else None
    picture = read_picture(original, size=size, keep_profile=wish.recipe.keep_profile)
    warnings, image = list(picture.warnings), picture.image
    if size is not None:
        image = resized(image, size, wish.recipe)
        warnings += doubts(picture.size_px, size, wish.recipe)
    copies: list[Derivative] = []
    for copy_format in copy_formats(wish, picture.format):
        path = out / (stem + EXTENSIONS[copy_format.format])
        if path.exists() and path.samefile(original):
            raise NoPicture(f"{path} is the image itself; choose another folder for its copies.")
        label, doubt = _label(picture, wish, copy_format.format)
        copy, excess = _copy(image, copy_format, label, wish, path)
        copies.append(copy)
        warnings += filter(None, (doubt, excess))
    beside = _beside(original, picture, copies, wish.facts, out / stem)
    files = (*copies, *(beside if wish.recipe.sidecar else ()))
    return Derived(files=files, warnings=tuple(warnings))


def copy_formats(wish: Wish, own: Format) -> tuple[CopyFormat, ...]:
    """Those that are wished; a resized copy is made in the image's own when there are none."""
    if wish.recipe.formats or wish.size is None or wish.recipe.resize is Resize.OFF:
        return wish.recipe.formats
    return (CopyFormat(own),)


def _label(picture: Picture, wish: Wish, format_: Format) -> tuple[Label, str]:
    """What the copy says, and a sentence if something had to be left out.

    Only what farm knows to be made by a model is marked so; other pictures keep what they said.
    """
    if not wish.recipe.metadata:
        return Label(profile=picture.profile), ""
    facts = wish.facts or facts_in(picture.xmp)
    if facts is not None:
        label, doubt = label_of(facts, format_)
    elif format_ is Format.JPEG and max(len(picture.exif), len(picture.xmp)) > JPEG_MOST_BYTES:
        label, doubt = Label(), "its metadata is too long for a jpeg: left out there."
    else:
        label, doubt = Label(exif=picture.exif, xmp=picture.xmp), ""
    return Label(exif=label.exif, xmp=label.xmp, texts=label.texts, profile=picture.profile), doubt


def _copy(
    image: PIL.Image.Image, wished: CopyFormat, label: Label, wish: Wish, path: Path
) -> tuple[Derivative, str]:
    recipe = wish.recipe
    if wished.format is Format.JPEG:  # it knows no transparency
        image = flattened(image, recipe.background)
    data, excess = encode(image, wished, label, recipe.max_bytes)
    kind = wished.format.value if recipe.formats else SIZED
    media_type = f"image/{wished.format}"
    return kept(path, data, kind=kind, media_type=media_type, size_px=image.size), excess


def _beside(
    original: Path, picture: Picture, copies: list[Derivative], facts: Facts | None, stem: Path
) -> Iterator[Derivative]:
    """The JSON file and the checksums of the image and everything made from it."""
    data = original.read_bytes()
    itself = Derivative(
        kind="original",
        path=str(original),
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        width_px=picture.size_px[0],
        height_px=picture.size_px[1],
        media_type=f"image/{picture.format}",
    )
    json_file = stem.with_name(f"{stem.name}.json")
    sidecar = write_sidecar(json_file, itself, copies, facts or facts_in(picture.xmp))
    yield sidecar
    checksums = stem.with_name(f"{stem.name}.sha256")
    yield write_checksums(checksums, (itself, *copies, sidecar))
