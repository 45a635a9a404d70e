"""A double of Gemini's API: the paths of its own host, of Vertex and of CLIProxyAPI on one port.

It checks keys and versions, refuses what the real one refuses, keeps a ledger of what it billed,
and plays `plays` for the next requests, one each.
"""

from __future__ import annotations

import base64
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from loopback import Asked, Fate, Loopback, Reply, reply
from pictures import picture

KEY = "AIza-a-key-of-gemini-0123456789abcdef"
PROXY_KEY = "a-key-of-the-proxy-0123456789"
TOKENS = {"1K": 1120, "2K": 1680, "4K": 2520}  # of a picture
PRICES = {  # dollars for a million tokens: read, thought, drawn
    "gemini-nano-banana-2.1": (1.50, 7.50, 30.0),
    "gemini-3.1-flash-lite-image": (0.25, 1.50, 30.0),
    "gemini-3-pro-image": (2.0, 12.0, 120.0),
}
_SIDES = {"1K": 1024, "2K": 2048, "4K": 4096}
_CALL = re.compile(
    r"^/(?P<version>v1|v1beta|v1beta1)"
    r"(?:/projects/(?P<project>[\w-]+)/locations/(?P<location>[\w-]+))?"
    r"(?P<vertex>/publishers/google)?/models/(?P<model>[^/:]+):(?P<verb>\w+)$"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Play:
    """How one request goes."""

    refused: Reply | None = None  # in place of everything else; nothing is billed
    fate: Fate = Fate.WHOLE  # of the answer to a request that was carried out
    finish: str = "STOP"
    block: str = ""  # the prompt is blocked: no candidates at all
    text: str = ""
    drawn: int = 1
    interim: bool = False  # a picture among the thoughts comes first
    usage: bool = True
    kind: str = "JPEG"
    body: bytes = b""  # in place of the JSON


@dataclass(frozen=True, kw_only=True, slots=True)
class Sale:
    """One request that was carried out."""

    model: str
    text: str
    pictures: int  # that came with it
    asked: Mapping[str, Any]
    dollars: float
    location: str = ""


class FakeGemini(Loopback):
    """Gemini on loopback."""

    def __init__(self, *plays: Play) -> None:
        super().__init__()
        self.plays = deque(plays)
        self.ledger: list[Sale] = []
        self.models = list(PRICES)
        self.retired: dict[str, str] = {}  # by model, the sentence
        self.proxy = False  # answers as CLIProxyAPI does
        self.lists = True  # its models

    @property
    def microusd(self) -> int:
        """What everything cost."""
        return sum(round(sale.dollars * 1_000_000) for sale in self.ledger)

    def answer(self, asked: Asked) -> Reply:
        with self.lock:
            return self._answer(asked)

    def _answer(self, asked: Asked) -> Reply:
        vertex = asked.path.startswith("/v1beta1/")
        if self.proxy and not asked.path.startswith("/v1beta/"):
            return Reply(status=404, body=b"404 page not found")
        if not self._let_in(asked):
            return bad_key()
        return self._served(asked, vertex=vertex)

    def over_vertex(self, asked: Asked) -> Reply:
        """An answer to somebody whose token was looked at already."""
        with self.lock:
            return self._served(asked, vertex=True)

    def _served(self, asked: Asked, *, vertex: bool) -> Reply:
        if self.lists and asked.method == "GET" and asked.path.endswith("/models"):
            return self._list(vertex=vertex)
        found = _CALL.match(asked.path)
        if found is None:
            return failure(404, "NOT_FOUND", "No such path.")
        if found["verb"] not in {"generateContent", "predict"}:
            return failure(404, "NOT_FOUND", f"{found['verb']} is not found.")
        return self._call(asked, found["model"], found["location"] or "", found["verb"])

    def _let_in(self, asked: Asked) -> bool:
        key = asked.headers.get("x-goog-api-key", "")
        return key == (PROXY_KEY if self.proxy else KEY)

    def _list(self, *, vertex: bool) -> Reply:
        if vertex:
            prefix = "publishers/google/models/"
            return reply({"publisherModels": [{"name": prefix + name} for name in self.models]})
        return reply({"models": [{"name": f"models/{name}"} for name in self.models]})

    def _call(self, asked: Asked, model: str, location: str, verb: str) -> Reply:
        if model in self.retired:
            return failure(404, "NOT_FOUND", self.retired[model])
        play = self.plays.popleft() if self.plays else Play()
        if play.refused is not None:
            return play.refused
        if verb == "predict":
            return self._predicted(asked, model, location)
        if model not in self.models:
            return failure(404, "NOT_FOUND", f"models/{model} is not found for API version v1.")
        wish = _wish(asked.json)
        if isinstance(wish, Reply):
            return wish
        return self._generated(play, model, location, wish)

    def _generated(self, play: Play, model: str, location: str, wish: _Wish) -> Reply:
        drawn = play.drawn if play.finish == "STOP" and not play.block else 0
        tier = wish.tier or "1K"
        used = {
            "promptTokenCount": 10 + 560 * wish.pictures,
            "promptTokensDetails": [
                {"modality": "TEXT", "tokenCount": 10},
                {"modality": "IMAGE", "tokenCount": 560 * wish.pictures},
            ],
            "candidatesTokenCount": TOKENS[tier] * drawn,
            "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": TOKENS[tier] * drawn}],
            "thoughtsTokenCount": 50,
        }
        self.ledger.append(
            Sale(
                model=model,
                text=wish.text,
                pictures=wish.pictures,
                asked=wish.config,
                dollars=_dollars(model, used) if play.usage else 0.0,
                location=location,
            )
        )
        if play.body:
            return Reply(body=play.body, headers={"Content-Type": "application/json"})
        answer = reply(self._body(play, model, wish, drawn) | _usage(play, used))
        return Reply(status=answer.status, body=answer.body, headers=answer.headers, fate=play.fate)

    def _body(self, play: Play, model: str, wish: _Wish, drawn: int) -> dict[str, Any]:
        number = len(self.ledger)
        about = {"modelVersion": model, "responseId": f"response-{number}"}
        if play.block:
            return {"promptFeedback": {"blockReason": play.block}, **about}
        parts: list[dict[str, Any]] = []
        if play.interim:
            parts.append(
                {"thought": True, "inlineData": _inline(_drawn(wish, "thought", "PNG"), "PNG")}
            )
        if play.text:
            parts.append({"text": play.text})
        for n in range(drawn):
            made = _drawn(wish, (number, n), play.kind)
            parts.append({"inlineData": _inline(made, play.kind), "thoughtSignature": "c2ln"})
        candidate: dict[str, Any] = {"finishReason": play.finish, "index": 0}
        if play.finish == "CONTINUATION":
            candidate["continuationToken"] = "bW9yZQ=="
        if parts:
            candidate["content"] = {"role": "model", "parts": parts}
        return {"candidates": [candidate], **about}

    def _predicted(self, asked: Asked, model: str, location: str) -> Reply:
        """Imagen's upscale: the only thing of that family that may answer still."""
        body = asked.json
        factor = body["parameters"]["upscaleConfig"]["upscaleFactor"]
        sale = Sale(model=model, text="", pictures=1, asked=body, dollars=0.06, location=location)
        self.ledger.append(sale)
        made = base64.b64encode(picture(2048, 2048, ("upscale", factor))).decode()
        return reply({"predictions": [{"bytesBase64Encoded": made, "mimeType": "image/png"}]})


