"""What may be wrong with a cell: pure functions from its text to what is wrong, or ""."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping

from farm.model.operations import Operation
from farm.model.prompts import ImageType, Size
from farm.sources.columns import Column

Check = Callable[[str], str]
"""Says what is wrong with a cell and what to do, or "" if nothing is."""

MAX_ID = 100
MAX_TEXT = 1000  # Colors, Typography, Negative Prompt
MAX_TITLE = 200
MAX_FILENAME = 200
MAX_DESCRIPTION = 8000

MAX_VARIATIONS = 99
MAX_FACTOR = 16
MAX_SEED = 2**32 - 1  # the largest that every API takes
BACKENDS = ("web", "gemini", "openai", "fal", "sdwebui", "comfyui")
_OTHER_WORDS = {"any": "", "vertex": "gemini"}

DONE = "COMPLETED"
REGENERATE = "REGEN"
CLAIMED = "IN_PROGRESS"
QUEUED = frozenset(
    {"", "PENDING", CLAIMED, "FAILED", "RATE_LIMITED", "REVIEW", "CANCELLED", REGENERATE}
)

_IMAGE_TYPES: Mapping[str, ImageType] = {
    "": ImageType.REGULAR,
    "og": ImageType.HERO_OG,
    **{re.sub(r"\W", "", kind.value).casefold(): kind for kind in ImageType},
}
_OPERATIONS: Mapping[str, Operation] = {
    "": Operation.GENERATE,
    **{word.value: word for word in Operation},
}
_YES = frozenset({"yes", "y", "true", "1", "x", "on", "✓"})
_NO = frozenset({"", "no", "n", "false", "0", "off", "-"})
_SEEN = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\..*)?", re.IGNORECASE
)


def status_of(text: str) -> str:
    """The Status word a cell means, whatever its case: `in progress` is IN_PROGRESS."""
    word = re.sub(r"[\s_-]+", "_", text.strip()).upper()
    return {"CANCELED": "CANCELLED", "REGENERATE": REGENERATE}.get(word, word)


def image_type_of(text: str) -> ImageType | None:
    """The image type a cell means: `hero og` is Hero-OG, an empty cell Regular."""
    return _IMAGE_TYPES.get(re.sub(r"[\W_]", "", text).casefold())


def size_of(text: str) -> Size | None:
    """The size a cell means; None for an empty one."""
    return Size.parse(text) if text else None


def backend_of(text: str) -> str:
    """The backend a cell names; "" leaves it to the run."""
    word = text.casefold()
    return _OTHER_WORDS.get(word, word)


def operation_of(text: str) -> Operation | None:
    """The operation a cell names, "generate" for an empty one; None if there is no such."""
    return _OPERATIONS.get(text.casefold())


def factor_of(text: str) -> float | None:
    """How much an upscale enlarges: `2`, `x4`; None for an empty cell, ValueError for no number."""
    return float(text.casefold().removeprefix("x").removesuffix("x")) if text else None


def seed_of(text: str) -> int | None:
    """The seed of a cell; None for an empty one, ValueError for no whole number."""
    return int(text) if text else None


def is_yes(text: str) -> bool:
    """Whether a cell says yes."""
    return text.casefold() in _YES


def _check_id(text: str) -> str:
    if _CONTROL.search(text):
        return "an id stands on one line and has no control characters"
    return _longer(text, MAX_ID)


def _check_image_type(text: str) -> str:
    if image_type_of(text) is not None:
        return ""
    near = difflib.get_close_matches(text.casefold(), [k.value.casefold() for k in ImageType], n=1)
    guess = f"did you mean {_IMAGE_TYPES[re.sub('-', '', near[0])].value}? " if near else ""
    return f"{_quoted(text)} is no image type; {guess}write {_either(ImageType)}"


def _check_filename(text: str) -> str:
    if "/" in text or "\\" in text:
        return f"{_quoted(text)} is a path; give the file's name alone, farm chooses the folder"
    if re.match(r"[A-Za-z]:", text):
        return f"{_quoted(text)} begins with a drive; give the file's name alone"
    if _CONTROL.search(text):
        return f"{_quoted(text)} holds a control character or line break; remove it"
    if _DEVICE.fullmatch(text):
        return f"{_quoted(text)} is a name Windows keeps for a device; choose another"
    if text and not text.strip(". "):
        return f"{_quoted(text)} is no file name"
    return _longer(text, MAX_FILENAME)


def _check_size(text: str) -> str:
    try:
        size_of(text)
    except ValueError as error:
        return f"{_shorten(str(error))}; write width x height, or leave it empty"
    return ""


def _check_description(text: str) -> str:
    if not _SEEN.search(text):
        return "is empty; say what to draw"
    if "\0" in text:
        return "holds a NUL byte; remove it"
    return _longer(text, MAX_DESCRIPTION)


def _check_status(text: str) -> str:
    word = status_of(text)
    if word in QUEUED or word == DONE:
        return ""
    words = sorted(QUEUED - {""} | {DONE})
    near = difflib.get_close_matches(word, words, n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    return f"{_quoted(text)} is no status; {guess}leave it empty or write {_either(words)}"


def _check_backend(text: str) -> str:
    word = backend_of(text)
    if not word or word in BACKENDS:
        return ""
    near = difflib.get_close_matches(word, BACKENDS, n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    return f"{_quoted(text)} is no backend; {guess}leave it empty or write {_either(BACKENDS)}"


def _check_operation(text: str) -> str:
    if operation_of(text) is not None:
        return ""
    near = difflib.get_close_matches(text.casefold(), list(Operation), n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    return f"{_quoted(text)} is no operation; {guess}leave it empty or write {_either(Operation)}"


def _check_factor(text: str) -> str:
    try:
        factor = factor_of(text)
    except ValueError:
        return f"{_quoted(text)} is no number such as 2 or x4"
    return (
        ""
        if factor is None or 1 < factor <= MAX_FACTOR
        else f"must be above 1, {MAX_FACTOR} at most"
    )


def _check_seed(text: str) -> str:
    try:
        seed = seed_of(text)
    except ValueError:
        return f"{_quoted(text)} is no whole number"
    return "" if seed is None or 0 <= seed <= MAX_SEED else f"must be between 0 and {MAX_SEED}"


def _check_variations(text: str) -> str:
    if not text or (text.isdecimal() and 1 <= int(text[:9]) <= MAX_VARIATIONS):
        return ""
    return f"{_quoted(text)} is no number from 1 to {MAX_VARIATIONS}"


def _check_with_og(text: str) -> str:
    if text.casefold() in _YES | _NO:
        return ""
    return f"{_quoted(text)} is neither yes nor no"


def _at_most(limit: int) -> Check:
    return lambda text: _longer(text, limit)


CHECKS: Mapping[Column, Check] = {
    Column.ID: _check_id,
    Column.IMAGE_TYPE: _check_image_type,
    Column.FILENAME: _check_filename,
    Column.SIZE: _check_size,
    Column.COLORS: _at_most(MAX_TEXT),
    Column.TYPOGRAPHY: _at_most(MAX_TEXT),
    Column.DESCRIPTION: _check_description,
    Column.TITLE: _at_most(MAX_TITLE),
    Column.AUTHOR: _at_most(MAX_TITLE),
    Column.STATUS: _check_status,
    Column.NEGATIVE: _at_most(MAX_TEXT),
    Column.BACKEND: _check_backend,
    Column.OPERATION: _check_operation,
    Column.FACTOR: _check_factor,
    Column.SEED: _check_seed,
    Column.VARIATIONS: _check_variations,
    Column.WITH_OG: _check_with_og,
}


def _longer(text: str, limit: int) -> str:
    if len(text) <= limit:
        return ""
    return f"has {len(text)} characters; the limit is {limit}"


def _either(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}"


def _quoted(text: str) -> str:
    return repr(_shorten(text, 40))


def _shorten(text: str, limit: int = 120) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
