"""All loops of a run in one TaskGroup: a worker per session, the heartbeats, the upkeep."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from farm.clock import Clock
from farm.errors import BrowserError, FarmError, LostLease, NetworkError, ProfileInUse
from farm.memory import give_back
from farm.model.causes import Cause
from farm.model.events import CountsChanged, Notice, RunEvent
from farm.model.jobs import JobState
from farm.model.outcomes import Outcome
from farm.model.sessions import SessionState
from farm.worker import Worker

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0
UPKEEP_SECONDS = 1.0
TRIM_SECONDS = 60.0
RELAUNCHES = 3  # in a row without an image in between
RELAUNCH_WAIT_SECONDS = 2.0  # doubled each time
LONGEST_WAIT_SECONDS = 30.0  # between two tries to reach a network that is gone
STOPPED_SECONDS = 600.0  # until a session that stopped is tried once more; doubled each time
LONGEST_STOP_SECONDS = 3600.0


class UpkeepStore(Protocol):
    """What the upkeep needs of the job store."""

    async def maintain(self) -> int:
        """Promote due delayed jobs, return expired leases, release or review stale pins."""

    async def counts(self, queues: Sequence[str] = ()) -> Mapping[JobState, int]:
        """Jobs by state."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """A session to be worked; each life gets a fresh worker with a fresh browser."""

    name: str
    hire: Callable[[], Worker]


@dataclass(kw_only=True, slots=True)
class _Lives:
    """The failed lives of one session in a row, and what comes after each.

    A browser that dies again and again is broken. A network that is gone comes back, so its
    failures count against time alone.
    """

    clock: Clock
    offline_seconds: float
    broken: int = 0
    offline: int = 0
    stopped: int = 0
    _offline_since: float = 0.0  # monotonic

    def wait_after(self, error: Exception, *, made: int) -> float | None:
        """Seconds until the next life; None when there shall be none."""
        if made:
            self.broken = self.offline = self.stopped = 0
        if isinstance(error, NetworkError):
            return self._wait_for_network()
        self.offline = 0
        self.broken += 1
        if self.broken > RELAUNCHES:
            return None
        return RELAUNCH_WAIT_SECONDS * 2.0 ** (self.broken - 1)

    def stop(self) -> float:
        """The session stops: seconds until it may be tried once more."""
        self.stopped += 1
        return min(LONGEST_STOP_SECONDS, STOPPED_SECONDS * 2.0 ** (self.stopped - 1))

    def _wait_for_network(self) -> float | None:
        now = self.clock.monotonic()
        if not self.offline:
            self._offline_since = now
        self.offline += 1
        if now - self._offline_since > self.offline_seconds:
            return None
        return min(LONGEST_WAIT_SECONDS, RELAUNCH_WAIT_SECONDS * 2.0 ** (self.offline - 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Trouble:
    """What a life of a session died of."""

    error: Exception
    outcome: Outcome


@dataclass(kw_only=True)
class Supervisor:
    """Keeps every session worked until each has nothing left to do.

    A dead browser is opened again, a fault of farm's own ends one worker's life and not the run;
    both a bounded number of times in a row.
    """

    posts: Sequence[Post]
    store: UpkeepStore
    queues: Sequence[str]
    clock: Clock
    tell: Callable[[RunEvent], None]
    offline_seconds: float = 900.0  # how long a session tries to reach a network that is gone
    refused: list[FarmError] = field(default_factory=list)  # sessions that could not be worked
    _counts: Mapping[JobState, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Work all posts; the first error that concerns the whole farm ends the run."""
        try:
            async with asyncio.TaskGroup() as group:
                upkeep = group.create_task(self._upkeep(), name="upkeep")
                manned = [
                    group.create_task(self._man(post), name=f"session {post.name}")
                    for post in self.posts
                ]
                await asyncio.wait(manned)
                upkeep.cancel()
        except* FarmError as errors:
            raise _first(errors) from errors
        await self._tell_counts()

    async def _man(self, post: Post) -> None:
        lives = _Lives(clock=self.clock, offline_seconds=self.offline_seconds)
        while True:
            worker = post.hire()
            trouble = await self._life(worker)
            if trouble is None:
                worker.gate.at_work.discard(post.name)
                return
            wait = lives.wait_after(trouble.error, made=worker.presence.images)
            if wait is None:
                await worker.presence.turn_red(SessionState.STOPPED, trouble.outcome)
                if not await worker.waiting.to_try_again(lives.stop()):
                    return
                continue
            self._notice("warning", f"{post.name}: {trouble.outcome.message} Opening it again.")
            await worker.waiting.nap(wait)

    async def _life(self, worker: Worker) -> _Trouble | None:
        """One life of a session; what it died of, or None when it was done."""
        try:
            await self._with_heartbeat(worker)
        except (BrowserError, LostLease) as error:
            return _trouble(error, Cause.BROWSER_GONE, str(error))
        except ProfileInUse as error:
            self.refused.append(error)
            self._notice("error", str(error))
            await worker.presence.leave()
        except FarmError:
            raise  # the store, the disk or the installation: no session can work
        except Exception as error:  # a fault of farm: loud, but one session's
            log.exception("a worker crashed", extra={"session": worker.hand.name})
            return _trouble(error, Cause.CRASHED, f"a fault of farm: {error!r}.")
        return None

    async def _with_heartbeat(self, worker: Worker) -> None:
        beat = asyncio.create_task(self._beat(worker), name=f"heartbeat {worker.id}")
        work = asyncio.create_task(worker.run(), name=f"worker {worker.id}")
        try:
            await asyncio.wait({beat, work}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            beat.cancel()
            if not work.done():
                work.cancel()
            await asyncio.wait({beat, work})
        for task in (beat, work):
            if not task.cancelled():
                task.result()

    async def _beat(self, worker: Worker) -> None:
        while True:
            await self.clock.sleep(HEARTBEAT_SECONDS)
            await worker.heartbeat()

    async def _upkeep(self) -> None:
        trimmed_at = self.clock.monotonic()
        while True:
            await self.store.maintain()
            await self._tell_counts()
            if self.clock.monotonic() - trimmed_at >= TRIM_SECONDS:
                await asyncio.to_thread(give_back)
                trimmed_at = self.clock.monotonic()
            await self.clock.sleep(UPKEEP_SECONDS)

    async def _tell_counts(self) -> None:
        counts = await self.store.counts(self.queues)
        if counts != self._counts:
            self._counts = counts
            self.tell(CountsChanged(counts=counts))

    def _notice(self, level: str, text: str) -> None:
        self.tell(Notice(level=level, text=text))


def _trouble(error: Exception, cause: Cause, message: str) -> _Trouble:
    return _Trouble(error=error, outcome=Outcome(cause=cause, message=message))


def _first(errors: BaseExceptionGroup[FarmError]) -> FarmError:
    for error in errors.exceptions:
        return _first(error) if isinstance(error, BaseExceptionGroup) else error
    raise AssertionError("an exception group holds at least one exception")
