"""What the worker asks of a hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from farm.model.images import Maker, RawImage
from farm.model.jobs import AttemptFacts, Phase
from farm.model.prompts import Prompt

Record = Callable[[Phase, Mapping[str, Any]], Awaitable[None]]
"""Commits a phase and its facts before the hand goes on; raises LostLease when the job is gone."""

JOB_CANCELLED = "the user cancelled the job"
"""What a task is cancelled with when the user took its job back; a stopped run says nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """One attempt, as a hand sees it."""

    job_id: int
    attempt_id: int
    prompt: Prompt
    text: str  # the exact prompt text
    phase: Phase  # how far an earlier life of this attempt got; CLAIMED for a fresh one
    facts: AttemptFacts
    others: frozenset[str]  # conversations that belong to other attempts: never ours


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """Images a hand brought back, unproven, in the order the page shows them; never empty."""

    images: tuple[RawImage, ...]
    maker: Maker = field(default_factory=Maker)
    final: bool = False  # fetched again they would be the same bytes


class Hand(Protocol):
    """Makes one image at a time. An async context manager: inside it the hand is open.

    `prove`, `make` and `resume` raise `Ended` with the outcome when there will be no image,
    `BrowserError` when the tool itself failed, and `LostLease` out of `record`. On cancellation
    they stop at the next await; what was recorded until then is what recovery starts from.
    """

    @property
    def name(self) -> str:
        """The session's, under which its unfinished work is kept."""

    @property
    def lanes(self) -> tuple[str, ...]:
        """Whose jobs it takes, in the order in which they are served; may change in mid-run."""

    @property
    def windowed(self) -> bool:
        """Whether a person can see it work, and mend what it cannot."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc: object) -> None: ...

    async def prove(self) -> None:
        """See that the hand can work; `Ended` names what stands in the way. Sends nothing."""

    async def mended(self, seconds: float) -> bool:
        """Watch so long whether a person mends what stood in the way, without touching it."""

    def repaired(self) -> bool:
        """Whether farm's own data about the site changed since the hand last looked."""

    async def worn(self) -> bool:
        """Whether the tool is better closed and opened again before the next job."""

    async def make(self, work: Work, record: Record) -> Drawn:
        """Send the prompt once and bring its images back.

        Records typing, then `sending` before the irreversible act, then sent, then ready.
        """

    async def resume(self, work: Work, record: Record) -> Drawn | None:
        """Finish what an earlier life of this attempt began; never sends anything.

        None: it is proven that nothing was sent. Raises `Ended` with AMBIGUOUS if nothing can be
        proven. Also used to fetch the same images again after a bad download.
        """
