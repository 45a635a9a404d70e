"""Prompts from a plain text: one a line."""

from __future__ import annotations

import re

from farm.errors import InputError
from farm.sources.cells import Cells
from farm.sources.columns import Column, Pairs
from farm.sources.records import cells_of


def cells_of_text(name: str, text: str, mapping: Pairs = ()) -> Cells:
    """The cells of a text; blank lines are passed over. InputError if all are."""
    lines = list(enumerate(re.split(r"\r\n?|\n", text), 1))
    filled = [(number, line) for number, line in lines if line.strip()]
    if not filled:
        raise InputError([f"{name} is empty; write one prompt per line."])
    records = [{Column.DESCRIPTION.value: line} for _, line in filled]
    return cells_of(name, records, lambda index: filled[index][0], mapping)
