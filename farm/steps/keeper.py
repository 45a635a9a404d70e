"""Verify and keep, one behind the other and off the event loop."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import PIL.Image

from farm.errors import Ended
from farm.model.images import Image, RawImage
from farm.model.jobs import Job
from farm.model.name_template import NameTemplate
from farm.naming import image_folder, image_name, name_values
from farm.steps.base import Proof
from farm.steps.keep import Place, keep
from farm.steps.verify import verify


@dataclass(frozen=True, kw_only=True, slots=True)
class DiskKeeper:
    """Keeps images in the downloads folder, by day."""

    downloads: Path
    today: Callable[[], date]
    template: NameTemplate = field(default_factory=NameTemplate)

    async def keep(self, raw: RawImage, job: Job, *, owner: int | None) -> Image:
        """See `farm.attempt.Keeper`."""
        proof = await asyncio.to_thread(verify, raw, job.prompt, duplicate_of=owner)
        return await self._put(raw, proof, job, review=False)

    async def keep_for_review(self, raw: RawImage, job: Job) -> Image | None:
        """See `farm.attempt.Keeper`."""
        try:
            proof = await asyncio.to_thread(verify, raw, replace(job.prompt, size=None))
        except Ended:
            return None
        return await self._put(raw, proof, job, review=True)

    async def still_stands(self, path: str, sha256: str) -> Image | None:
        """See `farm.attempt.Keeper`."""
        return await asyncio.to_thread(self._prove_again, path, sha256)

    async def _put(self, raw: RawImage, proof: Proof, job: Job, *, review: bool) -> Image:
        values = name_values(job, self.today())
        stem = self.template.stem(values)
        place = Place(
            downloads=self.downloads,
            folder=image_folder(self.template, values, review=review),
            name=lambda taken: image_name(job.prompt, proof.media_type, taken, stem=stem),
        )
        return await asyncio.to_thread(keep, raw, proof, place)

    def _prove_again(self, path: str, sha256: str) -> Image | None:
        file = self.downloads / path
        try:
            data = file.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(data).hexdigest() != sha256:
            return None
        width, height = measure(file)
        return Image(
            path=path,
            sha256=sha256,
            size_bytes=len(data),
            width_px=width,
            height_px=height,
            media_type=_MEDIA_TYPES.get(file.suffix.lower(), ""),
            source="saved",
        )


def measure(path: Path) -> tuple[int, int]:
    """Width and height of an image file from its header, (0, 0) when it is none."""
    try:
        with PIL.Image.open(path) as picture:
            return picture.size
    except (OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError):
        return (0, 0)


_MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}
