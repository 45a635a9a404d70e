"""What the user allows an account: hours to work in, and images a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from farm.model.causes import Cause
from farm.model.hours import ALWAYS, Hours, next_opening
from farm.model.moments import clock_time, next_day


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """The user's own limits for one account."""

    hours: Hours = ALWAYS
    cap: int = 0  # images a local day; 0: no cap
    reserve: int = 0  # of the cap, kept back for the person's own use

    @property
    def a_day(self) -> int | None:
        """How many images farm may make in a local day; None: as many as it can."""
        return max(0, self.cap - self.reserve) if self.cap else None


def next_allowed(
    now: float, zone: tzinfo, allowance: Allowance, made_today: int
) -> tuple[float, Cause, str] | None:
    """When a session may make its next image: the moment, what holds it, and a sentence.

    None when it may now. `made_today` counts its images since `start_of_day(now, zone)`.
    """
    opening = next_opening(allowance.hours, now, zone)
    a_day = allowance.a_day
    if a_day is not None and made_today >= a_day:
        after = next_opening(allowance.hours, next_day(now, zone), zone)
        if after > opening:
            text = f"{_cap_in_words(allowance, made_today)} {_goes_on(after, now, zone)}"
            return after, Cause.LIMITED_CAP, text
    if opening > now:
        text = f"Outside the working hours ({allowance.hours}). {_goes_on(opening, now, zone)}"
        return opening, Cause.LIMITED_HOURS, text
    return None


def _cap_in_words(allowance: Allowance, made: int) -> str:
    kept = f", {allowance.reserve} of it kept back for you" if allowance.reserve else ""
    return f"{made} images made today; the daily cap is {allowance.cap}{kept}."


def _goes_on(moment: float, now: float, zone: tzinfo) -> str:
    return f"Next image from {clock_time(moment, now, zone)} on."
