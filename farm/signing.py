"""Proof of whom a request to a webhook is from, as standardwebhooks.com says."""

from __future__ import annotations

import base64
import hashlib
import hmac

_SECRET_PREFIX = "whsec_"  # noqa: S105  # the standard's mark of a secret in base64


def signed(
    message_id: str, at: int, body: bytes, secret: bytes, media_type: str = "application/json"
) -> dict[str, str]:
    """Headers of a message: what it is, when it was sent, and the proof of both and of the body."""
    signature = hmac.new(secret, f"{message_id}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "Content-Type": media_type,
        "Idempotency-Key": message_id,
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def secret_bytes(text: str) -> bytes:
    """The key of the signature; ValueError for a `whsec_` secret that is no base64."""
    if text.startswith(_SECRET_PREFIX):
        return base64.b64decode(text.removeprefix(_SECRET_PREFIX), validate=True)
    return text.encode()
