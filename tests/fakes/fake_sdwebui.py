"""A double of the Stable Diffusion WebUI (A1111, Forge) started with `--api`.

It draws one thing at a time under a lock, as the original does, and keeps what it drew. `plays`
says how the next drawings go, one each.
"""

from __future__ import annotations

import base64
import io
import json
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loopback import Asked, Fate, Loopback, Reply, reply
from pictures import picture, size_of
from PIL import Image

USER, PASSWORD = "ada", "sd-password"
SAMPLERS = ("Euler a", "DPM++ 2M")
CHECKPOINTS = ("v1-5-pruned-emaonly.safetensors [6ce0161689]", "sdxl.safetensors [31e35c80fc]")
UPSCALERS = ("None", "Lanczos", "R-ESRGAN 4x+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Play:
    """How one drawing goes."""

    failed: Reply | None = None  # in place of drawing
    fate: Fate = Fate.WHOLE  # of the answer, after it was drawn
    grid: bool = False  # a contact sheet comes first
    images: int | None = None  # so many, whatever was asked
    body: str | None = None  # in place of every picture's base64


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """One thing it drew."""

    act: str  # txt2img, img2img, extra-single-image
    payload: dict[str, Any]
    size: tuple[int, int]
    checkpoint: str


def failure(error: str, status: int, detail: str = "", errors: str = "") -> Reply:
    """The WebUI's way of failing."""
    return reply({"error": error, "detail": detail, "body": "", "errors": errors}, status)


OUT_OF_MEMORY = failure(
    "OutOfMemoryError",
    500,
    errors="CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 8.00 GiB total capacity)",
)


class FakeSdWebui(Loopback):
    """The WebUI on loopback."""

    def __init__(self, *plays: Play, api: bool = True, auth: bool = False) -> None:
        super().__init__()
        self.plays = deque(plays)
        self.api, self.auth = api, auth
        self.drawn: list[Drawing] = []  # the ledger
        self.loaded = CHECKPOINTS[0]
        self.interrupts = 0
        self.current = ""  # the id of the task it draws, by its own name
        self.at_once = 0  # drawings asked for at the same time, at most
        self._asking = 0
        self._gpu = threading.Lock()

    def answer(self, asked: Asked) -> Reply:
        if not self.api:
            return reply({"detail": "Not Found"}, 404)
        if self.auth and asked.headers.get("authorization") != _basic():
            return reply({"detail": "Incorrect username or password"}, 401)
        act = asked.path.removeprefix("/sdapi/v1/")
        if asked.method == "GET":
            return self._told(act)
        if act == "interrupt":
            self.interrupts += 1
            return reply({})
        if act in {"txt2img", "img2img", "extra-single-image"}:
            return self._turn(act, asked.json)
        return reply({"detail": "Not Found"}, 404)

    def _told(self, act: str) -> Reply:
        told: Mapping[str, Any] = {
            "options": {"sd_model_checkpoint": self.loaded, "samples_format": "png"},
            "samplers": [{"name": name, "aliases": [], "options": {}} for name in SAMPLERS],
            "upscalers": [{"name": name, "scale": 4} for name in UPSCALERS],
            "sd-models": [
                {"title": title, "model_name": title.partition(".")[0]} for title in CHECKPOINTS
            ],
            "progress": {"progress": 0.5 if self._asking else 0.0, "eta_relative": 1.0,
                         "state": {"job_count": self._asking}, "current_image": None,
                         "current_task": self.current or None},
        }  # fmt: skip
        return reply(told[act]) if act in told else reply({"detail": "Not Found"}, 404)

    def _turn(self, act: str, payload: dict[str, Any]) -> Reply:
        with self.lock:
            self._asking += 1
            self.at_once = max(self.at_once, self._asking)
        try:
            with self._gpu:
                play = self.plays.popleft() if self.plays else Play()
                return play.failed or self._wrong(payload) or self._draw(act, payload, play)
        finally:
            with self.lock:
                self._asking -= 1

    def _wrong(self, payload: dict[str, Any]) -> Reply | None:
        if payload.get("sampler_name", SAMPLERS[0]) not in SAMPLERS:
            return failure("HTTPException", 404, detail="Sampler not found")
        if payload.get("upscaler_1", UPSCALERS[0]) not in UPSCALERS:
            return failure("HTTPException", 400, detail="Invalid upscaler, needs to be one of …")
        wish = payload.get("override_settings", {}).get("sd_model_checkpoint")
        known = [title for title in CHECKPOINTS if wish and title.startswith(wish)]
        if wish and not known:
            return failure("RuntimeError", 500, errors=f"Unknown checkpoint: {wish}")
        for side in ("width", "height"):
            if payload.get(side, 512) % 8:
                wrong = {"loc": ["body", side], "msg": "not a multiple of 8", "type": "value"}
                return reply({"detail": [wrong]}, 422)
        return None

    def _draw(self, act: str, payload: dict[str, Any], play: Play) -> Reply:
        wish = payload.get("override_settings", {}).get("sd_model_checkpoint", "")
        checkpoint = next((t for t in CHECKPOINTS if wish and t.startswith(wish)), self.loaded)
        size = _size(act, payload)
        with self.lock:
            self.drawn.append(Drawing(act=act, payload=payload, size=size, checkpoint=checkpoint))
        number = len(self.drawn)
        if play.fate is Fate.HELD:
            self.current = payload.get("force_task_id", "")
        if act == "extra-single-image":
            body = play.body or _encoded(picture(*size, number))
            return self._on_its_way(reply({"image": body, "html_info": "<p>…</p>"}), play)
        count = payload.get("batch_size", 1) * payload.get("n_iter", 1)
        count = count if play.images is None else play.images
        seeds = [payload.get("seed", -1) + at for at in range(count)]
        images = [play.body or _encoded(picture(*size, (number, seed))) for seed in seeds]
        grid = [_encoded(picture(size[0] * 2, size[1], "grid"))] if play.grid else []
        about = {"seed": seeds[:1], "all_seeds": seeds, "infotexts": []}
        model = checkpoint.partition(".")[0]
        info = {**about, "sd_model_name": model, "index_of_first_image": len(grid)}
        told = {"images": [*grid, *images], "parameters": payload, "info": json.dumps(info)}
        return self._on_its_way(reply(told), play)

    @staticmethod
    def _on_its_way(answer: Reply, play: Play) -> Reply:
        return Reply(status=answer.status, body=answer.body, headers=answer.headers, fate=play.fate)


def _size(act: str, payload: dict[str, Any]) -> tuple[int, int]:
    if act == "extra-single-image":
        width, height = size_of(base64.b64decode(payload["image"]))
        factor = payload.get("upscaling_resize", 2)
        return int(width * factor), int(height * factor)
    return payload.get("width", 512), payload.get("height", 512)


def _encoded(body: bytes) -> str:
    return base64.b64encode(body).decode()


def _basic() -> str:
    return "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def decoded(text: str) -> Image.Image:
    """A picture out of a payload."""
    return Image.open(io.BytesIO(base64.b64decode(text)))
