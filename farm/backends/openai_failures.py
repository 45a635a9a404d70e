"""What OpenAI's errors mean: by their code first, then by their status."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from farm.backends.sdk import gone, retry_at
from farm.model.causes import Cause
from farm.model.models import Model
from farm.model.moments import next_day
from farm.model.outcomes import Outcome

_SAID_CHARS = 300
_UNAUTHORIZED = 401
_LONG_SECONDS = 3600.0
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TRY_AGAIN = re.compile(r"try again in ((?:\d+(?:\.\d+)?(?:ms|s|m|h))+)")
_VIOLATIONS = re.compile(r"safety_violations=\[([^\]]*)\]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """An answer that is no success, as the library hands it on."""

    status: int
    code: str
    kind: str  # its `type`
    message: str
    headers: Mapping[str, str]


_BY_CODE: Mapping[str, Cause] = {
    "moderation_blocked": Cause.REFUSED_SAFETY,
    "content_policy_violation": Cause.REFUSED_POLICY,
    "insufficient_quota": Cause.NO_CREDIT,
    "billing_hard_limit_reached": Cause.NO_CREDIT,
    "billing_not_active": Cause.NO_CREDIT,
    "unsupported_country_region_territory": Cause.REGION,
    "model_not_found": Cause.RETIRED,
    "invalid_api_key": Cause.KEY_REJECTED,
    "model_cooldown": Cause.LIMITED_THROTTLE,  # CLIProxyAPI: all its accounts rest
    "rate_limit_exceeded": Cause.LIMITED_THROTTLE,
}
_BY_STATUS: Mapping[int, Cause] = {
    400: Cause.UNSUPPORTED,
    401: Cause.KEY_REJECTED,
    402: Cause.NO_CREDIT,
    403: Cause.KEY_REJECTED,
    404: Cause.RETIRED,
    413: Cause.UNSUPPORTED,
    415: Cause.UNSUPPORTED,
    422: Cause.UNSUPPORTED,
    429: Cause.LIMITED_THROTTLE,
}


def outcome_of(refused: Refused, model: Model | None, now: float) -> Outcome:
    """What an error means; `model` is None where none was asked for."""
    cause = _BY_CODE.get(refused.code) or _BY_STATUS.get(refused.status, Cause.TRANSIENT)
    # Who does not take a key may repeat it.
    said = "" if refused.status == _UNAUTHORIZED else refused.message[:_SAID_CHARS]
    if cause is Cause.LIMITED_THROTTLE:
        return _limited(refused, now)
    if cause is Cause.RETIRED and model is None:
        cause = Cause.KEY_REJECTED
    return Outcome(cause=cause, message=_words(cause, refused, model, said), said=said)


def _limited(refused: Refused, now: float) -> Outcome:
    told = _told(refused, now)
    of_day = re.search(r"per day|\b[RT]PD\b", refused.message) is not None
    if of_day and told is None:
        told = next_day(now, ZoneInfo("UTC"))
    long = of_day or (told is not None and told - now > _LONG_SECONDS)
    return Outcome(
        cause=Cause.LIMITED_QUOTA if long else Cause.LIMITED_THROTTLE,
        message="OpenAI gets too many requests of this key.",
        said=refused.message[:_SAID_CHARS],
        reset_at=told,
    )


def _told(refused: Refused, now: float) -> float | None:
    if (at := retry_at(refused.headers, now)) is not None:
        return at
    if found := _TRY_AGAIN.search(refused.message):
        return now + seconds_of(found[1])
    for name in ("x-ratelimit-reset-images", "x-ratelimit-reset-requests"):
        if span := refused.headers.get(name, ""):
            return now + seconds_of(span)
    return None


def seconds_of(span: str) -> float:
    """Seconds in `1m30s`, as OpenAI writes spans."""
    return sum(float(number) * _UNITS[unit] for number, unit in _SPAN.findall(span))


def _words(cause: Cause, refused: Refused, model: Model | None, said: str) -> str:
    if cause is Cause.REFUSED_SAFETY:
        found = _VIOLATIONS.search(refused.message)
        what = f" ({found[1]})" if found else ""
        return f"OpenAI blocked the prompt or the picture{what}."
    if cause is Cause.RETIRED and model is not None:
        return gone(model, "OpenAI")
    if cause is Cause.TRANSIENT:  # its text may be a whole page of HTML
        return f"OpenAI answered {refused.status} {refused.code}".rstrip() + "."
    if cause is Cause.KEY_REJECTED and "verified" in refused.message:
        return (
            "OpenAI gives this model to verified organizations only: verify yours at "
            "https://platform.openai.com/settings/organization/general"
        )
    if refused.status == _UNAUTHORIZED:
        return (
            "OpenAI does not take this key. Put a good one into OPENAI_API_KEY or "
            "FARM_OPENAI_API_KEY: https://platform.openai.com/api-keys makes them."
        )
    return f"{_SENTENCES[cause]}: {said}" if said else f"{_SENTENCES[cause]}."


_SENTENCES: Mapping[Cause, str] = {
    Cause.REFUSED_POLICY: "OpenAI refused the prompt",
    Cause.NO_CREDIT: "OpenAI's account of this key cannot pay; add credit to it or raise its limit",
    Cause.REGION: "OpenAI's API is not offered where this machine is",
    Cause.KEY_REJECTED: "OpenAI does not take this key, or not for this",
    Cause.UNSUPPORTED: "OpenAI does not take this request",
}
