"""A message to a person, and what can carry one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from farm.model.causes import Cause


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What a person is told. Its texts hold nothing that opens an account."""

    occasion: str  # person, drift, resting, budget, done, empty, failed, test
    title: str
    text: str
    key: str = ""  # told once until it was well in between; "" is told every time
    urgent: bool = False
    session: str = ""
    cause: Cause | None = None
    screenshot: Path | None = None
    id: str = field(default_factory=lambda: uuid4().hex)  # the same at every try to deliver it


class NotDelivered(Exception):
    """A message did not get through; the text says why, and never where to."""

    def __init__(self, why: str, *, passing: bool, after_seconds: float = 0.0) -> None:
        """`passing`: trying again may help, but not before `after_seconds`."""
        super().__init__(why)
        self.passing = passing
        self.after_seconds = after_seconds


class Target(Protocol):
    """Carries messages to one address, which is a secret and stays inside."""

    @property
    def label(self) -> str:
        """How logs and people call it."""

    async def send(self, message: Message) -> None:
        """Try once; NotDelivered when it did not get through. May be cancelled at any time."""
