"""What a job asks of a model: to draw, or to do something to a picture."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """One thing a model may be able to do; a row names it by its value."""

    GENERATE = "generate"
    INSERT = "insert"  # put something where the mask is white
    REMOVE = "remove"  # take away what the mask covers
    OUTPAINT = "outpaint"  # go on beyond the edges
    BACKGROUND = "background"  # put the thing in front of another background
    UPSCALE = "upscale"  # more pixels of the same picture


NEEDS_MASK = frozenset({Operation.INSERT, Operation.REMOVE})
CHANGES_A_PICTURE = frozenset(Operation) - {Operation.GENERATE}
