"""Our turn's answer: watched until it is an image, or says why it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from farm.errors import Ended, Interrupted
from farm.model.causes import NEEDS_PERSON, Cause
from farm.model.outcomes import Outcome
from farm.sites.base import Reading, Turn
from farm.sites.gemini.page import GeminiPage

SLICE_SECONDS = 5.0
"""A finished turn whose pictures have not loaded is scrolled to so often."""

FindTurn = Callable[[Reading], Turn | None]
# A mode that falls back when the allowance ends does not take our picture away.
_INTERRUPTING = (NEEDS_PERSON - {Cause.WRONG_MODE}) | {Cause.LIMITED_IP}


@dataclass(kw_only=True)
class Answer:
    """Watches one turn. Every verdict comes from that turn; the rest of the page only interrupts.

    An edge is never taken for a level: pictures may come after the text is finished, a stop
    button may stay after the pictures are there, and a turn may vanish for a moment while the page
    redraws. Each such state must hold for a while before it counts.
    """

    page: GeminiPage
    find: FindTurn
    reopened: bool = False  # the conversation was opened for this look, its pictures loaded anew
    _since: dict[str, float] = field(default_factory=dict)  # state -> when it began to hold
    _unseen: Turn | None = None  # finished, with pictures that load only when scrolled to

    async def images(self, seconds: float) -> Turn | None:
        """The turn with all its pictures loaded; None when opening it again may bring them.

        That is so when the time is over, the turn is gone, or its pictures do not load.

        `Ended` with what the finished answer says when it has none; `Interrupted` when the page
        as a whole no longer serves us and the answer may still come.
        """
        deadline = self.page.clock.monotonic() + seconds
        verdict: Turn | Outcome | str | None = None
        while verdict is None and (left := deadline - self.page.clock.monotonic()) > 0:
            verdict = await self.page.watch(self._verdict, min(left, SLICE_SECONDS))
            if verdict is None and self._unseen is not None:
                await self.page.reveal(self._unseen)
        if isinstance(verdict, Outcome):
            raise Ended(verdict)
        return verdict if isinstance(verdict, Turn) else None

    def _verdict(self, reading: Reading) -> Turn | Outcome | str | None:
        turn = self.find(reading)
        if turn is None:
            return self._without_turn(reading)
        self._since.pop("gone", None)
        self._leave_unknown(turn)
        self._unseen = turn if turn.finished and turn.pending_images else None
        if turn.images and self._pictures_are_complete(reading, turn):
            return turn
        if turn.stopped and not turn.images:
            return turn.outcome or _stopped()
        return self._without_pictures(reading, turn)

    def _pictures_are_complete(self, reading: Reading, turn: Turn) -> bool:
        loaded = all(image.loaded for image in turn.images) and not turn.pending_images
        if not self._held("loaded", loaded, 0):
            return False
        offered = all(image.download for image in turn.images)
        if turn.finished and (offered or self._held("finished", turn.finished, 2)):
            return True
        if offered and not reading.generating:
            # More pictures may follow until the stop button is gone for good.
            return self._held("offered", now=True, seconds=1.5)
        return self._held("loaded", now=True, seconds=self.page.patience.stuck_stop)

    def _without_pictures(self, reading: Reading, turn: Turn) -> Outcome | str | None:
        patience = self.page.patience
        if not turn.finished or turn.images or turn.pending_images:
            self._since.pop("empty", None)
            if self._held("unloaded", turn.finished and bool(turn.images), patience.unloaded):
                # A sign-out or an address that ran out does this too, and the picture is there.
                return _placeholder() if self.reopened else "unloaded"
            return self._notice(reading, turn)
        if turn.failed_images:
            return _placeholder()
        known = turn.outcome is not None and turn.outcome.cause is not Cause.TEXT_ONLY
        if not self._held("empty", now=True, seconds=1.0 if known else patience.late_image):
            return None
        if turn.outcome is not None:
            return _with_banner(turn.outcome, reading)
        return Outcome(
            cause=Cause.TEXT_ONLY,
            message="The answer is finished and holds no image.",
            said=turn.text[:300],
        )

    def _notice(self, reading: Reading, turn: Turn) -> Outcome | None:
        self._interrupt(reading)
        dead = reading.notice is not None and not reading.generating and not turn.images
        if self._held("notice", dead, 15):
            return reading.notice
        return None

    def _leave_unknown(self, turn: Turn) -> None:
        """Leave a picture that stands in an unknown part of the page to a mended pack."""
        unknown = turn.outcome is not None and turn.outcome.cause is Cause.DRIFT
        if self._held("unknown", unknown, 1) and turn.outcome is not None:
            raise Interrupted(turn.outcome)

    def _without_turn(self, reading: Reading) -> str | None:
        self._interrupt(reading)
        return "gone" if self._held("gone", now=True, seconds=self.page.patience.vanished) else None

    def _interrupt(self, reading: Reading) -> None:
        shut = reading.blocked is not None and reading.blocked.cause in _INTERRUPTING
        if self._held("shut", shut, 3) and reading.blocked is not None:
            raise Interrupted(reading.blocked)

    def _held(self, state: str, now: bool, seconds: float) -> bool:  # noqa: FBT001
        """Whether a state has held without a break for so long."""
        if not now:
            self._since.pop(state, None)
            return False
        began = self._since.setdefault(state, self.page.clock.monotonic())
        return self.page.clock.monotonic() - began >= seconds


def _with_banner(outcome: Outcome, reading: Reading) -> Outcome:
    """A limit as the banner above the chat tells it: the banner knows until when."""
    banner = reading.blocked
    if banner is None or {banner.cause, outcome.cause} != {Cause.LIMITED_QUOTA}:
        return outcome
    return banner


def _stopped() -> Outcome:
    return Outcome(cause=Cause.STOPPED, message="The page says that the answer was stopped.")


def _placeholder() -> Outcome:
    return Outcome(
        cause=Cause.PLACEHOLDER, message="The page kept an empty frame where the image should be."
    )
