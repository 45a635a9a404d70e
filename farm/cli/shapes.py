"""What `--json` says: plain values under keys that stay as they are."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

from farm.model.events import RunEvent
from farm.model.jobs import Job, status_word


def plain(value: Any) -> Any:
    """Records, enums, days and paths as JSON has them; fields become keys."""
    match value:
        case Job():
            result: Any = job_shape(value)
        case Enum():
            result = value.value
        case Path() | date():
            result = str(value)
        case Mapping():
            result = {str(plain(k)): plain(v) for k, v in value.items()}
        case list() | tuple():
            result = [plain(item) for item in value]
        case set() | frozenset():
            result = sorted(plain(item) for item in value)
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            result = {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        case _:
            result = value
    return result


def job_label(job: Job) -> str:
    """How the command line names a job: `queue/prompt id`."""
    return f"{job.queue}/{job.prompt.id}"


def job_shape(job: Job) -> dict[str, Any]:
    """One job: its numbers, where it stands and its prompt."""
    values = {
        f.name: plain(getattr(job, f.name)) for f in dataclasses.fields(job) if f.name != "prompt"
    }
    return {
        **values,
        "label": job_label(job),
        "status": status_word(job.state, job.cause),
        "prompt": job.prompt.to_payload(),
    }


def event_shape(event: RunEvent) -> dict[str, Any]:
    """One event: `event` names it (`session_changed`), the other keys are its fields."""
    kind = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
    return {"event": kind, **plain(event)}
