"""The submission log: every prompt that reached the site, and what its files must hash to."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedImage:
    """The hashes one image can have, by form; original and s0 both count as full size."""

    sha256_original: str
    sha256_s0: str
    sha256_preview: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """One prompt that reached the site."""

    n: int  # 1-based, over all accounts
    at: float  # epoch seconds
    account: str  # "" when signed out
    conversation: str  # "" when nothing was accepted
    turn: str
    text: str
    accepted: bool
    outcome: str  # the play; "cut" once a click or a reload stopped it
    mode: str  # model label at the time
    image_mode: bool  # whether the page had its image tool chosen
    images: tuple[LoggedImage, ...] = ()  # those that come to be seen
    files: tuple[str, ...] = ()  # sha256 of what was uploaded and sent along, in order


class SubmissionLog:
    """Submissions in memory and, with a path, as JSON lines that outlive the stand-in.

    A line `{"cut": n}` says that submission n was stopped from outside before its images came.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.entries: list[Submission] = read_log(path) if path and path.exists() else []
        self._last = max((entry.n for entry in self.entries), default=0)

    def next_number(self) -> int:
        """Count a submission that has just arrived."""
        self._last += 1
        return self._last

    def append(self, submission: Submission) -> None:
        """Log before the site answers; on disk when this returns."""
        self.entries.append(submission)
        self._write(asdict(submission))

    def cut(self, n: int) -> None:
        """Log that a submission was stopped: its images were never seen."""
        self.entries = [_cut(entry) if entry.n == n else entry for entry in self.entries]
        self._write({"cut": n})

    def count_from(self, n: int) -> None:
        """Go on after the numbers an earlier life gave."""
        self._last = max(self._last, n)

    def _write(self, line: dict[str, Any]) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())


def read_log(path: Path) -> list[Submission]:
    """Read a log file back, later lines applied; a line that a crash cut short is passed over."""
    entries: dict[int, Submission] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            data = json.loads(line)
        except json.JSONDecodeError:
            continue
        if "cut" in data:
            entries[data["cut"]] = _cut(entries[data["cut"]])
        else:
            images = tuple(LoggedImage(**image) for image in data.pop("images"))
            files = tuple(data.pop("files", ()))
            entries[data["n"]] = Submission(**data, images=images, files=files)
    return list(entries.values())


def _cut(entry: Submission) -> Submission:
    return replace(entry, outcome="cut", images=())
