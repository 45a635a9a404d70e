"""What an answer, a notice or a whole page means for the attempt, from its words and marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

from farm.model.causes import Cause
from farm.model.outcomes import Outcome
from farm.sites.base import Reading, SignIn
from farm.sites.gemini.pack import Pack
from farm.sites.gemini.resets import reset_time
from farm.sites.gemini.words import fold, says, shorten

MESSAGES = {
    Cause.STOPPED: "The answer was stopped before it ended.",
    Cause.TEXT_ONLY: "Gemini answered without an image.",
    Cause.REFUSED_POLICY: "Gemini refused: the prompt may go against its guidelines.",
    Cause.REFUSED_PERSON: "Gemini refused: it will not depict a person in this prompt.",
    Cause.REFUSED_THIRD_PARTY: "Gemini refused: the prompt touches somebody else's content.",
    Cause.REFUSED_SAFETY: "Gemini refused: its safety filter stopped the answer.",
    Cause.LIMITED_QUOTA: "This account's image limit is reached.",
    Cause.LIMITED_THROTTLE: "Gemini asks for a slower pace.",
    Cause.LIMITED_IP: "Gemini blocks this network address for now.",
    Cause.TRANSIENT: "Gemini failed and says that another try may work.",
    Cause.SIGNED_OUT: "This profile is not signed in to Gemini.",
    Cause.CHALLENGE: "The page asks for a person: look at it in a browser window.",
    Cause.REGION: "Gemini is not available at this network address.",
    Cause.WRONG_MODE: "The chosen mode cannot make images: choose another in the mode picker.",
    Cause.PLACEHOLDER: "The frame of the image shows an error instead of a picture.",
}
# Throttle before quota: "a lot of requests … try again later" is about pace. Limits before refusals
# and errors: a card may hold both sentences, and the limit is the one that decides what follows.
IN_ANSWERS = (
    Cause.LIMITED_THROTTLE,
    Cause.LIMITED_QUOTA,
    Cause.REFUSED_PERSON,
    Cause.REFUSED_THIRD_PARTY,
    Cause.REFUSED_SAFETY,
    Cause.REFUSED_POLICY,
    Cause.REGION,
    Cause.TRANSIENT,
)
IN_BANNERS = (Cause.LIMITED_THROTTLE, Cause.LIMITED_QUOTA, Cause.REGION)
IN_NOTICES = (
    Cause.CHALLENGE,
    Cause.SIGNED_OUT,
    Cause.LIMITED_THROTTLE,
    Cause.LIMITED_QUOTA,
    Cause.REGION,
    Cause.TRANSIENT,
)
ON_BARE_PAGES = (Cause.CHALLENGE, Cause.REGION, Cause.SIGNED_OUT)
HINDERS_ONLY_PROMPTS = frozenset({Cause.LIMITED_QUOTA, Cause.LIMITED_THROTTLE, Cause.WRONG_MODE})
CODE = re.compile(r"\((?P<code>\d{1,5})\)")
LAST_CODE = re.compile(r"\((?P<code>\d{2,5})\)\W*$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """What surrounds a text and decides what it means."""

    pack: Pack
    language: str  # of the page
    sign_in: SignIn
    mode: str  # label of the mode picker, "" if unknown
    now: float
    zone: tzinfo | None

    @property
    def unread(self) -> bool:
        """Whether the words of failures in the page's language are unknown: then marks decide."""
        return not self.language.lower().startswith("en")

    @property
    def draws(self) -> bool:
        """Whether the mode can make images; an unknown one gets the benefit of the doubt."""
        return not self.pack.makes_no_images(self.mode)


def ended(cause: Cause, around: Around, said: str = "", message: str = "") -> Outcome:
    """An outcome with the words for its cause and, for a limit, the reset time that was said."""
    limit = cause is Cause.LIMITED_QUOTA
    return Outcome(
        cause=cause,
        message=message or MESSAGES[cause],
        said=shorten(said),
        reset_at=reset_time(said, around.now, around.zone) if limit else None,
        mode=around.mode,
        address=cause is Cause.LIMITED_IP,
    )


def shut(reading: Reading) -> Outcome | None:
    """What keeps even a look back out: everything but a limit or a mode for new prompts."""
    if reading.blocked is None or reading.blocked.cause in HINDERS_ONLY_PROMPTS:
        return None
    return reading.blocked


def answer_outcome(text: str, *, stopped: Sequence[str], failed: int, around: Around) -> Outcome:
    """What a finished answer without an image means.

    `text` is folded; `stopped` holds the texts of visible stopped marks; `failed` counts image
    frames that show an error. Only a short reply is a card; a long one that quotes a card is prose.
    """
    short = len(text) < around.pack.known.short_reply_characters
    if stopped or (short and says(text, around.pack.texts(Cause.STOPPED))):
        return ended(Cause.STOPPED, around, " ".join(stopped) or text)
    if short and (card := _card(text, around)):
        # The small mode, and one that the page does not name, claim limits that are none.
        unsure = not around.mode or not around.draws
        return replace(card, doubtful=unsure and card.cause is Cause.LIMITED_QUOTA)
    if failed:
        return ended(Cause.PLACEHOLDER, around, text)
    if not text and not around.draws:
        return ended(Cause.WRONG_MODE, around)
    return ended(Cause.TEXT_ONLY, around, text)


