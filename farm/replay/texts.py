"""What the site says, in the languages for which a source names the words."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from farm.replay.scenario import Rule

_FALLBACK = "en"


@cache
def _texts() -> Mapping[str, Any]:
    return tomllib.loads(files("farm.replay").joinpath("texts.toml").read_text(encoding="utf-8"))


def page_texts(language: str) -> dict[str, str]:
    """Every text of the page; English where the language has no word."""
    texts = _texts()
    return {**texts[_FALLBACK], **texts.get(language, {})}


def reply_text(key: str, rule: Rule, language: str, reset: str = "") -> str:
    """The text of an answer, a toast or a banner, with what the rule fills in."""
    replies = _texts()["replies"]
    name = key.format(kind=rule.chosen_kind)
    text: str = replies.get(language, {}).get(name) or replies[_FALLBACK][name]
    return text.format(code=rule.code, reset=reset)


def reset_text(until: float) -> str:
    """The end of a limit as the banner writes it: local time, to the minute after it."""
    moment = datetime.fromtimestamp(math.ceil(until / 60) * 60, UTC).astimezone()
    hour = moment.hour % 12 or 12
    return f"{moment:%b} {moment.day} at {hour}:{moment:%M %p}"


def known_language(asked: str, otherwise: str) -> str:
    """The language an `?hl=` asks for, also by its base: `en-IN` is `en`."""
    texts = _texts()
    for name in (asked, asked.partition("-")[0]):
        if name in texts and name != "replies":
            return name
    return otherwise
