"""The Stable Diffusion adapter against a double of the WebUI."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from asking import Memory, a_request, kept
from fake_sdwebui import (
    CHECKPOINTS,
    OUT_OF_MEMORY,
    PASSWORD,
    USER,
    FakeSdWebui,
    Play,
    decoded,
    failure,
)
from loopback import Fate, Reply, reply
from pictures import size_of

from farm.backends.api import Charged, Request
from farm.backends.base import JOB_CANCELLED
from farm.backends.canvases import drawing_size
from farm.backends.sdwebui import Drawing, SdWebui
from farm.errors import Ended
from farm.model.causes import Cause
from farm.model.operations import Operation
from farm.model.prompts import Size
from farm.testing.clock import FakeClock

HTML = Reply(status=502, body=b"<html>Bad gateway</html>", headers={"Content-Type": "text/html"})


@pytest.fixture
def server() -> Iterator[FakeSdWebui]:
    with FakeSdWebui() as server:
        yield server


@asynccontextmanager
async def client(server: FakeSdWebui, **more: Any) -> AsyncIterator[SdWebui]:
    async with SdWebui(url=server.url, clock=FakeClock(), **more) as api:
        yield api


def asked(operation: Operation = Operation.GENERATE, **more: Any) -> Request:
    return a_request("sdwebui", "loaded", operation, **({"size": Size(1200, 800)} | more))


async def ending(server: FakeSdWebui, play: Play, **more: Any) -> Ended:
    server.plays.append(play)
    async with client(server, **more) as api:
        with pytest.raises(Ended) as caught:
            await api.ask(asked(), Memory())
    assert not isinstance(caught.value, Charged)
    return caught.value


async def test_a_request_is_drawn_as_asked_and_costs_nothing(server: FakeSdWebui) -> None:
    async with client(server, drawing=Drawing(steps=12, sampler="DPM++ 2M")) as api:
        answer = await api.ask(asked(seed=7, negative="snowmen", count=2), Memory())

    payload = server.drawn[0].payload
    assert [size_of(body) for body in answer.pictures] == [(1200, 800), (1200, 800)]
    assert (payload["seed"], payload["steps"], payload["n_iter"]) == (7, 12, 2)
    assert (payload["negative_prompt"], payload["sampler_name"]) == ("snowmen", "DPM++ 2M")
    assert answer.spent_microusd == 0


async def test_without_a_seed_every_picture_is_another(server: FakeSdWebui) -> None:
    async with client(server) as api:
        await api.ask(asked(), Memory())

    assert server.drawn[0].payload["seed"] == -1


async def test_a_named_checkpoint_draws_and_is_told(server: FakeSdWebui) -> None:
    async with client(server) as api:
        answer = await api.ask(a_request("sdwebui", "sdxl.safetensors"), Memory())

    assert (server.drawn[0].checkpoint, answer.model) == (CHECKPOINTS[1], "sdxl")


async def test_a_contact_sheet_and_drafts_are_left_out(server: FakeSdWebui) -> None:
    server.plays.append(Play(grid=True, images=3))

    async with client(server) as api:
        answer = await api.ask(asked(count=2), Memory())

    assert [size_of(body) for body in answer.pictures] == [(1200, 800), (1200, 800)]


@pytest.mark.parametrize(
    ("size", "drawn"),
    [
        ("1920x1080", (1352, 760)),
        ("1080x1920", (760, 1352)),
        ("800x600", (800, 600)),
        ("640x360", (912, 512)),
        ("500x500", (512, 512)),
        ("4000x4000", (1024, 1024)),
        ("3000x500", (2048, 512)),
    ],
)
def test_it_draws_in_sizes_that_suit_it(size: str, drawn: tuple[int, int]) -> None:
    found = drawing_size(Size.parse(size))

    assert (found.width_px, found.height_px) == drawn


@pytest.mark.parametrize("width", range(300, 3000, 450))
@pytest.mark.parametrize("height", range(300, 3000, 701))
def test_every_size_is_in_steps_of_eight_and_near_its_proportion(width: int, height: int) -> None:
    found = drawing_size(Size(width, height))

    ratio = min(max(width / height, 1 / 4), 4.0)
    assert found.width_px % 8 == found.height_px % 8 == 0
    assert min(found.width_px, found.height_px) >= 512
    assert abs(found.ratio / ratio - 1) < 0.01


async def test_a_reference_is_where_the_picture_begins(server: FakeSdWebui, tmp_path: Path) -> None:
    reference = kept(tmp_path / "ref.png")

    async with client(server) as api:
        answer = await api.ask(asked(references=(reference,)), Memory())

    drawing = server.drawn[0]
    assert drawing.act == "img2img"
    assert decoded(drawing.payload["init_images"][0]).size == (96, 96)
    assert size_of(answer.pictures[0]) == (1200, 800)


@pytest.mark.parametrize(
    ("operation", "under_the_mask"), [(Operation.INSERT, 1), (Operation.REMOVE, 0)]
)
async def test_only_what_the_mask_covers_is_drawn_anew(
    server: FakeSdWebui, tmp_path: Path, operation: Operation, under_the_mask: int
) -> None:
    original, mask = kept(tmp_path / "original.png", 768, 512), kept(tmp_path / "mask.png")

    async with client(server) as api:
        answer = await api.ask(asked(operation, references=(original,), mask=mask.path), Memory())

    payload = server.drawn[0].payload
    assert decoded(payload["mask"]).size == (96, 96)
    assert payload["inpainting_fill"] == under_the_mask
    assert size_of(answer.pictures[0]) == (768, 512)


async def test_a_picture_is_enlarged(server: FakeSdWebui, tmp_path: Path) -> None:
    original = kept(tmp_path / "original.png", 300, 200)
    request = asked(Operation.UPSCALE, references=(original,), factor=4.0)

    async with client(server) as api:
        answer = await api.ask(request, Memory())

    assert size_of(answer.pictures[0]) == (1200, 800)
    assert server.drawn[0].payload["upscaler_1"] == "R-ESRGAN 4x+"


WRONG = reply({"detail": [{"loc": ["body", "steps"], "msg": "not a number", "type": "int"}]}, 422)
FAILURES: Mapping[str, tuple[Play, Cause, str]] = {
    "no memory": (Play(failed=OUT_OF_MEMORY), Cause.TRANSIENT, "no memory left"),
    "wrong field": (Play(failed=WRONG), Cause.UNSUPPORTED, "body.steps not a number"),
    "crashed": (
        Play(failed=failure("RuntimeError", 500, errors="boom")), Cause.TRANSIENT, "boom",
    ),
    "gateway": (Play(failed=HTML), Cause.TRANSIENT, "502"),
    "lost": (Play(fate=Fate.LOST), Cause.TRANSIENT, "broke off"),
    "cut off": (Play(fate=Fate.TRUNCATED), Cause.TRANSIENT, "broke off"),
    "no picture": (Play(images=0), Cause.TEXT_ONLY, "without a picture"),
    "no base64": (Play(body="%%%"), Cause.UNREADABLE, "no picture"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
async def test_every_failure_has_a_name(server: FakeSdWebui, name: str) -> None:
    play, cause, words = FAILURES[name]

    ended = await ending(server, play)

    assert ended.outcome.cause is cause
    assert words in ended.outcome.message


async def test_a_sampler_it_does_not_have_is_named(server: FakeSdWebui) -> None:
    ended = await ending(server, Play(), drawing=Drawing(sampler="Oiler"))

    assert ended.outcome.cause is Cause.UNSUPPORTED
    assert "Sampler not found" in ended.outcome.message


async def test_a_checkpoint_it_does_not_have_is_named(server: FakeSdWebui) -> None:
    async with client(server) as api:
        with pytest.raises(Ended) as caught:
            await api.ask(a_request("sdwebui", "dreams"), Memory())

    assert caught.value.outcome.cause is Cause.RETIRED
    assert "dreams" in caught.value.outcome.message


async def test_without_its_api_it_says_how_to_start_it() -> None:
    with FakeSdWebui(api=False) as server:
        async with client(server) as api:
            with pytest.raises(Ended, match="start it with --api"):
                await api.check()


async def test_a_webui_that_is_not_there_is_told_with_its_setting() -> None:
    with FakeSdWebui() as gone:
        pass
    async with client(gone) as api:
        with pytest.raises(Ended, match="FARM_SDWEBUI_URL") as caught:
            await api.check()

    assert caught.value.outcome.cause is Cause.TRANSIENT


@pytest.mark.parametrize(("password", "cause"), [(PASSWORD, None), ("x", Cause.KEY_REJECTED)])
async def test_it_signs_in(password: str, cause: Cause | None) -> None:
    found = None
    with FakeSdWebui(auth=True) as server:
        async with client(server, auth=f"{USER}:{password}") as api:
            try:
                await api.check()
            except Ended as ended:
                found = ended.outcome.cause

    assert found is cause


async def test_a_drawing_that_takes_too_long_is_stopped(server: FakeSdWebui) -> None:
    ended = await ending(server, Play(fate=Fate.HELD), read_seconds=0.3)

    assert (ended.outcome.cause, server.interrupts) == (Cause.TIMEOUT, 1)


async def test_somebody_elses_drawing_is_not_stopped(server: FakeSdWebui) -> None:
    server.current = "task(of-somebody-else)"

    ended = await ending(server, Play(failed=Reply(fate=Fate.HELD)), read_seconds=0.3)

    assert (ended.outcome.cause, server.interrupts) == (Cause.TIMEOUT, 0)


@pytest.mark.parametrize(("why", "interrupts"), [(JOB_CANCELLED, 1), ("", 0)])
async def test_a_job_that_was_taken_back_is_drawn_no_longer(
    server: FakeSdWebui, why: str, interrupts: int
) -> None:
    server.plays.append(Play(fate=Fate.HELD))

    async with client(server) as api:
        task = asyncio.create_task(api.ask(asked(), Memory()))
        while not server.current:
            await asyncio.to_thread(lambda: None)
        task.cancel(why or None)
        with pytest.raises(asyncio.CancelledError):
            await task

    assert server.interrupts == interrupts


async def test_what_an_earlier_life_asked_is_simply_asked_again(server: FakeSdWebui) -> None:
    async with client(server) as api:
        answer = await api.resume({}, asked())

    assert (answer, api.stateless_and_free) == (None, True)


async def test_neither_password_nor_prompt_stands_in_any_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)

    with FakeSdWebui(auth=True) as server:
        async with client(server, auth=f"{USER}:{PASSWORD}") as api:
            await api.ask(asked(), Memory())

    written = caplog.text + repr(api)
    assert "txt2img" in written
    assert PASSWORD not in written
    assert "red fox" not in written
