"""A double of fal: its queue, its files, its storage and its price list on one port.

It keeps a ledger of what it accepted and what that cost. `plays` says how the next submissions
go, one each; without one, a submission waits a moment and succeeds.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from loopback import Asked, Fate, Loopback, Reply, picture_reply, reply
from pictures import black, picture

KEY = "fal-key-id:fal-key-secret"
PRICES = {  # per unit, in dollars
    "fal-ai/flux/schnell": (0.003, "megapixels"),
    "fal-ai/flux/dev": (0.025, "megapixels"),
    "fal-ai/flux-pro/v1.1": (0.04, "megapixels"),
    "fal-ai/bria/genfill": (0.04, "generations"),
    "fal-ai/bria/eraser": (0.04, "generations"),
    "fal-ai/bria/expand": (0.04, "generations"),
    "fal-ai/bria/background/replace": (0.04, "generations"),
    "fal-ai/seedvr/upscale/image": (0.001, "megapixels"),
    "fal-ai/clarity-upscaler": (0.03, "megapixels"),
}
_ALONE = ("eraser", "expand", "upscale")  # these answer {"image": …}, the others {"images": […]}


@dataclass(frozen=True, kw_only=True, slots=True)
class Play:
    """How one submission goes."""

    refused: Reply | None = None  # in place of being accepted
    lost: bool = False  # accepted, but the answer never arrives
    queued: int = 1  # looks at which it still waits in line
    working: int = 1  # looks after these at which it is being made
    status_faults: tuple[Reply, ...] = ()  # what the first looks get instead
    result: Reply | None = None  # in place of the pictures
    error: str = ""  # told with COMPLETED
    error_type: str = ""
    nsfw: bool = False  # a black picture that is called a success
    size: tuple[int, int] | None = None  # of the pictures, whatever was asked
    file: Fate = Fate.WHOLE
    file_faults: tuple[Reply, ...] = ()  # what the first downloads get instead
    file_url: str = ""  # another place for the pictures
    status_url: str = ""  # another place to look at


@dataclass(kw_only=True, slots=True)
class Submission:
    """One accepted request."""

    id: str
    model: str
    arguments: dict[str, Any]
    play: Play
    looks: int = 0
    cancelled: bool = False
    done: bool = False
    cost: float = 0.0  # dollars; only what was made is charged
    files: list[bytes] = field(default_factory=list)

    @property
    def app(self) -> str:
        """`owner/app`: status, result and cancel addresses know no more of the model."""
        return "/".join(self.model.split("/")[:2])


class FakeFal(Loopback):
    """fal on loopback: `url` stands for the queue's host, the storage's and the API's."""

    def __init__(self, *plays: Play) -> None:
        super().__init__()
        self.plays = deque(plays)
        self.accepted: dict[str, Submission] = {}  # the ledger
        self.uploads: dict[str, bytes] = {}  # by path
        self.retired: set[str] = set()
        self.billed_units = True  # whether results carry X-Fal-Billable-Units
        self.priced = True  # whether the price list is to be had
        self.prices: Reply | None = None  # in place of the price list
        self.offers_more = True  # than its queue

    @property
    def dollars(self) -> float:
        """What everything cost."""
        return round(sum(s.cost for s in self.accepted.values()), 6)

    def answer(self, asked: Asked) -> Reply:
        with self.lock:
            if asked.path.startswith("/files/") and asked.method == "GET":
                return self._file(asked.path)
            if asked.path == "/files/upload":
                return self._upload(asked)
            if asked.headers.get("authorization") != f"Key {KEY}":
                return reply({"detail": "Cannot access application. Authentication failed."}, 401)
            return self._authorised(asked)

    def _authorised(self, asked: Asked) -> Reply:
        if not self.offers_more and asked.path in {"/v1/models/pricing", "/storage/auth/token"}:
            return reply({"detail": "Not Found"}, 404)
        if asked.path == "/v1/models/pricing":
            return self._pricing(asked.query.get("endpoint_id", "").split(","))
        if asked.path == "/storage/auth/token":
            token = {"token": "cdn-token", "token_type": "Bearer", "base_url": self.url}
            return reply({**token, "expires_at": "2030-01-01T00:00:00Z"})
        if "/requests/" in asked.path:
            return self._request(asked)
        return self._submit(asked)

    def _submit(self, asked: Asked) -> Reply:
        model = asked.path.strip("/")
        if model in self.retired or model not in PRICES:
            return reply({"detail": f'Application "{model}" not found'}, 404)
        play = self.plays.popleft() if self.plays else Play()
        if play.refused is not None:
            return play.refused
        made = Submission(
            id=f"request-{len(self.accepted) + 1}", model=model, arguments=asked.json, play=play
        )
        self.accepted[made.id] = made
        if play.lost:
            return Reply(fate=Fate.LOST)
        base = f"{self.url}/{made.app}/requests/{made.id}"
        urls = {"response_url": base, "cancel_url": f"{base}/cancel"}
        status = play.status_url or f"{base}/status"
        queue = {"status": "IN_QUEUE", "request_id": made.id, "queue_position": play.queued}
        return reply({**queue, **urls, "status_url": status})

    def _request(self, asked: Asked) -> Reply:
        app, _, rest = asked.path.strip("/").partition("/requests/")
        name, _, act = rest.partition("/")
        made = self.accepted.get(name)
        if made is None or made.app != app:
            return reply({"detail": "Request not found"}, 404)
        if asked.method == "PUT" and act == "cancel":
            return self._cancel(made)
        return self._status(made) if act == "status" else self._result(made)

    def _cancel(self, made: Submission) -> Reply:
        if made.done:
            return reply({"status": "ALREADY_COMPLETED"}, 400)
        made.cancelled = True
        return reply({"status": "CANCELLATION_REQUESTED"}, 202)

    def _status(self, made: Submission) -> Reply:
        play = made.play
        made.looks += 1
        if made.looks <= len(play.status_faults):
            return play.status_faults[made.looks - 1]
        looks = made.looks - len(play.status_faults)
        if made.cancelled:
            made.done = True
            return reply({"status": "COMPLETED", "logs": [], "error": "Request cancelled",
                          "error_type": "request_cancelled"})  # fmt: skip
        if looks <= play.queued:
            return reply({"status": "IN_QUEUE", "queue_position": play.queued - looks}, 202)
        if looks <= play.queued + play.working:
            return reply({"status": "IN_PROGRESS", "logs": []}, 202)
        made.done = True
        told = {"status": "COMPLETED", "logs": [], "metrics": {"inference_time": 1.5}}
        failed = {"error": play.error, "error_type": play.error_type} if play.error else {}
        return reply({**told, **failed})

    def _result(self, made: Submission) -> Reply:
        if not made.done:
            return reply({"detail": "Request is still in progress"}, 400)
        if made.cancelled:
            return reply({"detail": "Request was cancelled"}, 400)
        if made.play.result is not None:
            return made.play.result
        if made.play.error:
            return reply({"detail": made.play.error}, 500, headers={"X-Fal-Retryable": "false"})
        return self._made(made)

    def _made(self, made: Submission) -> Reply:
        width, height = made.play.size or _size_of(made.arguments)
        count = int(made.arguments.get("num_images", 1))
        if not made.files:
            draw = [black(width, height)] if made.play.nsfw else []
            made.files = draw * count or [
                picture(width, height, (made.id, number)) for number in range(count)
            ]
        price, unit = PRICES[made.model]
        megapixels = math.ceil(width * height / 1024**2)  # begun ones count
        units = count * megapixels if unit == "megapixels" else count
        made.cost = price * units
        images = [self._image(made, number, (width, height)) for number in range(count)]
        headers = {"X-Fal-Billable-Units": str(units)} if self.billed_units else {}
        if any(word in made.model for word in _ALONE):
            return reply({"image": images[0], "seed": 7}, headers=headers)
        told = {"seed": 7, "has_nsfw_concepts": [made.play.nsfw] * count, "prompt": "…"}
        return reply({"images": images, **told}, headers=headers)

    def _image(self, made: Submission, number: int, size: tuple[int, int]) -> dict[str, Any]:
        url = made.play.file_url or f"{self.url}/files/{made.id}/{number}.png"
        width, height = size
        return {"url": url, "width": width, "height": height, "content_type": "image/png"}

    def _file(self, path: str) -> Reply:
        if path in self.uploads:
            return picture_reply(self.uploads[path])
        name, _, number = path.removeprefix("/files/").removesuffix(".png").partition("/")
        made = self.accepted.get(name)
        if made is None or not number.isdigit():
            return reply({"detail": "Not Found"}, 404)
        earlier = len(self.asked_for("GET", path)) - 1
        if earlier < len(made.play.file_faults):
            return made.play.file_faults[earlier]
        return picture_reply(made.files[int(number)], fate=made.play.file)

    def _upload(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != "Bearer cdn-token":
            return reply({"detail": "Unauthorized"}, 401)
        path = f"/files/upload-{len(self.uploads) + 1}/{asked.headers.get('x-fal-file-name', 'f')}"
        self.uploads[path] = asked.body
        return reply({"access_url": f"{self.url}{path}"})

    def _pricing(self, models: list[str]) -> Reply:
        if self.prices is not None:
            return self.prices
        if not self.priced:
            return reply({"error": {"type": "server_error", "message": "try later"}}, 503)
        prices = [
            {"endpoint_id": model, "unit_price": PRICES[model][0], "unit": PRICES[model][1],
             "currency": "USD"}
            for model in models if model in PRICES
        ]  # fmt: skip
        if not prices:
            return reply({"error": {"type": "not_found", "message": "no such endpoint"}}, 404)
        return reply({"prices": prices, "next_cursor": None, "has_more": False})


def validation(kind: str, message: str, *, retryable: str = "false") -> Reply:
    """fal's 422: what of the input it will not have."""
    error = {"loc": ["body", "prompt"], "msg": message, "type": kind, "input": "…"}
    return reply({"detail": [error]}, 422, headers={"X-Fal-Retryable": retryable})


def _size_of(arguments: dict[str, Any]) -> tuple[int, int]:
    size = arguments.get("image_size")
    if isinstance(size, dict):
        return int(size["width"]), int(size["height"])
    if "canvas_size" in arguments:
        width, height = arguments["canvas_size"]
        return int(width), int(height)
    return 1024, 768
