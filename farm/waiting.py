"""Everything a session waits for: its pace, limits, the user's hours, a person, a repaired pack."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from farm.backends.base import Hand
from farm.clock import Clock
from farm.model.causes import Cause
from farm.model.events import Notice
from farm.model.outcomes import Outcome
from farm.model.sessions import SessionState, Wish, WishKind
from farm.presence import RED, Presence
from farm.settlement import SharedLimit

LOOK_SECONDS = 5.0  # between two looks at wishes, pauses and repairs
CLOSE_SECONDS = 300.0  # for a longer wait the browser is closed
DAY_SECONDS = 24 * 3600.0
_NOW_SECONDS = 0.05  # a shorter wait is none
_SLOWER = 1.5  # each look at a red session comes so much later than the one before
_SLOWEST_SECONDS = 600.0
_CAUTION = 3.0


class NoMoreWork(Exception):
    """The worker is done: nothing is left for it, or nothing it may wait for."""


class Gate(SharedLimit, Protocol):
    """What all workers of a run share."""

    @property
    def stop(self) -> asyncio.Event:
        """Set when the run is to end."""

    @property
    def at_work(self) -> set[str]:
        """Sessions that may still end jobs; each enters and leaves by itself."""

    @property
    def busy(self) -> set[str]:
        """Sessions with a job in hand; each enters and leaves by itself."""

    @property
    def used_up(self) -> bool:
        """Whether the run's limit of jobs is reached for good."""

    def take(self) -> bool:
        """Reserve one job of the run's limit; False when the limit is reached."""

    def rests_until(self) -> float:
        """Epoch seconds before which no session of this exit may work."""

    def wake_all(self) -> None:
        """End the rest of this exit: the user knows better."""


class Wishes(Protocol):
    """What waiting needs of the job store."""

    async def take_wish(self, session: str) -> Wish | None:
        """Read what the user asked of a session, once."""

    async def left_for(self, lanes: Sequence[str]) -> int:
        """Open jobs these lanes may still get."""


Allowance = Callable[[], Awaitable[tuple[float, Outcome] | None]]
"""Until when, and why, the user's own rules keep the session from its next image."""


Hopes = Callable[[], Sequence[str]]
"""Lanes that a hand may come to serve: while they hold jobs it stays."""


async def always_allowed() -> tuple[float, Outcome] | None:
    """No rules."""
    return None


def alone() -> bool:
    """No other session keeps the run going."""
    return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """How a worker behaves."""

    max_wait_seconds: float = 900.0  # a longer rest ends the worker, unless it watches
    person_wait_seconds: float = 60.0  # a run whose sessions are all red waits so long
    recheck_seconds: float = 20.0  # until a red session is looked at again, then ever later
    watch: bool = False  # stay when the queue is empty and through every rest
    keep_open: bool = False  # leave the window open at the end, until the run is stopped
    recycle_prompts: int = 100  # a browser that sent so many is opened anew
    disk_tries: int = 5  # in a row, before a disk that takes no file ends the run


