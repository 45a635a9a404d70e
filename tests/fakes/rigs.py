"""Every kind of hand with the other side it draws on, for the contract of hands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import fake_comfyui
import fake_fal
import fake_gemini
import fake_openai
import fake_sdwebui
from loopback import Fate, reply

from farm.backends.base import Hand, Work
from farm.clock import Clock, SystemClock
from farm.config import load_settings
from farm.errors import LostLease
from farm.model.causes import Cause
from farm.model.jobs import PHASES, Attempt, AttemptFacts, Phase
from farm.model.outcomes import Outcome
from farm.model.prompts import Prompt, Size
from farm.testing.apis import CountingPurse
from farm.testing.clock import FakeClock
from farm.testing.hands import Act, ScriptedHand
from farm.wiring.apis import open_api_hand

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
JOB, ATTEMPT = 5, 11
_NUMBERS = count(1)  # no two texts are alike: a page is searched by them


class Rig(Protocol):
    """One kind of hand. `hand` gives a new life of the same session each time."""

    backend: str  # "" where the hand does not say who made a picture

    def hand(self, *, slow: bool = False) -> Hand: ...

    def sent(self) -> int:
        """How many prompts the other side took."""

    def refuses(self) -> None:
        """The next prompt is refused."""

    def limits(self) -> None:
        """The next prompt meets a limit."""

    def holds(self) -> None:
        """The next answer never comes."""

    def server(self) -> AbstractContextManager[Any]: ...


@dataclass
class Scripted:
    """The scripted hand, which is its own other side."""

    home: Path
    backend: str = ""
    _hand: ScriptedHand = field(init=False)

    def __post_init__(self) -> None:
        self._hand = ScriptedHand(name="scripted", folder=self.home)

    def hand(self, *, slow: bool = False) -> Hand:  # noqa: ARG002  # it never waits
        return self._hand

    def sent(self) -> int:
        return len(self._hand.sent)

    def refuses(self) -> None:
        self._ends(Cause.REFUSED_POLICY)

    def limits(self) -> None:
        self._ends(Cause.LIMITED_QUOTA)

    def _ends(self, cause: Cause) -> None:
        self._hand.acts = (Act(until=Phase.SENT, outcome=Outcome(cause=cause, message="")),)

    def holds(self) -> None:
        raise AssertionError("a script never waits")

    def server(self) -> AbstractContextManager[Any]:
        return nullcontext()


@dataclass
class OverApi:
    """A hand as the settings open it, over the double of its provider."""

    home: Path
    backend: str
    fake: Any
    settings: Callable[[Any], Mapping[str, str]]
    taken: Callable[[Any], int]
    refused: Any  # a play, or what has none
    limited: Any
    held: Any
    purse: CountingPurse = field(default_factory=CountingPurse)

    def hand(self, *, slow: bool = False) -> Hand:
        clock: Clock = SystemClock() if slow else FakeClock(time=NOW)
        settings = load_settings(environ=self.settings(self.fake), cwd=self.home)
        return open_api_hand(settings, self.backend, 1, clock=clock, purse=self.purse)

    def sent(self) -> int:
        return self.taken(self.fake)

    def refuses(self) -> None:
        self.fake.plays.append(self.refused)

    def limits(self) -> None:
        self.fake.plays.append(self.limited)

    def holds(self) -> None:
        self.fake.plays.append(self.held)

    def server(self) -> AbstractContextManager[Any]:
        running: AbstractContextManager[Any] = self.fake
        return running


def gemini(home: Path) -> OverApi:
    return OverApi(
        home=home,
        backend="gemini",
        fake=fake_gemini.FakeGemini(),
        settings=lambda fake: {
            "GEMINI_API_KEY": fake_gemini.KEY,
            "FARM_GEMINI_BASE_URL": fake.url,
        },
        taken=lambda fake: len(fake.ledger),
        refused=fake_gemini.Play(finish="IMAGE_SAFETY"),
        limited=fake_gemini.Play(refused=fake_gemini.exhausted()),
        held=fake_gemini.Play(fate=Fate.HELD),
    )


def openai(home: Path) -> OverApi:
    slow_down = fake_openai.failure(429, "rate_limit_exceeded", "Slow down.")
    return OverApi(
        home=home,
        backend="openai",
        fake=fake_openai.FakeOpenAi(),
        settings=lambda fake: {
            "OPENAI_API_KEY": fake_openai.KEY,
            "FARM_OPENAI_BASE_URL": fake.base,
        },
        taken=lambda fake: len(fake.ledger),
        refused=fake_openai.Play(refused=fake_openai.blocked()),
        limited=fake_openai.Play(refused=slow_down),
        held=fake_openai.Play(fate=Fate.HELD),
    )


def fal(home: Path) -> OverApi:
    refusal = fake_fal.validation("content_policy_violation", "The prompt was flagged.")
    return OverApi(
        home=home,
        backend="fal",
        fake=fake_fal.FakeFal(),
        settings=lambda fake: {
            "FAL_KEY": fake_fal.KEY,
            "FARM_FAL_BASE_URL": fake.url,
            "FARM_MODELS": "fal-ai/flux/dev",
        },
        taken=lambda fake: len(fake.accepted),
        refused=fake_fal.Play(refused=refusal),
        limited=fake_fal.Play(refused=reply({"detail": "Too many requests"}, 429)),
        held=fake_fal.Play(working=100_000),
    )


def sdwebui(home: Path) -> OverApi:
    return OverApi(
        home=home,
        backend="sdwebui",
        fake=fake_sdwebui.FakeSdWebui(),
        settings=lambda fake: {"FARM_SDWEBUI_URL": fake.url},
        taken=lambda fake: len(fake.drawn),
        refused=None,  # it draws everything
        limited=None,
        held=fake_sdwebui.Play(fate=Fate.HELD),
    )


def comfyui(home: Path) -> OverApi:
    return OverApi(
        home=home,
        backend="comfyui",
        fake=fake_comfyui.FakeComfyUi(),
        settings=lambda fake: {"FARM_COMFYUI_URL": fake.url},
        taken=lambda fake: len(fake.accepted),
        refused=None,
        limited=None,
        held=fake_comfyui.Play(working=100_000),
    )


RIGS: Mapping[str, Callable[[Path], Rig]] = {
    "scripted": Scripted,
    "gemini": gemini,
    "openai": openai,
    "fal": fal,
    "sdwebui": sdwebui,
    "comfyui": comfyui,
}


@dataclass
class Story:
    """What a hand records about one attempt, and the attempt as the store has it after that."""

    sent: Callable[[], int]
    prompt: Prompt = field(
        default_factory=lambda: Prompt(
            id="1", filename="a.png", description="a mill", size=Size(1024, 1024)
        )
    )
    text: str = field(default_factory=lambda: f"a mill, number {next(_NUMBERS)}.")
    loses_at: Phase | None = None
    steps: list[tuple[Phase, Mapping[str, Any]]] = field(default_factory=list)
    sent_at: dict[Phase, int] = field(default_factory=dict)  # prompts taken when it was committed

    async def record(self, phase: Phase, facts: Mapping[str, Any]) -> None:
        """Commit a phase as the store does: never an earlier one than the last."""
        if phase is self.loses_at:
            raise LostLease("somebody else has the job")
        self.steps.append((phase, dict(facts)))
        self.sent_at.setdefault(phase, self.sent())

    @property
    def phases(self) -> list[Phase]:
        """In the order in which they were committed."""
        return [phase for phase, _ in self.steps]

    @property
    def work(self) -> Work:
        """The attempt, for its next life."""
        facts: dict[str, Any] = {}
        for _, more in self.steps:
            facts |= more
        phase = max(self.phases, key=PHASES.index, default=Phase.CLAIMED)
        attempt = Attempt(
            id=ATTEMPT,
            job_id=JOB,
            number=1,
            session="s",
            phase=phase,
            facts=facts,
            started_at=0,
            phase_at=0,
        )
        return Work(
            job_id=JOB,
            attempt_id=ATTEMPT,
            prompt=self.prompt,
            text=self.text,
            phase=phase,
            facts=AttemptFacts.of(attempt),
            others=frozenset(),
        )
