"""A hand that does what its script says."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from farm.backends.base import Drawn, Record, Work
from farm.errors import BrowserGone, Ended, Interrupted
from farm.model.images import RawImage
from farm.model.jobs import Phase
from farm.model.lanes import ANY_LANE, WEB_LANE, session_lane
from farm.model.outcomes import Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """How one call of `make` goes.

    It records every phase up to `until`, then ends with the outcome, dies, or brings images.
    """

    images: int = 1
    until: Phase = Phase.READY
    outcome: Outcome | None = None
    interrupted: bool = False  # the outcome leaves the attempt open
    dies: bool = False  # the browser goes away


@dataclass(kw_only=True)
class ScriptedHand:
    """Plays its acts in order, the last one for ever; counts what a real hand would have sent.

    `resume` finds what was sent, as a site does that keeps its conversations.
    """

    name: str
    folder: Path  # where it writes its files
    acts: Sequence[Act] = (Act(),)
    picture: bytes = b"picture"  # the number of the submission is appended
    sent: list[int] = field(default_factory=list)  # job ids, one for each submission
    resumed: list[int] = field(default_factory=list)
    opened: int = 0
    closed: int = 0
    on_enter: Outcome | None = None  # what stands in the way
    mends_after: int | None = None  # proofs that fail before `on_enter` is out of the way
    windowed: bool = False
    proofs: int = 0
    lanes: tuple[str, ...] = ()
    _made: int = 0

    def __post_init__(self) -> None:
        """Serve the lanes of a web session."""
        self.lanes = self.lanes or (session_lane(self.name), WEB_LANE, ANY_LANE)

    async def __aenter__(self) -> Self:
        """Open."""
        self.opened += 1
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Close."""
        self.closed += 1

    async def prove(self) -> None:
        """Say what stands in the way, as often as the script wants it."""
        self.proofs += 1
        if self.on_enter is None:
            return
        if self.mends_after is None or self.proofs <= self.mends_after:
            raise Ended(self.on_enter)

    async def mended(self, seconds: float) -> bool:  # noqa: ARG002  # the script needs no time
        """Whether a person has been there by now."""
        return self.mends_after is not None and self.proofs >= self.mends_after

    def repaired(self) -> bool:
        """Nobody repairs a script."""
        return False

    async def worn(self) -> bool:
        """It never wears out."""
        return False

    async def make(self, work: Work, record: Record) -> Drawn:
        """Play the next act."""
        act = self.acts[min(self._made, len(self.acts) - 1)]
        self._made += 1
        conversation = f"{work.job_id:016x}"
        steps: dict[Phase, dict[str, Any]] = {
            Phase.TYPING: {"text": work.text},
            Phase.SENDING: {"before": []},
            Phase.SENT: {"conversation": conversation, "turn": ""},
            Phase.READY: {"images": ["blob:x"], "preview_px": [0, 0]},
        }
        for phase, facts in steps.items():
            await record(phase, facts)
            if phase is Phase.SENDING and act.until is not Phase.TYPING:
                self.sent.append(work.job_id)
            if phase is act.until:
                break
        if act.dies:
            raise BrowserGone(f"{self.name}: the browser is gone")
        if act.outcome is not None:
            raise (Interrupted if act.interrupted else Ended)(act.outcome)
        return self._drawn(work, act.images)

    async def resume(self, work: Work, record: Record) -> Drawn | None:
        """Bring back what was sent for this job; None when nothing was."""
        self.resumed.append(work.job_id)
        if work.job_id not in self.sent:
            return None
        await record(Phase.SENT, {"conversation": f"{work.job_id:016x}", "turn": ""})
        await record(Phase.READY, {"images": ["blob:x"], "preview_px": [0, 0]})
        return self._drawn(work, 1)

    def _drawn(self, work: Work, count: int) -> Drawn:
        images = []
        for number in range(count):
            body = self.picture + f"-{work.job_id}-{number}".encode()
            part = self.folder / f"{work.job_id}-{number}.part"
            part.write_bytes(body)
            images.append(
                RawImage(
                    part=part,
                    sha256=hashlib.sha256(body).hexdigest(),
                    size_bytes=len(body),
                    source="script",
                    preview_px=(0, 0),
                    full_size=True,
                )
            )
        return Drawn(images=tuple(images))
