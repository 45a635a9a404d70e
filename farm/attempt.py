"""One attempt at one job: made or taken up again, proven, put under its name."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

from farm.backends.base import Drawn, Hand, Work
from farm.errors import Ended, Interrupted
from farm.model.causes import Cause
from farm.model.images import REUSED, Image, Maker, RawImage
from farm.model.jobs import PHASES, AttemptFacts, Claim, Job, Phase, nothing_was_sent
from farm.model.outcomes import Outcome
from farm.reuse import Afresh, Reuse, Turn
from farm.store.base import Knowledge, Settlements

log = logging.getLogger(__name__)

FETCHES_PER_ANSWER = 3
"""A file that does not prove is fetched again, never generated again, up to so often."""


class Keeper(Protocol):
    """Proves images and puts them under their names."""

    async def keep(self, raw: RawImage, job: Job, *, owner: int | None) -> Image:
        """Prove and place an image; `Ended` says what is wrong with it.

        `owner` is another job that already has these bytes.
        """

    async def keep_for_review(self, raw: RawImage, job: Job) -> Image | None:
        """Put an image a person must look at aside; None when it is no whole picture."""

    async def still_stands(self, path: str, sha256: str) -> Image | None:
        """The image a former life saved, if its file still has these bytes."""


class Texts(Protocol):
    """What is sent for a job."""

    async def text(self, job: Job, earlier: Sequence[Cause]) -> str:
        """The exact text, given how the job's earlier attempts ended."""


class Record(Settlements, Knowledge, Protocol):
    """What an attempt needs of the job store."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """How an attempt ended; the store does not know it yet."""

    outcome: Outcome
    images: tuple[Image, ...] = ()
    open: bool = False  # something was sent, and only this session can find out later

    @property
    def was_copied(self) -> bool:
        """Whether the image is that of an equal row, and nobody was asked for it."""
        return any(image.maker.backend == REUSED for image in self.images)


@dataclass(kw_only=True)
class Attempt:
    """Drives a hand through one attempt and commits every phase before the next act."""

    claim: Claim
    hand: Hand
    store: Record
    keeper: Keeper
    texts: Texts
    on_phase: Callable[[Claim], None]
    reuse: Reuse = field(default_factory=Afresh)

    async def run(self) -> Result:
        """The attempt's result. BrowserError, LostLease and cancellation pass through."""
        try:
            async with self.reuse.turn(self.claim.job) as turn:
                images = await self._copied(turn) or await self._images()
                turn.made(images)
        except Interrupted as ended:
            return Result(outcome=ended.outcome, open=True)
        except Ended as ended:
            return Result(outcome=ended.outcome, images=await self._for_review(ended.outcome))
        if not images:
            return Result(outcome=_NOTHING_SENT)
        warnings = " ".join(warning for image in images for warning in image.warnings)
        return Result(outcome=Outcome(cause=Cause.MADE, message=warnings), images=images)

    _drawn: Drawn | None = None

    async def _copied(self, turn: Turn) -> tuple[Image, ...]:
        """The picture of an equal row under this row's name; none where it is to be drawn."""
        if not nothing_was_sent(self.claim.attempt.phase):
            return ()
        copy = await turn.copy(self.claim.attempt.id)
        if copy is None:
            return ()
        try:  # that another job has these bytes is meant to be so
            image = await self.keeper.keep(copy.raw, self.claim.job, owner=None)
        except Ended:
            return ()
        told = f"The same picture as {copy.of}: nothing was asked of anybody."
        await self._saved(image, copy.maker)
        return (replace(image, maker=copy.maker, warnings=(*image.warnings, told)),)

    async def _images(self) -> tuple[Image, ...]:
        """Images under their names; none when it is proven that nothing was ever sent."""
        phase = self.claim.attempt.phase
        facts = AttemptFacts.of(self.claim.attempt)
        if phase is Phase.SAVED:
            image = await self.keeper.still_stands(facts.path, facts.sha256)
            if image is not None:
                return (replace(image, maker=Maker(**facts.maker)),)
        act = self.hand.make if nothing_was_sent(phase) else self.hand.resume
        return await self._kept(act)

    async def _kept(self, act: Callable[[Work, Any], Awaitable[Drawn | None]]) -> tuple[Image, ...]:
        for tries_left in reversed(range(FETCHES_PER_ANSWER)):
            drawn = await act(await self._work(), self._commit)
            if drawn is None:
                return ()
            self._drawn = drawn
            try:
                return await self._place(drawn)
            except Ended as ended:
                final = drawn.final or ended.outcome.cause in _NO_BETTER_FILE
                if final or not tries_left:
                    raise
                log.warning("the file does not prove; fetching it again", extra={"job": self._id})
            act = self.hand.resume
        raise AssertionError("the loop returns or raises")

    async def _place(self, drawn: Drawn) -> tuple[Image, ...]:
        job, images = self.claim.job, []
        for raw in drawn.images:
            owner = await self.store.owner_of(raw.sha256)
            foreign = None if owner == job.id else owner
            image = await self.keeper.keep(raw, job, owner=foreign)
            images.append(await self._compared(replace(image, maker=drawn.maker)))
        await self._saved(images[0], drawn.maker)
        return tuple(images)

    async def _saved(self, first: Image, maker: Maker) -> None:
        facts = {"path": first.path, "sha256": first.sha256, "maker": asdict(maker)}
        await self._commit(Phase.SAVED, facts)

    async def _compared(self, image: Image) -> Image:
        """The image, with a warning if it looks like another job's."""
        if not image.perceptual:
            return image
        twin = await self.store.looks_like(image.perceptual, self._id)
        if twin is None:
            return image
        warning = f"It looks like the image of {twin.job} ({twin.path})."
        return replace(image, warnings=(*image.warnings, warning))

    async def _for_review(self, outcome: Outcome) -> tuple[Image, ...]:
        """A picture of the wrong proportion is kept where a person can look at it."""
        if outcome.cause is not Cause.WRONG_ORIENTATION or self._drawn is None:
            return ()
        job = self.claim.job
        kept = [await self.keeper.keep_for_review(raw, job) for raw in self._drawn.images]
        maker = self._drawn.maker
        return tuple(replace(image, maker=maker) for image in kept if image is not None)

    async def _commit(self, phase: Phase, facts: Mapping[str, Any]) -> None:
        # A hand that takes an answer up again passes phases it had already reached.
        reached = max(phase, self.claim.attempt.phase, key=PHASES.index)
        self.claim = await self.store.step(self.claim, reached, facts)
        self.on_phase(self.claim)

    async def _work(self) -> Work:
        attempt = self.claim.attempt
        facts = AttemptFacts.of(attempt)
        others = await self.store.known_conversations(self.hand.name)
        return Work(
            job_id=self._id,
            attempt_id=attempt.id,
            prompt=self.claim.job.prompt,
            text=facts.text or await self._text(),
            phase=attempt.phase,
            facts=facts,
            others=others - {facts.conversation},
        )

    async def _text(self) -> str:
        return await self.texts.text(self.claim.job, await self.store.causes_of(self._id))

    @property
    def _id(self) -> int:
        return self.claim.job.id


_NO_BETTER_FILE = frozenset({Cause.WRONG_ORIENTATION})
_NOTHING_SENT = Outcome(
    cause=Cause.BROWSER_GONE,
    message="An earlier life of this session died before it sent the prompt.",
)
