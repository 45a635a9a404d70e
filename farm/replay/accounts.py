"""Accounts, and the cookies by which the site knows them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from farm.replay.plays import Condition

_COOKIES = ("SID", "__Secure-1PSID")
_VALUE = re.compile(r"^g\.(?P<name>[A-Za-z0-9_-]{1,40})\.[0-9a-f]+$")
_NAME = re.compile(r"^[A-Za-z0-9_-]{1,40}$")
_YEAR_SECONDS = 365 * 24 * 3600


@dataclass(kw_only=True, slots=True)
class Account:
    """What the site knows about an account; `name` is empty for whoever is signed out."""

    name: str
    conditions: dict[Condition, float | None] = field(default_factory=dict)  # until; None: on
    conversations: list[str] = field(default_factory=list)  # ids, oldest first
    mode: str = ""  # chosen in the mode picker; else the scenario's
    pages: int = 0  # loaded so far
    images: int = 0  # made so far, as the quota counts them
    uploads: int = 0  # files that arrived so far, taken or not

    def has(self, condition: Condition, now: float) -> bool:
        """Whether a condition holds; one whose time is over is forgotten."""
        if condition not in self.conditions:
            return False
        until = self.conditions[condition]
        if until is None or now < until:
            return True
        del self.conditions[condition]
        return False

    def suffer(self, condition: Condition, now: float, seconds: float | None) -> None:
        """Put a condition on the account, for a time or until it is mended."""
        self.conditions[condition] = None if seconds is None else now + seconds

    def mend(self, condition: Condition) -> None:
        """Take a condition away."""
        self.conditions.pop(condition, None)


def is_account_name(name: str) -> bool:
    """Whether a cookie can carry this name."""
    return _NAME.match(name) is not None


def named_by(cookies: Mapping[str, str]) -> str:
    """The account both session cookies name, or "" when they do not agree on one."""
    matches = [_VALUE.match(cookies.get(cookie, "")) for cookie in _COOKIES]
    names = {match["name"] if match else "" for match in matches}
    return names.pop() if len(names) == 1 else ""


def named_in(request: Request) -> str:
    """The account a request's cookies name."""
    return named_by(request.cookies)


def sign_in(response: Response, name: str, nonce: str) -> None:
    """Give the browser both session cookies, as persistent as the real ones."""
    for cookie in _COOKIES:
        response.set_cookie(
            cookie,
            f"g.{name}.{nonce}",
            max_age=_YEAR_SECONDS,
            domain=".google.com",
            secure=True,
            httponly=True,
            samesite="none",
        )
