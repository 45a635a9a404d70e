"""A double of ComfyUI: its queue, history, files and checks of a graph.

A graph posted twice is drawn twice, whatever its prompt id: the original does not compare them.
`plays` says how the next accepted graphs go; `restart()` forgets everything but the files.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from typing import Any

from loopback import Asked, Fate, Loopback, Reply, picture_reply, reply
from pictures import picture, size_of

CHECKPOINTS = ("v1-5-pruned-emaonly.safetensors", "sdxl.safetensors")
_STATS = {"system": {"comfyui_version": "0.3.64"}, "devices": []}
SAVERS = ("SaveImage", "PreviewImage")
REQUIRED = {  # inputs a node must have; the classes this server knows
    "CheckpointLoaderSimple": ("ckpt_name",),
    "CLIPTextEncode": ("text", "clip"),
    "EmptyLatentImage": ("width", "height", "batch_size"),
    "KSampler": ("model", "positive", "negative", "latent_image", "seed", "steps", "cfg"),
    "VAEDecode": ("samples", "vae"),
    "VAEEncode": ("pixels", "vae"),
    "VAEEncodeForInpaint": ("pixels", "vae", "mask"),
    "LoadImage": ("image",),
    "ImageScaleBy": ("image", "scale_by"),
    "ImageScale": ("image", "width", "height"),
    "ImageToMask": ("image", "channel"),
    "RepeatLatentBatch": ("samples", "amount"),
    "SaveImage": ("images", "filename_prefix"),
    "PreviewImage": ("images",),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Play:
    """How one accepted graph goes."""

    refused: Reply | None = None  # in place of being accepted
    lost: bool = False  # accepted, but the answer never arrives
    queued: int = 1  # looks at which it still waits in line
    working: int = 1
    exception: str = ""  # the type of what the sampler raises
    exception_message: str = "boom"
    empty: bool = False  # succeeds without a picture
    file: Fate = Fate.WHOLE


@dataclass(kw_only=True, slots=True)
class Entry:
    """One accepted graph."""

    id: str
    number: int
    graph: dict[str, Any]
    play: Play
    looks: int = 0
    interrupted: bool = False


class FakeComfyUi(Loopback):
    """ComfyUI on loopback."""

    def __init__(self, *plays: Play) -> None:
        super().__init__()
        self.plays = deque(plays)
        self.accepted: list[Entry] = []  # the ledger: every graph it drew or would draw
        self.files: dict[tuple[str, str, str], bytes] = {}  # (type, subfolder, name)
        self.deleted: list[str] = []
        self.checkpoints: tuple[str, ...] = CHECKPOINTS
        self.faults: deque[Reply] = deque()  # what the next GETs get once a graph was given
        self.refused: Reply | None = None  # what every POST /prompt gets
        self._known: dict[str, Entry] = {}  # what it remembers by prompt id

    def restart(self) -> None:
        """Die and come back: queue and history were only in memory."""
        with self.lock:
            self._known.clear()

    def answer(self, asked: Asked) -> Reply:
        with self.lock:
            if self.faults and self.accepted and asked.method == "GET":
                return self.faults.popleft()
            name, _, rest = asked.path.removeprefix("/api").strip("/").partition("/")
            acts: dict[tuple[str, str], Callable[[], Reply]] = {
                ("POST", "prompt"): lambda: self.refused or self._post(asked.json),
                ("GET", "history"): lambda: reply(self._history(rest)),
                ("GET", "queue"): lambda: reply(self._queue()),
                ("POST", "queue"): lambda: self._delete(asked.json["delete"]),
                ("POST", "interrupt"): lambda: self._interrupt(asked.json.get("prompt_id", "")),
                ("GET", "view"): lambda: self._view(asked),
                ("POST", "upload"): lambda: self._upload(asked),
                ("GET", "system_stats"): lambda: reply(_STATS),
                ("GET", "object_info"): lambda: reply(self._about(rest)),
            }
            return acts.get((asked.method, name), lambda: reply({}, 404))()

    def _about(self, kind: str) -> dict[str, Any]:
        """What a node takes, as far as anybody here asks."""
        if kind != "CheckpointLoaderSimple":
            return {}
        required = {"ckpt_name": [list(self.checkpoints), {"tooltip": "…"}]}
        return {kind: {"input": {"required": required}, "name": kind}}

    def _post(self, told: dict[str, Any]) -> Reply:
        graph = told.get("prompt")
        if not isinstance(graph, dict):
            return _invalid("no_prompt", "No prompt provided", {})
        if errors := dict(_node_errors(graph, self.files)):
            return _invalid(
                "prompt_outputs_failed_validation", "Prompt outputs failed validation", errors
            )
        if not any(node.get("class_type") in SAVERS for node in graph.values()):
            return _invalid("prompt_no_outputs", "Prompt has no outputs", {})
        play = self.plays.popleft() if self.plays else Play()
        if play.refused is not None:
            return play.refused
        number = len(self.accepted) + 1
        name = told.get("prompt_id") or f"made-up-{number}"
        entry = Entry(id=name, number=number, graph=graph, play=play)
        self.accepted.append(entry)
        self._known[name] = entry
        if play.lost:
            return Reply(fate=Fate.LOST)
        return reply({"prompt_id": name, "number": number, "node_errors": {}})

    def _history(self, name: str) -> dict[str, Any]:
        entry = self._known.get(name)
        if entry is None:
            return {}
        entry.looks += 1
        if entry.looks <= entry.play.queued + entry.play.working and not entry.interrupted:
            return {}
        return {name: self._done(entry)}

    def _done(self, entry: Entry) -> dict[str, Any]:
        start: list[Any] = [["execution_start", {"prompt_id": entry.id}]]
        if entry.interrupted:
            told = {"prompt_id": entry.id, "node_id": "5", "node_type": "KSampler"}
            return _status("error", [*start, ["execution_interrupted", told]], {})
        if entry.play.exception:
            failed = {"node_id": "5", "node_type": "KSampler", "traceback": ["…"],
                      "exception_type": entry.play.exception,
                      "exception_message": entry.play.exception_message}  # fmt: skip
            return _status("error", [*start, ["execution_error", failed]], {})
        outputs = {} if entry.play.empty else self._outputs(entry)
        return _status("success", [*start, ["execution_success", {}]], outputs)

    def _outputs(self, entry: Entry) -> dict[str, Any]:
        outputs: dict[str, Any] = {}
        for node_id, node in entry.graph.items():
            if node.get("class_type") not in SAVERS:
                continue
            kind = "output" if node["class_type"] == "SaveImage" else "temp"
            images = []
            for at in range(_count(entry.graph)):
                key = (kind, "", f"farm_{entry.number:05}_{node_id}_{at}_.png")
                if key not in self.files:
                    size = self._size(entry.graph)
                    self.files[key] = picture(*size, (entry.number, node_id, at))
                images.append({"filename": key[2], "subfolder": "", "type": kind})
            outputs[node_id] = {"images": images}
        return outputs

    def _size(self, graph: dict[str, Any]) -> tuple[int, int]:
        loaded, scale = (1024, 1024), 1.0
        for node in graph.values():
            inputs = node["inputs"]
            if node["class_type"] in {"EmptyLatentImage", "ImageScale"}:
                return inputs["width"], inputs["height"]
            if node["class_type"] == "LoadImage":
                loaded = size_of(self.files[("input", "", inputs["image"])])
            if node["class_type"] == "ImageScaleBy":
                scale = float(inputs["scale_by"])
        return int(loaded[0] * scale), int(loaded[1] * scale)

    def _queue(self) -> dict[str, Any]:
        running: list[Any] = []
        pending: list[Any] = []
        for entry in self._known.values():
            row = [entry.number, entry.id, entry.graph, {}, []]
            if entry.interrupted or entry.looks > entry.play.queued + entry.play.working:
                continue
            (pending if entry.looks <= entry.play.queued else running).append(row)
        return {"queue_running": running, "queue_pending": pending}

    def _delete(self, names: list[str]) -> Reply:
        for name in names:
            entry = self._known.get(name)
            if entry is not None and entry.looks <= entry.play.queued:
                del self._known[name]
                self.deleted.append(name)
        return Reply()

    def _interrupt(self, name: str) -> Reply:
        entry = self._known.get(name)
        if entry is not None and entry.looks > entry.play.queued:
            entry.interrupted = True
        return Reply()

    def _view(self, asked: Asked) -> Reply:
        query = asked.query
        key = (query.get("type", "output"), query.get("subfolder", ""), query["filename"])
        if key not in self.files:
            return Reply(status=404)
        by_name = {e.number: e.play for e in self.accepted}
        number = int(key[2].split("_")[1]) if key[2].startswith("farm_") else 0
        fate = by_name[number].file if number in by_name else Fate.WHOLE
        return picture_reply(self.files[key], fate=fate)

    def _upload(self, asked: Asked) -> Reply:
        head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
        parts: dict[str, Any] = {}
        name = ""
        for part in message_from_bytes(head + asked.body).get_payload():
            field = part.get_param("name", header="content-disposition")  # type: ignore[union-attr]
            parts[str(field)] = part.get_payload(decode=True)  # type: ignore[union-attr]
            name = part.get_filename() or name  # type: ignore[union-attr]
        kind = parts.get("type", b"input").decode()
        self.files[(kind, "", name)] = parts["image"]
        return reply({"name": name, "subfolder": "", "type": kind})


def _count(graph: dict[str, Any]) -> int:
    batches = ("batch_size", "amount")
    sizes = [n["inputs"].get(name, 1) for n in graph.values() for name in batches]
    return int(max(sizes, default=1))


def _status(word: str, messages: list[Any], outputs: dict[str, Any]) -> dict[str, Any]:
    status = {"status_str": word, "completed": word == "success", "messages": messages}
    return {"prompt": [], "outputs": outputs, "status": status}


def _invalid(kind: str, message: str, nodes: dict[str, Any]) -> Reply:
    error = {"type": kind, "message": message, "details": "", "extra_info": {}}
    return reply({"error": error, "node_errors": nodes}, 400)


def _node_errors(
    graph: dict[str, Any], files: dict[tuple[str, str, str], bytes]
) -> Iterator[tuple[str, Any]]:
    for node_id, node in graph.items():
        kind, inputs = node.get("class_type", ""), node.get("inputs", {})
        errors = []
        if kind not in REQUIRED:
            errors.append(_error("invalid_prompt", f"Node '{kind}' not found", kind))
        errors += [
            _error("required_input_missing", "Required input is missing", name)
            for name in REQUIRED.get(kind, ())
            if name not in inputs
        ]
        if kind == "CheckpointLoaderSimple" and inputs.get("ckpt_name") not in CHECKPOINTS:
            text = f"ckpt_name: '{inputs.get('ckpt_name')}' not in {list(CHECKPOINTS)}"
            errors.append(_error("value_not_in_list", "Value not in list", text))
        if kind.startswith("LoadImage") and ("input", "", inputs.get("image")) not in files:
            errors.append(_error("custom_validation_failed", "Invalid image file", str(inputs)))
        if errors:
            yield node_id, {"errors": errors, "class_type": kind, "dependent_outputs": []}


def _error(kind: str, message: str, details: str) -> dict[str, Any]:
    return {"type": kind, "message": message, "details": details, "extra_info": {}}
