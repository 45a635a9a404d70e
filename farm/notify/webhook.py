"""A webhook of the user's own: JSON, signed as standardwebhooks.com says."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from farm.clock import Clock
from farm.notify.aside import aside
from farm.notify.base import Message, NotDelivered
from farm.signing import signed

if TYPE_CHECKING:
    import requests

_CONNECT_SECONDS, _ANSWER_SECONDS = 4.0, 8.0
_LONGEST_WAIT_SECONDS = 60.0  # that an answer may ask for
_PICTURE_BYTES = 4 * 1024 * 1024  # a larger screenshot stays at home
_WORTH_ANOTHER_TRY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """Posts each message to one address of the user's."""

    label: str
    url: str = field(repr=False)
    secret: bytes = field(repr=False)
    clock: Clock
    on_this_machine: bool = False  # then no proxy is asked

    async def send(self, message: Message) -> None:
        """Try once; NotDelivered says whether another try may help."""
        body = json.dumps(_content(message, self.clock.now()), ensure_ascii=False).encode()
        headers = signed(message.id, int(self.clock.now()), body, self.secret)
        await aside(lambda: self._post(body, headers))

    def _post(self, body: bytes, headers: Mapping[str, str]) -> None:
        import requests  # noqa: PLC0415  # only runs that send messages need it

        with requests.Session() as session:
            session.trust_env = not self.on_this_machine
            try:
                with session.post(
                    self.url,
                    data=body,
                    headers=headers,
                    timeout=(_CONNECT_SECONDS, _ANSWER_SECONDS),
                    allow_redirects=False,  # what is signed is for this address only
                    stream=True,  # what it says beside its status is never read
                ) as answer:
                    _judge(answer)
            except (requests.ConnectionError, requests.Timeout) as error:
                raise NotDelivered("it could not be reached", passing=True) from error
            except (requests.RequestException, OSError, ValueError) as error:
                raise NotDelivered("it could not be asked", passing=False) from error


def _content(message: Message, now: float) -> dict[str, Any]:
    return {
        "id": message.id,
        "at": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
        "occasion": message.occasion,
        "title": message.title,
        "text": message.text,
        "urgent": message.urgent,
        "session": message.session,
        "cause": message.cause.value if message.cause else "",
        "screenshot": _screenshot(message),
    }


def _screenshot(message: Message) -> dict[str, str] | None:
    path = message.screenshot
    try:
        if path is None or path.stat().st_size > _PICTURE_BYTES:
            return None
        data = base64.b64encode(path.read_bytes()).decode()
    except OSError:  # evidence may be tidied away meanwhile; the words matter more
        return None
    return {"name": path.name, "base64": data}


def _judge(answer: requests.Response) -> None:
    code = answer.status_code
    if HTTPStatus.MULTIPLE_CHOICES <= code < HTTPStatus.BAD_REQUEST:
        raise NotDelivered(f"it answered {code}: give the address it moved to", passing=False)
    if code >= HTTPStatus.BAD_REQUEST:
        passing = code >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _WORTH_ANOTHER_TRY
        asked = answer.headers.get("Retry-After", "")
        wait = min(float(asked), _LONGEST_WAIT_SECONDS) if asked.isdecimal() else 0.0
        raise NotDelivered(f"it answered {code}", passing=passing, after_seconds=wait)
