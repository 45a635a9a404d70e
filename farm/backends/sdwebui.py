"""The Stable Diffusion WebUI on one's own machine (A1111, Forge), started with `--api`.

It draws one thing at a time and answers when that is done. It keeps no record of what it drew,
and costs nothing: what got lost is asked for again.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from farm.backends.api import READ_SECONDS, Answer, Remember, Request
from farm.backends.base import JOB_CANCELLED
from farm.backends.canvases import MOST_PIXELS, drawing_size
from farm.backends.sdwebui_failures import NO_PICTURE, UNREADABLE, outcome_of, silent
from farm.backends.wire import NoAnswer, Said, Wire, origin_of
from farm.clock import Clock
from farm.errors import Ended
from farm.model.operations import Operation
from farm.model.prompts import Size
from farm.steps.keeper import measure

LOADED = "loaded"  # the model that is whatever checkpoint the WebUI has loaded
STEPS, CFG_SCALE = 30, 7.5
UPSCALER = "R-ESRGAN 4x+"
_INTERRUPT_SECONDS = 5.0
_ORIGINAL, _FILL = 1, 0  # what stands under a mask when drawing begins
_MASK_BLUR_PX = 4
# How far the picture may go from the one it begins with.
_STRENGTH: Mapping[Operation, float] = {
    Operation.GENERATE: 0.75,
    Operation.INSERT: 0.85,
    Operation.REMOVE: 0.95,
    Operation.BACKGROUND: 0.95,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """How the WebUI draws, beside what is drawn."""

    steps: int = STEPS
    cfg_scale: float = CFG_SCALE
    sampler: str = ""  # "" is the WebUI's own
    upscaler: str = UPSCALER
    most_pixels: int = MOST_PIXELS


@dataclass(kw_only=True)
class SdWebui:
    """One WebUI."""

    url: str
    clock: Clock
    auth: str = field(default="", repr=False)  # name:password, as given with --api-auth
    drawing: Drawing = field(default_factory=Drawing)
    read_seconds: float = READ_SECONDS
    name: str = "sdwebui"
    stateless_and_free: bool = True
    _wire: Wire = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Sign in with every request, if at all."""
        basic = base64.b64encode(self.auth.encode()).decode()
        self._wire = Wire(
            origins=(origin_of(self.url)[0],),
            headers={"Authorization": f"Basic {basic}"} if self.auth else {},
            read_seconds=self.read_seconds,
        )

    async def __aenter__(self) -> Self:
        """Open the client."""
        await self._wire.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close it."""
        await self._wire.__aexit__(*exc)

    async def check(self) -> None:
        """Ask for its options, which it has only with `--api`."""
        await self._said("GET", "options")

    async def ask(self, request: Request, remember: Remember) -> Answer:  # noqa: ARG002  # it keeps nothing
        """Have it drawn, and take the pictures out of the answer."""
        if request.operation is Operation.UPSCALE:
            return await self._upscaled(request)
        task = f"task(farm-{uuid.uuid4().hex})"
        payload = await self._payload(request, task)
        act = "img2img" if "init_images" in payload else "txt2img"
        try:
            said = await self._said("POST", act, payload)
        except (Ended, asyncio.CancelledError) as stopped:
            if _leaves_it_drawing(stopped):
                await self._interrupt(task)
            raise
        return _answer(request, said, task)

    async def resume(self, facts: Mapping[str, Any], request: Request) -> Answer | None:  # noqa: ARG002
        """Nothing can be had again, and nothing was paid."""
        return None

    async def _payload(self, request: Request, task: str) -> dict[str, Any]:
        """What is sent for a picture out of words, or out of a picture."""
        original = request.references[0].path if request.references else None
        asked = request.size
        if original is not None and (asked is None or request.operation is not Operation.GENERATE):
            size_px = await asyncio.to_thread(measure, original)
            asked = Size(*size_px) if all(size_px) else asked
        size = drawing_size(asked, self.drawing.most_pixels)
        payload: dict[str, Any] = {
            "prompt": request.text,
            "negative_prompt": request.negative,
            "seed": -1 if request.seed is None else request.seed,
            "steps": self.drawing.steps,
            "cfg_scale": self.drawing.cfg_scale,
            "width": size.width_px,
            "height": size.height_px,
            "batch_size": 1,
            "n_iter": request.count,
            "send_images": True,
            "save_images": False,
            "force_task_id": task,
        }
        if self.drawing.sampler:
            payload["sampler_name"] = self.drawing.sampler
        if request.model.id != LOADED:
            payload["override_settings"] = {"sd_model_checkpoint": request.model.id}
        if original is not None:
            payload |= await asyncio.to_thread(_begun_with, request, original)
        return payload

    async def _upscaled(self, request: Request) -> Answer:
        body = await asyncio.to_thread(_encoded, request.references[0].path)
        payload = {
            "image": body,
            "resize_mode": 0,
            "upscaling_resize": request.factor or 2.0,
            "upscaler_1": self.drawing.upscaler,
        }
        said = await self._said("POST", "extra-single-image", payload)
        return Answer(
            pictures=(_decoded(said.fields.get("image")),),
            model=self.drawing.upscaler,
            spent_microusd=0,
        )

    async def _said(self, method: str, act: str, payload: Mapping[str, Any] | None = None) -> Said:
        """An answer of success; `Ended` for any other and for none."""
        url = f"{self.url.rstrip('/')}/sdapi/v1/{act}"
        try:
            said = await self._wire.ask(method, url, json=payload)
        except NoAnswer as error:
            raise Ended(silent(error)) from error
        if not said.ok:
            raise Ended(outcome_of(said))
        return said

    async def _interrupt(self, task: str) -> None:
        """Stop a drawing nobody waits for, if it is ours: others may use the WebUI too."""
        with suppress(Ended, TimeoutError):
            async with asyncio.timeout(_INTERRUPT_SECONDS):
                drawn = (await self._said("GET", "progress")).fields.get("current_task")
                if drawn == task:
                    await self._said("POST", "interrupt", {})


def _leaves_it_drawing(stopped: BaseException) -> bool:
    if isinstance(stopped, Ended):
        return isinstance(stopped.__cause__, NoAnswer) and stopped.__cause__.slow
    return JOB_CANCELLED in stopped.args


def _begun_with(request: Request, original: Path) -> dict[str, Any]:
    """The fields of a drawing that begins with a picture."""
    fields: dict[str, Any] = {
        "init_images": [_encoded(original)],
        "denoising_strength": _STRENGTH.get(request.operation, 0.75),
    }
    if request.mask is None:
        return fields
    removes = request.operation is Operation.REMOVE
    return fields | {
        "mask": _encoded(request.mask),
        "mask_blur": _MASK_BLUR_PX,
        "inpainting_fill": _FILL if removes else _ORIGINAL,
        "inpaint_full_res": True,
        "inpainting_mask_invert": 0,
    }


def _answer(request: Request, said: Said, task: str) -> Answer:
    """The pictures alone: a contact sheet may come first, an extension's drafts last."""
    info = _info(said.fields.get("info"))
    first = int(info.get("index_of_first_image") or 0)
    images = list(said.fields.get("images") or [])[first : first + request.count]
    if not images:
        raise Ended(NO_PICTURE)
    return Answer(
        pictures=tuple(_decoded(image) for image in images),
        model=str(info.get("sd_model_name") or request.model.id),
        id=task,
        usage={"seeds": info.get("all_seeds")},
        spent_microusd=0,
    )


def _info(text: Any) -> Mapping[str, Any]:
    """What the WebUI tells of a drawing: JSON within JSON."""
    try:
        info = json.loads(text)
    except (TypeError, ValueError):
        return {}
    return info if isinstance(info, dict) else {}


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _decoded(text: Any) -> bytes:
    if not isinstance(text, str):
        raise Ended(UNREADABLE)
    try:
        return base64.b64decode(text.rpartition(",")[2], validate=True)
    except binascii.Error as error:
        raise Ended(UNREADABLE) from error
