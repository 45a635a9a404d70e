"""`generation-log.jsonl`: a line for every attempt that ended, appended and never changed."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from farm.clock import Clock
from farm.log import redact_value
from farm.model.events import AttemptEnded, Notice, RunEvent, SessionChanged, Tell
from farm.model.jobs import status_word

log = logging.getLogger(__name__)

FILE_NAME = "generation-log.jsonl"


@dataclass(kw_only=True)
class GenerationLog:
    """Appends to the audit trail of a logs folder, which other farms may be writing too.

    Each line is one write at the file's end, so that lines of two farms never mix. It is opened
    for each: whoever rotates logs may move it away.
    """

    path: Path
    shown: Path  # the downloads folder as lines name it
    clock: Clock
    _modes: dict[str, str] = field(default_factory=dict)  # the model each session's page named
    _torn: bool | None = None  # whether the file ends within a line; None: not looked yet
    _works: bool = True

    def watching(self, tell: Tell) -> Tell:
        """The same teller, with an ear for attempts that ended."""

        def listen(event: RunEvent) -> None:
            if isinstance(event, SessionChanged):
                self._modes[event.session.name] = event.session.mode
            elif isinstance(event, AttemptEnded):
                self._write(event, tell)
            tell(event)

        return listen

    def _write(self, ended: AttemptEnded, tell: Tell) -> None:
        mode = self._modes.get(ended.session, "")
        facts = line_of(ended, at=self.clock.now(), model=mode, shown=self.shown)
        clean = {key: redact_value("", value) for key, value in facts.items()}
        data = json.dumps(clean, ensure_ascii=False).encode(errors="replace") + b"\n"
        try:
            self._append(data)
        except OSError as error:
            log.warning("the generation log was not written", extra={"why": str(error)})
            if self._works:
                tell(Notice(level="warning", text=f"{self.path} cannot be written: {error}."))
            self._works = False
        else:
            self._works = True

    def _append(self, data: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        descriptor = os.open(self.path, flags, 0o666)
        try:
            if self._torn is None:
                self._torn = _ends_within_a_line(descriptor)
            if self._torn:  # by a full disk: one line is lost there, and not this one too
                data = b"\n" + data
            written = os.write(descriptor, data)
            self._torn = written < len(data)
        finally:
            os.close(descriptor)
        if self._torn:
            raise OSError(f"only {written} of {len(data)} bytes were taken; is the disk full?")


def line_of(ended: AttemptEnded, *, at: float, model: str, shown: Path) -> Mapping[str, Any]:
    """The keys of the seeds' log, then farm's own; of prompts only what the seeds ask for."""
    job, prompt = ended.job, ended.job.prompt
    image = ended.images[0] if ended.images else None
    stamp = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return {
        "timestamp": stamp.replace("+00:00", "Z"),
        "sessionId": ended.session,
        "promptId": prompt.id,
        "filename": prompt.filename,
        "imageType": prompt.image_type.value,
        "size": str(prompt.size or ""),
        "colors": prompt.colors,
        "title": prompt.title,
        "author": prompt.author,
        "description": prompt.description,
        "imagePath": (shown / image.path).as_posix() if image else "",
        "model": model,
        "durationSeconds": round(ended.seconds, 3),
        "queue": job.queue,
        "jobId": job.id,
        "attempt": ended.number,
        "cause": ended.outcome.cause.value,
        "message": ended.outcome.message,
        "status": status_word(job.state, job.cause),
        "sha256": image.sha256 if image else "",
        "sizeBytes": image.size_bytes if image else 0,
        "widthPx": image.width_px if image else 0,
        "heightPx": image.height_px if image else 0,
    }


def _ends_within_a_line(descriptor: int) -> bool:
    end = os.lseek(descriptor, 0, os.SEEK_END)
    if end == 0:
        return False
    os.lseek(descriptor, end - 1, os.SEEK_SET)
    return os.read(descriptor, 1) != b"\n"
