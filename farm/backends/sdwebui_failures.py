"""What the WebUI's failures mean: pure, from an answer that is no success to an outcome."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from farm.backends.wire import NoAnswer, Said
from farm.model.causes import Cause
from farm.model.outcomes import Outcome

_SAID_CHARS = 300
_NO_ROOM = re.compile(r"out of ?memory", re.IGNORECASE)
_NO_CHECKPOINT = re.compile(r"unknown checkpoint|checkpoint .{0,200}not found", re.IGNORECASE)
_NO_ROUTE = {"Not Found", ""}

NO_PICTURE = Outcome(cause=Cause.TEXT_ONLY, message="The WebUI answered without a picture.")
UNREADABLE = Outcome(
    cause=Cause.UNREADABLE, message="The WebUI's answer holds something that is no picture."
)


def outcome_of(said: Said) -> Outcome:
    """What an answer with an error status means."""
    text = " ".join(_told(said).split())[:_SAID_CHARS]
    cause, message = _meaning(said.status, text)
    return Outcome(cause=cause, message=message, said=text)


def silent(error: NoAnswer) -> Outcome:
    """No whole answer came; what was drawn is drawn again."""
    if error.slow:
        message = f"The WebUI {error}. Fewer pixels or steps are faster."
        return Outcome(cause=Cause.TIMEOUT, message=message)
    message = f"The WebUI {error}. See that it runs where FARM_SDWEBUI_URL says."
    return Outcome(cause=Cause.TRANSIENT, message=message)


def _meaning(status: int, text: str) -> tuple[Cause, str]:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return Cause.KEY_REJECTED, (
            "The WebUI wants a name and a password. Set FARM_SDWEBUI_AUTH to what it was given "
            "with --api-auth."
        )
    if status == HTTPStatus.NOT_FOUND and text in _NO_ROUTE:
        return Cause.KEY_REJECTED, "The WebUI has no API: start it with --api."
    if _NO_ROOM.search(text):
        return Cause.TRANSIENT, (
            "The WebUI's card has no memory left for a picture of this size. Close what else "
            "uses it, or start the WebUI with --medvram."
        )
    if _NO_CHECKPOINT.search(text):
        return Cause.RETIRED, f"The WebUI has no such checkpoint: {text}"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Cause.TRANSIENT, f"The WebUI failed: {text or f'HTTP {status}'}"
    return Cause.UNSUPPORTED, f"The WebUI does not take this request: {text or f'HTTP {status}'}"


def _told(said: Said) -> str:
    """Everything that says why, for the WebUI puts it here or there."""
    fields = said.fields
    detail = fields.get("detail")
    texts = [fields.get("error"), _flat(detail), fields.get("errors")]
    return ": ".join(str(text) for text in texts if text and text != "HTTPException")


def _flat(detail: Any) -> str:
    """FastAPI's list of what is wrong with a body, as one line."""
    if not isinstance(detail, list):
        return str(detail or "")
    rows = [row for row in detail if isinstance(row, dict)]
    return "; ".join(f"{'.'.join(map(str, row.get('loc', ())))} {row.get('msg')}" for row in rows)
