"""What all workers of a run share: its stop, its limit of jobs, the rest of an exit."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

SAME_ADDRESS_SECONDS = 60.0  # two accounts that meet the same within it share their address's fate


@dataclass(kw_only=True)
class RunGate:
    """What all workers of a run share: the stop, the limit of jobs, a rest of the whole exit."""

    stop: asyncio.Event
    why_stopped: str = "Stopped by you"
    left: int | None = None  # jobs the run may still end; None: no limit
    rest_until: float = 0.0
    at_work: set[str] = field(default_factory=set)  # sessions that may still end jobs
    busy: set[str] = field(default_factory=set)  # sessions with a job in hand
    _suspicions: dict[str, float] = field(default_factory=dict)  # session -> when

    @property
    def used_up(self) -> bool:
        """Whether the limit is reached for good: nobody holds a job that may be put back."""
        return self.left == 0 and not self.busy

    def take(self) -> bool:
        """Reserve one job of the run's limit; False when the limit is reached."""
        if self.left is None:
            return True
        if self.left <= 0:
            return False
        self.left -= 1
        return True

    def put_back(self) -> None:
        """Return a reservation that ended no job."""
        if self.left is not None:
            self.left += 1

    def rest_all(self, until: float) -> None:
        """Send every session of this exit to rest."""
        self.rest_until = max(self.rest_until, until)

    def rests_until(self) -> float:
        """Epoch seconds before which no session of this exit may work."""
        return self.rest_until

    def suspects_address(self, session: str, now: float) -> bool:
        """Note that a session may be unwanted for its address; True if another one just was."""
        others = [at for name, at in self._suspicions.items() if name != session]
        self._suspicions[session] = now
        return any(abs(now - at) <= SAME_ADDRESS_SECONDS for at in others)

    def wake_all(self) -> None:
        """End the rest of this exit: the user knows better."""
        self.rest_until = 0.0


@dataclass(kw_only=True)
class OwnExit:
    """The same gate for workers that reach the world another way: they rest by themselves.

    What blocks the browsers' address says nothing about an API.
    """

    gate: RunGate
    rest_until: float = 0.0

    @property
    def stop(self) -> asyncio.Event:
        """Set when the run is to end."""
        return self.gate.stop

    @property
    def at_work(self) -> set[str]:
        """Sessions that may still end jobs."""
        return self.gate.at_work

    @property
    def busy(self) -> set[str]:
        """Sessions with a job in hand."""
        return self.gate.busy

    @property
    def used_up(self) -> bool:
        """Whether the limit is reached for good."""
        return self.gate.used_up

    def take(self) -> bool:
        """Reserve one job of the run's limit; False when the limit is reached."""
        return self.gate.take()

    def put_back(self) -> None:
        """Return a reservation that ended no job."""
        self.gate.put_back()

    def rest_all(self, until: float) -> None:
        """Send every session of this exit to rest."""
        self.rest_until = max(self.rest_until, until)

    def rests_until(self) -> float:
        """Epoch seconds before which no session of this exit may work."""
        return self.rest_until

    def suspects_address(self, session: str, now: float) -> bool:  # noqa: ARG002  # no address
        """An API looks at keys."""
        return False

    def wake_all(self) -> None:
        """End the rest of this exit: the user knows better."""
        self.rest_until = 0.0
