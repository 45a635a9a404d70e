"""Deliveries to S3 (moto) and Cloud Storage (its emulator, and one that says no) over the wire."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import boto3
import google_crc32c
import pytest
from botocore.exceptions import ClientError
from fake_google import FakeGoogle, error
from gcp_storage_emulator.server import create_server
from loopback import Asked, Reply, reply
from moto.server import ThreadedMotoServer

from farm.deliver.base import Later, Parcel
from farm.deliver.gcs import Gcs
from farm.deliver.s3 import S3
from farm.google_apis import Access

FOLDER = "Generated Images/blog/2026-11-21"
KEY = f"in/{FOLDER}/hero.png"
MIB = 1024 * 1024
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the libraries' own


def nothing(_: Any) -> None:
    """Remember nothing."""


def parcel(path: Path, content: bytes = b"a hill", **more: Any) -> Parcel:
    file = path / f"{uuid4().hex}.png"
    file.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Parcel(file=file, name="hero.png", folder=FOLDER, sha256=digest, key="1", **more)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@dataclass(kw_only=True)
class Bucket:
    """A bucket of moto, and the target that is it."""

    client: Any
    target: S3

    def keys(self) -> dict[str, bytes]:
        found = self.client.list_objects_v2(Bucket=self.target.bucket).get("Contents", [])
        return {each["Key"]: self.content(each["Key"]) for each in found}

    def content(self, key: str) -> bytes:
        body: bytes = self.client.get_object(Bucket=self.target.bucket, Key=key)["Body"].read()
        return body


@pytest.fixture
def bucket(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    name = f"farm-{uuid4().hex}"
    client = boto3.client("s3", endpoint_url=moto)
    client.create_bucket(Bucket=name)
    target = S3(place=f"s3://{name}/in", bucket=name, prefix="in", endpoint=moto)
    yield Bucket(client=client, target=target)
    target.close()
    client.close()


def test_s3_gets_a_file_with_its_type_and_hash(bucket: Bucket, tmp_path: Path) -> None:
    made = bucket.target.put(it := parcel(tmp_path), nothing)

    head = bucket.client.head_object(Bucket=bucket.target.bucket, Key=KEY)
    assert (head["ContentType"], head["Metadata"]) == ("image/png", {"sha256": it.sha256})
    assert made.link == f"{bucket.target.endpoint}/{bucket.target.bucket}/{KEY.replace(' ', '%20')}"


def test_s3_gets_the_same_content_once_and_other_content_under_another_key(
    bucket: Bucket, tmp_path: Path
) -> None:
    contents = (b"theirs", b"ours", b"ours", b"theirs")

    put = [bucket.target.put(parcel(tmp_path, content), nothing) for content in contents]

    assert [made.was_there for made in put] == [False, False, True, True]
    assert bucket.keys() == {KEY: b"theirs", KEY.replace("hero", "hero-2"): b"ours"}


@pytest.mark.parametrize("content", [b"ours", b"theirs"])
def test_a_key_taken_between_look_and_write_is_never_replaced(
    bucket: Bucket, tmp_path: Path, content: bytes
) -> None:
    target, look, looks = bucket.target, bucket.target._hash_of, iter([True])

    def late(key: str) -> str | None:
        found = look(key)
        if next(looks, False):  # another process is faster
            rival = S3(place="", bucket=target.bucket, prefix="in", endpoint=target.endpoint)
            rival.put(parcel(tmp_path, content), nothing)
            rival.close()
        return found

    object.__setattr__(target, "_hash_of", late)
    target.put(parcel(tmp_path, b"ours"), nothing)

    others = {} if content == b"ours" else {KEY.replace("hero", "hero-2"): b"ours"}
    assert bucket.keys() == {KEY: content} | others


def test_an_upload_in_pieces_that_was_cut_sends_only_what_is_missing(
    bucket: Bucket, tmp_path: Path
) -> None:
    content = os.urandom(11 * MIB)
    bucket.target.piece_bytes = 5 * MIB
    kept: list[Any] = []
    sent: list[int] = []
    client, numbers = bucket.target._client, iter(range(9))

    def cut(params: dict[str, Any], **_: object) -> None:
        sent.append(params["PartNumber"])
        if next(numbers) == 1:
            told = {"HTTPStatusCode": 503, "HTTPHeaders": {"retry-after": "7"}}
            said = {"Code": "SlowDown", "Message": "Reduce your request rate."}
            raise ClientError({"Error": said, "ResponseMetadata": told}, "UploadPart")

    client.meta.events.register("provide-client-params.s3.UploadPart", cut)
    with pytest.raises(Later) as told:
        bucket.target.put(parcel(tmp_path, content), kept.append)
    before = list(sent)
    bucket.target.put(parcel(tmp_path, content, facts=kept[-1]), kept.append)

    assert (told.value.after_seconds, told.value.person) == (7.0, False)
    assert (before, sent[2:]) == ([1, 2], [2, 3])
    assert bucket.content(KEY) == content
    assert len(kept) == 1  # one upload, begun once


def test_pieces_that_a_rule_of_the_bucket_cleared_away_are_sent_anew(
    bucket: Bucket, tmp_path: Path
) -> None:
    content = os.urandom(6 * MIB)
    bucket.target.piece_bytes = 5 * MIB
    facts = {"key": KEY, "upload": "gone"}

    bucket.target.put(parcel(tmp_path, content, facts=facts), nothing)

    assert bucket.content(KEY) == content


def test_a_bucket_that_is_not_there_is_a_persons_business(bucket: Bucket, tmp_path: Path) -> None:
    bucket.target.bucket = "nobody-has-this"

    with pytest.raises(Later, match="Look at the bucket's name") as told:
        bucket.target.put(parcel(tmp_path), nothing)

    assert told.value.person


def test_without_credentials_it_is_said_where_they_go(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(Later, match="AWS_ACCESS_KEY_ID") as told:
        bucket.target.put(parcel(tmp_path), nothing)

    assert told.value.person


def test_a_storage_that_is_away_is_asked_later(bucket: Bucket, tmp_path: Path) -> None:
    bucket.target.endpoint = "http://127.0.0.1:9"

    with pytest.raises(Later) as told:
        bucket.target.put(parcel(tmp_path), nothing)

    assert not told.value.person


@dataclass(kw_only=True)
class _Object:
    content: bytes
    meta: dict[str, Any]


@dataclass
class Storage:
    """Cloud Storage that keeps its conditions, as its emulator does not."""

    scopes = frozenset({"https://www.googleapis.com/auth/devstorage.read_write"})
    objects: dict[str, _Object] = field(default_factory=dict)
    before_write: Callable[[], None] | None = None

    def answer(self, asked: Asked, who: str) -> Reply | None:  # noqa: ARG002  # all see the same
        if asked.path.startswith("/upload/storage/v1/b/b3b/o"):
            return self._write(asked)
        if match := re.fullmatch(r"/storage/v1/b/b3b/o/(.+)", asked.path):
            found = self.objects.get(unquote(match[1]))
            missing = error(404, "", "No such object", v1="notFound")
            return reply(self._shown(unquote(match[1]), found)) if found else missing
        if asked.path == "/storage/v1/b/b3b/o":
            return reply({"items": []})
        return reply({"name": "b3b"}) if asked.path == "/storage/v1/b/b3b" else None

    def _write(self, asked: Asked) -> Reply:
        if self.before_write:
            hook, self.before_write = self.before_write, None
            hook()
        head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
        parts: Any = message_from_bytes(head + asked.body).get_payload()
        facts, file = parts
        meta = {"contentType": file.get_content_type()} | json.loads(facts.get_payload(decode=True))
        if asked.query.get("ifGenerationMatch") == "0" and meta["name"] in self.objects:
            return error(412, "", "At least one of the pre-conditions did not hold.", v1="cond")
        content = file.get_payload(decode=True)
        self.objects[meta["name"]] = _Object(content=content, meta=meta)
        return reply(self._shown(meta["name"], self.objects[meta["name"]]))

    def _shown(self, name: str, found: _Object) -> dict[str, Any]:
        checksum: Any = google_crc32c.Checksum
        check = checksum(found.content).digest()
        return {
            **found.meta,
            "name": name,
            "bucket": "b3b",
            "generation": "1",
            "size": str(len(found.content)),
            "md5Hash": base64.b64encode(hashlib.md5(found.content).digest()).decode(),  # noqa: S324
            "crc32c": base64.b64encode(check).decode(),
        }


@dataclass(kw_only=True)
class Google:
    storage: Storage
    server: FakeGoogle
    target: Gcs

    def objects(self) -> dict[str, bytes]:
        return {name: found.content for name, found in self.storage.objects.items()}


@pytest.fixture
def google(tmp_path: Path) -> Iterator[Google]:
    storage = Storage()
    with FakeGoogle(storage) as server:
        access = Access(credentials=server.key_file(tmp_path), endpoint=server.url)
        target = Gcs(place="gs://b3b/in", bucket="b3b", prefix="in", access=access)
        yield Google(storage=storage, server=server, target=target)
        target.close()


def test_cloud_storage_gets_the_same_once_and_other_content_under_another_name(
    google: Google, tmp_path: Path
) -> None:
    for content in (b"theirs", b"ours", b"ours"):
        made = google.target.put(parcel(tmp_path, content), nothing)

    assert google.objects() == {KEY: b"theirs", KEY.replace("hero", "hero-2"): b"ours"}
    assert google.storage.objects[KEY].meta["contentType"] == "image/png"
    assert made.link.endswith("/b3b/in/Generated%20Images/blog/2026-11-21/hero-2.png")


@pytest.mark.parametrize("content", [b"ours", b"theirs"])
def test_a_name_taken_between_look_and_write_is_never_replaced(
    google: Google, tmp_path: Path, content: bytes
) -> None:
    def overtake() -> None:
        google.storage.objects[KEY] = _Object(content=content, meta={"name": KEY})

    google.storage.before_write = overtake
    google.target.put(parcel(tmp_path, b"ours"), nothing)

    others = {} if content == b"ours" else {KEY.replace("hero", "hero-2"): b"ours"}
    assert google.objects() == {KEY: content} | others


@pytest.mark.parametrize(
    ("status", "person"), [(403, True), (404, True), (401, True), (429, False), (503, False)]
)
def test_a_refusal_of_cloud_storage_is_known_by_its_status(
    google: Google, tmp_path: Path, status: int, person: bool
) -> None:
    google.server.fail("/upload/storage", error(status, "", "No.", v1="x"), times=9)

    with pytest.raises(Later) as told:
        google.target.put(parcel(tmp_path), nothing)

    assert told.value.person is person


def test_a_check_of_a_bucket_writes_nothing(google: Google) -> None:
    assert google.target.check() == "a bucket"
    assert google.objects() == {}


def test_the_emulator_of_cloud_storage_takes_a_file_twice_and_has_it_once(tmp_path: Path) -> None:
    with FakeGoogle() as tokens:
        server = create_server("127.0.0.1", 0, in_memory=True, default_bucket="b3b")
        server.start()
        port = server._api._httpd.server_port
        access = Access(credentials=tokens.key_file(tmp_path), endpoint=f"http://127.0.0.1:{port}")
        target = Gcs(place="gs://b3b/in", bucket="b3b", prefix="in", access=access)

        first = target.put(parcel(tmp_path), nothing)
        again = target.put(parcel(tmp_path), nothing)

        names = [blob.name for blob in target._client.list_blobs("b3b")]
        target.close()
        server.stop()
    assert again == replace(first, was_there=True)
    assert names == [KEY]
