"""Evidence of failures: the first of its kind in full, later ones counted.

Nothing here may hurt the attempt it looks at: collecting is bounded in time, and whatever cannot
be had, or goes wrong on the way, is named in the incident instead of being raised.
"""

from __future__ import annotations

import asyncio
import base64
import html
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from farm.clock import Clock
from farm.errors import SaveFailed, StoreError
from farm.files import write_whole
from farm.model.events import IncidentSeen, RunEvent
from farm.model.incidents import EXTENTS, Extent, Incident, Keep, Sighting, incident_key
from farm.model.jobs import AttemptFacts, Claim
from farm.model.outcomes import Outcome
from farm.privacy import Veil

log = logging.getLogger(__name__)

FOLDER = "incidents"
SUMMARY = "index.html"
SCREENSHOT = "screenshot.png"
COLLECT_SECONDS = 8.0
_UNDER_WAY_SECONDS = 60.0  # so long another session may still be collecting the first occurrence
_GLANCE = (SCREENSHOT, "reading.json")
EXPECTED: Mapping[Extent, tuple[str, ...]] = {
    Extent.NONE: (),
    Extent.GLANCE: _GLANCE,
    Extent.FULL: (*_GLANCE, "page.html", "snapshot.json", "console.txt", "network.txt"),
}


class IncidentBook(Protocol):
    """Where incidents are written down."""

    async def note_incident(self, sighting: Sighting) -> Incident:
        """Write an occurrence down; the first one of its key is told by its count of 1."""

    async def file_incident(self, incident_id: int, folder: str) -> None:
        """Write down where an incident's files are, relative to the logs folder."""


class Evidence(Protocol):
    """What a hand can show of the page or service it works with; redacted when it is handed out."""

    def where(self) -> str:
        """The address it is at, without query and ids; "" for none."""

    async def collect(self, extent: Extent, private: Sequence[str], keep: Keep) -> None:
        """Hand each part to `keep` as soon as it is there; `private` are texts of the prompt."""


@dataclass(kw_only=True, slots=True)
class Exhibits:
    """What was collected, and why the rest was not."""

    parts: dict[str, bytes] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def keep(self, name: str, part: bytes | str) -> None:
        """Take a part, or the reason why there is none."""
        if isinstance(part, bytes):
            self.parts[name] = part
        else:
            self.missing[name] = part


@dataclass(kw_only=True)
class Incidents:
    """Witnesses the failures of one session."""

    book: IncidentBook
    evidence: Evidence | None  # None: a hand without a page has nothing to show but its words
    logs: Path
    clock: Clock
    session: str
    tell: Callable[[RunEvent], None]
    version: str = ""  # of farm
    seconds: float = COLLECT_SECONDS

    async def witness(self, outcome: Outcome, claim: Claim | None) -> Incident | None:
        """Count a failure, with evidence if it is the first of its kind; None: none was needed.

        Call it while the page still shows the failure. It raises nothing but cancellation.
        """
        extent = EXTENTS[outcome.cause]
        if extent is Extent.NONE:
            return None
        private = private_texts(claim)
        said = Veil.over(prompts=private)(outcome.said)
        try:
            incident = await self.book.note_incident(self._sighting(outcome, said, claim))
            first = self._is_due(incident)
            if first:
                facts = {**self._facts(incident, claim), "said": said}
                incident = await self._file(incident, facts, extent, private)
        except (StoreError, SaveFailed) as error:
            log.warning("an incident could not be written down", extra={"error": str(error)})
            return None
        self.tell(IncidentSeen(incident=incident, first=first, screenshot=self._picture(incident)))
        return incident

    def _sighting(self, outcome: Outcome, said: str, claim: Claim | None) -> Sighting:
        return Sighting(
            key=incident_key(outcome.cause, outcome.role, said),
            cause=outcome.cause,
            role=outcome.role,
            session=self.session,
            job_id=claim.job.id if claim else None,
            message=Veil()(outcome.message),
            at=self.clock.now(),
        )

    def _is_due(self, incident: Incident) -> bool:
        """Whether evidence is wanted: none was ever kept, or somebody has thrown it away."""
        if incident.count == 1:
            return True
        if incident.folder:
            return not (self.logs / incident.folder).is_dir()
        return incident.last_at - incident.first_at > _UNDER_WAY_SECONDS

    def _facts(self, incident: Incident, claim: Claim | None) -> dict[str, Any]:
        return {
            "cause": incident.cause.value,
            "role": incident.role,
            "message": incident.message,
            "session": self.session,
            "job": f"{claim.job.queue}/{claim.job.prompt.id}" if claim else "",
            "attempt": claim.attempt.number if claim else None,
            "phase": claim.attempt.phase.value if claim else "",
            "url": self.evidence.where() if self.evidence else "",
            "at": moment_text(incident.last_at),
            "first_at": moment_text(incident.first_at),
            "count": incident.count,
            "incident": incident.id,
            "farm": self.version,
        }

    async def _file(
        self, incident: Incident, facts: Mapping[str, Any], extent: Extent, private: Sequence[str]
    ) -> Incident:
        """Collect and write the folder; its name is written down last."""
        exhibits = await self._collected(extent, private)
        stamp = datetime.fromtimestamp(incident.last_at).astimezone().strftime("%Y%m%d-%H%M%S")
        folder = f"{FOLDER}/{stamp}-{incident.cause.value}-{incident.id}"
        await asyncio.to_thread(write_folder, self.logs / folder, facts, exhibits)
        await self.book.file_incident(incident.id, folder)
        log.info("evidence of a failure was kept", extra={"folder": folder})
        return replace(incident, folder=folder)

    async def _collected(self, extent: Extent, private: Sequence[str]) -> Exhibits:
        exhibits = Exhibits()
        if self.evidence is None:
            return exhibits
        work = self.evidence.collect(extent, private, exhibits.keep)
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task}, timeout=self.seconds)
        finally:
            why = _ending(task, self.seconds)
        for name in EXPECTED[extent]:
            if name not in exhibits.parts:
                exhibits.missing.setdefault(name, why)
        return Exhibits(parts=dict(exhibits.parts), missing=dict(exhibits.missing))

    def _picture(self, incident: Incident) -> Path | None:
        path = self.logs / incident.folder / SCREENSHOT
        return path if incident.folder and path.is_file() else None


