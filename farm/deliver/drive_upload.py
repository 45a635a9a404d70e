"""A resumable upload to Google Drive that another process can go on with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, BinaryIO, Final

from farm.deliver.base import Parcel, Remember
from farm.deliver.drive_tree import FILE_FIELDS, File
from farm.google_apis import Line

CHUNK_BYTES: Final = 4 * 256 * 1024  # Drive takes multiples of 256 KiB only
_SESSION_ENDED: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


@dataclass(kw_only=True)
class Upload:
    """One file's way to Drive under an id drawn before."""

    line: Line
    parcel: Parcel
    parent: str  # the folder's id
    file_id: str
    remember: Remember
    session: str = ""  # where an earlier try sent its bytes

    def run(self) -> File:
        """Send what is missing. Raises GoogleRefused with status 409 if it is there already."""
        with self.parcel.file.open("rb") as stream:
            request = self._request(stream)
            done = self._resumed(request) if self.session else None
            while done is None:
                with self.line.translated(self._what):
                    # Never with retries: those send a slice again that was read already, and hang.
                    _, done = request.next_chunk()
                if done is None and request.resumable_uri != self.session:
                    self.session = request.resumable_uri
                    self.remember({"id": self.file_id, "session": self.session})
            return done

    @property
    def _what(self) -> str:
        return f"{self.parcel.name} on Drive"

    def _request(self, stream: BinaryIO) -> Any:
        return self.line.api.files().create(
            body={
                "id": self.file_id,
                "name": self.parcel.name,
                "parents": [self.parent],
                "appProperties": {"farm": self.parcel.sha256, "farmKey": self.parcel.key},
            },
            media_body=_media(stream, self.parcel.media_type),
            fields=FILE_FIELDS,
            supportsAllDrives=True,
        )

    def _resumed(self, request: Any) -> File | None:
        """Ask how far the earlier try came; the file, if it came to its end."""
        from googleapiclient.errors import HttpError  # noqa: PLC0415  # heavy

        size = self.parcel.size_bytes
        headers = {"Content-Range": f"bytes */{size}", "Content-Length": "0"}
        with self.line.translated(self._what):
            answer, content = self.line.http.request(self.session, "PUT", headers=headers)
            status = int(answer.status)
            if status in {HTTPStatus.OK, HTTPStatus.CREATED}:
                return _file(content)
            if status == HTTPStatus.PERMANENT_REDIRECT:
                request.resumable_uri = self.session
                request.resumable_progress = _kept(answer)
            elif status not in _SESSION_ENDED:  # else a new one is begun, for the same id
                raise HttpError(answer, content, uri=self.session)
        return None


def _media(stream: BinaryIO, media_type: str) -> Any:
    from googleapiclient.http import MediaIoBaseUpload  # noqa: PLC0415  # heavy

    class Pieces(MediaIoBaseUpload):  # type: ignore[misc]  # ships no types
        """Hands out bytes, not slices of a stream: these can be sent again after a 401."""

        def has_stream(self) -> bool:
            return False

    return Pieces(stream, mimetype=media_type, chunksize=CHUNK_BYTES, resumable=True)


def _kept(answer: Mapping[str, str]) -> int:
    """How many bytes Drive has: `Range` names the last of them, and is missing without any."""
    last = answer.get("range", "").rpartition("-")[2]
    return int(last) + 1 if last else 0


def _file(content: bytes) -> File:
    found: File = json.loads(content)
    return found
