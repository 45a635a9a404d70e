"""The exact text a prompt is sent as.

The seeds' form is `/imagine Size: … ||| Colors: … ||| Typography: … ||| Description: …`, and for a
Hero `||| Title: … ||| Published by: …`. The page takes a line break for Enter and the seeds' `|||`
keeps Gemini from splitting a prompt, so neither may come out of a field.
"""

from __future__ import annotations

import re

from farm.model.prompts import ImageType, Prompt

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
    cells = ((label, _cell(text)) for label, text in fields)
    return f"{COMMAND} " + DELIMITER.join(f"{label}: {text}" for label, text in cells if text)


def _cell(text: str) -> str:
    return _DELIMITER_LIKE.sub("/", fold(text))
