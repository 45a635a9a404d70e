"""What a saved page must say, in the words of the files beside the fixtures."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from farm.model.outcomes import Outcome
from farm.sites.base import Reading, Turn

_SEARCHED = frozenset({"src", "said"})  # compared as regular expressions
_WORDS = frozenset({"composer_text", "query", "text", "id", *_SEARCHED})
_ELSEWHERE = frozenset({"url", "size", "src", "turns"})  # told in another place, or never the same


def about_page(reading: Reading) -> dict[str, Any]:
    """A reading in the words of the expectations."""
    names = ("url", "language", "ui", "conversation", "composer", "composer_text", "generating")
    blocked = reading.blocked
    reset = blocked.reset_at if blocked else None
    return {name: getattr(reading, name) for name in names} | {
        "sign_in": str(reading.sign_in),
        "send": str(reading.send),
        "image_mode": reading.image_mode,
        "mode_label": reading.mode_label,
        "conversations": list(reading.conversations),
        "conversations_listed": reading.conversations_listed,
        "blocked": cause(blocked),
        "said": blocked.said if blocked else "",
        "reset": datetime.fromtimestamp(reset, UTC).isoformat()[:19] if reset else "",
        "notice": cause(reading.notice),
        "attachments": reading.attachments.total,
        "attachments_pending": reading.attachments.pending,
        "attachments_failed": reading.attachments.failed,
        "refused": bool(reading.attachments.refused),
        "missing": list(reading.missing),
        "drifted": list(reading.drifted),
        "turns": len(reading.turns),
        "baseline": len(reading.baseline),
    }


def about_turn(turn: Turn) -> dict[str, Any]:
    """A turn in the words of the expectations."""
    names = ("id", "query", "text", "started", "finished", "stopped", "uploads")
    first = turn.images[0] if turn.images else None
    return {name: getattr(turn, name) for name in names} | {
        "images": len(turn.images),
        "loaded": sum(i.loaded for i in turn.images),
        "downloads": sum(i.download for i in turn.images),
        "size": [first.width_px, first.height_px] if first else [],
        "src": first.src if first else "",
        "pending": turn.pending_images,
        "failed": turn.failed_images,
        "outcome": cause(turn.outcome),
    }


def cause(outcome: Outcome | None) -> str:
    """The cause's value, empty without one."""
    return str(outcome.cause) if outcome else ""


def unlike(one: Reading, other: Reading) -> list[str]:
    """In what two readings of the same page differ, words aside: a saved page has others."""
    pages = [_facts(about_page(reading)) for reading in (one, other)]
    named = [name for name, value in pages[0].items() if pages[1][name] != value]
    for index, turns in enumerate(zip(one.turns, other.turns, strict=False), 1):
        first, second = (_facts(about_turn(turn)) for turn in turns)
        named += [f"turn {index}: {name}" for name in first if first[name] != second[name]]
    return named


def _facts(about: Mapping[str, Any]) -> dict[str, Any]:
    """What has to be the same whatever stands in for words and ids."""
    kept = {k: v for k, v in about.items() if k not in _WORDS | {"url", "size"}}
    for key in {"conversation", "conversations"} & kept.keys():
        kept[key] = len(kept[key]) if isinstance(kept[key], list) else bool(kept[key])
    return kept


def expectation(reading: Reading, *, now: float) -> str:
    """The file beside a saved page, as TOML; `now` (epoch seconds) places a limit's reset."""
    moment = datetime.fromtimestamp(now, UTC).isoformat()[:19]
    lines = [f"url = {_toml(reading.url)}", f"now = {_toml(moment)}", "", "[reading]"]
    lines += _told(about_page(reading))
    for turn in reading.turns:
        lines += ["", "[[turns]]", *_told(about_turn(turn))]
    return "\n".join([*lines, ""])


def _told(about: Mapping[str, Any]) -> list[str]:
    kept = {k: v for k, v in about.items() if k not in _ELSEWHERE}
    return [
        f"{key} = {_toml(re.escape(value) if key in _SEARCHED else value)}"
        for key, value in kept.items()
        if key not in {"said", "reset"} or value
    ]


def _toml(value: str | float | Sequence[Any]) -> str:
    """JSON's strings, numbers, booleans and lists are TOML's too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
