"""Files that pages upload: taken, hashed and kept before any prompt goes with them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A file the site received; its bytes stand in the folder of uploads."""

    id: str
    account: str
    sha256: str
    media_type: str


class Uploads:
    """Holds uploads in a folder, for the account that sent them only."""

    def __init__(self, folder: Path, new_id: Callable[[], str]) -> None:
        self._folder = folder
        self._new_id = new_id
        self.known: dict[str, Upload] = {}
        folder.mkdir(parents=True, exist_ok=True)

    async def take(self, data: bytes, media_type: str, account: str) -> Upload:
        """Keep a file."""
        upload = Upload(
            id=self._new_id(),
            account=account,
            sha256=hashlib.sha256(data).hexdigest(),
            media_type=media_type,
        )
        await asyncio.to_thread((self._folder / upload.id).write_bytes, data)
        self.known[upload.id] = upload
        return upload

    def admit(self, upload: Upload) -> None:
        """Know an upload again whose file an earlier life left."""
        self.known[upload.id] = upload

    def of(self, account: str, ids: Iterable[str]) -> tuple[Upload, ...]:
        """Those of these uploads that the account itself sent, in their order."""
        found = (self.known.get(one) for one in ids)
        return tuple(one for one in found if one is not None and one.account == account)

    async def read(self, upload: Upload) -> bytes:
        """Its bytes."""
        return await asyncio.to_thread((self._folder / upload.id).read_bytes)
