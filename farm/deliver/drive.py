"""Google Drive: a folder that a service account or a person may write to.

A file's id is drawn from Google and remembered before its first byte is sent, so that a repeated
upload meets its own file (409) instead of making another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from farm.deliver.base import Delivered, Later, Parcel, Remember
from farm.deliver.drive_tree import File, Tree, get, quoted
from farm.deliver.drive_upload import Upload
from farm.errors import GoogleBusy, GoogleRefused
from farm.google_apis import Access, Line, drive

_AN_HOUR_SECONDS: Final = 3600.0
_TOMORROW: Final = frozenset({"dailyLimitExceeded", "quotaExceeded"})


@dataclass(kw_only=True)
class Drive:
    """A folder of Google Drive, on a person's drive or on a shared one."""

    place: str
    tree: Tree
    access: Access
    _idle: list[tuple[Line, ExitStack]] = field(default_factory=list)

    def put(self, parcel: Parcel, remember: Remember) -> Delivered:
        """Upload once, going on where an earlier try was cut off."""
        with _spoken(), self._line() as line:
            met = self._met(line, parcel)
            there = met or self._sent(line, parcel, remember)
        link, remote_id = str(there["webViewLink"]), str(there["id"])
        return Delivered(link=link, remote_id=remote_id, was_there=met is not None)

    def check(self) -> str:
        """What the folder is called, once it is sure that it may be written to."""
        self.tree.forget()
        with _spoken(), self._line() as line:
            root = self.tree.root(line)
        return f"{root['name']} on {'a shared drive' if root.get('driveId') else 'My Drive'}"

    def close(self) -> None:
        """Hang up all lines."""
        while self._idle:
            self._idle.pop()[1].close()

    @contextmanager
    def _line(self) -> Iterator[Line]:
        """A line for this thread alone; one that broke is not used again."""
        line, stack = self._idle.pop() if self._idle else self._dialled()
        try:
            yield line
        except BaseException:
            stack.close()
            raise
        self._idle.append((line, stack))

    def _dialled(self) -> tuple[Line, ExitStack]:
        stack = ExitStack()
        return stack.enter_context(drive(self.access)), stack

    def _met(self, line: Line, parcel: Parcel) -> File | None:
        """The file of an earlier try, or of an earlier delivery of the same content."""
        if own := parcel.facts.get("id"):
            try:
                return get(line, own)
            except GoogleRefused as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                return None
        parent = self.tree.folder(line, parcel.folder)
        mark = f"appProperties has {{ key='farm' and value={quoted(parcel.sha256)} }}"
        same = self.tree.find(line, parent, f"{mark} and name = {quoted(parcel.name)}")
        return same[0] if same else None

    def _sent(self, line: Line, parcel: Parcel, remember: Remember) -> File:
        file_id = parcel.facts.get("id") or self._drawn(line, remember)
        upload = Upload(
            line=line,
            parcel=parcel,
            parent=self.tree.folder(line, parcel.folder),
            file_id=file_id,
            remember=remember,
            session=parcel.facts.get("session", ""),
        )
        try:
            return upload.run()
        except GoogleRefused as error:
            if error.status == HTTPStatus.CONFLICT:  # another process was faster
                return get(line, file_id)
            if error.status == HTTPStatus.NOT_FOUND:
                self.tree.forget()
                gone = f"The folder {parcel.folder} was taken away from Drive meanwhile."
                raise Later(gone) from error
            if error.status == HTTPStatus.BAD_REQUEST and upload.session:
                remember({"id": file_id})
                raise Later(f"{error} The upload begins anew.") from error
            raise

    def _drawn(self, line: Line, remember: Remember) -> str:
        asked = line.api.files().generateIds(count=1, space="drive", type="files")
        file_id = str(line.call(asked, "a new id on Drive")["ids"][0])
        remember({"id": file_id})
        return file_id


@contextmanager
def _spoken() -> Iterator[None]:
    """Turn what Google says into what it means for a delivery."""
    try:
        yield
    except GoogleBusy as error:
        raise Later(str(error), after_seconds=error.after_seconds) from error
    except GoogleRefused as error:
        if error.reason in _TOMORROW:
            raise Later(str(error), after_seconds=_AN_HOUR_SECONDS) from error
        raise Later(str(error), person=True) from error
