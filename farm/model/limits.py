"""Limits: what a session met, and what its own history says about the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from farm.model.causes import Cause

_LEARNED_FROM = 5  # the newest so many; windows change with the season and the plan
LONGEST_WINDOW_SECONDS = 36 * 3600.0
"""An image, or a model, that comes later than this says nothing about a limit."""


ASKED_RESTS = frozenset({Cause.LIMITED_CAP, Cause.LIMITED_HOURS, Cause.LIMITED_BY_HAND})
"""Rests by the user's own word: they say nothing about the site's allowances."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """One limit a session met. Times are epoch seconds, UTC."""

    session: str
    mode: str  # the model the page named, "" if none
    cause: Cause
    at: float
    until: float  # how long the session was sent to rest
    told: bool = False  # the page itself said when it ends
    images: int = 0  # made by the session since its limit before
    lifted_at: float | None = None  # when an image proved that it was over


def learned_window(history: Sequence[Limit], mode: str) -> float | None:
    """How long a quota of this session and mode lasts, in seconds; None without experience.

    Limits in a row without an image between them are one: the first came when the allowance was
    used up, the others only found it still so. `history` is oldest first, of one session.
    """
    windows: list[float] = []
    began: float | None = None
    for limit in history:
        if limit.cause is not Cause.LIMITED_QUOTA or limit.mode != mode:
            continue
        began = limit.at if began is None else began
        if limit.told:
            windows.append(limit.until - began)
        elif limit.lifted_at is not None and limit.lifted_at - began <= LONGEST_WINDOW_SECONDS:
            windows.append(limit.lifted_at - began)
        if limit.lifted_at is not None:
            began = None
    return median(windows[-_LEARNED_FROM:]) if windows else None


def unlifted_since(history: Sequence[Limit]) -> float | None:
    """When the quota limits began that no image has disproved yet; None when there are none."""
    open_ = [one.at for one in history if one.cause is Cause.LIMITED_QUOTA and not one.lifted_at]
    return min(open_, default=None)
