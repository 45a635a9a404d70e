"""Google Drive, version 3, as far as anybody here uses it: folders, queries, resumable uploads.

Requests are held against Google's own description: a query parameter or a field that it does not
know is refused. A service account owns no storage; what stands on a shared drive is hidden from
who does not ask for shared drives.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any

from fake_google import error
from googleapiclient.discovery_cache import get_static_doc
from loopback import Asked, Fate, Reply, reply

FOLDER = "application/vnd.google-apps.folder"
PIECE = 256 * 1024
_FILES = "/drive/v3/files"
_UPLOAD = "/upload/drive/v3/files"
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")
_TEXT = r"'((?:[^'\\]|\\.)*)'"
_CLAUSES = {
    "name": re.compile(rf"name = {_TEXT}"),
    "mimeType": re.compile(rf"mimeType = {_TEXT}"),
    "parent": re.compile(rf"{_TEXT} in parents"),
    "trashed": re.compile(r"trashed = (true|false)"),
    "property": re.compile(rf"appProperties has {{ key={_TEXT} and value={_TEXT} }}"),
}


class Refused(Exception):
    """A request that Drive answers with an error."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.reply = error(status, "", message, v1=reason)


@dataclass(kw_only=True)
class Entry:
    """A file or a folder."""

    id: str
    name: str
    type: str
    parent: str
    created: str
    drive_id: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    trashed: bool = False
    read_only: bool = False


@dataclass(kw_only=True)
class _Session:
    """An upload that has begun."""

    meta: dict[str, Any]
    type: str
    size: int
    content: bytes = b""


