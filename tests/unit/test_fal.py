"""The fal adapter against a double of fal: every way to fail has one name, and one price."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from asking import Memory, a_request, kept
from fake_fal import KEY, FakeFal, Play, validation
from loopback import Fate, Reply, reply
from pictures import size_of

from farm.backends.api import Charged
from farm.backends.base import JOB_CANCELLED
from farm.backends.fal import Fal
from farm.errors import Ended, Interrupted, LostLease
from farm.model.causes import Cause
from farm.model.operations import Operation
from farm.model.prompts import Size
from farm.testing.clock import FakeClock

FLUX = "fal-ai/flux/dev"
HTML = Reply(status=502, body=b"<html>Bad gateway</html>", headers={"Content-Type": "text/html"})
LOCKED = reply({"detail": "User is locked. Reason: Exhausted balance. Top up."}, 403)


@pytest.fixture
def server() -> Iterator[FakeFal]:
    with FakeFal() as server:
        yield server


@pytest.fixture
async def fal(server: FakeFal) -> AsyncIterator[Fal]:
    async with Fal(
        key=KEY, clock=FakeClock(), queue=server.url, storage=server.url, platform=server.url
    ) as fal:
        yield fal


def flux(**more: Any) -> Any:
    return a_request("fal", FLUX, **({"canvas": Size(1280, 720)} | more))


async def ending(fal: Fal, server: FakeFal, play: Play) -> Ended:
    """How a request ends that does not go well."""
    server.plays.append(play)
    with pytest.raises(Ended) as caught:
        await fal.ask(flux(), Memory())
    return caught.value


async def test_a_request_brings_back_what_was_asked_for(fal: Fal, server: FakeFal) -> None:
    memory = Memory()

    answer = await fal.ask(flux(seed=7, count=2, negative="snowmen"), memory)

    asked = server.accepted[answer.id].arguments
    assert [size_of(body) for body in answer.pictures] == [(1280, 720), (1280, 720)]
    assert (asked["seed"], asked["num_images"], asked["negative_prompt"]) == (7, 2, "snowmen")
    assert memory.facts["id"] == answer.id


async def test_what_is_spent_is_what_fal_charges(fal: Fal, server: FakeFal) -> None:
    answer = await fal.ask(flux(canvas=Size(1600, 1200), count=2), Memory())

    assert answer.spent_microusd == round(server.dollars * 1_000_000) == 100_000


async def test_without_units_the_megapixels_begun_are_counted(fal: Fal, server: FakeFal) -> None:
    server.billed_units = False

    answer = await fal.ask(flux(canvas=Size(1600, 1200)), Memory())

    assert answer.spent_microusd == round(server.dollars * 1_000_000) == 50_000


async def test_without_a_price_list_the_cost_is_not_known(fal: Fal, server: FakeFal) -> None:
    server.priced = False

    answer = await fal.ask(flux(), Memory())

    assert answer.spent_microusd is None


@pytest.mark.parametrize(
    "told",
    [
        [],
        {"prices": "none"},
        {"prices": ["x", {"endpoint_id": FLUX}]},
        {"prices": [{"endpoint_id": FLUX, "unit_price": "dear"}]},
        {"prices": [{"endpoint_id": FLUX, "unit_price": 1, "currency": "EUR"}]},
    ],
)
async def test_a_price_list_in_another_form_tells_no_price(
    fal: Fal, server: FakeFal, told: object
) -> None:
    server.prices = reply(told)

    answer = await fal.ask(flux(), Memory())

    assert answer.spent_microusd is None


REFUSALS: Mapping[str, tuple[Reply, Cause]] = {
    "policy": (validation("content_policy_violation", "flagged"), Cause.REFUSED_POLICY),
    "too large": (validation("image_too_large", "over 4 MP"), Cause.UNSUPPORTED),
    "retryable": (validation("odd", "try again", retryable="true"), Cause.TRANSIENT),
    "key": (reply({"detail": "Cannot access application"}, 401), Cause.KEY_REJECTED),
    "balance": (LOCKED, Cause.NO_CREDIT),
    "payment": (reply({"detail": "Payment required"}, 402), Cause.NO_CREDIT),
    "forbidden": (reply({"detail": "No access to this app"}, 403), Cause.KEY_REJECTED),
    "retired": (reply({"detail": 'Application "x" not found'}, 404), Cause.RETIRED),
    "throttle": (reply({"detail": "slow down"}, 429), Cause.LIMITED_THROTTLE),
    "gateway": (HTML, Cause.TRANSIENT),
    "timeout": (reply({"detail": "request_timeout"}, 504), Cause.TRANSIENT),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_what_fal_does_not_accept_has_a_name_and_costs_nothing(
    fal: Fal, server: FakeFal, name: str
) -> None:
    refused, cause = REFUSALS[name]

    ended = await ending(fal, server, Play(refused=refused))

    assert (ended.outcome.cause, server.accepted) == (cause, {})
    assert not isinstance(ended, Charged | Interrupted)


FAILURES: Mapping[str, tuple[Play, Cause, type[Ended]]] = {
    "policy": (
        Play(result=validation("content_policy_violation", "flagged"), error="Unprocessable"),
        Cause.REFUSED_POLICY,
        Ended,
    ),
    "policy in the result alone": (
        Play(result=validation("content_policy_violation", "flagged")),
        Cause.REFUSED_POLICY,
        Ended,
    ),
    "nothing made": (
        Play(result=validation("no_media_generated", "none")), Cause.TEXT_ONLY, Ended,
    ),
    "no picture in a success": (Play(result=reply({"images": []})), Cause.TEXT_ONLY, Ended),
    "crashed": (
        Play(error="boom", error_type="internal_server_error"), Cause.TRANSIENT, Ended,
    ),
    "cancelled": (
        Play(error="gone", error_type="request_cancelled"), Cause.CANCELLED, Ended,
    ),
    "cancelled, in other words": (
        Play(error="Request was cancelled by the user"), Cause.CANCELLED, Ended,
    ),
    "failed, in another status": (
        Play(status_faults=(reply({"status": "FAILED", "error": "boom"}),)), Cause.TRANSIENT, Ended,
    ),
    "a final 504 by its type": (
        Play(result=reply({"detail": "late", "error_type": "request_timeout"}, 504)),
        Cause.TRANSIENT,
        Ended,
    ),
    "the final 504": (
        Play(result=reply({"detail": "late"}, 504, {"X-Fal-Retryable": "true"})),
        Cause.TRANSIENT,
        Ended,
    ),
    "blackened": (Play(nsfw=True), Cause.REFUSED_SAFETY, Charged),
    "file not there": (
        Play(file_faults=(reply({"detail": "Not Found"}, 404),)), Cause.PLACEHOLDER, Charged,
    ),
    "file elsewhere": (
        Play(file_url="http://198.51.100.7/pic.png"), Cause.PLACEHOLDER, Charged,
    ),
    "file cut off": (Play(file=Fate.TRUNCATED), Cause.TRANSIENT, Interrupted),
    "forgotten": (
        Play(status_faults=(reply({"detail": "Request not found"}, 404),)), Cause.AMBIGUOUS,
        Charged,
    ),
    "answer lost": (Play(lost=True), Cause.AMBIGUOUS, Charged),
    "locked in the meantime": (Play(status_faults=(LOCKED,)), Cause.NO_CREDIT, Interrupted),
    "nobody answers": (Play(status_faults=(HTML,) * 9), Cause.TRANSIENT, Interrupted),
    "for ever in line": (Play(queued=1000), Cause.TIMEOUT, Interrupted),
    "asks elsewhere": (
        Play(status_url="http://198.51.100.7/status"), Cause.TRANSIENT, Interrupted,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
async def test_what_becomes_of_an_accepted_request_has_a_name(
    fal: Fal, server: FakeFal, name: str
) -> None:
    play, cause, kind = FAILURES[name]

    ended = await ending(fal, server, play)

    assert (ended.outcome.cause, type(ended)) == (cause, kind)
    assert len(server.accepted) == 1


async def test_a_black_picture_is_charged(fal: Fal, server: FakeFal) -> None:
    ended = await ending(fal, server, Play(nsfw=True))

    assert isinstance(ended, Charged)
    assert ended.spent_microusd == round(server.dollars * 1_000_000) > 0


async def test_a_throttle_says_when_to_come_back(fal: Fal, server: FakeFal) -> None:
    busy = reply({"detail": "slow down"}, 429, {"Retry-After": "40"})

    ended = await ending(fal, server, Play(refused=busy))

    assert ended.outcome.reset_at == fal.clock.now() + 40


async def test_gateways_that_stumble_while_it_waits_are_asked_again(
    fal: Fal, server: FakeFal
) -> None:
    server.plays.append(Play(status_faults=(HTML, reply({}, 429), Reply(fate=Fate.LOST))))

    answer = await fal.ask(flux(), Memory())

    assert len(server.accepted) == len(answer.pictures) == 1


async def test_a_download_that_breaks_off_is_tried_again(fal: Fal, server: FakeFal) -> None:
    broken = Reply(body=b"x" * 1000, fate=Fate.TRUNCATED)
    server.plays.append(Play(file_faults=(broken, HTML)))

    answer = await fal.ask(flux(), Memory())

    assert size_of(answer.pictures[0]) == (1280, 720)


async def test_looks_come_ever_less_often(fal: Fal, server: FakeFal) -> None:
    server.plays.append(Play(queued=10, working=10))

    await fal.ask(flux(), Memory())

    clock: Any = fal.clock
    assert clock.slept == sorted(clock.slept)
    assert (clock.slept[0], clock.slept[-1]) == (0.5, 5.0)


async def test_the_addresses_are_remembered_before_the_first_look(
    fal: Fal, server: FakeFal
) -> None:
    looks: list[int] = []

    async def remember(_facts: Mapping[str, Any]) -> None:
        looks.append(server.accepted["request-1"].looks)

    await fal.ask(flux(), remember)

    assert looks == [0]


async def test_a_later_life_asks_the_remembered_addresses_and_buys_nothing(
    fal: Fal, server: FakeFal
) -> None:
    memory = Memory()
    server.plays.append(Play(queued=1000))
    with pytest.raises(Interrupted):
        await fal.ask(flux(), memory)
    server.accepted["request-1"].play = Play()

    answer = await fal.resume(memory.facts, flux())

    assert answer is not None
    assert size_of(answer.pictures[0]) == (1280, 720)
    assert len(server.accepted) == 1


async def test_a_death_before_anything_was_remembered_cannot_be_resolved(fal: Fal) -> None:
    with pytest.raises(Ended) as caught:
        await fal.resume({}, flux())

    assert caught.value.outcome.cause is Cause.AMBIGUOUS


@pytest.mark.parametrize(("why", "cancelled"), [(JOB_CANCELLED, True), ("", False)])
async def test_only_a_job_that_was_taken_back_is_cancelled_at_fal(
    fal: Fal, server: FakeFal, why: str, cancelled: bool
) -> None:
    waiting = asyncio.Event()

    async def remember(_facts: Mapping[str, Any]) -> None:
        waiting.set()

    server.plays.append(Play(status_faults=(Reply(fate=Fate.HELD),)))
    task = asyncio.create_task(fal.ask(flux(), remember))
    await waiting.wait()
    task.cancel(why or None)
    with pytest.raises(asyncio.CancelledError):
        await task

    assert server.accepted["request-1"].cancelled is cancelled


async def test_a_request_nobody_can_remember_is_taken_back(fal: Fal, server: FakeFal) -> None:
    async def remember(_facts: Mapping[str, Any]) -> None:
        raise LostLease("gone")

    with pytest.raises(LostLease):
        await fal.ask(flux(), remember)

    assert server.accepted["request-1"].cancelled


async def test_a_host_that_is_not_there_was_sent_nothing() -> None:
    with FakeFal() as gone:
        url = gone.url
    async with Fal(key=KEY, clock=FakeClock(), queue=url, storage=url, platform=url) as fal:
        with pytest.raises(Ended) as caught:
            await fal.ask(flux(), Memory())

    assert caught.value.outcome.cause is Cause.TRANSIENT
    assert not isinstance(caught.value, Charged)


async def test_small_pictures_go_within_the_request_and_large_ones_are_uploaded_once(
    fal: Fal, server: FakeFal, tmp_path: Path
) -> None:
    small, large = kept(tmp_path / "small.png"), kept(tmp_path / "large.png", 1900, 1900)
    large.path.write_bytes(large.path.read_bytes() + bytes(200_000))
    both = a_request("fal", "fal-ai/flux-2-pro", references=(small, large))

    links = [await fal._files.links(both) for _ in range(2)]

    inline, address = links[0].references
    assert base64.b64decode(inline.partition(",")[2]) == small.path.read_bytes()
    assert list(server.uploads.values()) == [large.path.read_bytes()]
    assert address == links[1].references[1] == server.url + next(iter(server.uploads))


OPERATIONS: Mapping[Operation, tuple[str, dict[str, Any], set[str], tuple[int, int]]] = {
    Operation.INSERT: ("bria/genfill", {}, {"image_url", "mask_url", "prompt"}, (1024, 768)),
    Operation.REMOVE: ("bria/eraser", {}, {"image_url", "mask_url"}, (1024, 768)),
    Operation.OUTPAINT: (
        "bria/expand",
        {"size": Size(1600, 900)},
        {"image_url", "prompt", "canvas_size", "original_image_size", "original_image_location"},
        (1600, 900),
    ),
    Operation.BACKGROUND: ("bria/background/replace", {}, {"image_url", "prompt"}, (1024, 768)),
    Operation.UPSCALE: (
        "seedvr/upscale/image",
        {"factor": 4.0},
        {"image_url", "upscale_mode", "upscale_factor"},
        (1024, 768),
    ),
}


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_a_picture_is_changed_by_a_model_that_can(
    fal: Fal, server: FakeFal, tmp_path: Path, operation: Operation
) -> None:
    model, more, fields, size = OPERATIONS[operation]
    original = kept(tmp_path / "original.png", 800, 800)
    mask = kept(tmp_path / "mask.png").path if "mask_url" in fields else None
    request = a_request(
        "fal", f"fal-ai/{model}", operation, references=(original,), mask=mask, **more
    )

    answer = await fal.ask(request, Memory())

    assert set(server.accepted[answer.id].arguments) == fields
    assert size_of(answer.pictures[0]) == size


async def test_the_picture_stands_in_the_middle_of_the_larger_one(
    fal: Fal, server: FakeFal, tmp_path: Path
) -> None:
    original = kept(tmp_path / "original.png", 1000, 1800)
    request = a_request(
        "fal", "fal-ai/bria/expand", Operation.OUTPAINT,
        references=(original,), size=Size(1600, 900),
    )  # fmt: skip

    answer = await fal.ask(request, Memory())

    asked = server.accepted[answer.id].arguments
    assert (asked["original_image_size"], asked["original_image_location"]) == (
        [500, 900],
        [550, 0],
    )


@pytest.mark.parametrize("operation", [Operation.INSERT, Operation.REMOVE])
async def test_a_change_without_its_mask_is_not_sent(
    fal: Fal, server: FakeFal, tmp_path: Path, operation: Operation
) -> None:
    original = kept(tmp_path / "original.png")
    request = a_request("fal", "fal-ai/bria/genfill", operation, references=(original,))

    with pytest.raises(Ended) as caught:
        await fal.ask(request, Memory())

    assert (caught.value.outcome.cause, server.accepted) == (Cause.UNSUPPORTED, {})


async def test_a_check_finds_a_bad_key(server: FakeFal) -> None:
    url = server.url
    async with Fal(key="nonsense", clock=FakeClock(), queue=url, storage=url, platform=url) as fal:
        with pytest.raises(Ended) as caught:
            await fal.check()

    assert caught.value.outcome.cause is Cause.KEY_REJECTED


async def test_a_gateway_without_prices_and_storage_is_good_enough(tmp_path: Path) -> None:
    with FakeFal() as server:
        server.offers_more = False
        url = server.url
        async with Fal(key=KEY, clock=FakeClock(), queue=url, storage=url, platform=url) as fal:
            await fal.check()
            original = kept(tmp_path / "a.png", 1024, 768)
            await fal.ask(
                a_request("fal", "fal-ai/seedvr/upscale/image", Operation.UPSCALE,
                          references=(original,), factor=2.0),
                Memory(),
            )  # fmt: skip

    (asked,) = server.accepted.values()
    assert str(asked.arguments["image_url"]).startswith("data:image/png;base64,")


async def test_neither_key_nor_prompt_stands_in_any_log(
    fal: Fal, server: FakeFal, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    ended = await ending(fal, server, Play(refused=LOCKED))
    await ending(fal, server, Play(status_faults=(HTML,), file=Fate.TRUNCATED))

    written = caplog.text + str(ended) + repr(fal)
    assert KEY not in written
    assert "red fox" not in written
    assert "fal accepted a request" in written
