"""The user's table of words to put in place of others after a refusal: `substitutions.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from farm.errors import UsageError
from farm.model.prompts import Prompt

FILE_NAME = "substitutions.toml"
TABLE = "words"


@dataclass(frozen=True, slots=True)
class Substitutions:
    """Words and what stands for them; compared as whole words, without case."""

    words: Mapping[str, str] = field(default_factory=dict)

    def applied(self, prompt: Prompt) -> Prompt:
        """The prompt with description and title in other words; a capital stays a capital."""
        if not self.words:
            return prompt
        return replace(
            prompt, description=self._in(prompt.description), title=self._in(prompt.title)
        )

    def change(self, prompt: Prompt) -> bool:
        """Whether any word of the prompt is in the table."""
        return self.applied(prompt) != prompt

    def _in(self, text: str) -> str:
        stands_for = {word.casefold(): other for word, other in self.words.items()}
        # The longest first: "gun fight" before "gun".
        longest = sorted(map(re.escape, self.words), key=len, reverse=True)
        known = re.compile(rf"(?<!\w)(?:{'|'.join(longest)})(?!\w)", re.IGNORECASE)

        def other(found: re.Match[str]) -> str:
            word = stands_for[found[0].casefold()]
            return word[:1].upper() + word[1:] if found[0][:1].isupper() else word

        return known.sub(other, text)


def load_substitutions(path: Path) -> Substitutions:
    """Read the table; an empty one where there is no file.

    Raises UsageError naming file and key for a table that is none.
    """
    if not path.is_file():
        return Substitutions()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    words = data.pop(TABLE, {})
    if data or not isinstance(words, Mapping):
        raise UsageError(f"{path} must hold one table [{TABLE}] with lines such as weapon = 'tool'")
    for word, other in words.items():
        if not isinstance(other, str) or not word.strip():
            raise UsageError(f"{path}: {word!r} must stand for a text, such as weapon = 'tool'")
    return Substitutions(words)
