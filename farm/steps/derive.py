"""All copies of one image, as a recipe asks."""

from __future__ import annotations

from pathlib import Path

from farm.steps.base import Derived, Wish


def derive(original: Path, out: Path, stem: str, wish: Wish) -> Derived:
    """Make the copies `out/<stem>.<extension>` of an image; blocking.

    Run it in a process pool: wish and result can be pickled. The same call writes the same bytes,
    so what a killed process left half done is simply made again; each file is put in place whole.
    The stem must be this image's own: what stands under its names is replaced. The original is
    only read. Raises `NoPicture` and `SaveFailed`.
    """
    raise NotImplementedError
