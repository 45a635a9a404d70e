"""The exact text a prompt is sent as.

The seeds' form is `/imagine Size: … ||| Colors: … ||| Typography: … ||| Description: …`, and for a
Hero `||| Title: … ||| Published by: …`; what a picture must not show follows as `||| Avoid: …`.
The page takes a line break for Enter and the seeds' `|||` keeps Gemini from splitting a prompt, so
neither may come out of a field.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from farm.model.operations import Operation
from farm.model.prompts import ImageType, Prompt, Size

COMMAND = "/imagine"
DELIMITER = " ||| "

# What a reader cannot see and a page may drop. Visible format characters (Arabic number signs) and
# variation selectors are not among them; the two joiners are looked at below.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff\ud800-\udfff]"
)
_BLANKS = re.compile(r"[\s\x00-\x20\x7f-\x9f]+")
# A single joiner between two non-ASCII characters shapes them (emoji families, Persian, Hindi).
_STRAY_JOINER = re.compile(
    "(?<![^\x00-\x7f\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f\u200c\u200d])"
)
_DELIMITER_LIKE = re.compile(r"\|{3,}")


def fold(text: str) -> str:
    """One line with single spaces and nothing invisible; folding twice changes nothing more.

    Composed prompts are already folded, so a text read back from a page can be compared with
    `fold(read) == compose(prompt)`.
    """
    shown = _INVISIBLE.sub("", _BLANKS.sub(" ", text))
    return _BLANKS.sub(" ", _STRAY_JOINER.sub("", shown)).strip(" ")


def compose(prompt: Prompt) -> str:
    """The text to send; a field without content is left out with its label."""
    fields = [
        ("Size", str(prompt.size) if prompt.size else ""),
        ("Colors", prompt.colors),
        ("Typography", prompt.typography),
        ("Description", prompt.description),
    ]
    if prompt.image_type is ImageType.HERO:
        fields += [("Title", prompt.title), ("Published by", prompt.author)]
    fields.append(("Avoid", prompt.negative))
    cells = ((label, _cell(text)) for label, text in fields)
    return f"{COMMAND} " + DELIMITER.join(f"{label}: {text}" for label, text in cells if text)


def _cell(text: str) -> str:
    return _DELIMITER_LIKE.sub("/", fold(text))


def compose_natural(
    prompt: Prompt,
    *,
    ratio_in_words: bool = False,
    negative_in_words: bool = True,
    mask_as_picture: bool = False,
) -> str:
    """The text for an API: sentences, for nothing there reads `/imagine` or `|||`.

    `ratio_in_words` and `negative_in_words`: the API has no field for them. `mask_as_picture`: the
    mask goes along as one more picture, so the words must say what it is.
    """
    said = [_task(prompt, mask_as_picture=mask_as_picture), _sentence(prompt.description)]
    if prompt.colors:
        said.append(_sentence(f"Use the colour palette: {fold(prompt.colors)}"))
    said += _lettering(prompt)
    if ratio_in_words and prompt.size:
        said.append(_proportion(prompt.size))
    if negative_in_words and prompt.negative:
        said.append(_sentence(f"Do not show: {fold(prompt.negative)}"))
    return " ".join(filter(None, said))


def _lettering(prompt: Prompt) -> Iterator[str]:
    title, author = fold(prompt.title), fold(prompt.author)
    if prompt.image_type is ImageType.HERO and title:
        credit = f' and the author credit "{author}"' if author else ""
        yield f'Write into the picture the title "{title}"{credit}, exactly so.'
    if prompt.image_type is ImageType.HERO_OG:
        yield "Write no text into the picture."
    elif prompt.typography:
        yield _sentence(f"Typography: {fold(prompt.typography)}")


def _proportion(size: Size) -> str:
    common = math.gcd(size.width_px, size.height_px)
    width, height = size.width_px // common, size.height_px // common
    shape = "landscape" if width > height else "portrait" if width < height else "square"
    ratio = f"{width}:{height}" if max(width, height) <= _READABLE else f"{size.ratio:.2f}:1"
    return f"The picture is {shape}, in the aspect ratio {ratio}."


def _task(prompt: Prompt, *, mask_as_picture: bool) -> str:
    task = _TASKS.get(prompt.operation, "")
    if not prompt.mask:
        return task
    where = "the last picture, a mask, is white" if mask_as_picture else "the mask allows it"
    return f"{task} Change the first picture only where {where}.".strip()


def _sentence(text: str) -> str:
    words = fold(text)
    return words if not words or words[-1] in ".!?…。！？" else f"{words}."


_READABLE = 32  # numbers of a ratio that still tell somebody something
_TASKS: Mapping[Operation, str] = {
    Operation.INSERT: "Put this into the first picture and leave everything else as it is.",
    Operation.REMOVE: "Take this out of the first picture, fill its place with what lies behind "
    "it, and leave everything else as it is.",
    Operation.OUTPAINT: "Go on with the first picture beyond its edges in the same style, and "
    "leave what is there as it is.",
    Operation.BACKGROUND: "Leave the subject of the first picture exactly as it is and put it in "
    "front of another background.",
}