def unknown_part(role: str, said: str = "") -> Outcome:
    """A turn that seems to hold no image, and shows one in a part of the page nobody knows."""
    return Outcome(
        cause=Cause.DRIFT,
        role=role,
        message="The turn shows a picture in a part of the page that farm does not know.",
        said=said,
    )


def _card(text: str, around: Around) -> Outcome | None:
    if says(text, around.pack.known.account_texts):
        return _about_the_account(text, around)
    rest, causes = numbered(text, around)
    if cause := _first_cause(rest, IN_ANSWERS[:2], around.pack):
        return ended(cause, around, text)
    cause = next(iter(causes), None) or _first_cause(rest, IN_ANSWERS[2:], around.pack)
    return ended(cause, around, text) if cause else None


def _about_the_account(text: str, around: Around) -> Outcome:
    """The one reply that means three things: mode, sign-in, or an account that may not."""
    if not around.draws:
        return ended(Cause.WRONG_MODE, around, text)
    if around.sign_in is SignIn.OUT:
        return ended(Cause.SIGNED_OUT, around, text)
    message = "Gemini doubts the sign-in, or this account may not make images: look at the profile."
    return ended(Cause.SIGNED_OUT, around, text, message)


def numbered(text: str, around: Around) -> tuple[str, list[Cause]]:
    """The text without ignored error numbers' sentences, and the causes of the other numbers.

    A number counts only beside an error text: a year in brackets is no error. Where the words are
    unknown, a known number at the end of the text counts.
    """
    codes = around.pack.known.codes
    sentences = re.split(r"(?<=\))\s*[.!]?\s+|(?<=[.!?])\s+", text)
    kept: list[str] = []
    causes: list[Cause] = []
    for sentence in sentences:
        found = CODE.search(sentence)
        if not found or not _is_error(sentence, text, around):
            kept.append(sentence)
            continue
        cause = codes.get(int(found["code"]), Cause.TRANSIENT)
        if cause is not None:
            causes.append(cause)
            kept.append(sentence)
    return " ".join(kept), causes


def _is_error(sentence: str, text: str, around: Around) -> bool:
    if says(sentence, around.pack.texts(Cause.TRANSIENT)):
        return True
    last = LAST_CODE.search(sentence) if around.unread and text.endswith(sentence) else None
    return last is not None and int(last["code"]) in around.pack.known.codes


def notice_outcome(snapshot: Mapping[str, Any], around: Around) -> Outcome | None:
    """What a toast or a dialog says about what was just done."""
    dialogs = [f"{d['heading']} {d['text']}" for d in snapshot["dialogs"] if not d["lightbox"]]
    for text in map(fold, [*snapshot["toasts"], *dialogs]):
        rest, causes = numbered(text, around)
        cause = next(iter(causes), None) or _first_cause(rest, IN_NOTICES, around.pack)
        if cause:
            return ended(cause, around, text)
    return None


def blocked_outcome(snapshot: Mapping[str, Any], around: Around) -> Outcome | None:
    """What makes the whole page useless for images now, the gravest first."""
    pack = around.pack
    bare = fold(snapshot["bare"])
    if cause := pack.cause_of_url(snapshot["url"]):
        refused = _first_cause(bare, ON_BARE_PAGES, pack)
        told = bare if refused else ""
        return replace(ended(cause, around, told), address=pack.is_blocked_address(snapshot["url"]))
    if bare and (cause := _first_cause(bare, ON_BARE_PAGES, pack)):
        return ended(cause, around, bare)
    if snapshot["cookie_dialogs"]:
        return ended(Cause.CHALLENGE, around, " ".join(snapshot["cookie_dialogs"]))
    if around.sign_in is SignIn.OUT:
        return ended(Cause.SIGNED_OUT, around)
    return _limit_banner(snapshot, around) or _wrong_mode(around)


def _limit_banner(snapshot: Mapping[str, Any], around: Around) -> Outcome | None:
    texts = [fold(t) for t in [*snapshot["quota_banners"], *snapshot["banners"]]]
    for text in texts:
        if cause := _first_cause(text, IN_BANNERS, around.pack):
            return ended(cause, around, text)
    # The quota banner's own element in a language that farm cannot read is still the quota banner.
    if around.unread and any(snapshot["quota_banners"]):
        return ended(Cause.LIMITED_QUOTA, around, snapshot["quota_banners"][0])
    return None


def _wrong_mode(around: Around) -> Outcome | None:
    return None if around.draws else ended(Cause.WRONG_MODE, around, around.mode)


def _first_cause(text: str, causes: Iterable[Cause], pack: Pack) -> Cause | None:
    return next((c for c in causes if says(text, pack.texts(c))), None)
