"""What the worker sees of the steps: how an image is proven and how it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from farm.model.images import Image, RawImage
from farm.model.prompts import Prompt


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What a file was found to be: a whole picture, and the one that was asked for."""

    sha256: str
    size_bytes: int
    width_px: int  # as shown: a camera's rotation mark is applied
    height_px: int
    media_type: str  # sniffed: image/png, image/jpeg, image/webp
    warnings: tuple[str, ...] = ()  # one sentence each


class Verify(Protocol):
    """Proves one image. Blocking and pure but for reading the file: run it in a thread."""

    def __call__(self, raw: RawImage, prompt: Prompt, *, duplicate_of: int | None = None) -> Proof:
        """Raise `Ended` with a cause of the family `unproven` if it is not what was asked for.

        `duplicate_of` is the other job that already has these bytes, if there is one.
        """


class Keep(Protocol):
    """Puts a proven image under its final name. Blocking: run it in a thread."""

    def __call__(
        self, raw: RawImage, proof: Proof, prompt: Prompt, when: date, *, review: bool = False
    ) -> Image:
        """Return the image in its place on disk; the `.part` file is gone then.

        Never writes over another file and never leaves the downloads folder. Called again with
        the same bytes it finds the file of the first call. Raises `SaveFailed`.
        """
