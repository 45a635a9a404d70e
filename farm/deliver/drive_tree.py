"""The folders below a folder of Google Drive: found, or made once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from farm.deliver.base import Later
from farm.errors import GoogleRefused
from farm.google_apis import Line

FOLDER_TYPE: Final = "application/vnd.google-apps.folder"
FILE_FIELDS: Final = "id,name,trashed,webViewLink,createdTime"
_ROOT_FIELDS: Final = "id,name,mimeType,driveId,capabilities(canAddChildren)"

File: TypeAlias = Mapping[str, Any]


@dataclass(kw_only=True)
class Tree:
    """What stands below one folder, and the ids of the folders in it that were met so far."""

    root_id: str
    _ids: dict[tuple[str, str], str] = field(default_factory=dict)  # by parent and name
    _root: File = field(default_factory=dict)
    _making: threading.Lock = field(default_factory=threading.Lock)

    def root(self, line: Line) -> File:
        """The folder itself. Raises Later when a person must share it first."""
        if not self._root:
            self._root = self._look(line)
        return self._root

    def _look(self, line: Line) -> File:
        whom = line.account or "the account you signed in with"
        share = f"Share it with {whom}, as an editor or content manager."
        try:
            found = get(line, self.root_id, _ROOT_FIELDS)
        except GoogleRefused as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            said = f"Drive has no folder {self.root_id}, or does not show it. {share}"
            raise Later(said, person=True) from error
        if found["mimeType"] != FOLDER_TYPE:
            raise Later(f"{self.root_id} on Drive is no folder but {found['name']}.", person=True)
        if not found.get("capabilities", {}).get("canAddChildren", True):
            said = f"The folder {found['name']} on Drive may only be read. {share}"
            raise Later(said, person=True)
        return found

    def folder(self, line: Line, path: str) -> str:
        """The id of the folder at a path below the root, each one on the way made if missing."""
        with self._making:  # so that a process makes each but once
            parent = str(self.root(line)["id"])
            for name in filter(None, path.split("/")):
                if (parent, name) not in self._ids:
                    self._ids[parent, name] = self._found_or_made(line, parent, name)
                parent = self._ids[parent, name]
            return parent

    def forget(self) -> None:
        """Look again: somebody changed what stands there."""
        self._ids.clear()
        self._root = {}

    def _found_or_made(self, line: Line, parent: str, name: str) -> str:
        """The oldest folder of this name: two processes that make it at once agree on that."""
        wanted = f"name = {quoted(name)} and mimeType = {quoted(FOLDER_TYPE)}"
        if there := self.find(line, parent, wanted):
            return str(there[0]["id"])
        made = self._made(line, parent, name)
        both = [made, *self.find(line, parent, wanted)]
        oldest = min(both, key=lambda folder: (folder["createdTime"], folder["id"]))
        if oldest["id"] != made["id"]:
            self._throw_away(line, made)
        return str(oldest["id"])

    def _made(self, line: Line, parent: str, name: str) -> File:
        asked = line.api.files().create(
            body={
                "name": name,
                "mimeType": FOLDER_TYPE,
                "parents": [parent],
                "appProperties": {"farm": "folder"},
            },
            fields=FILE_FIELDS,
            supportsAllDrives=True,
        )
        made: File = line.call(asked, f"a folder {name} on Drive")
        return made

    def _throw_away(self, line: Line, folder: File) -> None:
        """To the bin, where a person finds it again; who may not do that leaves it empty."""
        asked = line.api.files().update(
            fileId=folder["id"], body={"trashed": True}, supportsAllDrives=True
        )
        with suppress(GoogleRefused):
            line.call(asked, f"the second folder {folder['name']} on Drive")

    def find(self, line: Line, parent: str, query: str) -> list[File]:
        """What a query finds in a folder, the oldest first."""
        where: dict[str, Any] = {"includeItemsFromAllDrives": True, "supportsAllDrives": True}
        if drive_id := self.root(line).get("driveId"):
            where |= {"corpora": "drive", "driveId": drive_id}
        asked = line.api.files().list(
            q=f"{query} and {quoted(parent)} in parents and trashed = false",
            fields=f"files({FILE_FIELDS})",
            orderBy="createdTime",
            pageSize=10,
            **where,
        )
        found: list[File] = line.call(asked, f"the folder {self.root_id} on Drive")["files"]
        return found


def get(line: Line, file_id: str, fields: str = FILE_FIELDS) -> File:
    """What Drive knows of one file, in the bin or not."""
    asked = line.api.files().get(fileId=file_id, fields=fields, supportsAllDrives=True)
    found: File = line.call(asked, f"{file_id} on Drive")
    return found


def quoted(text: str) -> str:
    """A text as queries of Drive write it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
