"""What a run came to: its exit code and one sentence, from counts and sessions alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from farm.model.causes import Cause
from farm.model.counting import counted
from farm.model.jobs import OPEN_STATES, JobState
from farm.model.sessions import Session, SessionState

ALL_DONE = 0
SOME_FAILED = 1
WORK_LEFT = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """How the run ends for the shell and for the reader."""

    exit_code: int
    sentence: str


def judge(
    counts: Mapping[JobState, int],
    sessions: Sequence[Session],
    *,
    limit_reached: bool,
    stopped: str,
    now: float,
) -> Verdict:
    """DESIGN section 10: 0 all done, 1 some failed or need review, 3 work is left.

    `stopped` says who or what ended the run before its time; "" when nothing did.
    """
    left = sum(counts.get(state, 0) for state in OPEN_STATES)
    bad = counts.get(JobState.FAILED, 0) + counts.get(JobState.REVIEW, 0)
    if left and not limit_reached:
        return Verdict(exit_code=WORK_LEFT, sentence=_why_left(left, sessions, stopped, now))
    code = SOME_FAILED if bad else ALL_DONE
    if left:
        return Verdict(exit_code=code, sentence=f"The limit was reached; {_left(left)} left.")
    if bad:
        jobs = counted(bad, "job failed or needs", "jobs failed or need")
        return Verdict(exit_code=code, sentence=f"The queue is done; {jobs} a look.")
    return Verdict(exit_code=code, sentence="The queue is done.")


def _why_left(left: int, sessions: Sequence[Session], stopped: str, now: float) -> str:
    if stopped:
        return f"{stopped}; {_left(left)} left and nothing is lost."
    reasons = " ".join(filter(None, (_reason(session, now) for session in sessions)))
    return f"{_left(left)} left. {reasons}".strip()


def _left(number: int) -> str:
    return counted(number, "job is", "jobs are")


_ADVICE: Mapping[Cause | None, str] = {
    Cause.SIGNED_OUT: "Sign in again: farm login {name}",
    Cause.CHALLENGE: "Open its window and answer what Google asks: farm login {name}",
    Cause.WRONG_MODE: "Choose a model that makes images in its window: farm login {name}",
    Cause.REGION: "Use an account and a place where Gemini makes images.",
}


def _reason(session: Session, now: float) -> str:
    why = f" ({session.cause})" if session.cause else ""
    if session.state is SessionState.NEEDS_PERSON:
        advice = _ADVICE.get(session.cause, "").format(name=session.name)
        return f"{session.name} needs you{why}: {session.message} {advice}".strip()
    if session.state is SessionState.RESTING:
        minutes = max(1, round((session.next_ready_at - now) / 60))
        return f"{session.name} rests for about {minutes} min{why}."
    if session.cause is not None:
        return f"{session.name} stopped{why}: {session.message}"
    return ""
