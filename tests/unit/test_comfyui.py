"""The ComfyUI adapter against a double of ComfyUI: a graph is given once and found again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from asking import Memory, a_request, kept
from fake_comfyui import CHECKPOINTS, FakeComfyUi, Play
from loopback import Fate, Reply, reply
from pictures import size_of

from farm.backends.api import Charged, Request
from farm.backends.base import JOB_CANCELLED
from farm.backends.comfyui import ComfyUi
from farm.backends.comfyui_graphs import Graphs, filled, load_graphs
from farm.errors import Ended, Interrupted, UsageError
from farm.model.causes import Cause
from farm.model.operations import Operation
from farm.model.prompts import Size
from farm.testing.clock import FakeClock

HTML = Reply(status=502, body=b"<html>Bad gateway</html>", headers={"Content-Type": "text/html"})
TEXT = {"class_type": "CLIPTextEncode", "inputs": {"text": "oil painting of {{prompt}}"}}


@pytest.fixture
def server() -> Iterator[FakeComfyUi]:
    with FakeComfyUi() as server:
        yield server


@asynccontextmanager
async def client(server: FakeComfyUi, **more: Any) -> AsyncIterator[ComfyUi]:
    async with ComfyUi(url=server.url, clock=FakeClock(), **more) as api:
        yield api


def asked(operation: Operation = Operation.GENERATE, **more: Any) -> Request:
    return a_request("comfyui", "graph", operation, **({"size": Size(1200, 800)} | more))


async def ending(server: FakeComfyUi, play: Play | None = None) -> Ended:
    server.plays.extend([play] if play else [])
    async with client(server) as api:
        with pytest.raises(Ended) as caught:
            await api.ask(asked(), Memory())
    assert not isinstance(caught.value, Charged)
    return caught.value


def inputs(server: FakeComfyUi, kind: str) -> dict[str, Any]:
    """What a node of the first graph was given."""
    nodes = server.accepted[0].graph.values()
    found: dict[str, Any] = next(n["inputs"] for n in nodes if n["class_type"] == kind)
    return found


async def test_the_shipped_graph_draws_what_is_asked(server: FakeComfyUi) -> None:
    memory = Memory()

    async with client(server) as api:
        answer = await api.ask(asked(seed=7, negative="snowmen", count=2), memory)

    assert [size_of(body) for body in answer.pictures] == [(1200, 800), (1200, 800)]
    assert inputs(server, "KSampler")["seed"] == 7
    assert inputs(server, "CheckpointLoaderSimple")["ckpt_name"] == CHECKPOINTS[0]
    texts = [n["inputs"].get("text") for n in server.accepted[0].graph.values()]
    assert {"A red fox in the snow", "snowmen"} <= set(texts)
    assert memory.facts["id"] == answer.id == server.accepted[0].id


async def test_a_named_checkpoint_is_loaded(server: FakeComfyUi) -> None:
    async with client(server) as api:
        await api.ask(a_request("comfyui", "sdxl.safetensors"), Memory())

    assert inputs(server, "CheckpointLoaderSimple")["ckpt_name"] == "sdxl.safetensors"


async def test_without_a_seed_every_graph_gets_another(server: FakeComfyUi) -> None:
    seeds = iter((11, 12))

    async with client(server, any_seed=lambda: next(seeds)) as api:
        await api.ask(asked(), Memory())

    assert inputs(server, "KSampler")["seed"] == 11


async def test_the_id_is_remembered_before_the_graph_is_given(server: FakeComfyUi) -> None:
    given: list[int] = []

    async def remember(_facts: Mapping[str, Any]) -> None:
        given.append(len(server.accepted))

    async with client(server) as api:
        await api.ask(asked(), remember)

    assert given == [0]


async def test_a_lost_answer_is_no_second_drawing(server: FakeComfyUi) -> None:
    server.plays.append(Play(lost=True))

    async with client(server) as api:
        answer = await api.ask(asked(), Memory())

    assert (len(server.accepted), len(answer.pictures)) == (1, 1)


async def test_a_later_life_finds_the_graph_by_its_id(server: FakeComfyUi) -> None:
    memory = Memory()
    server.plays.append(Play(queued=1000))
    async with client(server) as api:
        with pytest.raises(Interrupted) as caught:
            await api.ask(asked(), memory)
    server.accepted[0].play = Play()

    async with client(server) as api:
        answer = await api.resume(memory.facts, asked())

    assert caught.value.outcome.cause is Cause.TIMEOUT
    assert answer is not None
    assert (len(server.accepted), size_of(answer.pictures[0])) == (1, (1200, 800))


@pytest.mark.parametrize("facts", [{}, {"id": "never-given"}])
async def test_a_graph_the_server_does_not_know_was_never_given(
    server: FakeComfyUi, facts: dict[str, str]
) -> None:
    async with client(server) as api:
        assert await api.resume(facts, asked()) is None


async def test_a_server_that_was_restarted_is_told_as_such(server: FakeComfyUi) -> None:
    server.plays.append(Play(queued=3))

    async def restart(_seconds: float) -> None:
        server.restart()

    async with ComfyUi(url=server.url, clock=FakeClock(on_sleep=restart)) as api:
        with pytest.raises(Ended, match="restarted") as caught:
            await api.ask(asked(), Memory())

    assert type(caught.value) is Ended


async def test_a_graph_that_ends_between_two_looks_is_not_taken_for_forgotten(
    server: FakeComfyUi,
) -> None:
    server.plays.append(Play(queued=0, working=0))
    server.faults.extend([reply({}), reply({"queue_running": [], "queue_pending": []})])

    async with client(server) as api:
        answer = await api.ask(asked(), Memory())

    assert (len(server.accepted), len(answer.pictures)) == (1, 1)


async def test_a_server_that_is_away_for_a_while_is_asked_again(server: FakeComfyUi) -> None:
    server.faults.extend([HTML, Reply(fate=Fate.LOST), HTML])

    async with client(server) as api:
        answer = await api.ask(asked(), Memory())

    assert (len(server.accepted), len(answer.pictures)) == (1, 1)


async def test_a_server_that_stays_away_still_has_the_graph(server: FakeComfyUi) -> None:
    server.faults.extend([HTML] * 4)

    ended = await ending(server)

    assert (type(ended), ended.outcome.cause) == (Interrupted, Cause.TRANSIENT)


FAILURES: Mapping[str, tuple[Play, Cause, str]] = {
    "no memory": (
        Play(exception="torch.OutOfMemoryError", exception_message="Allocation on device"),
        Cause.TRANSIENT,
        "no memory left in node 5 (KSampler)",
    ),
    "a glitch": (
        Play(exception="RuntimeError", exception_message="CUDA error: unspecified"),
        Cause.TRANSIENT,
        "node 5 (KSampler)",
    ),
    "a wrong graph": (
        Play(exception="RuntimeError", exception_message="mat1 and mat2 shapes"),
        Cause.UNSUPPORTED,
        "node 5 (KSampler): RuntimeError: mat1",
    ),
    "no picture": (Play(empty=True), Cause.TEXT_ONLY, "no node saved a picture"),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_what_becomes_of_a_graph_has_a_name(server: FakeComfyUi, name: str) -> None:
    play, cause, words = FAILURES[name]

    ended = await ending(server, play)

    assert ended.outcome.cause is cause
    assert words in ended.outcome.message


async def test_somebody_who_interrupts_it_there_cancels_it(server: FakeComfyUi) -> None:
    async def interrupt(_seconds: float) -> None:
        server.accepted[0].interrupted = True

    async with ComfyUi(url=server.url, clock=FakeClock(on_sleep=interrupt)) as api:
        with pytest.raises(Ended) as caught:
            await api.ask(asked(), Memory())

    assert caught.value.outcome.cause is Cause.CANCELLED


async def test_a_picture_that_breaks_off_can_be_had_later(server: FakeComfyUi) -> None:
    ended = await ending(server, Play(file=Fate.TRUNCATED))

    assert (type(ended), ended.outcome.cause) == (Interrupted, Cause.TRANSIENT)


async def test_a_checkpoint_that_is_not_there_is_named_with_its_node(server: FakeComfyUi) -> None:
    async with client(server) as api:
        with pytest.raises(Ended, match=r"node 1 \(CheckpointLoaderSimple\).*dreams") as caught:
            await api.ask(a_request("comfyui", "dreams"), Memory())

    assert (caught.value.outcome.cause, server.accepted) == (Cause.RETIRED, [])


async def test_a_node_the_server_does_not_have_is_named(server: FakeComfyUi) -> None:
    graph = {"1": TEXT, "2": {"class_type": "FluxSampler", "inputs": {}}}

    async with client(server, graphs=Graphs(own={Operation.GENERATE: graph})) as api:
        with pytest.raises(Ended, match=r"node 2 \(FluxSampler\)") as caught:
            await api.ask(asked(), Memory())

    assert caught.value.outcome.cause is Cause.WRONG_MODE


async def test_a_machine_without_checkpoints_is_told_where_they_go(server: FakeComfyUi) -> None:
    server.checkpoints = ()

    ended = await ending(server)

    assert "models/checkpoints" in ended.outcome.message


@pytest.mark.parametrize(
    ("refused", "cause"),
    [(HTML, Cause.TRANSIENT), (reply({"error": "no"}, 401), Cause.KEY_REJECTED)],
)
async def test_what_stands_before_the_server_has_its_say(
    server: FakeComfyUi, refused: Reply, cause: Cause
) -> None:
    server.refused = refused

    ended = await ending(server)

    assert ended.outcome.cause is cause


async def test_a_server_that_is_not_there_is_told_with_its_setting() -> None:
    with FakeComfyUi() as gone:
        pass
    async with client(gone) as api:
        with pytest.raises(Ended, match="FARM_COMFYUI_URL"):
            await api.check()


async def test_a_reference_is_where_the_picture_begins(server: FakeComfyUi, tmp_path: Path) -> None:
    reference = kept(tmp_path / "ref.png")

    async with client(server) as api:
        answer = await api.ask(asked(references=(reference,)), Memory())

    name = inputs(server, "LoadImage")["image"]
    assert server.files[("input", "", name)] == reference.path.read_bytes()
    assert size_of(answer.pictures[0]) == (1200, 800)


async def test_only_what_the_mask_covers_is_drawn_anew(server: FakeComfyUi, tmp_path: Path) -> None:
    original, mask = kept(tmp_path / "original.png", 768, 512), kept(tmp_path / "mask.png")

    async with client(server) as api:
        request = asked(Operation.INSERT, references=(original,), mask=mask.path)
        answer = await api.ask(request, Memory())

    loaded = [n["inputs"]["image"] for n in server.accepted[0].graph.values()
              if n["class_type"] == "LoadImage"]  # fmt: skip
    assert [server.files[("input", "", name)] for name in loaded] == [
        original.path.read_bytes(),
        mask.path.read_bytes(),
    ]
    assert size_of(answer.pictures[0]) == (768, 512)


async def test_a_picture_is_enlarged(server: FakeComfyUi, tmp_path: Path) -> None:
    original = kept(tmp_path / "original.png", 300, 200)

    async with client(server) as api:
        request = asked(Operation.UPSCALE, references=(original,), factor=4.0)
        answer = await api.ask(request, Memory())

    assert size_of(answer.pictures[0]) == (1200, 800)


@pytest.mark.parametrize("queued", [0, 1000])
async def test_a_job_that_was_taken_back_leaves_the_queue(server: FakeComfyUi, queued: int) -> None:
    server.plays.append(Play(queued=queued, working=1000))
    task: asyncio.Task[Any]

    async def take_back(_seconds: float) -> None:
        task.cancel(JOB_CANCELLED)
        await asyncio.sleep(0)

    async with ComfyUi(url=server.url, clock=FakeClock(on_sleep=take_back)) as api:
        task = asyncio.create_task(api.ask(asked(), Memory()))
        with pytest.raises(asyncio.CancelledError):
            await task

    assert bool(server.deleted) is (queued > 0)
    assert server.accepted[0].interrupted is (queued == 0)


def test_a_placeholder_alone_becomes_a_value_and_within_a_text_a_part_of_it() -> None:
    graph = {"1": TEXT, "2": {"class_type": "X", "inputs": {"width": "{{ width }}", "n": 3}}}

    found = filled(graph, {"prompt": "a fox", "width": 640})

    assert found["1"]["inputs"]["text"] == "oil painting of a fox"
    assert found["2"]["inputs"] == {"width": 640, "n": 3}


def test_a_prompt_that_looks_like_a_placeholder_stays_words() -> None:
    found = filled({"1": TEXT}, {"prompt": "{{width}}", "width": 640})

    assert found["1"]["inputs"]["text"] == "oil painting of {{width}}"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"prompt": "a fox", "reference_1": "a.png"}, "no place for {{reference_1}}"),
        ({"prompt": "a fox", "negative": "snow"}, "no place for {{negative}}"),
        ({"prompt": ""}, "wants {{prompt}}"),
    ],
)
def test_nothing_a_job_carries_is_lost_in_silence(values: dict[str, str], words: str) -> None:
    with pytest.raises(Ended) as caught:
        filled({"1": TEXT}, values)

    assert caught.value.outcome.cause is Cause.UNSUPPORTED
    assert words in caught.value.outcome.message


async def test_a_graph_of_ones_own_draws(server: FakeComfyUi, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    save = {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}}
    sides = {"width": "{{width}}", "height": "{{height}}", "batch_size": 1}
    latent = {"class_type": "EmptyLatentImage", "inputs": sides}
    text = {"class_type": "CLIPTextEncode", "inputs": {"text": "{{prompt}}", "clip": ["9", 0]}}
    path.write_text(json.dumps({"1": text, "2": latent, "3": save}))

    async with client(server, graphs=load_graphs(path)) as api:
        answer = await api.ask(asked(), Memory())

    assert size_of(answer.pictures[0]) == (1200, 800)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no JSON"),
        ("[]", r"Export \(API\)"),
        ('{"nodes": [], "links": []}', r"Export \(API\)"),
        ('{"1": {"class_type": "X", "inputs": {"text": "{{promt}}"}}}', "{{promt}}"),
    ],
)
def test_a_file_that_is_no_graph_is_told_at_once(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "graph.json"
    path.write_text(text)

    with pytest.raises(UsageError, match=words):
        load_graphs(path)


def test_a_folder_holds_a_graph_for_each_operation(tmp_path: Path) -> None:
    (tmp_path / "upscale.json").write_text(json.dumps({"1": TEXT}))

    graphs = load_graphs(tmp_path)

    assert graphs.template(asked(Operation.UPSCALE)) == {"1": TEXT}
    assert graphs.template(asked())["7"]["class_type"] == "SaveImage"


def test_an_empty_folder_says_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"generate\.json"):
        load_graphs(tmp_path)