class FakeDrive:
    """A tree of files, and how many bytes every upload sent."""

    scopes = frozenset({"https://www.googleapis.com/auth/drive"})

    def __init__(self, *, storage: bool = False) -> None:
        self.entries: dict[str, Entry] = {}
        self.storage = storage  # whether who asks owns any
        self.sent: list[tuple[int, int]] = []  # every piece: its first byte and its length
        # How many bytes of the next pieces are kept, and with what answer: 308 or 503.
        self.keeps: list[tuple[int, int]] = []
        self._drawn: set[str] = set()
        self._sessions: dict[str, _Session] = {}
        self._number, self._second = count(1), count()

    def folder(self, name: str, *, parent: str = "", shared_drive: str = "") -> Entry:
        """A folder that is shared with who asks."""
        return self._add({"name": name, "mimeType": FOLDER, "parents": [parent]}, shared_drive)

    def files(self) -> list[Entry]:
        """Everything that is no folder and not in the bin."""
        return [e for e in self.entries.values() if e.type != FOLDER and not e.trashed]

    def paths(self) -> list[str]:
        """Every file that is not in the bin, by its path."""
        return sorted(self._path(entry) for entry in self.files())

    def _path(self, entry: Entry) -> str:
        above = self.entries.get(entry.parent)
        return f"{self._path(above)}/{entry.name}" if above else entry.name

    def end_sessions(self) -> None:
        """A week goes by."""
        self._sessions.clear()

    def answer(self, asked: Asked, who: str) -> Reply | None:  # noqa: ARG002  # all see the same
        if not asked.path.startswith((_FILES, _UPLOAD)):
            return None
        try:
            return self._verb(asked)
        except Refused as refused:
            return refused.reply

    def _verb(self, asked: Asked) -> Reply:
        if asked.path == _UPLOAD:
            return self._begin(asked) if asked.method == "POST" else self._piece(asked)
        last = asked.path.removeprefix(_FILES).strip("/")
        if asked.method == "POST":
            return self._create(asked)
        if asked.method == "PATCH":
            entry = self._seen(last, asked)
            entry.trashed = bool(_body(asked).get("trashed", entry.trashed))
            return self._shown(entry, asked, "update")
        if last == "generateIds":
            _known(asked, "generateIds")
            ids = [f"1gen{next(self._number):04}" for _ in range(int(asked.query["count"]))]
            self._drawn.update(ids)
            return reply({"ids": ids, "space": "drive"})
        return self._shown(self._seen(last, asked), asked, "get") if last else self._list(asked)

    def _seen(self, file_id: str, asked: Asked) -> Entry:
        entry = self.entries.get(file_id)
        asks_for_shared = asked.query.get("supportsAllDrives") == "true"
        if entry is None or (entry.drive_id and not asks_for_shared):
            raise Refused(404, "notFound", f"File not found: {file_id}.")
        return entry

    def _list(self, asked: Asked) -> Reply:
        _known(asked, "list")
        query = asked.query
        both = query.get("includeItemsFromAllDrives") == query.get("supportsAllDrives") == "true"
        if query.get("corpora") == "drive" and not (query.get("driveId") and both):
            raise Refused(403, "invalid", "The driveId parameter and shared drives are required.")
        wanted = list(_clauses(query["q"]))
        found = [
            entry
            for entry in self.entries.values()
            if all(_fits(entry, *clause) for clause in wanted)
            and (both or not entry.drive_id)
            and query.get("driveId") in {None, entry.drive_id}
        ]
        if query.get("orderBy") == "createdTime":
            found.sort(key=lambda entry: entry.created)
        fields = _fields(query["fields"])["files"]
        return reply({"files": [_some(entry, fields) for entry in found]})

    def _create(self, asked: Asked) -> Reply:
        meta = _body(asked)
        if meta.get("mimeType") != FOLDER:
            raise Refused(400, "badRequest", "Only folders have no content.")
        return self._shown(self._add_to_parent(meta, asked), asked, "create")

    def _begin(self, asked: Asked) -> Reply:
        _known(asked, "create", {"uploadType"})
        meta = _body(asked)
        self._free(meta)
        parent = self._seen(meta["parents"][0], asked)
        if not parent.drive_id and not self.storage:
            raise Refused(
                403,
                "storageQuotaExceeded",
                "Service Accounts do not have storage quota. Leverage shared drives, or use OAuth "
                "delegation instead.",
            )
        number = f"upload-{next(self._number)}"
        self._sessions[number] = _Session(
            meta=meta,
            type=asked.headers["x-upload-content-type"],
            size=int(asked.headers["x-upload-content-length"]),
        )
        base = f"http://{asked.headers['host']}{_UPLOAD}"
        fields = asked.query["fields"].replace(",", "%2C")
        where = f"{base}?uploadType=resumable&supportsAllDrives=true&fields={fields}"
        return reply({}, headers={"Location": f"{where}&upload_id={number}"})

    def _free(self, meta: dict[str, Any]) -> None:
        if "id" not in meta:
            return
        if meta["id"] in self.entries:
            raise Refused(409, "fileIdInUse", "A file already exists with the provided ID.")
        if meta["id"] not in self._drawn:
            raise Refused(400, "invalid", "The provided file ID is not usable.")

    def _piece(self, asked: Asked) -> Reply:
        session = self._sessions.get(asked.query["upload_id"])
        if session is None:
            return Reply(status=404)
        match = _RANGE.fullmatch(asked.headers["content-range"])
        if match is None or int(match[3]) != session.size:
            raise Refused(400, "badRequest", "The range is wrong.")
        status = 308
        if match[1]:
            status = self._take(session, int(match[1]), int(match[2]), asked.body)
        if status != 308:
            return error(status, "UNAVAILABLE", "Backend error.", v1="backendError")
        if len(session.content) < session.size:
            last = len(session.content) - 1
            return Reply(status=308, headers={"Range": f"bytes=0-{last}"} if last >= 0 else {})
        return self._finished(session, asked)

    def _take(self, session: _Session, first: int, last: int, body: bytes) -> int:
        """Keep a piece's bytes, but for those that were kept before; the answer's status."""
        whole = last + 1 == session.size
        if len(body) != last - first + 1 or (len(body) % PIECE and not whole):
            raise Refused(400, "badRequest", "The piece has the wrong length.")
        if first > len(session.content):
            raise Refused(400, "badRequest", f"Byte {len(session.content)} is missing.")
        self.sent.append((first, len(body)))
        some, status = self.keeps.pop(0) if self.keeps else (len(body), 308)
        session.content += body[len(session.content) - first : some]
        return status

    def _finished(self, session: _Session, asked: Asked) -> Reply:
        known = self.entries.get(session.meta.get("id", ""))
        if known is None:
            known = self._add_to_parent(session.meta | {"mimeType": session.type}, asked)
            known.content = session.content
        elif known.content != session.content:
            raise Refused(409, "fileIdInUse", "A file already exists with the provided ID.")
        return self._shown(known, asked, None)

    def _add_to_parent(self, meta: dict[str, Any], asked: Asked) -> Entry:
        parent = self._seen(meta["parents"][0], asked)
        if parent.read_only:
            said = "The user does not have sufficient permissions for this file."
            raise Refused(403, "insufficientFilePermissions", said)
        return self._add(meta, parent.drive_id)

    def _add(self, meta: dict[str, Any], drive_id: str) -> Entry:
        entry = Entry(
            id=meta.get("id") or f"1own{next(self._number):04}",
            name=meta["name"],
            type=meta["mimeType"],
            parent=meta["parents"][0],
            created=f"2026-11-21T08:00:00.{next(self._second):03}Z",
            drive_id=drive_id,
            properties=meta.get("appProperties", {}),
        )
        self.entries[entry.id] = entry
        return entry

    def _shown(self, entry: Entry, asked: Asked, verb: str | None) -> Reply:
        if verb:
            _known(asked, verb)
        wanted = _fields(asked.query.get("fields", "kind,id,name,mimeType"))
        return reply(_some(entry, wanted))


