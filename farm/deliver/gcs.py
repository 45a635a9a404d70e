"""A bucket of Google Cloud Storage."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from farm.deliver.base import READ_BYTES, Delivered, Later, Parcel, Placed, Remember, names_for
from farm.errors import GoogleRefused, UsageError
from farm.google_apis import Access, credentials

_SCOPE: Final = "https://www.googleapis.com/auth/devstorage.read_write"
_SECONDS: Final = 60.0
_PERSONS: Final = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST}
)


@dataclass(kw_only=True)
class Gcs:
    """Objects below a prefix; what is there is never replaced."""

    place: str
    bucket: str
    prefix: str  # without slashes at its ends
    access: Access

    def put(self, parcel: Parcel, remember: Remember) -> Delivered:  # noqa: ARG002  # at once whole
        """Put under the first name that is free or has the same content."""
        folder = "/".join(filter(None, (self.prefix, parcel.folder)))
        with self._spoken():
            for name in names_for(parcel.name):
                path = f"{folder}/{name}"
                placed = self._placed(path, parcel)
                if placed is not Placed.TAKEN:
                    break
        link = f"https://storage.cloud.google.com/{self.bucket}/{quote(path)}"
        return Delivered(link=link, remote_id=path, was_there=placed is Placed.SAME)

    def check(self) -> str:
        """Whether objects can be listed there."""
        with self._spoken():
            next(iter(self._client.list_blobs(self.bucket, max_results=1, timeout=_SECONDS)), None)
        return "a bucket"

    def close(self) -> None:
        """Hang up."""
        if "_client" in self.__dict__:
            self._client.close()

    @cached_property
    def _client(self) -> Any:
        from google.cloud import storage  # noqa: PLC0415  # heavy

        where = {"api_endpoint": self.access.endpoint} if self.access.endpoint else None
        return storage.Client(
            project=self.access.project or "-",  # no call of ours is made in one
            credentials=credentials(self.access, (_SCOPE,)),
            client_options=where,
        )

    def _placed(self, path: str, parcel: Parcel) -> Placed:
        """Put the content under the name, if nothing is there."""
        from google.api_core.exceptions import PreconditionFailed  # noqa: PLC0415  # heavy

        bucket = self._client.bucket(self.bucket)
        there = bucket.get_blob(path, timeout=_SECONDS, retry=None)
        if there is None:
            blob = bucket.blob(path)
            blob.metadata = {"sha256": parcel.sha256}
            try:
                blob.upload_from_filename(
                    str(parcel.file),
                    content_type=parcel.media_type,
                    if_generation_match=0,  # only where nothing is
                    timeout=_SECONDS,
                    retry=None,  # one try: the outbox decides when to come again
                )
            except PreconditionFailed:
                there = bucket.get_blob(path, timeout=_SECONDS, retry=None)
            else:
                return Placed.NEW
        is_same = there is not None and there.md5_hash == _md5_of(parcel)
        return Placed.SAME if is_same else Placed.TAKEN

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        """Turn what Google says into what it means for a delivery."""
        import requests  # noqa: PLC0415  # heavy
        from google.api_core.exceptions import GoogleAPICallError  # noqa: PLC0415
        from google.auth.exceptions import GoogleAuthError, TransportError  # noqa: PLC0415

        try:
            yield
        except GoogleAPICallError as error:
            person = error.code in _PERSONS
            advice = " Look at the bucket's name and at what the account may do." if person else ""
            said = str(error.message).rstrip(".")
            raise Later(
                f"{self.place} refused ({error.code}): {said}.{advice}", person=person
            ) from error
        except GoogleRefused as error:
            raise Later(str(error), person=True) from error
        except (TransportError, requests.RequestException, OSError) as error:
            raise Later(f"{self.place} could not be reached.") from error
        except GoogleAuthError as error:
            raise Later(f"Google gave no token for {self.place}: {error}", person=True) from error


def require_driver() -> None:
    """UsageError when the library is not installed."""
    try:
        import google.cloud.storage  # noqa: F401, PLC0415  # heavy
    except ModuleNotFoundError as error:
        raise UsageError('gs:// targets need a package: pip install "gemini-farm[gcs]"') from error


def _md5_of(parcel: Parcel) -> str:
    """As Google gives it."""
    digest = hashlib.md5(usedforsecurity=False)
    with parcel.file.open("rb") as stream:
        while piece := stream.read(READ_BYTES):
            digest.update(piece)
    return base64.b64encode(digest.digest()).decode()