def _ending(task: asyncio.Future[None], seconds: float) -> str:
    """Why parts may be missing; a fault of farm while collecting is logged, not raised."""
    if not task.done():
        task.cancel()
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return f"not within {seconds:g} s"
    error = None if task.cancelled() else task.exception()
    if error is None:
        return "there was none"
    log.error("collecting evidence failed", exc_info=error)
    return f"farm failed while collecting it: {type(error).__name__}"


def private_texts(claim: Claim | None) -> tuple[str, ...]:
    """What of a job's prompt may not stand in evidence."""
    if claim is None:
        return ()
    prompt, facts = claim.job.prompt, AttemptFacts.of(claim.attempt)
    texts = (facts.text, prompt.description, prompt.title, prompt.author, prompt.typography)
    return tuple(text for text in (*texts, *prompt.extra.values()) if text)


def moment_text(at: float) -> str:
    """Local time, to the second, with its zone."""
    return datetime.fromtimestamp(at).astimezone().isoformat(sep=" ", timespec="seconds")


def write_folder(folder: Path, facts: Mapping[str, Any], exhibits: Exhibits) -> None:
    """Put everything in place, the facts and the summary last; raises SaveFailed."""
    for name, data in exhibits.parts.items():
        write_whole(folder / name, data)
    told = {**facts, "files": sorted(exhibits.parts), "missing": exhibits.missing}
    write_whole(folder / "incident.json", json.dumps(told, ensure_ascii=False, indent=2).encode())
    write_whole(folder / SUMMARY, summary(facts, exhibits).encode())


def summary(facts: Mapping[str, Any], exhibits: Exhibits) -> str:
    """One page that shows the picture, the facts and the files; it needs nothing beside it."""
    rows = [_row(name, str(value)) for name, value in facts.items() if value not in {"", None}]
    rows += [_row(f"no {name}", why) for name, why in exhibits.missing.items()]
    links = [f'<a href="{html.escape(name)}">{html.escape(name)}</a>' for name in exhibits.parts]
    picture = exhibits.parts.get(SCREENSHOT, b"")
    source = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    return _PAGE.format(
        title=html.escape(f"{facts['cause']}: {facts['message']}"),
        rows="\n".join(rows),
        links=" · ".join(["<a href='incident.json'>incident.json</a>", *links]),
        picture=f'<img alt="what the page showed" src="{source}">' if picture else "",
    )


def _row(name: str, value: str) -> str:
    return f"<tr><th>{html.escape(name)}<td>{html.escape(value)}"


_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem }}
h1 {{ font-size: 1.3rem }}
th {{ font-weight: 600; padding-right: 1.5rem; text-align: left; vertical-align: top }}
img {{ border: 1px solid #ccc; max-width: 100% }}
</style>
<h1>{title}</h1>
<table>
{rows}
</table>
<p>{links}</p>
{picture}
</html>
"""
