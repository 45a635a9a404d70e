"""Every way an attempt can end, by name (DESIGN section 7)."""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """How an attempt ended. The value is what the user, the store and the exports see."""

    MADE = "made"  # a proven image stands under its name
    STOPPED = "stopped"  # the page shows that the answer was stopped
    NOT_ACCEPTED = "not_accepted"  # the text stayed in the box: nothing was sent
    DROPPED = "dropped"  # sent, and our query vanished from the page
    TEXT_ONLY = "text_only"  # a finished answer without an image
    REFUSED_POLICY = "refused.policy"
    REFUSED_PERSON = "refused.person"
    REFUSED_THIRD_PARTY = "refused.third_party"
    REFUSED_SAFETY = "refused.safety"
    LIMITED_QUOTA = "limited.quota"  # this account's image allowance is used up
    LIMITED_THROTTLE = "limited.throttle"  # too fast
    LIMITED_IP = "limited.ip"  # this address is blocked, whatever the account
    LIMITED_CAP = "limited.cap"  # the user's own allowance for this account and day is used up
    LIMITED_HOURS = "limited.hours"  # outside the user's working hours
    LIMITED_BY_HAND = "limited.by_hand"  # the user sent the session to rest
    LIMITED_BUDGET = "limited.budget"  # the user's own budget for an API is used up
    TRANSIENT = "transient"  # a card or toast that says: try again
    SIGNED_OUT = "signed_out"
    CHALLENGE = "challenge"  # captcha, consent, "unusual traffic": a person must look
    REGION = "region"  # not available here
    WRONG_MODE = "wrong_mode"  # the chosen model cannot make images
    KEY_REJECTED = "key_rejected"  # an API does not take the key, or not for this
    NO_CREDIT = "no_credit"  # the API's account cannot pay
    RETIRED = "retired"  # the model was shut down
    UNSUPPORTED = "unsupported"  # the job asks for what this model cannot do
    DRIFT = "drift"  # a part of the page that farm needs is not there
    PREVIEW_ONLY = "unproven.preview_only"  # only the small preview could be had
    PLACEHOLDER = "unproven.placeholder"  # an image frame that never got its picture
    WRONG_ORIENTATION = "unproven.wrong_orientation"  # proportion off by more than 30 %
    TOO_SMALL = "unproven.too_small"  # under 50 KB or under 500 px on both sides
    UNREADABLE = "unproven.unreadable"  # does not decode, no image, or over 20 MB
    MISMATCH = "unproven.mismatch"  # not the picture the page showed
    DUPLICATE = "unproven.duplicate"  # these bytes already belong to another job
    TIMEOUT = "timeout"  # no image within the generation timeout
    BROWSER_GONE = "browser_gone"  # crash or closed window
    AMBIGUOUS = "ambiguous"  # died while sending, and nothing proves what happened
    NOT_SAVED = "not_saved"  # the disk is full, or farm may not write there
    CRASHED = "crashed"  # a fault of farm itself
    LEASE_EXPIRED = "lease_expired"  # the worker went silent
    CANCELLED = "cancelled"  # the user took it back

    @property
    def family(self) -> str:
        """The part before the dot: `refused`, `limited`, `unproven`, or the cause itself."""
        return self.value.partition(".")[0]


NEEDS_PERSON = frozenset(
    {
        Cause.SIGNED_OUT,
        Cause.CHALLENGE,
        Cause.REGION,
        Cause.WRONG_MODE,
        Cause.KEY_REJECTED,
        Cause.NO_CREDIT,
        Cause.RETIRED,
    }
)
LIMITS = frozenset(c for c in Cause if c.family == "limited")
REFUSALS = frozenset(
    {
        Cause.REFUSED_POLICY,
        Cause.REFUSED_PERSON,
        Cause.REFUSED_THIRD_PARTY,
        Cause.REFUSED_SAFETY,
    }
)
UNPROVEN = frozenset(c for c in Cause if c.family == "unproven")
