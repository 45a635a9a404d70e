"""Lanes: which hands may take a job. A hand names the lanes it serves, a job stands in one.

A lane is a backend's name, or `any`, and what the job needs beside words: `any`, `gemini`,
`any+references`, `openai+mask+references`. So a job never goes to a hand that would lose a part
of it. A session's own lane holds what only it can finish.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import combinations

ANY_LANE = "any"
WEB_LANE = "web"


class Need(StrEnum):
    """What a job may need of a hand beside taking words."""

    MASK = "mask"
    REFERENCES = "references"


def session_lane(session: str) -> str:
    """The lane only one session serves: where a job waits while its conversation lives there."""
    return f"session:{session}"


def once_lane(number: int) -> str:
    """The name of the lanes of one one-shot command, while it holds its number."""
    return f"once:{number}"


def once_number(lane: str) -> int | None:
    """Which one-shot command a job stands in the lanes of; None for every other lane."""
    name, _, number = lane.partition("+")[0].partition(":")
    return int(number) if name == "once" else None


def lane(name: str, needs: Iterable[Need] = ()) -> str:
    """The lane of a backend for jobs with these needs."""
    return "+".join((name, *sorted(needs))) if needs else name


def lanes_served(names: Sequence[str], abilities: Iterable[Need]) -> tuple[str, ...]:
    """Every lane of these backends that a hand with these abilities may serve, in order."""
    able = sorted(abilities)
    sets = [some for count in range(len(able), -1, -1) for some in combinations(able, count)]
    return tuple(lane(name, some) for name in names for some in sets)
