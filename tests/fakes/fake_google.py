"""Google on loopback: tokens for proven keys, and whatever APIs are added to it.

A token is only given for a JWT that the key's private half signed, for this token address, now. An
API answers nobody without a token of its scope.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from loopback import Asked, Loopback, Reply, reply

EMAIL = "farm@gserviceaccount.example"
TOKEN_PATH = "/token"  # noqa: S105  # an address
_AUDIENCE = "https://oauth2.googleapis.com/token"  # of every key, wherever its token_uri is
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Api(Protocol):
    """One of Google's APIs, played."""

    scopes: frozenset[str]  # a token needs one of these

    def answer(self, asked: Asked, who: str) -> Reply | None:
        """What it says to the account `who`; None for a path of another API."""


@dataclass(kw_only=True)
class Fault:
    """What the next requests to a path meet instead of an answer."""

    path: str  # a request whose path holds this
    reply: Reply
    left: int = 1
    method: str = ""  # "" is any
    after: bool = False  # the request is carried out, and only its answer is lost


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that had a token."""

    method: str
    path: str
    who: str
    status: int
    body: Any = None


def error(status: int, word: str, message: str, *, reason: str = "", v1: str = "") -> Reply:
    """An error as Google words it: `reason` for ErrorInfo, `v1` as Drive gives it."""
    said: dict[str, Any] = {"code": status, "message": message, "status": word}
    if reason:
        info = "type.googleapis.com/google.rpc.ErrorInfo"
        said["details"] = [{"@type": info, "reason": reason, "domain": "googleapis.com"}]
    if v1:
        said["errors"] = [{"domain": "global", "reason": v1, "message": message}]
    return reply({"error": said}, status)


RATE_LIMITED = error(
    429,
    "RESOURCE_EXHAUSTED",
    "Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per "
    "user' of service 'sheets.googleapis.com'.",
    reason="RATE_LIMIT_EXCEEDED",
)
UNAVAILABLE = error(503, "UNAVAILABLE", "The service is currently unavailable.")


@dataclass(kw_only=True)
class _Token:
    who: str
    scopes: frozenset[str]


@dataclass
class _Issued:
    by_text: dict[str, _Token] = field(default_factory=dict)

    def give(self, token: _Token) -> str:
        text = f"ya29.fake-{len(self.by_text) + 1}"
        self.by_text[text] = token
        return text


class FakeGoogle(Loopback):
    """One server for the token address and every API that was added."""

    def __init__(self, *apis: Api, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.apis = list(apis)
        self.faults: list[Fault] = []
        self.calls: list[Call] = []
        self._issued, self._now = _Issued(), now
        self._door = threading.RLock()

    @property
    def token_uri(self) -> str:
        return f"{self.url}{TOKEN_PATH}"

    def key_file(self, folder: Path, **other: str) -> Path:
        """The JSON key of the service account that this Google knows; `other` fields differ."""
        path = folder / "service-account.json"
        path.write_text(json.dumps({**self.key(), **other}))
        return path

    def key(self) -> dict[str, str]:
        return {
            "type": "service_account",
            "project_id": "example-project",
            "private_key_id": "key-1",
            "private_key": _pem(_known_key()),
            "client_email": EMAIL,
            "client_id": "1",
            "token_uri": self.token_uri,
        }

    def fail(self, path: str, answer: Reply, times: int = 1, **how: Any) -> None:
        """Let the next requests to a path meet this answer."""
        self.faults.append(Fault(path=path, reply=answer, left=times, **how))

    def forget_tokens(self) -> None:
        """Every token given so far is worth nothing any more."""
        self._issued.by_text.clear()

    def called(self, method: str, part: str = "") -> list[Call]:
        """The requests with a token, by method and a part of their path."""
        return [c for c in self.calls if c.method == method and part in c.path]

    def answer(self, asked: Asked) -> Reply:
        with self._door:  # one after the other, as a database would
            if asked.path == TOKEN_PATH:
                return self._grant(asked)
            token = self._issued.by_text.get(_bearer(asked))
            if token is None:
                said = "Request had invalid authentication credentials."
                return error(401, "UNAUTHENTICATED", said)
            answer = self._of_apis(asked, token)
            body = json.loads(asked.body) if _is_json(asked) else None
            self.calls.append(
                Call(
                    method=asked.method,
                    path=asked.path,
                    who=token.who,
                    status=answer.status,
                    body=body,
                )
            )
            return answer

    def _of_apis(self, asked: Asked, token: _Token) -> Reply:
        fault = next((f for f in self.faults if _hits(f, asked)), None)
        if fault is not None:
            fault.left -= 1
            if not fault.after:
                return fault.reply
        answer = self._carried_out(asked, token)
        return fault.reply if fault else answer

    def _carried_out(self, asked: Asked, token: _Token) -> Reply:
        for api in self.apis:
            answer = api.answer(asked, token.who)
            if answer is None:
                continue
            if not token.scopes & api.scopes:
                said = "Request had insufficient authentication scopes."
                why = "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
                return error(403, "PERMISSION_DENIED", said, reason=why)
            return answer
        return error(404, "NOT_FOUND", "Not found.")

    def _grant(self, asked: Asked) -> Reply:
        fault = next((f for f in self.faults if _hits(f, asked)), None)
        if fault is not None:
            fault.left -= 1
            return fault.reply
        form = parse_qs(asked.body.decode())
        wrong = "" if form.get("grant_type") == [_GRANT] else "Unsupported grant type."
        claims: Mapping[str, Any] = {}
        if not wrong:
            claims, wrong = self._claims(form["assertion"][0])
        if wrong:
            return reply({"error": "invalid_grant", "error_description": wrong}, 400)
        scopes = frozenset(str(claims["scope"]).split())
        token = self._issued.give(_Token(who=claims["iss"], scopes=scopes))
        return reply({"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _claims(self, assertion: str) -> tuple[Mapping[str, Any], str]:
        """The claims of a JWT and what is wrong with it."""
        head, claims, signature = assertion.split(".")
        said = json.loads(_unpadded(claims))
        try:
            _known_key().public_key().verify(
                _unpadded(signature),
                f"{head}.{claims}".encode(),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except InvalidSignature:
            return said, "Invalid JWT Signature."
        if said["iss"] != EMAIL:
            return said, "Invalid grant: account not found"
        if said["aud"] != _AUDIENCE or json.loads(_unpadded(head))["alg"] != "RS256":
            return said, "Invalid JWT: the audience or the algorithm is wrong."
        if not said["iat"] - 600 <= self._now() <= said["exp"] <= said["iat"] + 3600:
            return said, "Invalid JWT: Token must be a short-lived token (60 minutes)."
        return said, ""


def _hits(fault: Fault, asked: Asked) -> bool:
    return fault.left > 0 and fault.path in asked.path and fault.method in {"", asked.method}


def _bearer(asked: Asked) -> str:
    return asked.headers.get("authorization", "").removeprefix("Bearer ")


def _is_json(asked: Asked) -> bool:
    return bool(asked.body) and "json" in asked.headers.get("content-type", "")


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@cache
def _known_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def another_key() -> str:
    """The private half of a key that this Google does not know."""
    return _pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
