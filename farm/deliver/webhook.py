"""A webhook of the user's own: facts and file in one signed request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from farm.clock import Clock
from farm.deliver.base import Delivered, Later, Never, Parcel, Remember
from farm.signing import signed

if TYPE_CHECKING:
    import requests

_CONNECT_SECONDS, _ANSWER_SECONDS = 10.0, 60.0
_READ_BYTES: Final = 64 * 1024  # of an answer
_WORTH_ANOTHER_TRY: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
_OF_THE_FILE: Final = frozenset(
    {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE}
)


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """Posts each file to one address, with a key that is the same at every try."""

    place: str
    url: str = field(repr=False)
    secret: bytes = field(repr=False)
    clock: Clock
    on_this_machine: bool = False  # then no proxy is asked

    def put(self, parcel: Parcel, remember: Remember) -> Delivered:  # noqa: ARG002  # the key is it
        """Post once; a repetition has the same Idempotency-Key."""
        mark = uuid4().hex
        body = _form(parcel, mark)
        headers = signed(
            parcel.key,
            int(self.clock.now()),
            body,
            self.secret,
            f"multipart/form-data; boundary={mark}",
        )
        said = self._post(body, headers)
        return Delivered(link=_text(said, "link"), remote_id=_text(said, "id"))

    def check(self) -> str:
        """Nothing is asked: a webhook only takes files."""
        return "an address that is asked when there is a file"

    def close(self) -> None:
        """Nothing is kept open."""

    def _post(self, body: bytes, headers: Mapping[str, str]) -> Mapping[str, Any]:
        import requests  # noqa: PLC0415  # heavy

        with requests.Session() as session:
            session.trust_env = not self.on_this_machine
            try:
                with session.post(
                    self.url,
                    data=body,
                    headers=headers,
                    timeout=(_CONNECT_SECONDS, _ANSWER_SECONDS),
                    allow_redirects=False,  # what is signed is for this address only
                    stream=True,
                ) as answer:
                    self._judge(answer)
                    return _said(answer.raw.read(_READ_BYTES, decode_content=True))
            except (requests.ConnectionError, requests.Timeout) as error:
                raise Later(f"{self.place} could not be reached.") from error
            except (requests.RequestException, OSError, ValueError) as error:
                raise Later(f"{self.place} could not be asked.", person=True) from error

    def _judge(self, answer: requests.Response) -> None:
        code = answer.status_code
        if code < HTTPStatus.MULTIPLE_CHOICES:
            return
        if code in _OF_THE_FILE:
            raise Never(f"{self.place} does not take this file: it answered {code}.")
        asked = answer.headers.get("Retry-After", "")
        after = float(asked) if asked.isdecimal() else 0.0
        if code >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _WORTH_ANOTHER_TRY:
            raise Later(f"{self.place} answered {code}.", after_seconds=after)
        raise Later(f"{self.place} answered {code}: look at what it expects.", person=True)


def _form(parcel: Parcel, mark: str) -> bytes:
    """Two parts: `facts` in JSON, and `file`."""
    facts = {
        **parcel.about,
        "name": parcel.name,
        "folder": parcel.folder,
        "sha256": parcel.sha256,
        "size_bytes": parcel.size_bytes,
        "media_type": parcel.media_type,
    }
    name = parcel.name.replace("\\", "_").replace('"', "%22")
    return b"".join(
        (
            f'--{mark}\r\nContent-Disposition: form-data; name="facts"\r\n'
            "Content-Type: application/json\r\n\r\n".encode(),
            json.dumps(facts, ensure_ascii=False).encode(),
            f'\r\n--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            f"Content-Type: {parcel.media_type}\r\n\r\n".encode(),
            parcel.file.read_bytes(),
            f"\r\n--{mark}--\r\n".encode(),
        )
    )


def _said(body: bytes) -> Mapping[str, Any]:
    """What a receiver says of the file: `link` and `id` are kept, if it is JSON at all."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key, "")
    return value if isinstance(value, str) else ""
