"""Everything an answer can come to, as a table: what a scenario's `play` names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Condition(StrEnum):
    """What may be wrong with an account until somebody mends it."""

    SIGNED_OUT = "signed_out"  # its sessions are void; signing in mends it
    FLASH_LITE = "flash_lite"  # only the small model is left
    CHALLENGE = "challenge"  # "unusual traffic": every page leads to /sorry
    CONSENT = "consent"  # every page leads to the cookie consent
    REGION = "region"  # not available in this country
    QUOTA = "quota"  # no more images for now
    UPLOAD_CONSENT = "upload_consent"  # the first upload asks for the person's agreement


class Fault(StrEnum):
    """What is wrong with the files of an image, though it looks right in the page."""

    PREVIEW_ONLY = "preview_only"  # every full-size form is the preview again
    SMALL = "small"
    TRUNCATED = "truncated"  # the full-size forms break off
    DUPLICATE = "duplicate"  # the bytes of an earlier submission
    WRONG_ORIENTATION = "wrong_orientation"
    S0_FORBIDDEN = "s0_forbidden"  # 403; the button works


class Receipt(StrEnum):
    """What becomes of an uploaded file."""

    TAKEN = "taken"
    SLOW = "slow"  # taken, after a while
    BROKEN = "broken"  # its tile shows an error
    REFUSED = "refused"  # its tile goes, and a toast says why


class Frame(StrEnum):
    """What becomes of an image's frame in the page."""

    SHOWN = "shown"
    ERROR = "error"


class Download(StrEnum):
    """What the page offers for the full size."""

    BUTTON = "button"
    MENU = "menu"  # the button opens a choice of resolutions
    NONE = "none"


class Ending(StrEnum):
    """How a turn ends."""

    COMPLETE = "complete"
    STOPPED = "stopped"  # looks complete, and says that it was stopped
    VANISHED = "vanished"  # the query itself is gone from the page
    NEVER = "never"


class Toast(StrEnum):
    """When a numbered toast appears."""

    NEVER = "never"
    SEND = "send"  # in place of sending
    AFTER = "after"  # in place of an answer


When = Literal["send", "load", "upload"]
"""What a rule waits for: a prompt, a page, a file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Play:
    """One way an answer can go."""

    accepted: bool = True  # False: nothing is sent, the text stays in the box
    reply: str = ""  # key of the answer's text; `{kind}` and `{code}` come from the rule
    pictures: int = 0
    fault: Fault | None = None
    frame: Frame = Frame.SHOWN
    download: Download = Download.BUTTON
    ending: Ending = Ending.COMPLETE
    toast: Toast = Toast.NEVER
    banner: str = ""  # key of a text above the chat
    condition: Condition | None = None  # of the account, from now on
    receipt: Receipt = Receipt.TAKEN
    at: When = "send"  # what it is meant for, unless the rule says otherwise
    stale: bool = False  # an older turn is rendered again, outside ours
    decoys: bool = False  # pictures that are no results, inside our turn
    late_image: bool = False  # the image comes after the answer says it is complete
    stuck_stop: bool = False  # the stop button stays until a reload
    fragile: bool = False  # loading the page while it thinks stops it
    slowness: float = 1.0  # factor on the scenario's delay
    kinds: tuple[str, ...] = ("",)  # what a rule's `kind` may say; the first is the default

    @property
    def gives_images(self) -> bool:
        """Whether the drawn images ever come to be seen."""
        return self.frame is Frame.SHOWN and self.ending is Ending.COMPLETE


PLAYS: Mapping[str, Play] = {
    "ok": Play(pictures=1),
    "slow": Play(pictures=1, slowness=4),
    "stopped": Play(ending=Ending.STOPPED),
    "fragile": Play(pictures=1, fragile=True),
    "quota": Play(
        reply="quota.{kind}", condition=Condition.QUOTA, kinds=("resets", "today", "tomorrow")
    ),
    "quota_banner": Play(
        reply="quota.resets", banner="banner.quota", condition=Condition.FLASH_LITE
    ),
    "refusal": Play(
        reply="refusal.{kind}",
        kinds=("policy", "person", "third_party", "safety", "language_model"),
    ),
    "transient": Play(
        reply="transient.{kind}", kinds=("encountered", "sorry", "hard_time", "seem")
    ),
    "throttle": Play(reply="throttle"),
    "toast": Play(toast=Toast.SEND, accepted=False, kinds=("send", "after")),
    "numbered": Play(reply="numbered"),
    "text_only": Play(reply="chat"),
    "signed_out": Play(
        reply="not_eligible", condition=Condition.SIGNED_OUT, kinds=("page", "redirect")
    ),
    "flash_lite": Play(reply="not_eligible", condition=Condition.FLASH_LITE),
    "not_eligible": Play(reply="not_eligible"),
    "send_ignored": Play(accepted=False),
    "dropped": Play(ending=Ending.VANISHED),
    "two_images": Play(pictures=2),
    "stale_image": Play(pictures=1, stale=True, kinds=("before", "after")),
    "decoys": Play(pictures=1, decoys=True),
    "placeholder_error": Play(pictures=1, frame=Frame.ERROR),
    "preview_only": Play(pictures=1, fault=Fault.PREVIEW_ONLY),
    "small": Play(pictures=1, fault=Fault.SMALL),
    "truncated": Play(pictures=1, fault=Fault.TRUNCATED),
    "duplicate": Play(pictures=1, fault=Fault.DUPLICATE),
    "wrong_orientation": Play(pictures=1, fault=Fault.WRONG_ORIENTATION),
    "s0_forbidden": Play(pictures=1, fault=Fault.S0_FORBIDDEN),
    "no_button": Play(pictures=1, download=Download.NONE),
    "button_menu": Play(pictures=1, download=Download.MENU),
    "slow_image": Play(pictures=1, late_image=True),
    "stop_stuck": Play(pictures=1, stuck_stop=True),
    "timeout": Play(pictures=1, ending=Ending.NEVER),
    "challenge": Play(condition=Condition.CHALLENGE, accepted=False, at="load"),
    "consent": Play(condition=Condition.CONSENT, accepted=False, at="load"),
    "region": Play(condition=Condition.REGION, accepted=False, at="load"),
    "upload_consent": Play(condition=Condition.UPLOAD_CONSENT, at="load"),
    "upload_slow": Play(receipt=Receipt.SLOW, at="upload"),
    "upload_broken": Play(receipt=Receipt.BROKEN, at="upload"),
    "upload_refused": Play(receipt=Receipt.REFUSED, at="upload"),
}

VARIANTS: Mapping[tuple[str, str], Play] = {
    ("toast", "after"): Play(toast=Toast.AFTER),
}
"""Kinds that change more than a text."""
