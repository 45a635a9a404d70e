"""A bucket of Amazon S3, or of a storage that speaks like it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from farm.deliver.base import Delivered, Later, Parcel, Placed, Remember, names_for
from farm.errors import UsageError

PIECE_BYTES: Final = 16 * 1024 * 1024  # larger files go up in pieces of this size
_TAKEN: Final = frozenset({"PreconditionFailed", "412"})
_NOT_THERE: Final = frozenset({"404", "NoSuchKey", "NotFound"})
_UNKNOWN_CONDITION: Final = frozenset({"NotImplemented", "501"})
_PERSONS: Final = frozenset({"AccessDenied", "NoSuchBucket", "InvalidAccessKeyId", "403"})
_PERSONS_TOO: Final = frozenset({"SignatureDoesNotMatch", "ExpiredToken", "AllAccessDisabled"})
_UPLOAD_ENDED: Final = frozenset({"NoSuchUpload", "404"})


@dataclass(kw_only=True)
class S3:
    """Objects below a prefix; what is there is never replaced."""

    place: str
    bucket: str
    prefix: str  # without slashes at its ends
    endpoint: str = ""
    piece_bytes: int = PIECE_BYTES
    _conditions: bool = field(default=True)  # whether it knows `If-None-Match`

    def put(self, parcel: Parcel, remember: Remember) -> Delivered:
        """Put under the first key that is free or has the same content."""
        folder = "/".join(filter(None, (self.prefix, parcel.folder)))
        with self._spoken():
            for name in names_for(parcel.name):
                key = f"{folder}/{name}"
                placed = self._placed(key, parcel, remember)
                if placed is not Placed.TAKEN:
                    break
        return Delivered(link=self._link(key), remote_id=key, was_there=placed is Placed.SAME)

    def check(self) -> str:
        """Whether the bucket can be reached."""
        with self._spoken():
            self._client.head_bucket(Bucket=self.bucket)
        return "a bucket"

    def close(self) -> None:
        """Hang up."""
        if "_client" in self.__dict__:
            self._client.close()

    @cached_property
    def _client(self) -> Any:
        import boto3  # noqa: PLC0415  # heavy
        from botocore.config import Config  # noqa: PLC0415

        # One try: the outbox decides when to come again.
        once = Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=60)
        return boto3.session.Session().client("s3", endpoint_url=self.endpoint or None, config=once)

    def _placed(self, key: str, parcel: Parcel, remember: Remember) -> Placed:
        """Put the content under the key, if nothing is there."""
        there = self._hash_of(key)
        if there is not None:
            return Placed.SAME if there == parcel.sha256 else Placed.TAKEN
        try:
            if parcel.size_bytes > self.piece_bytes:
                self._put_in_pieces(key, parcel, remember)
            else:
                self._put_whole(key, parcel)
        except self._client.exceptions.ClientError as error:
            if _code(error) not in _TAKEN:
                raise
            return Placed.SAME if self._hash_of(key) == parcel.sha256 else Placed.TAKEN
        return Placed.NEW

    def _hash_of(self, key: str) -> str | None:
        """The sha256 of an object that farm put there; "" for another's, None for none."""
        try:
            head = self._client.head_object(Bucket=self.bucket, Key=key)
        except self._client.exceptions.ClientError as error:
            if _code(error) in _NOT_THERE:
                return None
            raise
        return str(head.get("Metadata", {}).get("sha256", ""))

    def _put_whole(self, key: str, parcel: Parcel) -> None:
        with parcel.file.open("rb") as stream:
            try:
                self._client.put_object(**self._object(key, parcel), **self._once, Body=stream)
            except self._client.exceptions.ClientError as error:
                if _code(error) not in _UNKNOWN_CONDITION or not self._conditions:
                    raise
                self._conditions = False  # it was looked before, which has to do
                stream.seek(0)
                self._client.put_object(**self._object(key, parcel), Body=stream)

    @property
    def _once(self) -> Mapping[str, str]:
        return {"IfNoneMatch": "*"} if self._conditions else {}

    def _object(self, key: str, parcel: Parcel) -> Mapping[str, Any]:
        return {
            "Bucket": self.bucket,
            "Key": key,
            "ContentType": parcel.media_type,
            "Metadata": {"sha256": parcel.sha256},
        }

    def _put_in_pieces(self, key: str, parcel: Parcel, remember: Remember) -> None:
        upload = {"Bucket": self.bucket, "Key": key}
        known = parcel.facts if parcel.facts.get("key") == key else {}
        upload["UploadId"] = known.get("upload", "") or self._begun(key, parcel, remember)
        try:
            there = self._pieces(upload)
        except self._client.exceptions.ClientError as error:
            if _code(error) not in _UPLOAD_ENDED:
                raise
            upload["UploadId"], there = self._begun(key, parcel, remember), {}
        pieces = self._completed(upload, parcel, there)
        self._client.complete_multipart_upload(
            **upload, **self._once, MultipartUpload={"Parts": pieces}
        )

    def _begun(self, key: str, parcel: Parcel, remember: Remember) -> str:
        made = self._client.create_multipart_upload(**self._object(key, parcel))
        remember({"key": key, "upload": made["UploadId"]})
        return str(made["UploadId"])

    def _pieces(self, upload: Mapping[str, str]) -> dict[int, str]:
        """The pieces that are there, by number: the hash that S3 made of each."""
        pages = self._client.get_paginator("list_parts").paginate(**upload)
        return {
            part["PartNumber"]: part["ETag"] for page in pages for part in page.get("Parts", ())
        }

    def _completed(
        self, upload: Mapping[str, str], parcel: Parcel, there: Mapping[int, str]
    ) -> list[dict[str, Any]]:
        pieces = []
        with parcel.file.open("rb") as stream:
            number = 0
            while piece := stream.read(self.piece_bytes):
                number += 1
                mark = f'"{hashlib.md5(piece, usedforsecurity=False).hexdigest()}"'
                if there.get(number) != mark:
                    sent = self._client.upload_part(**upload, PartNumber=number, Body=piece)
                    mark = sent["ETag"]
                pieces.append({"PartNumber": number, "ETag": mark})
        return pieces

    def _link(self, key: str) -> str:
        region = self._client.meta.region_name or "us-east-1"
        host = f"https://{self.bucket}.s3.{region}.amazonaws.com"
        base = f"{self.endpoint.rstrip('/')}/{self.bucket}" if self.endpoint else host
        return f"{base}/{quote(key)}"

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        """Turn what S3 says into what it means for a delivery."""
        from botocore import exceptions as s3  # noqa: PLC0415  # heavy

        try:
            yield
        except s3.ClientError as error:
            raise _later(error, self.place) from error
        except (s3.NoCredentialsError, s3.PartialCredentialsError) as error:
            said = "There are no credentials for S3: set AWS_ACCESS_KEY_ID and "
            raise Later(f"{said}AWS_SECRET_ACCESS_KEY, or run `aws configure`.", person=True) from (
                error
            )
        except s3.BotoCoreError as error:
            raise Later(f"{self.place} could not be reached: {error}") from error


def require_driver() -> None:
    """UsageError when the library is not installed."""
    try:
        import boto3  # noqa: F401, PLC0415  # heavy
    except ModuleNotFoundError as error:
        raise UsageError('s3:// targets need a package: pip install "gemini-farm[s3]"') from error


def _code(error: Any) -> str:
    return str(error.response["Error"]["Code"])


def _later(error: Any, place: str) -> Later:
    code, status = _code(error), error.response["ResponseMetadata"]["HTTPStatusCode"]
    said = str(error.response["Error"].get("Message", "")).rstrip(".")
    headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
    asked = headers.get("retry-after", "")
    person = code in _PERSONS | _PERSONS_TOO or status == HTTPStatus.FORBIDDEN or code == "404"
    what = " Look at the bucket's name, the key and what it may do." if person else ""
    return Later(
        f"{place} refused ({status} {code}): {said}.{what}",
        after_seconds=float(asked) if asked.isdecimal() else 0.0,
        person=person,
    )
