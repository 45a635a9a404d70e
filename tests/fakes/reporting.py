"""Jobs and attempts that reports are made from, in few words."""

from __future__ import annotations

from farm.model.causes import Cause
from farm.model.chronicle import Tried
from farm.model.jobs import Job, JobState
from farm.model.prompts import Prompt

BEGAN = 1_795_219_200.0  # 2026-11-21 00:00 UTC


def job(number: int = 1, **changes: object) -> Job:
    """A pending job, but for the changes."""
    facts: dict[str, object] = {
        "id": number,
        "queue": "prompts",
        "prompt": Prompt(id=str(number), filename=f"wish-{number}.png", description="a pond"),
        "version": 1,
        "state": JobState.PENDING,
        "lane": "any",
        "priority": 0,
        "not_before": None,
        "attempts": 0,
        "max_attempts": 3,
        "crashes": 0,
        "cause": None,
        "message": "",
        "image_path": "",
        "session": "",
        "updated_at": BEGAN,
        "completed_at": None,
        "source": "",
        "row": number,
    }
    return Job(**(facts | changes))  # type: ignore[arg-type]  # a table of changes


def tried(
    job_id: int,
    began: float,
    ended: float | None,
    cause: Cause | None = Cause.MADE,
    *,
    session: str = "alice",
    counted: bool = True,
) -> Tried:
    """An attempt; its times are seconds after BEGAN."""
    return Tried(
        job_id=job_id,
        number=1,
        session=session,
        cause=None if ended is None else cause,
        counted=counted,
        message="",
        began=BEGAN + began,
        heard_at=BEGAN + (began + 5 if ended is None else ended),
        ended=None if ended is None else BEGAN + ended,
    )
