"""What a one-shot command waits for, told on standard error: its output stays what was made."""

from __future__ import annotations

from typing import Self

from farm.cli.render import complain
from farm.cli.shapes import job_label
from farm.cli.view import STATE_WORDS, clock_text
from farm.clock import Clock
from farm.model.events import AttemptEnded, Notice, RunEvent, SessionChanged
from farm.model.jobs import OPEN_STATES


class Aside:
    """Tells what went wrong and when it is tried again, and nothing else."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: set[tuple[object, ...]] = set()
        self._rests_for = ""  # what a session rests for is not told again of its job

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None: ...

    def on_event(self, event: RunEvent) -> None:
        """Say a notice, why a session rests, or how a try ended that is not the last, once."""
        match event:
            case Notice(text=text):
                self._say(text, about=(text,))
            case SessionChanged(session=session) if session.message:
                self._rests_for = session.message
                words = f"{STATE_WORDS[session.state].capitalize()}: {session.message}"
                told = self._in_time(words, "Goes on", session.next_ready_at)
                self._say(told, about=(session.state, session.message, session.next_ready_at))
            case AttemptEnded(job=job, outcome=why) if job.state in OPEN_STATES:
                words = f"{job_label(job)}, try {event.number} ({why.cause}): {job.message}"
                told = self._in_time(words, "Tried again", job.not_before or 0.0)
                if job.not_before or why.message != self._rests_for:
                    self._say(told, about=(job.id, event.number))

    def _in_time(self, words: str, what: str, at: float) -> str:
        wait = at - self._clock.now()
        stop = "" if words.endswith((".", "!", "?")) else "."
        return f"{words}{stop} {what} in {clock_text(wait)}." if wait > 0 else words

    def _say(self, text: str, *, about: tuple[object, ...]) -> None:
        if about not in self._told:
            self._told.add(about)
            complain(text)

    def tick(self) -> None:
        """Nothing: waiting is no news."""
