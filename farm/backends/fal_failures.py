"""What fal's failures mean: pure, from an answer that is no success to an outcome.

fal charges for what it made and for nothing else (https://fal.ai/docs/documentation/model-apis/pricing).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from farm.backends.wire import NoAnswer, Said
from farm.model.causes import Cause
from farm.model.outcomes import Outcome

_SAID_CHARS = 300
_NO_MONEY = re.compile(r"balance|billing|credit|top.?up|payment|locked", re.IGNORECASE)
_BY_TYPE: Mapping[str, Cause] = {  # https://fal.ai/docs/errors
    "content_policy_violation": Cause.REFUSED_POLICY,
    "no_media_generated": Cause.TEXT_ONLY,
    "internal_server_error": Cause.TRANSIENT,
    "generation_timeout": Cause.TRANSIENT,
    "request_timeout": Cause.TRANSIENT,
    "startup_timeout": Cause.TRANSIENT,
    "runner_scheduling_failure": Cause.TRANSIENT,
    "runner_connection_timeout": Cause.TRANSIENT,
    "runner_disconnected": Cause.TRANSIENT,
    "runner_connection_refused": Cause.TRANSIENT,
    "runner_connection_error": Cause.TRANSIENT,
    "runner_server_error": Cause.TRANSIENT,
    "downstream_service_error": Cause.TRANSIENT,
    "downstream_service_unavailable": Cause.TRANSIENT,
    "file_download_error": Cause.TRANSIENT,  # it did not get a picture that was sent along
    "request_cancelled": Cause.CANCELLED,
    "client_cancelled": Cause.CANCELLED,
    "client_disconnected": Cause.CANCELLED,
}
_WORDS: Mapping[Cause, str] = {
    Cause.REFUSED_POLICY: "fal refused the prompt by its content policy.",
    Cause.TEXT_ONLY: "fal finished without a picture.",
    Cause.TRANSIENT: "fal failed for a moment.",
    Cause.CANCELLED: "The request was cancelled at fal.",
    Cause.KEY_REJECTED: "fal does not take the key. Put a good one into FAL_KEY or FARM_FAL_KEY: "
    "https://fal.ai/dashboard/keys makes them.",
    Cause.NO_CREDIT: "fal's account cannot pay. Top it up at https://fal.ai/dashboard/billing.",
    Cause.RETIRED: "fal does not know this model, or not any more. `farm backends` lists those "
    "farm knows.",
    Cause.LIMITED_THROTTLE: "fal wants fewer requests.",
    Cause.UNSUPPORTED: "fal does not take this request.",
}


def outcome_of(said: Said, now: float) -> Outcome:
    """What an answer with an error status means."""
    kind, text = _told(said.fields.get("detail"))
    text = text or str(said.fields.get("error") or "")
    cause = _cause(said, kind, text)
    reset = said.retry_at(now) if cause is Cause.LIMITED_THROTTLE else None
    return _outcome(cause, text or f"HTTP {said.status}", reset)


def failed_outcome(status: Mapping[str, Any]) -> Outcome:
    """What a completed request means that says it failed."""
    kind, text = str(status.get("error_type") or ""), str(status.get("error") or "")
    told = text or kind or str(status.get("status") or "")
    usual = Cause.CANCELLED if "cancel" in f"{kind} {told}".lower() else Cause.TRANSIENT
    return _outcome(_BY_TYPE.get(kind, usual), told, None)


def unreachable(error: NoAnswer) -> Outcome:
    """Nothing was taken."""
    message = f"fal {error}. Nothing was bought; it is tried again."
    return Outcome(cause=Cause.TRANSIENT, message=message)


def lost(why: str) -> Outcome:
    """The answer to a submission never came."""
    message = (
        f"fal {why} when a request was submitted: it may have been made and paid for. Look at "
        "https://fal.ai/dashboard/requests, then retry the job to buy it again, or cancel it."
    )
    return Outcome(cause=Cause.AMBIGUOUS, message=message)


def forgotten() -> Outcome:
    """An accepted request that fal says it does not know."""
    message = (
        "fal accepted the request and knows nothing of it now; it may have been paid for. Retry "
        "the job to buy it again, or cancel it."
    )
    return Outcome(cause=Cause.AMBIGUOUS, message=message)


def silent(why: str) -> Outcome:
    """An accepted request that nobody can ask about now."""
    message = f"fal has the request but {why}. It is asked for again; nothing is bought twice."
    return Outcome(cause=Cause.TRANSIENT, message=message)


def slow(seconds: float) -> Outcome:
    """An accepted request that waits still."""
    message = f"fal has the request and no picture after {seconds:g} s. It is asked for again."
    return Outcome(cause=Cause.TIMEOUT, message=message)


def file_gone(why: str) -> Outcome:
    """A picture that was made, paid for, and cannot be had."""
    message = f"fal made a picture whose address {why}."
    return Outcome(cause=Cause.PLACEHOLDER, message=message)


BLACKENED = Outcome(
    cause=Cause.REFUSED_SAFETY,
    message="fal's safety filter painted the picture black; it is charged all the same.",
)
NO_PICTURE = Outcome(cause=Cause.TEXT_ONLY, message=_WORDS[Cause.TEXT_ONLY])


def _cause(said: Said, kind: str, text: str) -> Cause:
    status = said.status
    if status == HTTPStatus.PAYMENT_REQUIRED:
        return Cause.NO_CREDIT
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return Cause.NO_CREDIT if _NO_MONEY.search(text) else Cause.KEY_REJECTED
    if status == HTTPStatus.NOT_FOUND:
        return Cause.RETIRED
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Cause.LIMITED_THROTTLE
    return _BY_TYPE.get(kind) or _by_status(said)


def _by_status(said: Said) -> Cause:
    again = said.headers.get("x-fal-retryable", "").lower() == "true"
    server = said.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if again or server or said.status == HTTPStatus.REQUEST_TIMEOUT:
        return Cause.TRANSIENT
    return Cause.UNSUPPORTED


def _told(detail: Any) -> tuple[str, str]:
    """Kind and text of fal's `detail`, which is a text or a list of errors."""
    if isinstance(detail, str):
        return "", detail
    errors = [error for error in detail or [] if isinstance(error, Mapping)]
    if not errors:
        return "", ""
    first = errors[0]
    where = ".".join(str(part) for part in first.get("loc") or [] if part != "body")
    said = str(first.get("msg", ""))
    return str(first.get("type", "")), f"{where}: {said}" if where else said


def _outcome(cause: Cause, said: str, reset_at: float | None) -> Outcome:
    said = " ".join(said.split())[:_SAID_CHARS]
    told = cause in {Cause.UNSUPPORTED, Cause.TRANSIENT, Cause.REFUSED_POLICY, Cause.RETIRED}
    message = f"{_WORDS[cause]} It says: {said}" if told and said else _WORDS[cause]
    return Outcome(cause=cause, message=message, said=said, reset_at=reset_at)