@dataclass(frozen=True, slots=True)
class Vertex:
    """The same models behind Google's tokens: an API for `fake_google.FakeGoogle`."""

    gemini: FakeGemini
    scopes = frozenset({"https://www.googleapis.com/auth/cloud-platform"})

    def answer(self, asked: Asked, who: str) -> Reply | None:  # noqa: ARG002  # anybody may
        """What it says; None for a path that is not its own."""
        return self.gemini.over_vertex(asked) if asked.path.startswith("/v1beta1/") else None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wish:
    """What a request asks for."""

    text: str
    pictures: int
    ratio: str
    tier: str
    config: Mapping[str, Any] = field(default_factory=dict)


def _wish(body: Mapping[str, Any]) -> _Wish | Reply:
    parts = [part for content in body["contents"] for part in content["parts"]]
    config = body.get("generationConfig", {})
    shape = config.get("imageConfig", {})
    ratio, tier = shape.get("aspectRatio", "1:1"), shape.get("imageSize", "")
    if "IMAGE" not in config.get("responseModalities", ()):
        return failure(400, "INVALID_ARGUMENT", "Model does not support the requested modalities.")
    if tier not in {"", *TOKENS} or ":" not in ratio:
        return failure(400, "INVALID_ARGUMENT", f"Unsupported image size: {tier} {ratio}")
    if set(config) - {"responseModalities", "imageConfig", "seed", "candidateCount"}:
        return failure(400, "INVALID_ARGUMENT", f"Unknown name in {sorted(config)}")
    return _Wish(
        text=" ".join(part["text"] for part in parts if "text" in part),
        pictures=sum("inlineData" in part or "inline_data" in part for part in parts),
        ratio=ratio,
        tier=tier,
        config=config,
    )


