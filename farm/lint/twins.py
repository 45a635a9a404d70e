"""Prompts that say the same, and names that two rows share."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from farm.lint.findings import Finding, Placed
from farm.model.prompts import ImageType, SourceRow
from farm.sources.columns import Column

NEAR = 0.8  # of their runs of words in common
_RUN = 3  # words
_CANDIDATES = 100  # looked at for one row
_ROWS_NAMED = 8

_Runs = frozenset[tuple[str, ...]]


def same_names(rows: Sequence[SourceRow]) -> Iterator[Placed]:
    """Rows that ask for the same file."""
    first: dict[str, int] = {}
    for row in rows:
        name = row.prompt.filename.casefold()
        if (other := first.setdefault(name, row.row)) != row.row:
            yield Placed(
                row=row.row,
                finding=Finding(
                    rule="same-name",
                    column=Column.FILENAME,
                    said=f"{row.prompt.filename!r} is that of row {other} too",
                    advice="give each a name of its own, or it is saved with -2",
                ),
            )


def same_descriptions(rows: Sequence[SourceRow]) -> Iterator[Placed]:
    """Rows whose pictures will be hard to tell apart; a Hero and its twin are meant to be."""
    alike: dict[int, list[int]] = defaultdict(list)
    exactly: dict[int, bool] = {}
    pictures = [row for row in rows if row.prompt.image_type is not ImageType.HERO_OG]
    runs = [_runs(row.prompt.description) for row in pictures]
    for index, other in _near(runs):
        first = pictures[other].row
        alike[first].append(pictures[index].row)
        exactly[first] = exactly.get(first, True) and runs[index] == runs[other]
    for first, others in alike.items():
        told = ", ".join(map(str, others[:_ROWS_NAMED]))
        more = ", …" if len(others) > _ROWS_NAMED else ""
        plural = "s" if len(others) > 1 else ""
        nearly = "" if exactly[first] else "nearly "
        yield Placed(
            row=others[0],
            finding=Finding(
                rule="same-description" if exactly[first] else "near-description",
                column=Column.DESCRIPTION,
                said=f"row{plural} {told}{more} {'say' if plural else 'says'} {nearly}the same as "
                f"row {first}",
                advice="for several pictures of one prompt there is Variations",
            ),
        )


def _runs(text: str) -> _Runs:
    words = re.findall(r"[^\W_]+", text.casefold())
    return frozenset(
        tuple(words[place : place + _RUN]) for place in range(max(1, len(words) - _RUN + 1))
    )


def _near(texts: Sequence[_Runs]) -> Iterator[tuple[int, int]]:
    """Each text that is near an earlier one, with that one.

    Two that share most of their runs share one of their few rarest, so only those are looked up.
    A text that was found near is represented by the one it is near: many of a kind stay cheap.
    """
    often = Counter(run for text in texts for run in text)
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, text in enumerate(texts):
        rarest = sorted(text, key=lambda run: (often[run], run))
        few = rarest[: len(text) - math.ceil(NEAR * len(text)) + 1]
        candidates = dict.fromkeys(i for run in few for i in holders.get(run, ()))
        looked = list(candidates)[:_CANDIDATES]
        found = next((i for i in looked if _likeness(text, texts[i]) >= NEAR), None)
        if found is not None:
            yield index, found
            continue
        for run in few:
            holders[run].append(index)


def _likeness(one: _Runs, other: _Runs) -> float:
    return len(one & other) / len(one | other)
