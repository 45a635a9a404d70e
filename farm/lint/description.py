"""The seeds' checklist of what a description holds, as far as words can tell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from farm.lint.findings import Finding, Severity
from farm.lint.words import COLOUR, COMPOSITION, PLACEHOLDER, QUALITY, SETTING, STYLE, VAGUE
from farm.model.counting import counted
from farm.model.prompts import Prompt
from farm.sources.columns import Column

ENOUGH_WORDS = 50
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_HEX = re.compile(r"#[0-9a-f]+\b", re.IGNORECASE)
_HEX_DIGITS = frozenset({3, 4, 6, 8})


def length(prompt: Prompt) -> Iterator[Finding]:
    """Fifty words and more say what to draw; three do not."""
    count = len(_WORD.findall(prompt.description))
    if count < ENOUGH_WORDS and not _is_placeholder(prompt):
        yield Finding(
            rule="short-description",
            column=Column.DESCRIPTION,
            said=f"has {counted(count, 'word')}",
            advice=f"say more of subject, setting, style and light; {ENOUGH_WORDS} to 100 words "
            "leave little to chance",
        )


def placeholder(prompt: Prompt) -> Iterator[Finding]:
    """Something somebody meant to fill in."""
    if _is_placeholder(prompt):
        yield Finding(
            rule="placeholder",
            column=Column.DESCRIPTION,
            said=f"{prompt.description[:40]!r} is no description",
            advice="write what to draw",
            severity=Severity.ERROR,
        )


def vague_words(prompt: Prompt) -> Iterator[Finding]:
    """Words that a picture cannot show."""
    found = dict.fromkeys(word.casefold() for word in VAGUE.findall(prompt.description))
    if found:
        yield Finding(
            rule="vague-words",
            column=Column.DESCRIPTION,
            said=f"is vague: {', '.join(found)}",
            advice="say what one would see",
        )


def colours(prompt: Prompt) -> Iterator[Finding]:
    """A palette, best in hex codes."""
    where = f"{prompt.colors} {prompt.description}"
    codes = _HEX.findall(where)
    wrong = [code for code in codes if len(code) - 1 not in _HEX_DIGITS]
    if wrong:
        yield Finding(
            rule="bad-hex",
            column=Column.COLORS,
            said=f"{', '.join(wrong)} {'is no colour' if len(wrong) == 1 else 'are no colours'}",
            advice="write # and six digits, such as #2563eb",
        )
    if codes:
        return
    if prompt.colors or COLOUR.search(prompt.description):
        yield Finding(
            rule="no-hex",
            column=Column.COLORS,
            said="names colours without a hex code",
            advice="write them as #2563eb to have the same in every picture",
        )
    else:
        yield Finding(
            rule="no-colors",
            column=Column.COLORS,
            said="is empty, and the description names no colours",
            advice="name a palette in hex codes, or the picture has any",
        )


def style(prompt: Prompt) -> Iterator[Finding]:
    """An aesthetic: clean, futuristic, watercolour."""
    yield from _unless(
        STYLE,
        f"{prompt.description} {prompt.typography}",
        Finding(
            rule="no-style",
            column=Column.DESCRIPTION,
            said="names no style",
            advice="say one, such as clean, modern, documentary or watercolour",
        ),
    )


def quality(prompt: Prompt) -> Iterator[Finding]:
    """A directive about technical quality."""
    yield from _unless(
        QUALITY,
        prompt.description,
        Finding(
            rule="no-quality",
            column=Column.DESCRIPTION,
            said="asks for no quality",
            advice="end with one, such as: High quality, 4K, professional photography",
        ),
    )


def composition(prompt: Prompt) -> Iterator[Finding]:
    """Light, viewpoint, depth of field."""
    yield from _unless(
        COMPOSITION,
        prompt.description,
        Finding(
            rule="no-composition",
            column=Column.DESCRIPTION,
            said="says nothing about composition",
            advice="say the light, the viewpoint or the depth of field",
        ),
    )


def setting(prompt: Prompt) -> Iterator[Finding]:
    """Where it all is."""
    yield from _unless(
        SETTING,
        prompt.description,
        Finding(
            rule="no-setting",
            column=Column.DESCRIPTION,
            said="names no place",
            advice="say where it is and what is around it",
        ),
    )


def delimiter(prompt: Prompt) -> Iterator[Finding]:
    """The mark that parts the fields of what is sent."""
    if "|||" in prompt.description:
        yield Finding(
            rule="delimiter",
            column=Column.DESCRIPTION,
            said="holds |||, which parts the fields of what is sent",
            advice="leave it out; it is sent as /",
        )


def title(prompt: Prompt) -> Iterator[Finding]:
    """A Hero has its title in the picture."""
    if prompt.image_type == "Hero" and not prompt.title:
        yield Finding(
            rule="hero-without-title",
            column=Column.TITLE,
            said="is empty, and a Hero carries its title",
            advice="write it, or make the row Regular",
        )
    if prompt.image_type == "Hero-OG" and (prompt.title or prompt.author):
        yield Finding(
            rule="og-with-title",
            column=Column.TITLE,
            said="is not drawn: a Hero-OG has no text",
            advice="leave title and author empty",
        )


def _is_placeholder(prompt: Prompt) -> bool:
    return PLACEHOLDER.fullmatch(prompt.description.strip()) is not None


def _unless(pattern: re.Pattern[str], text: str, finding: Finding) -> Iterator[Finding]:
    if not pattern.search(text):
        yield finding