def _drawn(wish: _Wish, seed: object, kind: str) -> bytes:
    width, _, height = wish.ratio.partition(":")
    shape = int(width) / int(height)
    side = _SIDES[wish.tier or "1K"] / 2  # half: encoding is what costs the time
    return picture(round(side * shape**0.5), round(side / shape**0.5), (wish.text, seed), kind)


def _inline(data: bytes, kind: str) -> dict[str, str]:
    return {"mimeType": f"image/{kind.lower()}", "data": base64.b64encode(data).decode()}


def _usage(play: Play, used: Mapping[str, Any]) -> dict[str, Any]:
    return {"usageMetadata": dict(used)} if play.usage else {}


def _dollars(model: str, used: Mapping[str, Any]) -> float:
    read, thought, drawn = PRICES[model]
    counts = (used["promptTokenCount"], used["thoughtsTokenCount"], used["candidatesTokenCount"])
    return sum(map(float.__mul__, map(float, counts), (read, thought, drawn))) / 1_000_000


def failure(
    status: int,
    word: str,
    message: str,
    *details: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """An error as Google writes it."""
    error = {"code": status, "message": message, "status": word, "details": list(details)}
    return reply({"error": error}, status, headers)


def bad_key() -> Reply:
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
    }
    text = "API key not valid. Please pass a valid API key."
    return failure(400, "INVALID_ARGUMENT", text, info)


def quota(quota_id: str, *, value: str = "10", delay: str = "") -> Reply:
    """429 with Google's details, with or without a wait."""
    violation = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
        "quotaId": quota_id,
        "quotaDimensions": {"location": "global", "model": "gemini-nano-banana-2.1"},
        "quotaValue": value,
    }
    details: list[dict[str, Any]] = [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]},
        {"@type": "type.googleapis.com/google.rpc.Help", "links": []},
    ]
    if delay:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay})
    return failure(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota.", *details)


def exhausted() -> Reply:
    """429 as Vertex says it: without a word about when."""
    text = "Resource exhausted. Please try again later. Please refer to the error code 429."
    return failure(429, "RESOURCE_EXHAUSTED", text)


def cooldown(seconds: int) -> Reply:
    """429 as CLIProxyAPI says it, in OpenAI's shape."""
    error = {
        "code": "model_cooldown",
        "message": "All credentials for model gemini-nano-banana-2.1 are cooling down",
        "model": "gemini-nano-banana-2.1",
        "reset_time": f"{seconds}s",
        "reset_seconds": seconds,
        "provider": "gemini",
    }
    return reply({"error": error}, 429, {"Retry-After": str(seconds)})


def html(status: int) -> Reply:
    """A gateway's page."""
    body = b"<html><body><h1>502 Bad Gateway</h1>nginx</body></html>"
    return Reply(status=status, body=body, headers={"Content-Type": "text/html"})
