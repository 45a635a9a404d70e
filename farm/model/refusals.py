"""What to do about refusals: the user's own policy, by cause and by queue."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from farm.model.causes import REFUSALS, Cause

EVERY = "refused"
"""In a policy, the word for all refusals that it does not name."""


class RefusalMove(StrEnum):
    """What becomes of a job that the site refused to draw."""

    FAIL = "fail"
    RETRY = "retry"  # once, as it is
    SUBSTITUTE = "substitute"  # words of the user's table, then once more
    HAND_OVER = "lane"  # to another backend's lane


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusalRule:
    """One answer to a refusal."""

    move: RefusalMove = RefusalMove.FAIL
    lane: str = ""  # for HAND_OVER

    def __str__(self) -> str:
        """As the user writes it."""
        return f"{self.move}:{self.lane}" if self.lane else self.move.value


FAIL_IT = RefusalRule()

RefusalPolicy = Mapping[Cause, RefusalRule]
"""A rule for each refusal that a policy speaks of."""

ALLOWED = "fail, retry, substitute or lane:NAME"
_RULE = re.compile(r"^(?:(?P<move>fail|retry|substitute)|lane:(?P<lane>[A-Za-z0-9_-]+))$")


def parse_refusals(text: str) -> RefusalPolicy:
    """Read `refused.person=substitute, refused=fail`; ValueError names the part that is wrong.

    `person` is short for `refused.person`; a word alone (`retry`) stands for all refusals.
    """
    rules: dict[Cause, RefusalRule] = {}
    rest: RefusalRule | None = None
    for part in filter(None, (p.strip() for p in re.split(r"[,\s]+", text))):
        name, _, wish = part.rpartition("=")
        rule = _rule(wish.strip(), part)
        if name.strip() in {"", EVERY}:
            rest = rule
        else:
            rules[_cause(name.strip(), part)] = rule
    everything = {} if rest is None else dict.fromkeys(REFUSALS, rest)
    return {**everything, **rules}


def write_refusals(policy: RefusalPolicy) -> dict[str, str]:
    """A policy as plain values for the store."""
    return {cause.value: str(rule) for cause, rule in sorted(policy.items())}


def read_refusals(stored: Mapping[str, str]) -> RefusalPolicy:
    """The inverse of `write_refusals`."""
    return {Cause(cause): _rule(text, text) for cause, text in stored.items()}


def _rule(text: str, part: str) -> RefusalRule:
    found = _RULE.match(text)
    if found is None:
        raise ValueError(f"{part!r}: {text!r} is not {ALLOWED}")
    if found["lane"]:
        return RefusalRule(move=RefusalMove.HAND_OVER, lane=found["lane"])
    return RefusalRule(move=RefusalMove(found["move"]))


def _cause(name: str, part: str) -> Cause:
    full = name if "." in name else f"{EVERY}.{name}"
    known = {cause.value: cause for cause in REFUSALS}
    if full not in known:
        raise ValueError(f"{part!r}: {name!r} is no refusal; known: {', '.join(sorted(known))}")
    return known[full]
