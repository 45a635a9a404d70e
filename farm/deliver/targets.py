"""The targets a user named, as things that files are put into."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from farm.clock import Clock
from farm.deliver import filesystem, gcs, s3
from farm.deliver.base import Target
from farm.deliver.drive import Drive
from farm.deliver.drive_tree import Tree
from farm.deliver.filesystem import FileSystem
from farm.deliver.gcs import Gcs
from farm.deliver.local import Local
from farm.deliver.s3 import S3
from farm.deliver.webhook import Webhook
from farm.errors import UsageError
from farm.google_apis import DRIVE_SCOPE, access_of, credentials
from farm.model.deliveries import WEBHOOK, place_of
from farm.settings import Settings
from farm.signing import secret_bytes

_DRIVE_ID: Final = re.compile(r"[\w-]+")
_LIKE_A_SCHEME: Final = re.compile(r"([A-Za-z][\w+.-]+):(?!//)")  # C:\\ is a drive of Windows
_SCHEME: Final = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")


def targets_of(settings: Settings, clock: Clock) -> Mapping[str, Target]:
    """One target per place the user named, under its name in the store.

    UsageError for what is no target, for a package that is missing, and for a key that is none;
    nothing is asked over the network.
    """
    found: dict[str, Target] = {}
    for text in settings.deliver:
        target = target_of(text, settings, clock)
        found[target.place] = target
    return found


def target_of(text: str, settings: Settings, clock: Clock) -> Target:
    """One target. Raises UsageError, without a password in it."""
    if text.startswith(WEBHOOK):
        return _webhook(text, settings, clock)
    if text.startswith("webhook:"):
        raise UsageError(f"{text} needs its whole address again, by --deliver or FARM_DELIVER.")
    scheme = match[1].lower() if (match := _SCHEME.match(text)) else ""
    place = place_of(text, settings.home)
    if place.startswith("drive:"):
        text, scheme = place, "drive"
    makers: Mapping[str, Callable[[str, Settings], Target]] = {
        "": _local,
        "file": _local,
        "drive": _drive,
        "gs": _gcs,
        "s3": _s3,
    }
    return makers.get(scheme, _filesystem)(text, settings)


def _local(text: str, settings: Settings) -> Target:
    if typo := _LIKE_A_SCHEME.match(text):
        raise UsageError(
            f"{text} is no target: is {typo[1]}:// meant, or drive:FOLDER_ID? A folder of that "
            f"name is ./{text}."
        )
    place = place_of(text, settings.home)
    if Path(place).is_file():
        raise UsageError(f"{place} is a file; a target is a folder.")
    return Local(place=place, root=Path(place))


def _drive(text: str, settings: Settings) -> Target:
    folder_id = text.removeprefix("drive:").strip("/")
    if not _DRIVE_ID.fullmatch(folder_id):
        raise UsageError(
            f"{text} names no folder of Google Drive. Write drive:FOLDER_ID, the part after "
            "/folders/ in its address, or drive:root for your own drive."
        )
    access = access_of(settings)
    if access.credentials:
        credentials(access, (DRIVE_SCOPE,))
    return Drive(place=f"drive:{folder_id}", tree=Tree(root_id=folder_id), access=access)


def _gcs(text: str, settings: Settings) -> Target:
    gcs.require_driver()
    bucket, prefix = _bucket(text)
    access = access_of(settings)
    return Gcs(place=place_of(text, settings.home), bucket=bucket, prefix=prefix, access=access)


def _s3(text: str, settings: Settings) -> Target:
    s3.require_driver()
    bucket, prefix = _bucket(text)
    endpoint = settings.s3_endpoint
    if endpoint and urlsplit(endpoint).scheme not in {"http", "https"}:
        raise UsageError(f"FARM_S3_ENDPOINT={endpoint} must be a URL such as https://host.")
    place = place_of(text, settings.home)
    return S3(place=place, bucket=bucket, prefix=prefix, endpoint=endpoint)


def _bucket(text: str) -> tuple[str, str]:
    bucket, _, prefix = text.partition("://")[2].partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise UsageError(f"{text} names no bucket. Write s3://bucket/folder or gs://bucket/folder.")
    return bucket, prefix.strip("/")


def _filesystem(text: str, settings: Settings) -> Target:
    place = place_of(text, settings.home)
    filesystem.require_driver(text, place)
    return FileSystem(place=place, url=text)


def _webhook(text: str, settings: Settings, clock: Clock) -> Target:
    place, url = place_of(text, settings.home), text.removeprefix(WEBHOOK)
    here = _is_this_machine(url)
    scheme = url.partition("://")[0]
    if scheme != "https" and not (scheme == "http" and here):
        raise UsageError(
            f"{place} must be webhook+https://host/path: without TLS everybody on the way reads "
            "along. webhook+http is for this machine only."
        )
    if not settings.notify_secret:
        raise UsageError(
            f"{place} needs FARM_NOTIFY_SECRET: what farm posts is signed, so that the receiver "
            "knows whom it is from."
        )
    try:
        secret = secret_bytes(settings.notify_secret)
    except ValueError:
        raise UsageError("What follows whsec_ in FARM_NOTIFY_SECRET is not base64.") from None
    return Webhook(place=place, url=url, secret=secret, clock=clock, on_this_machine=here)


def _is_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
