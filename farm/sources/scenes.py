"""The seeds' scene and mood: fields beside a prompt that belong into what is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

KEY = "prompts"  # under which a list of them stands
_MOODS = ("Scene", "Mood")


def with_moods(told: str, record: Mapping[str, str]) -> str:
    """A prompt that also tells its scene and mood; those it tells already are not told twice."""
    new = [mood for mood in _moods(record) if mood not in told]
    return ". ".join(filter(None, (told.rstrip("."), *new))) + "." if new else told


def without_moods(told: str, record: Mapping[str, str]) -> str:
    """What `with_moods` was given, where the prompt ends as it leaves it."""
    tail = ". ".join(_moods(record))
    return told.removesuffix(f"{tail}.").removesuffix(". ") if tail else told


def _moods(record: Mapping[str, str]) -> Iterator[str]:
    by_name = {key.casefold(): text.strip().rstrip(".") for key, text in record.items()}
    for name in _MOODS:
        if text := by_name.get(name.casefold()):
            yield f"{name}: {text}"
