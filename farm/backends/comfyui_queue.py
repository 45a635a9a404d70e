"""ComfyUI's server: its queue, its history and its files, by an id that is farm's own."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.backends.api import Remember
from farm.backends.comfyui_failures import NO_CHECKPOINT, file_gone, refusal_of, unreachable
from farm.backends.comfyui_graphs import Graph
from farm.backends.wire import NoAnswer, Said, Wire
from farm.clock import Clock
from farm.errors import Ended, Interrupted

log = logging.getLogger(__name__)

TRIES = 4  # of a question that changes nothing
PAUSE_SECONDS = 3.0  # between two of them
CANCEL_SECONDS = 5.0
_CHECKPOINTS = "CheckpointLoaderSimple"


@dataclass(kw_only=True)
class ComfyQueue:
    """One server, over an open wire."""

    url: str
    wire: Wire
    clock: Clock

    async def knows(self, name: str) -> bool:
        """Whether the server has the graph, in its queue or in its history."""
        if await self.entry(name) is not None or await self.queued(name):
            return True
        return await self.entry(name) is not None  # it may have ended between the two looks

    async def give(self, name: str, graph: Graph, remember: Remember) -> str:
        """Put the graph into the queue; its id as the server has it."""
        body = {"prompt": graph, "prompt_id": name, "client_id": "farm"}
        try:
            said = await self.wire.ask("POST", f"{self.url}/prompt", json=body)
        except NoAnswer as error:
            if error.taken and await self.knows(name):
                return name
            raise Ended(unreachable(error)) from error
        if not said.ok:
            raise Ended(refusal_of(said))
        if flaws := said.fields.get("node_errors"):  # what is well of the graph is drawn
            log.warning("a part of the graph is not drawn", extra={"nodes": sorted(flaws)})
        given = str(said.fields.get("prompt_id") or name)
        if given != name:  # an old server gives its own
            await remember({"id": given})
        return given

    async def entry(self, name: str) -> Mapping[str, Any] | None:
        """What the history says of a graph; None while it has not ended."""
        entry = (await self._told(f"history/{name}")).fields.get(name)
        return entry if isinstance(entry, dict) else None

    async def queued(self, name: str) -> bool:
        """Whether the graph waits in line or is being drawn."""
        told = (await self._told("queue")).fields
        return name in {*_ids(told, "queue_running"), *_ids(told, "queue_pending")}

    async def file(self, place: Mapping[str, str]) -> bytes:
        """A picture that a node saved."""
        said = await self._told("view", params=place)
        if not said.ok or not said.body:
            raise Ended(file_gone(said.status))
        return said.body

    async def upload(self, path: Path) -> str:
        """Put a picture where graphs load theirs from; its name there."""
        data = await asyncio.to_thread(path.read_bytes)
        name = f"farm-{hashlib.sha256(data).hexdigest()[:32]}{path.suffix}"
        said = await self.sent(
            "POST",
            "upload/image",
            files={"image": (name, data)},
            data={"type": "input", "overwrite": "true"},
        )
        folder = str(said.fields.get("subfolder") or "")
        stored = str(said.fields.get("name") or name)
        return f"{folder}/{stored}" if folder else stored

    async def first_checkpoint(self) -> str:
        """What the server loads when nobody names a checkpoint: the first of its list."""
        said = await self.sent("GET", f"object_info/{_CHECKPOINTS}")
        node = said.fields.get(_CHECKPOINTS) or {}
        choices = node.get("input", {}).get("required", {}).get("ckpt_name", [])
        names = choices[0] if choices else []
        if isinstance(names, str):  # newer servers: ["COMBO", {"options": […]}]
            names = choices[1].get("options", [])
        if not names:
            raise Ended(NO_CHECKPOINT)
        return str(names[0])

    async def cancel(self, name: str) -> None:
        """Take a graph back that nobody waits for; others' graphs stay."""
        with suppress(NoAnswer, TimeoutError):
            async with asyncio.timeout(CANCEL_SECONDS):
                await self.wire.ask("POST", f"{self.url}/queue", json={"delete": [name]})
                told = (await self.wire.ask("GET", f"{self.url}/queue")).fields
                if name in _ids(told, "queue_running"):
                    body = {"prompt_id": name}
                    await self.wire.ask("POST", f"{self.url}/interrupt", json=body)
                log.info("a graph was taken back", extra={"graph": name})

    async def sent(self, method: str, path: str, **content: Any) -> Said:
        """An answer of success before a graph was given; `Ended` otherwise."""
        try:
            said = await self.wire.ask(method, f"{self.url}/{path}", **content)
        except NoAnswer as error:
            raise Ended(unreachable(error)) from error
        if not said.ok:
            raise Ended(refusal_of(said))
        return said

    async def _told(self, path: str, **content: Any) -> Said:
        """A question about a graph that was given; `Interrupted` when nobody answers."""
        why = NoAnswer("", taken=True)
        for tried in range(TRIES):
            if tried:
                await self.clock.sleep(PAUSE_SECONDS)
            try:
                said = await self.wire.ask("GET", f"{self.url}/{path}", **content)
            except NoAnswer as error:
                why = error
                continue
            if said.status < 500:  # noqa: PLR2004  # a server's own trouble begins there
                return said
            why = NoAnswer(f"answers with HTTP {said.status}", taken=True)
        raise Interrupted(unreachable(why))


def _ids(queue: Mapping[str, Any], part: str) -> list[str]:
    return [str(row[1]) for row in queue.get(part) or () if len(row) > 1]
