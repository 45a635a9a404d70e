"""A double of OpenAI's images API: refuses what the real one refuses, and keeps a ledger.

`plays` says how the next requests go, one each; without one, a request is carried out.
"""

from __future__ import annotations

import base64
import io
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

from loopback import Asked, Fate, Loopback, Reply, reply
from pictures import picture, size_of
from PIL import Image

KEY = "sk-a-key-of-openai-0123456789abcdef"
TOKENS = {"low": 196, "medium": 439, "high": 1756, "xhigh": 3122, "max": 7024}
MODELS = ("gpt-image-2.5-flare", "gpt-image-2.5-sunburst", "gpt-image-2")
_TEXT_IN, _IMAGE_IN, _IMAGE_OUT = 5.0, 8.0, 30.0  # dollars for a million tokens


@dataclass(frozen=True, kw_only=True, slots=True)
class Play:
    """How one request goes."""

    refused: Reply | None = None  # in place of everything else; nothing is billed
    fate: Fate = Fate.WHOLE  # of the answer to a request that was carried out
    body: bytes = b""  # in place of the JSON
    usage: bool = True
    drawn: int | None = None  # in place of the number asked


@dataclass(frozen=True, kw_only=True, slots=True)
class Sale:
    """One request that was carried out."""

    asked: Mapping[str, Any]
    pictures: tuple[bytes, ...]
    mask: bytes
    dollars: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Form:
    """A request, whether it came as JSON or in parts."""

    fields: Mapping[str, Any]
    pictures: tuple[bytes, ...] = ()
    mask: bytes = b""
    names: tuple[str, ...] = field(default_factory=tuple)


class FakeOpenAi(Loopback):
    """OpenAI on loopback; its base URL is `base`."""

    def __init__(self, *plays: Play) -> None:
        super().__init__()
        self.plays = deque(plays)
        self.ledger: list[Sale] = []
        self.models = list(MODELS)
        self.lists = True  # whether models are listed at all

    @property
    def base(self) -> str:
        return f"{self.url}/v1"

    @property
    def microusd(self) -> int:
        """What everything cost."""
        return sum(round(sale.dollars * 1_000_000) for sale in self.ledger)

    def answer(self, asked: Asked) -> Reply:
        with self.lock:
            if asked.headers.get("authorization") != f"Bearer {KEY}":
                said = f"Incorrect API key provided: {asked.headers.get('authorization')}."
                return failure(401, "invalid_api_key", said)
            if asked.path == "/v1/models":
                return self._list()
            if asked.path not in {"/v1/images/generations", "/v1/images/edits"}:
                return failure(404, "", f"Invalid URL ({asked.method} {asked.path})")
            return self._images(asked)

    def _list(self) -> Reply:
        if not self.lists:
            return Reply(status=404, body=b"404 page not found")
        known = [
            {"id": name, "object": "model", "created": 1, "owned_by": "x"} for name in self.models
        ]
        return reply({"object": "list", "data": known})

    def _images(self, asked: Asked) -> Reply:
        form = _form(asked)
        wrong = self._wrong(form, edits=asked.path.endswith("edits"))
        if wrong is not None:
            return wrong
        play = self.plays.popleft() if self.plays else Play()
        if play.refused is not None:
            return play.refused
        return self._drawn(form, play)

    def _wrong(self, form: _Form, *, edits: bool) -> Reply | None:
        fields = form.fields
        if fields["model"] not in self.models:
            said = f"The model `{fields['model']}` does not exist or you do not have access to it."
            return failure(404, "model_not_found", said)
        unknown = set(fields) - {"model", "prompt", "n", "size", "quality"}
        size = re.fullmatch(r"(\d+)x(\d+)", str(fields.get("size", "1024x1024")))
        if unknown or size is None or any(int(side) % 16 for side in size.groups()):
            return failure(400, "invalid_value", f"Invalid value: {unknown or fields.get('size')}")
        if edits and not form.pictures:
            return failure(400, "missing_required_parameter", "Missing: image")
        if form.mask and not _is_mask(form):
            return failure(400, "invalid_image_format", "Invalid mask image format")
        return None

    def _drawn(self, form: _Form, play: Play) -> Reply:
        fields = form.fields
        width, _, height = str(fields.get("size", "1024x1024")).partition("x")
        count = int(fields.get("n", 1)) if play.drawn is None else play.drawn
        scale = int(width) * int(height) / 1_048_576
        tokens = round(TOKENS[fields.get("quality", "medium")] * (1 + 0.12 * (scale - 1))) * count
        text, images = len(str(fields["prompt"])) // 4, 300 * len(form.pictures)
        spent = (text * _TEXT_IN + images * _IMAGE_IN + tokens * _IMAGE_OUT) / 1_000_000
        sale = Sale(asked=fields, pictures=form.pictures, mask=form.mask, dollars=spent)
        self.ledger.append(sale)
        if play.body:
            return Reply(body=play.body, headers={"Content-Type": "application/json"})
        seed = (fields["prompt"], len(self.ledger))
        made = [picture(int(width) // 2, int(height) // 2, (seed, n)) for n in range(count)]
        body: dict[str, Any] = {
            "created": 1,
            "data": [{"b64_json": base64.b64encode(one).decode()} for one in made],
        }
        if play.usage:
            body["usage"] = _usage(text, images, tokens)
        headers = {"Content-Type": "application/json", "x-request-id": f"req_{len(self.ledger)}"}
        answer = reply(body, 200, headers)
        return Reply(body=answer.body, headers=headers, fate=play.fate)


def _usage(text: int, images: int, tokens: int) -> dict[str, Any]:
    return {
        "input_tokens": text + images,
        "input_tokens_details": {"text_tokens": text, "image_tokens": images},
        "output_tokens": tokens,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": tokens},
        "total_tokens": text + images + tokens,
    }


def _form(asked: Asked) -> _Form:
    kind = asked.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        return _Form(fields=asked.json)
    message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + asked.body)
    fields: dict[str, str] = {}
    pictures, mask, names = [], b"", []
    for part in message.get_payload():
        name = str(part.get_param("name", header="content-disposition"))  # type: ignore[union-attr]
        data = part.get_payload(decode=True)  # type: ignore[union-attr]
        assert isinstance(data, bytes)
        if name in {"image", "image[]"}:
            pictures.append(data)
            names.append(name)
        elif name == "mask":
            mask = data
        else:
            fields[name] = data.decode()
    return _Form(fields=fields, pictures=tuple(pictures), mask=mask, names=tuple(names))


def _is_mask(form: _Form) -> bool:
    """A PNG under 4 MB with holes, of the first picture's size."""
    with Image.open(io.BytesIO(form.mask)) as mask:
        clear = mask.mode == "RGBA" and mask.getchannel("A").getextrema()[0] == 0
        return clear and mask.format == "PNG" and mask.size == size_of(form.pictures[0])


def failure(
    status: int,
    code: str,
    message: str,
    *,
    kind: str = "invalid_request_error",
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """An error as OpenAI writes it."""
    error = {"message": message, "type": kind, "param": None, "code": code or None}
    return reply({"error": error}, status, headers)


def blocked() -> Reply:
    """A prompt that moderation stopped."""
    said = (
        "Your request was rejected by the safety system. If you believe this is an error, contact "
        "us at help.openai.com and include the request ID req_1. safety_violations=[violence]."
    )
    return failure(400, "moderation_blocked", said, kind="image_generation_user_error")