LOST = Reply(fate=Fate.LOST)


def _some(entry: Entry, wanted: dict[str, Any]) -> dict[str, Any]:
    """The fields that were asked for; strange ones are refused, as Drive does."""
    strange = wanted.keys() - _document()["schemas"]["File"]["properties"].keys()
    if strange:
        raise Refused(400, "invalidParameter", f"Invalid field selection {min(strange)}")
    everything: dict[str, Any] = {
        "kind": "drive#file",
        "id": entry.id,
        "name": entry.name,
        "mimeType": entry.type,
        "parents": [entry.parent],
        "trashed": entry.trashed,
        "createdTime": entry.created,
        "appProperties": entry.properties,
        "webViewLink": f"https://drive.google.com/file/d/{entry.id}/view?usp=drivesdk",
        "sha256Checksum": hashlib.sha256(entry.content).hexdigest(),
        "capabilities": {"canAddChildren": entry.type == FOLDER and not entry.read_only},
    }
    if entry.drive_id:
        everything["driveId"] = entry.drive_id
    return {name: everything[name] for name in wanted if name in everything}


def _fields(text: str) -> dict[str, Any]:
    """`id,files(id,name)` as `{"id": {}, "files": {"id": {}, "name": {}}}`."""
    found: dict[str, Any] = {}
    for name, inner in re.findall(r"(\w+)(?:\(([^()]*)\))?", text):
        found[name] = _fields(inner) if inner else {}
    return found


def _clauses(query: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The parts of a query; 400 for what is none."""
    rest = query
    while rest:
        for kind, pattern in _CLAUSES.items():
            if match := pattern.match(rest):
                yield kind, tuple(re.sub(r"\\(.)", r"\1", text) for text in match.groups())
                rest = rest[match.end() :].removeprefix(" and ")
                break
        else:
            raise Refused(400, "invalid", f"Invalid Value: {rest}")


def _fits(entry: Entry, kind: str, values: tuple[str, ...]) -> bool:
    return {
        "name": entry.name == values[0],
        "mimeType": entry.type == values[0],
        "parent": entry.parent == values[0],
        "trashed": entry.trashed == (values[0] == "true"),
        "property": entry.properties.get(values[0]) == values[-1],
    }[kind]


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(get_static_doc("drive", "v3"))
    return document


def _known(asked: Asked, verb: str, more: set[str] | None = None) -> None:
    """400 for a query parameter that the verb does not have."""
    document = _document()
    allowed = document["resources"]["files"]["methods"][verb]["parameters"].keys()
    strange = asked.query.keys() - allowed - document["parameters"].keys() - (more or set())
    if strange:
        raise Refused(400, "invalidParameter", f"Unknown parameter {min(strange)}")


def _body(asked: Asked) -> dict[str, Any]:
    """The metadata; 400 for fields that a file does not have, or too long a property."""
    body: dict[str, Any] = asked.json
    strange = body.keys() - _document()["schemas"]["File"]["properties"].keys()
    if strange:
        raise Refused(400, "badRequest", f"Unknown name {min(strange)!r}")
    for key, value in body.get("appProperties", {}).items():
        if len(f"{key}{value}".encode()) > 124:
            raise Refused(400, "badRequest", f"The property {key} is too long.")
    return body