@dataclass(kw_only=True)
class Waiting:
    """Waits for one session, in slices, so that wishes, repairs and the run's end are heeded.

    Every verb raises `NoMoreWork` when the run is stopped, nothing is left to do, or the wait is
    not one this run may last through.
    """

    hand: Hand
    presence: Presence
    gate: Gate
    store: Wishes
    clock: Clock
    terms: Terms
    allowance: Allowance = always_allowed
    hopes: Hopes | None = None  # lanes to stay for; None: those that the hand serves
    beside: Callable[[], bool] = alone  # whether the run goes on anyway: then no rest is too long
    _recheck: float = 0.0  # seconds; grows while a session stays red
    _recheck_at: float = 0.0  # monotonic
    _images: int = 0  # made by the session when it was red before
    _alone_since: float | None = None  # monotonic: red, and no other session at work

    async def until_ready(self) -> bool:
        """Pace, rest and hours, the hand open; False when it is better closed meanwhile."""
        while True:
            await self._heed_wish()
            self._refuse_to_wait_in_vain()
            if self.presence.session.state in RED:
                return False
            wait = self._seconds()
            if wait <= _NOW_SECONDS:
                if not await self._keeps_to_rules():
                    continue
                break
            await self.leave_if_done()
            if wait > CLOSE_SECONDS and not self.hand.windowed:
                return False
            if self.presence.session.state is SessionState.STARTING:
                await self.presence.become(SessionState.PACING)  # from the run before
            await self.nap(min(wait, LOOK_SECONDS))
        if self.presence.session.state is not SessionState.READY:
            await self.presence.become(SessionState.READY, cause=None, message="")
        return True

    async def until_hopeful(self) -> None:
        """The hand closed: until the session may be opened to see how it stands."""
        if self.presence.session.state in RED:
            self._note_new_trouble()
            self._plan_recheck()
        while True:
            wished = await self._heed_wish()
            self._refuse_to_wait_in_vain()
            if self.presence.session.state in RED:
                self._rest_with_the_others()
                if wished or self._is_time_to_look():
                    return
                self._refuse_to_wait_alone(self.terms.person_wait_seconds)
            elif self._seconds() <= self._worth_opening_before():
                return
            await self.leave_if_done()
            await self.nap(min(LOOK_SECONDS, max(0.1, self._seconds())))

    async def for_person(self) -> None:
        """The window open: until whoever sits before it has mended what made the session red."""
        self._note_new_trouble()
        while True:
            wished = await self._heed_wish()
            self._refuse_to_wait_in_vain()
            if wished or self.hand.repaired() or await self.hand.mended(LOOK_SECONDS):
                return
            self._refuse_to_wait_alone(self.terms.max_wait_seconds)
            await self.leave_if_done()
            await self.nap(0.0)

    async def to_try_again(self, seconds: float) -> bool:
        """Stopped: until it is time for one more try, or the user wishes it; False for none.

        Only a run that goes on without the session tries it again.
        """
        until = self.clock.monotonic() + seconds
        try:
            while self.clock.monotonic() < until and not await self._heed_wish():
                self._refuse_to_wait_in_vain()
                self._refuse_to_wait_alone(0.0)
                await self.leave_if_done()
                await self.nap(LOOK_SECONDS)
        except NoMoreWork:
            return False
        return True

    def green(self) -> None:
        """The session seems to work; only an image proves it."""
        self.gate.at_work.add(self.presence.name)

    async def leave_if_done(self) -> None:
        """NoMoreWork when nothing is left that this hand may get, unless it watches."""
        lanes = self.hand.lanes if self.hopes is None else self.hopes()
        if not self.terms.watch and not await self.store.left_for(lanes):
            raise NoMoreWork

    async def nap(self, seconds: float) -> None:
        """Wait, but not past the moment the run is stopped."""
        waits: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(self.gate.stop.wait()),
            asyncio.ensure_future(self.clock.sleep(seconds)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def _worth_opening_before(self) -> float:
        """Seconds of waiting that an open browser may spend; a limit is waited for with none."""
        resting = self.presence.session.state is SessionState.RESTING
        return _NOW_SECONDS if resting else CLOSE_SECONDS

    def _seconds(self) -> float:
        """Until this session, and its whole exit, may work again."""
        shared = self.gate.rests_until() - self.clock.now()
        return max(self.presence.seconds_to_wait(), shared)

    async def _heed_wish(self) -> bool:
        """Do what the user asked of the session; whether it was to wake."""
        wish = await self.store.take_wish(self.presence.name)
        if wish is None:
            return False
        if wish.kind is WishKind.WAKE:
            self.gate.wake_all()
            if self.presence.session.state not in RED:
                await self.presence.pace(0)
            return True
        until = wish.until or self.clock.now() + DAY_SECONDS
        why = Outcome(cause=Cause.LIMITED_BY_HAND, message="You sent it to rest.")
        await self.presence.rest(until, why)
        return False

    async def _keeps_to_rules(self) -> bool:
        """Whether the user's own rules let the session work now; else it rests."""
        denied = await self.allowance()
        if denied is not None:
            await self.presence.rest(*denied)
        return denied is None

    def _refuse_to_wait_in_vain(self) -> None:
        if self.gate.stop.is_set() or self.gate.used_up:
            raise NoMoreWork
        resting = self.presence.session.state is SessionState.RESTING
        too_long = self.presence.seconds_to_wait() > self.terms.max_wait_seconds
        if resting and too_long and not self.terms.watch and not self.beside():
            raise NoMoreWork

    def _refuse_to_wait_alone(self, seconds: float) -> None:
        """A red session stays while others work, and so long for a person when none does."""
        self.gate.at_work.discard(self.presence.name)
        if self.terms.watch or self.gate.at_work:
            self._alone_since = None
            return
        now = self.clock.monotonic()
        if self._alone_since is None:
            self._alone_since = now
            self._say_how_long(seconds)
        if now - self._alone_since >= seconds:
            raise NoMoreWork

    def _say_how_long(self, seconds: float) -> None:
        if seconds > 0:
            text = f"No session can work now. {self.presence.name} waits {seconds:.0f} s for you."
            self.presence.tell(Notice(level="warning", text=text))

    def _note_new_trouble(self) -> None:
        """After an image a red session is looked at soon again; else it is the old trouble."""
        if self.presence.images != self._images:
            self._images = self.presence.images
            self._recheck, self._alone_since = 0.0, None

    def _plan_recheck(self) -> None:
        first = self.terms.recheck_seconds
        if self.presence.session.cause is Cause.CHALLENGE:
            first *= _CAUTION  # each look loads the page that already distrusts us
        self._recheck = min(self._recheck * _SLOWER or first, max(first, _SLOWEST_SECONDS))
        self._recheck_at = self.clock.monotonic() + self._recheck

    def _rest_with_the_others(self) -> None:
        """While the whole exit rests no red session is looked at."""
        shared = self.gate.rests_until() - self.clock.now()
        self._recheck_at = max(self._recheck_at, self.clock.monotonic() + shared)

    def _is_time_to_look(self) -> bool:
        return self.hand.repaired() or self.clock.monotonic() >= self._recheck_at
