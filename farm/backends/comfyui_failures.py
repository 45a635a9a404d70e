"""What ComfyUI's failures mean: pure, from its words to an outcome."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from farm.backends.wire import NoAnswer, Said
from farm.model.causes import Cause
from farm.model.outcomes import Outcome

_SAID_CHARS = 300
_NO_ROOM = re.compile(r"out ?of ?memory|allocat", re.IGNORECASE)
_PASSING = re.compile(r"cuda|device|connection|timed? ?out", re.IGNORECASE)
_CHECKPOINTS = ("ckpt_name", "unet_name")
# What of a graph's checks is the job's own fault, and not the graph's.
_OF_THE_JOB = frozenset(
    {
        "value_smaller_than_min",
        "value_bigger_than_max",
        "custom_validation_failed",
        "exception_during_validation",
    }
)

NO_PICTURE = Outcome(
    cause=Cause.TEXT_ONLY, message="ComfyUI finished the graph and no node saved a picture."
)
FORGOTTEN = Outcome(
    cause=Cause.TRANSIENT,
    message="ComfyUI no longer knows the graph it was given: it was restarted, or its queue was "
    "cleared. It is given it again.",
)
INTERRUPTED = Outcome(cause=Cause.CANCELLED, message="The graph was interrupted in ComfyUI.")
NO_CHECKPOINT = Outcome(
    cause=Cause.WRONG_MODE,
    message="ComfyUI has no checkpoint: put one into its models/checkpoints.",
)


def unreachable(error: NoAnswer) -> Outcome:
    """Nothing came back, or nothing whole."""
    message = f"ComfyUI {error}. See that it runs where FARM_COMFYUI_URL says."
    return Outcome(cause=Cause.TRANSIENT, message=message)


def slow(seconds: float) -> Outcome:
    """The graph waits in line or is being drawn still."""
    message = f"ComfyUI has the graph and no picture after {seconds:g} s. It is asked again."
    return Outcome(cause=Cause.TIMEOUT, message=message)


def file_gone(status: int) -> Outcome:
    """A picture that was drawn and is not there."""
    message = f"ComfyUI drew a picture and answers with HTTP {status} when asked for it."
    return Outcome(cause=Cause.PLACEHOLDER, message=message)


def refusal_of(said: Said) -> Outcome:
    """What a graph that was not accepted has wrong, node by node."""
    nodes = said.fields.get("node_errors")
    found = [_Flaw.of(name, node) for name, node in nodes.items()] if nodes else []
    if found:
        return _of_nodes(found)
    error = said.fields.get("error")
    told = error if isinstance(error, Mapping) else {"message": error or f"HTTP {said.status}"}
    text = _short(f"{told.get('message')} {told.get('details') or ''}")
    if said.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return Outcome(cause=Cause.KEY_REJECTED, message=f"ComfyUI lets nobody in: {text}")
    if said.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outcome(cause=Cause.TRANSIENT, message=f"ComfyUI failed: {text}", said=text)
    message = f"ComfyUI does not take the graph: {text}"
    return Outcome(cause=Cause.WRONG_MODE, message=message, said=text)


def failure_of(status: Mapping[str, Any]) -> Outcome | None:
    """What a finished graph's status says of a failure; None for a success."""
    pairs = [pair for pair in status.get("messages") or () if len(pair) == 2]  # noqa: PLR2004  # name and facts
    messages = dict(pairs)
    if "execution_interrupted" in messages:
        return INTERRUPTED
    if status.get("status_str") != "error":
        return None
    told = messages.get("execution_error") or {}
    kind, text = str(told.get("exception_type", "")), str(told.get("exception_message", ""))
    said = _short(f"{kind}: {text}")
    where = f"node {told.get('node_id', '?')} ({told.get('node_type', '?')})"
    if _NO_ROOM.search(said):
        return Outcome(
            cause=Cause.TRANSIENT,
            message=f"ComfyUI's card has no memory left in {where}. Close what else uses it, or "
            "ask for fewer pixels.",
            said=said,
        )
    cause = Cause.TRANSIENT if _PASSING.search(said) else Cause.UNSUPPORTED
    return Outcome(cause=cause, message=f"ComfyUI failed in {where}: {said}", said=said)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Flaw:
    """One node's errors."""

    text: str
    kinds: frozenset[str]
    checkpoint: bool  # it names one that is not there

    @classmethod
    def of(cls, name: str, node: Mapping[str, Any]) -> _Flaw:
        """What the server says of a node."""
        errors = [error for error in node.get("errors") or () if isinstance(error, Mapping)]
        told = "; ".join(f"{e.get('message')}: {e.get('details')}" for e in errors)
        strange = [e for e in errors if e.get("type") == "value_not_in_list"]
        return cls(
            text=f"node {name} ({node.get('class_type', '?')}): {told}",
            kinds=frozenset(str(e.get("type")) for e in errors),
            checkpoint=any(str(e.get("details", "")).startswith(_CHECKPOINTS) for e in strange),
        )


def _of_nodes(flaws: list[_Flaw]) -> Outcome:
    said = _short("; ".join(flaw.text for flaw in flaws))
    cause = Cause.WRONG_MODE
    if any(flaw.checkpoint for flaw in flaws):
        cause = Cause.RETIRED
    elif all(flaw.kinds <= _OF_THE_JOB for flaw in flaws):
        cause = Cause.UNSUPPORTED
    return Outcome(cause=cause, message=f"ComfyUI does not take the graph: {said}", said=said)


def _short(text: str) -> str:
    return " ".join(text.split())[:_SAID_CHARS]
