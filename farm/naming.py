"""File names for images: a row's wish is data from outside and never touches a disk uncleaned."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from itertools import count

from farm.model.jobs import Job
from farm.model.name_template import NameTemplate, field_key
from farm.model.prompts import Prompt

Taken = Callable[[str], bool]
"""Whether a name is in use; it answers alike for names that differ in case only."""

MAX_NAME_BYTES = 120  # leaves room for suffixes of derivatives on file systems that allow 143
REVIEW_FOLDER = "review"
_OWN_FOLDERS = frozenset({REVIEW_FOLDER, "derived"})

EXTENSIONS: Mapping[str, tuple[str, ...]] = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
}

_IMAGE_EXTENSION = re.compile(
    r"\.(?:png|jpe?g|webp|gif|avif|bmp|tiff?|heic|svg)\s*$", re.IGNORECASE
)
_UNSAFE = re.compile(r'[\s\x00-\x20\x7f-\x9f/\\:*?"<>|\ud800-\udfff]+')
_EDGES = " .-~"
# Windows takes these for devices, whatever extension follows the first dot.
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\..*)?$", re.IGNORECASE
)


def name_values(job: Job, when: date) -> dict[str, str]:
    """What a name template may ask for, by `field_key`; own columns never hide farm's."""
    prompt = job.prompt
    own = {field_key(name): text for name, text in prompt.extra.items()}
    return own | {
        "date": f"{when:%Y-%m-%d}",
        "queue": job.queue,
        "session": job.session,
        "id": prompt.id,
        "promptid": prompt.id,
        "filename": _IMAGE_EXTENSION.sub("", prompt.filename),
        "imagefilename": _IMAGE_EXTENSION.sub("", prompt.filename),
        "title": prompt.title,
        "author": prompt.author,
        "type": prompt.image_type.value,
        "imagetype": prompt.image_type.value,
        "size": f"{prompt.size.width_px}x{prompt.size.height_px}" if prompt.size else "",
        "backend": prompt.backend,
        "model": prompt.model,
    }


def image_folder(template: NameTemplate, values: Mapping[str, str], *, review: bool = False) -> str:
    """The folder of an image below the downloads folder, with forward slashes."""
    folder = template.folder(values, _folder)
    return "/".join(filter(None, (folder, REVIEW_FOLDER if review else "")))


def image_name(prompt: Prompt, media_type: str, taken: Taken, *, stem: str = "") -> str:
    """The first free name close to what was asked for, with the picture's true extension.

    `stem` is what a template made of the row; without one the row's own wish counts. The second
    image of that name gets `-2`, the third `-3`. At most MAX_NAME_BYTES of UTF-8.
    """
    stem = _named(_clean(stem)) if _clean(stem) else _stem(prompt)
    extension = _extension(prompt.filename, media_type)
    for number in count(1):
        suffix = extension if number == 1 else f"-{number}{extension}"
        name = _cut(stem, MAX_NAME_BYTES - len(suffix)) + suffix
        if not taken(name):
            break
    return name


def _stem(prompt: Prompt) -> str:
    wishes = (_IMAGE_EXTENSION.sub("", prompt.filename), prompt.title, f"image-{prompt.id}")
    return _named(next(filter(None, map(_clean, wishes)), "image"))


def _named(stem: str) -> str:
    """A clean stem that no system takes for a device."""
    return f"image-{stem}" if _DEVICE.match(stem) else stem


def _folder(text: str) -> str:
    """A clean name for a folder, "" if nothing is left; farm's own folders keep theirs."""
    clean = _clean(text)
    if not clean or clean.casefold() in _OWN_FOLDERS:
        return f"folder-{clean}" if clean else ""
    return _cut(_named(clean), MAX_NAME_BYTES)


def _clean(text: str) -> str:
    shown = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return _UNSAFE.sub("-", unicodedata.normalize("NFC", shown)).strip(_EDGES)


def _cut(stem: str, limit_bytes: int) -> str:
    whole = stem.encode()[:limit_bytes].decode(errors="ignore")
    return whole.rstrip(_EDGES) or "image"


def _extension(asked: str, media_type: str) -> str:
    known = EXTENSIONS[media_type]
    match = _IMAGE_EXTENSION.search(asked)
    wish = match[0].strip().lower() if match else ""
    return wish if wish in known else known[0]
