"""What Gemini's ways to say no mean: errors by status, and blocks that arrive as success."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from farm.backends.sdk import gone, retry_at
from farm.model.causes import Cause
from farm.model.models import Model
from farm.model.moments import next_day
from farm.model.outcomes import Outcome

PACIFIC = ZoneInfo("America/Los_Angeles")  # where Google's days of quota begin
LONG_SECONDS = 3600.0  # what is named as longer is a quota, not a throttle
_SECONDS = re.compile(r"^(\d+(?:\.\d+)?)s$")
_SAID_CHARS = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """An answer that is no success, as the library hands it on."""

    status: int
    word: str  # Google's own, such as RESOURCE_EXHAUSTED
    message: str
    details: Any  # the body
    headers: Mapping[str, str]


# Finish and block reasons: https://ai.google.dev/api/generate-content
_REFUSALS: Mapping[str, Cause] = {
    "SAFETY": Cause.REFUSED_SAFETY,
    "IMAGE_SAFETY": Cause.REFUSED_SAFETY,
    "PROHIBITED_CONTENT": Cause.REFUSED_POLICY,
    "IMAGE_PROHIBITED_CONTENT": Cause.REFUSED_POLICY,
    "BLOCKLIST": Cause.REFUSED_POLICY,
    "MODEL_ARMOR": Cause.REFUSED_POLICY,
    "JAILBREAK": Cause.REFUSED_POLICY,
    "SPII": Cause.REFUSED_PERSON,
    "PUP_LIMITED_DISABLED": Cause.KEY_REJECTED,  # the account may not, whatever the prompt
}
_IN_WORDS: Mapping[str, str] = {
    "STOP": "answered without a picture",
    "NO_IMAGE": "made no picture",
    "IMAGE_RECITATION": "made a picture too close to a known one and withheld it",
    "RECITATION": "answered too close to a known text and withheld it",
    "MAX_TOKENS": "ran out of tokens before the picture",
}


def without_picture(reason: str, said: str, *, of_prompt: bool = False) -> Outcome:
    """What an answer of status 200 without a picture comes to; a block is a refusal."""
    what = "the prompt" if of_prompt else "the picture"
    cause = _REFUSALS.get(reason)
    if cause is Cause.KEY_REJECTED:
        message = f"Gemini has limited this account ({reason}): look at its console."
    elif cause is not None or of_prompt:
        cause = cause or Cause.REFUSED_POLICY
        message = f"Gemini blocked {what} ({reason})."
    else:
        cause = Cause.TEXT_ONLY
        message = f"Gemini {_IN_WORDS.get(reason, 'made no picture')} ({reason})."
    return Outcome(cause=cause, message=message, said=said[:_SAID_CHARS])


def outcome_of(refused: Refused, model: Model | None, now: float) -> Outcome:
    """What an error means; `model` is None where none was asked for."""
    rule = _RULES.get(refused.status, _other)
    return rule(refused, model, now)


def _limited(refused: Refused, _model: Model | None, now: float) -> Outcome:
    own = _fields(refused.details)
    if own.get("code") == "model_cooldown":  # CLIProxyAPI: all its credentials are used up
        told = now + float(own.get("reset_seconds") or 0)
        return _limit(told, now, "Every account of the proxy rests.", refused)
    if _of_the_day(refused):
        return Outcome(
            cause=Cause.LIMITED_QUOTA,
            message="The day's quota of this key and model is used up, or there is none: Google "
            "gives a new one at midnight, Pacific time.",
            said=refused.message[:_SAID_CHARS],
            reset_at=next_day(now, PACIFIC),
        )
    return _limit(_told(refused, now), now, "Gemini gets too many requests.", refused)


def _limit(told: float | None, now: float, what: str, refused: Refused) -> Outcome:
    long = told is not None and told - now > LONG_SECONDS
    return Outcome(
        cause=Cause.LIMITED_QUOTA if long else Cause.LIMITED_THROTTLE,
        message=what,
        said=refused.message[:_SAID_CHARS],
        reset_at=told,
    )


def _told(refused: Refused, now: float) -> float | None:
    for detail in _details(refused.details, "RetryInfo"):
        if found := _SECONDS.match(str(detail.get("retryDelay", ""))):
            return now + float(found[1])
    return retry_at(refused.headers, now)


def _of_the_day(refused: Refused) -> bool:
    for detail in _details(refused.details, "QuotaFailure"):
        for violation in detail.get("violations", ()):
            no_tier = str(violation.get("quotaValue", "")) == "0"
            if no_tier or "PerDay" in str(violation.get("quotaId", "")):
                return True
    return re.search(r"\blimit: 0\b", refused.message) is not None


def _bad_request(refused: Refused, _model: Model | None, _now: float) -> Outcome:
    text = refused.message
    if "API_KEY_INVALID" in _reasons(refused) or "API key not valid" in text:
        return _key(refused)
    if "location is not supported" in text:
        return _outcome(Cause.REGION, "Gemini's API is not offered where this machine is.", refused)
    if refused.word == "FAILED_PRECONDITION" and "billing" in text.lower():
        return _no_credit(refused)
    what = f"Gemini does not take this request: {text[:_SAID_CHARS]}"
    return _outcome(Cause.UNSUPPORTED, what, refused)


def _forbidden(refused: Refused, _model: Model | None, _now: float) -> Outcome:
    if "BILLING_DISABLED" in _reasons(refused) or "billing" in refused.message.lower():
        return _no_credit(refused)
    return _key(refused)


def _key(refused: Refused) -> Outcome:
    advice = _KEY_ADVICE.get(next(iter(_reasons(refused) & _KEY_ADVICE.keys()), ""), _LOOK)
    what = f"Google does not take this key, or not for this. {advice}"
    return _outcome(Cause.KEY_REJECTED, what, refused)


_LOOK = (
    "Look at GEMINI_API_KEY or FARM_GEMINI_API_KEY, or at what FARM_GOOGLE_CREDENTIALS may do in "
    "FARM_GOOGLE_PROJECT."
)
_KEY_ADVICE: Mapping[str, str] = {
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "Sign in again with the scope cloud-platform, or use a key.",
    "SERVICE_DISABLED": "Enable the API in its project: gcloud services enable "
    "aiplatform.googleapis.com generativelanguage.googleapis.com",
    "API_KEY_INVALID": "Put a good one into GEMINI_API_KEY or FARM_GEMINI_API_KEY: "
    "https://aistudio.google.com/apikey makes them.",
}


def _no_credit(refused: Refused) -> Outcome:
    what = "The project of this key cannot pay: enable billing for it in Google's console."
    return _outcome(Cause.NO_CREDIT, what, refused)


def _unauthorised(refused: Refused, _model: Model | None, _now: float) -> Outcome:
    return _key(refused)


def _unpaid(refused: Refused, _model: Model | None, _now: float) -> Outcome:
    return _no_credit(refused)


def _not_found(refused: Refused, model: Model | None, _now: float) -> Outcome:
    if model is None:
        what = "Nothing answers there: look at FARM_GEMINI_BASE_URL and FARM_GEMINI_AUTH."
        return _outcome(Cause.KEY_REJECTED, what, refused)
    return _outcome(Cause.RETIRED, gone(model, "Gemini"), refused)


def _unavailable(refused: Refused, model: Model | None, now: float) -> Outcome:
    if _fields(refused.details).get("code") == "auth_unavailable":
        return _limit(_told(refused, now), now, "The proxy has no account at hand.", refused)
    return _other(refused, model, now)


def _other(refused: Refused, _model: Model | None, _now: float) -> Outcome:
    what = f"Gemini answered {refused.status} {refused.word}".strip() + "."
    return Outcome(cause=Cause.TRANSIENT, message=what)  # its text may be a whole page of HTML


_RULES = {
    400: _bad_request,
    401: _unauthorised,
    402: _unpaid,
    403: _forbidden,
    404: _not_found,
    429: _limited,
    503: _unavailable,
}


def _outcome(cause: Cause, message: str, refused: Refused) -> Outcome:
    return Outcome(cause=cause, message=message, said=refused.message[:_SAID_CHARS])


def _fields(body: Any) -> Mapping[str, Any]:
    error = body.get("error", body) if isinstance(body, Mapping) else {}
    return error if isinstance(error, Mapping) else {}


def _details(body: Any, kind: str) -> Iterator[Mapping[str, Any]]:
    for detail in _fields(body).get("details", ()) or ():
        if isinstance(detail, Mapping) and str(detail.get("@type", "")).endswith(f".{kind}"):
            yield detail


def _reasons(refused: Refused) -> frozenset[str]:
    return frozenset(str(d.get("reason", "")) for d in _details(refused.details, "ErrorInfo"))
