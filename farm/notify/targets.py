"""The addresses a user gave, as things that carry messages."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlsplit

from farm.clock import Clock
from farm.errors import UsageError
from farm.notify.base import Target
from farm.notify.services import channel
from farm.notify.webhook import Webhook
from farm.signing import secret_bytes

_WEBHOOK = "webhook+"


def targets_of(urls: Sequence[str], *, secret: str, clock: Clock) -> tuple[Target, ...]:
    """One target per address; UsageError, without the address in it, for one that cannot be."""
    labels = _labels(urls)
    return tuple(
        _webhook(url.removeprefix(_WEBHOOK), label, secret, clock)
        if url.startswith(_WEBHOOK)
        else _service(url, label)
        for url, label in zip(urls, labels, strict=True)
    )


def _labels(urls: Sequence[str]) -> list[str]:
    """Their schemes, numbered where one comes again; whatever else stands in a URL is secret."""
    seen = Counter[str]()
    labels = []
    for url in urls:
        scheme = url.partition("://")[0].partition("+")[0]
        seen[scheme] += 1
        labels.append(scheme if seen[scheme] == 1 else f"{scheme} {seen[scheme]}")
    return labels


def _service(url: str, label: str) -> Target:
    found = channel(url, label)
    if found is None:
        raise UsageError(
            f"The {label} address of --notify or FARM_NOTIFY is not understood. The forms are "
            "listed at https://appriseit.com/services; your own webhook is webhook+https://…"
        )
    return found


def _webhook(url: str, label: str, secret: str, clock: Clock) -> Webhook:
    scheme, here = _scheme_and_whether_here(url)
    if scheme != "https" and not (scheme == "http" and here):
        raise UsageError(
            f"The {label} of --notify or FARM_NOTIFY must be webhook+https://host/path: without "
            "TLS everybody on the way reads along. webhook+http is for this machine only."
        )
    if not secret:
        raise UsageError(
            f"The {label} of --notify or FARM_NOTIFY needs FARM_NOTIFY_SECRET: its messages are "
            "signed, so that the receiver knows whom they are from."
        )
    try:
        key = secret_bytes(secret)
    except ValueError:
        raise UsageError("What follows whsec_ in FARM_NOTIFY_SECRET is not base64.") from None
    return Webhook(label=label, url=url, secret=key, clock=clock, on_this_machine=here)


def _scheme_and_whether_here(url: str) -> tuple[str, bool]:
    """The scheme, "" without a host, and whether the host is this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "", False
    if host == "localhost":
        return parts.scheme, True
    try:
        return parts.scheme, ipaddress.ip_address(host).is_loopback
    except ValueError:
        return parts.scheme if host else "", False
