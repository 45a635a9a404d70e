"""What one attempt came to."""

from __future__ import annotations

from dataclasses import dataclass

from farm.model.causes import Cause


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How an attempt ended, in words and with what the page said."""

    cause: Cause
    message: str  # one sentence for the user
    said: str = ""  # the page's own text that led to the cause, shortened
    reset_at: float | None = None  # epoch seconds: when a limit ends, if the page told
    role: str = ""  # drift: the part of the page that is missing
    mode: str = ""  # the model the page named, "" if none
    doubtful: bool = False  # a limit that the page may claim falsely: one more prompt tells
    address: bool = False  # it may be this network address that is not wanted
