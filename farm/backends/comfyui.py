"""ComfyUI: a graph in, the pictures of its nodes out.

A graph is given under an id of farm's own, which is remembered first: whatever happens then, the
server's queue and history tell whether it has the graph. It forgets both when it is restarted.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from farm.backends.api import Answer, Remember, Request
from farm.backends.base import JOB_CANCELLED
from farm.backends.canvases import MOST_PIXELS, drawing_size
from farm.backends.comfyui_failures import FORGOTTEN, NO_PICTURE, failure_of, slow
from farm.backends.comfyui_graphs import (
    ANY_MODEL,
    Graph,
    Graphs,
    filled,
    places,
    proven,
)
from farm.backends.comfyui_queue import ComfyQueue
from farm.backends.wire import Wire, origin_of
from farm.clock import Clock
from farm.errors import Ended, Interrupted
from farm.model.operations import Operation
from farm.model.prompts import Size
from farm.steps.keeper import measure

LOOK_FIRST, LOOK_GROWTH, LOOK_LONGEST = 0.5, 1.4, 3.0  # seconds between two looks
TRY_SECONDS = 60.0


def _any_seed() -> int:
    return random.SystemRandom().getrandbits(48)


@dataclass(kw_only=True)
class ComfyUi:
    """One ComfyUI."""

    url: str
    clock: Clock
    graphs: Graphs = field(default_factory=Graphs)
    most_pixels: int = MOST_PIXELS
    wait_seconds: float = 300.0  # for a picture, before the wait is put off
    any_seed: Callable[[], int] = _any_seed
    name: str = "comfyui"
    stateless_and_free: bool = False  # it can be asked what became of a graph
    _wire: Wire = field(init=False, repr=False)
    _queue: ComfyQueue = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """One wire to one host."""
        self.url = self.url.rstrip("/")
        self._wire = Wire(origins=(origin_of(self.url)[0],), read_seconds=TRY_SECONDS)
        self._queue = ComfyQueue(url=self.url, wire=self._wire, clock=self.clock)

    async def __aenter__(self) -> Self:
        """Open the client."""
        await self._wire.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Close it."""
        await self._wire.__aexit__(*exc)

    async def check(self) -> None:
        """Ask how it is."""
        await self._queue.sent("GET", "system_stats")

    async def ask(self, request: Request, remember: Remember) -> Answer:
        """Give it the graph once, wait, and fetch its pictures."""
        template = proven(self.graphs, request)
        graph = filled(template, await self._values(request, template))
        name = str(uuid.uuid4())
        await remember({"id": name})
        name = await self._queue.give(name, graph, remember)
        return await self._collected(name, request)

    async def resume(self, facts: Mapping[str, Any], request: Request) -> Answer | None:
        """Ask for the graph by its id; None when the server does not know it."""
        name = str(facts.get("id") or "")
        if not name or not await self._queue.knows(name):
            return None
        return await self._collected(name, request)

    async def _values(self, request: Request, template: Graph) -> dict[str, Any]:
        """What the placeholders stand for."""
        size = await asyncio.to_thread(_asked_size, request)
        canvas = drawing_size(size, self.most_pixels)
        values: dict[str, Any] = {
            "prompt": request.text,
            "negative": request.negative,
            "width": canvas.width_px,
            "height": canvas.height_px,
            "seed": self.any_seed() if request.seed is None else request.seed,
            "count": request.count,
            "factor": request.factor,
            "mask": await self._queue.upload(request.mask) if request.mask else "",
            "model": "" if request.model.id == ANY_MODEL else request.model.id,
        }
        for number, reference in enumerate(request.references, start=1):
            values[f"reference_{number}"] = await self._queue.upload(reference.path)
        if not values["model"] and "model" in places(template):
            values["model"] = await self._queue.first_checkpoint()
        if request.operation is Operation.UPSCALE:
            values |= {"prompt": "", "negative": "", "factor": request.factor or 2.0}
        return values

    async def _collected(self, name: str, request: Request) -> Answer:
        """The pictures; the graph is taken back when the user takes back the job."""
        try:
            entry = await self._done(name)
        except asyncio.CancelledError as stopped:
            if JOB_CANCELLED in stopped.args:
                await self._queue.cancel(name)
            raise
        failure = failure_of(entry.get("status") or {})
        if failure is not None:
            raise Ended(failure)
        found = _saved(entry.get("outputs") or {})
        if not found:
            raise Ended(NO_PICTURE)
        return Answer(
            pictures=tuple([await self._queue.file(place) for place in found]),
            model=request.model.id,
            id=name,
            usage={"images": len(found)},
            spent_microusd=0,
        )

    async def _done(self, name: str) -> Mapping[str, Any]:
        """The graph's entry in the history, once it stands there."""
        pause, began = LOOK_FIRST, self.clock.monotonic()
        while self.clock.monotonic() - began < self.wait_seconds:
            entry = await self._queue.entry(name)
            if entry is None and not await self._queue.queued(name):
                entry = await self._queue.entry(name)  # it may have ended between the two looks
                if entry is None:
                    raise Ended(FORGOTTEN)
            if entry is not None:
                return entry
            await self.clock.sleep(pause)
            pause = min(pause * LOOK_GROWTH, LOOK_LONGEST)
        raise Interrupted(slow(self.wait_seconds))


def _asked_size(request: Request) -> Size | None:
    """What is drawn: the size asked for, or the size of the picture that is changed."""
    changes = request.operation is not Operation.GENERATE
    if request.references and (changes or request.size is None):
        width, height = measure(request.references[0].path)
        return Size(width, height) if width and height else request.size
    return request.size


def _saved(outputs: Mapping[str, Any]) -> list[dict[str, str]]:
    """Where the pictures lie that the graph saved; its previews, if it saved none."""
    images = [image for node in outputs.values() for image in node.get("images") or ()]
    kept = [image for image in images if image.get("type") == "output"] or images
    return [
        {key: str(image.get(key) or "") for key in ("filename", "subfolder", "type")}
        for image in kept
    ]
