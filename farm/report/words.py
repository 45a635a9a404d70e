"""What causes, states and stretches of time are called on a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from farm.model.causes import Cause
from farm.model.jobs import OPEN_STATES, JobState

CAUSE_WORDS: Mapping[Cause, str] = {
    Cause.MADE: "made",
    Cause.STOPPED: "the answer was stopped",
    Cause.NOT_ACCEPTED: "the page did not take the prompt",
    Cause.DROPPED: "the prompt vanished from the page",
    Cause.TEXT_ONLY: "an answer without an image",
    Cause.REFUSED_POLICY: "refused: against the guidelines",
    Cause.REFUSED_PERSON: "refused: shows a person it may not",
    Cause.REFUSED_THIRD_PARTY: "refused: content of a third party",
    Cause.REFUSED_SAFETY: "refused: safety filter",
    Cause.LIMITED_QUOTA: "the account's image limit is reached",
    Cause.LIMITED_THROTTLE: "too many requests",
    Cause.LIMITED_IP: "this network address is blocked",
    Cause.LIMITED_CAP: "your own daily cap for this account is reached",
    Cause.LIMITED_HOURS: "outside your working hours",
    Cause.LIMITED_BY_HAND: "you sent the session to rest",
    Cause.LIMITED_BUDGET: "your budget for this API is used up",
    Cause.TRANSIENT: "a passing error",
    Cause.SIGNED_OUT: "signed out",
    Cause.CHALLENGE: "the page asks for a person",
    Cause.REGION: "not available in this region",
    Cause.WRONG_MODE: "the chosen model makes no images",
    Cause.KEY_REJECTED: "the API does not take the key",
    Cause.NO_CREDIT: "the API's account has no credit",
    Cause.RETIRED: "the model was shut down",
    Cause.UNSUPPORTED: "this model cannot do what the row asks",
    Cause.DRIFT: "the page has changed",
    Cause.PREVIEW_ONLY: "only the preview could be had",
    Cause.PLACEHOLDER: "the frame never got its picture",
    Cause.WRONG_ORIENTATION: "wrong proportion",
    Cause.TOO_SMALL: "the picture is too small",
    Cause.UNREADABLE: "the file is no whole picture",
    Cause.MISMATCH: "not the picture the page showed",
    Cause.DUPLICATE: "the same picture as another job's",
    Cause.TIMEOUT: "no image in time",
    Cause.BROWSER_GONE: "the browser was gone",
    Cause.AMBIGUOUS: "may have been sent: look before a retry",
    Cause.NOT_SAVED: "the file could not be written",
    Cause.CRASHED: "a fault of farm",
    Cause.LEASE_EXPIRED: "its worker went silent",
    Cause.CANCELLED: "cancelled",
}

ADVICE: Mapping[Cause, str] = {
    Cause.MADE: "",
    Cause.STOPPED: "It is tried again by itself. Nothing to do unless you stop answers yourself.",
    Cause.NOT_ACCEPTED: "It is tried again by itself; nothing was sent.",
    Cause.DROPPED: "It is tried again by itself.",
    Cause.TEXT_ONLY: "Say in the description what is to be seen, then retry.",
    Cause.REFUSED_POLICY: "Change the description, or name other words in substitutions.toml.",
    Cause.REFUSED_PERSON: "Describe somebody invented, or leave it to another backend.",
    Cause.REFUSED_THIRD_PARTY: "Leave names and brands out of the description.",
    Cause.REFUSED_SAFETY: "Change the description, or leave it to another backend.",
    Cause.LIMITED_QUOTA: "Nothing: the session rests. More accounts, or an API, go on meanwhile.",
    Cause.LIMITED_THROTTLE: "If it comes often, raise FARM_PROMPT_DELAY_SECONDS.",
    Cause.LIMITED_IP: "Stop other programs on this network, or wait.",
    Cause.LIMITED_CAP: "Nothing, or raise FARM_DAILY_CAP.",
    Cause.LIMITED_HOURS: "Nothing, or widen FARM_WORKING_HOURS.",
    Cause.LIMITED_BY_HAND: "To go on sooner: farm profiles wake NAME",
    Cause.LIMITED_BUDGET: "Raise the budget, or wait for the next day.",
    Cause.TRANSIENT: "It is tried again by itself.",
    Cause.SIGNED_OUT: "Sign in again: farm login NAME",
    Cause.CHALLENGE: "Look at the page: farm login NAME",
    Cause.REGION: "Use the account from where image generation is offered.",
    Cause.WRONG_MODE: "Choose a model that makes images, in farm login NAME.",
    Cause.KEY_REJECTED: "Check the key and what it may be used for, then start again.",
    Cause.NO_CREDIT: "Put money on the API's account, or take another backend.",
    Cause.RETIRED: "Name the model that replaces it.",
    Cause.UNSUPPORTED: "Change the row, or name another model or backend in it.",
    Cause.DRIFT: "farm doctor says what is missing; a repaired selector pack mends it.",
    Cause.PREVIEW_ONLY: "Look at the image, then: farm queue retry ID",
    Cause.PLACEHOLDER: "farm queue retry ID",
    Cause.WRONG_ORIENTATION: "Take it from the review folder, or: farm queue retry ID",
    Cause.TOO_SMALL: "farm queue retry ID",
    Cause.UNREADABLE: "farm queue retry ID",
    Cause.MISMATCH: "Look at both pictures, or: farm queue retry ID",
    Cause.DUPLICATE: "Make the two descriptions differ, or: farm queue retry ID",
    Cause.TIMEOUT: "Raise FARM_GENERATION_TIMEOUT_SECONDS if answers are slow.",
    Cause.BROWSER_GONE: "Leave the windows open; free some memory.",
    Cause.AMBIGUOUS: "Look into the account's newest chats, then: farm queue resolve ID --sent",
    Cause.NOT_SAVED: "Make room on the disk, or mend its permissions.",
    Cause.CRASHED: "Report it with the log of that time.",
    Cause.LEASE_EXPIRED: "Nothing: another worker took the job over.",
    Cause.CANCELLED: "farm queue retry ID, if you change your mind.",
}
"""What a person does about a cause; ID and NAME stand for a job and a profile."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """Jobs that are shown together."""

    title: str
    anchor: str
    states: frozenset[JobState]


# What a person must do something about comes first.
SECTIONS = (
    Section(title="Look at these", anchor="review", states=frozenset({JobState.REVIEW})),
    Section(title="Failed", anchor="failed", states=frozenset({JobState.FAILED})),
    Section(title="Made", anchor="made", states=frozenset({JobState.COMPLETED})),
    Section(title="Still to do", anchor="open", states=OPEN_STATES),
    Section(title="Cancelled", anchor="cancelled", states=frozenset({JobState.CANCELLED})),
)
