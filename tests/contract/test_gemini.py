"""Gemini through Google's own library against a double of its API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from fake_gemini import (
    KEY,
    FakeGemini,
    Play,
    Vertex,
    cooldown,
    exhausted,
    failure,
    html,
    quota,
)
from fake_google import FakeGoogle, another_key
from loopback import Fate, Reply
from pictures import picture

from farm.backends.api import Charged, Request
from farm.backends.gemini import GeminiApi, Way
from farm.catalogue import load_catalogue
from farm.errors import Ended
from farm.google_apis import Access
from farm.model.causes import Cause
from farm.model.models import Model
from farm.model.operations import Operation
from farm.testing.clock import FakeClock

TODAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 20, tzinfo=UTC).timestamp()  # at the Pacific
MIDNIGHT = datetime(2026, 11, 21, 8, tzinfo=UTC).timestamp()  # there


def model(name: str = "") -> Model:
    return load_catalogue().take(name, "gemini", TODAY)


def request(text: str = "a mill", **fields: Any) -> Request:
    return Request(text=text, **{"model": model(), "ratio": "16:9", "tier": "2K", **fields})


async def forget(_facts: Mapping[str, Any]) -> None:
    raise AssertionError("Gemini has nothing to remember a request by")


def api(fake: FakeGemini, way: Way | None = None, read_seconds: float = 30.0) -> GeminiApi:
    return GeminiApi(
        way=way or Way(kind="api-key", key=KEY, base_url=fake.url),
        model=model(),
        clock=FakeClock(time=NOON),
        today=lambda: TODAY,
        read_seconds=read_seconds,
    )


@pytest.fixture
def fake() -> Iterator[FakeGemini]:
    with FakeGemini() as running:
        yield running


async def ended(fake: FakeGemini, play: Play, read_seconds: float = 30.0) -> Ended:
    fake.plays.append(play)
    async with api(fake, read_seconds=read_seconds) as gemini:
        with pytest.raises(Ended) as caught:
            await gemini.ask(request(), forget)
    return caught.value


async def test_one_request_brings_the_picture_with_its_price(fake: FakeGemini) -> None:
    async with api(fake) as gemini:
        answer = await gemini.ask(request(seed=7), forget)

    (sale,) = fake.ledger
    assert sale.asked["imageConfig"] == {"aspectRatio": "16:9", "imageSize": "2K"}
    assert sale.asked["seed"] == 7
    assert answer.pictures[0][:2] == b"\xff\xd8"
    assert answer.spent_microusd == fake.microusd > 50_000
    assert (answer.model, answer.id) == ("gemini-nano-banana-2.1", "response-1")


A_MINUTE = "GenerateRequestsPerMinutePerProjectPerModel"
A_DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"


@pytest.mark.parametrize(
    ("refused", "cause", "reset_at"),
    [
        (quota(A_MINUTE, delay="34s"), Cause.LIMITED_THROTTLE, NOON + 34),
        (quota(A_MINUTE), Cause.LIMITED_THROTTLE, None),
        (quota(A_DAY, delay="34s"), Cause.LIMITED_QUOTA, MIDNIGHT),
        (quota(A_MINUTE, value="0"), Cause.LIMITED_QUOTA, MIDNIGHT),
        (failure(429, "", "Quota exceeded, limit: 0"), Cause.LIMITED_QUOTA, MIDNIGHT),
        (
            failure(429, "", "Slow down", headers={"Retry-After": "12"}),
            Cause.LIMITED_THROTTLE,
            NOON + 12,
        ),
        (exhausted(), Cause.LIMITED_THROTTLE, None),
        (cooldown(42), Cause.LIMITED_THROTTLE, NOON + 42),
        (cooldown(7200), Cause.LIMITED_QUOTA, NOON + 7200),
    ],
)
async def test_a_limit_says_when_it_ends_and_costs_nothing(
    fake: FakeGemini, refused: Reply, cause: Cause, reset_at: float | None
) -> None:
    error = await ended(fake, Play(refused=refused))

    assert (error.outcome.cause, error.outcome.reset_at) == (cause, reset_at)
    assert not isinstance(error, Charged)


@pytest.mark.parametrize(
    ("status", "word", "message", "cause"),
    [
        (503, "UNAVAILABLE", "The model is overloaded.", Cause.TRANSIENT),
        (500, "INTERNAL", "Internal error.", Cause.TRANSIENT),
        (400, "INVALID_ARGUMENT", "Unsupported aspect ratio.", Cause.UNSUPPORTED),
        (400, "FAILED_PRECONDITION", "User location is not supported.", Cause.REGION),
        (400, "FAILED_PRECONDITION", "Please enable billing.", Cause.NO_CREDIT),
        (401, "UNAUTHENTICATED", "Request had invalid credentials.", Cause.KEY_REJECTED),
        (403, "PERMISSION_DENIED", "You do not have permission.", Cause.KEY_REJECTED),
        (403, "PERMISSION_DENIED", "This API requires billing.", Cause.NO_CREDIT),
        (404, "NOT_FOUND", "This model is no longer available.", Cause.RETIRED),
    ],
)
async def test_an_error_has_a_name_and_costs_nothing(
    fake: FakeGemini, status: int, word: str, message: str, cause: Cause
) -> None:
    error = await ended(fake, Play(refused=failure(status, word, message)))

    assert error.outcome.cause is cause
    assert not isinstance(error, Charged)
    assert len(fake.asked) == 1


@pytest.mark.parametrize(
    ("finish", "cause"),
    [
        ("IMAGE_SAFETY", Cause.REFUSED_SAFETY),
        ("SAFETY", Cause.REFUSED_SAFETY),
        ("PROHIBITED_CONTENT", Cause.REFUSED_POLICY),
        ("IMAGE_PROHIBITED_CONTENT", Cause.REFUSED_POLICY),
        ("BLOCKLIST", Cause.REFUSED_POLICY),
        ("MODEL_ARMOR", Cause.REFUSED_POLICY),
        ("SPII", Cause.REFUSED_PERSON),
        ("PUP_LIMITED_DISABLED", Cause.KEY_REJECTED),
        ("IMAGE_OTHER", Cause.TEXT_ONLY),
        ("IMAGE_RECITATION", Cause.TEXT_ONLY),
        ("RECITATION", Cause.TEXT_ONLY),
        ("NO_IMAGE", Cause.TEXT_ONLY),
        ("MALFORMED_RESPONSE", Cause.TEXT_ONLY),
        ("MAX_TOKENS", Cause.TEXT_ONLY),
        ("CONTINUATION", Cause.TEXT_ONLY),
    ],
)
async def test_a_block_that_arrives_as_a_success_is_an_ending_with_its_price(
    fake: FakeGemini, finish: str, cause: Cause
) -> None:
    error = await ended(fake, Play(finish=finish))

    assert error.outcome.cause is cause
    assert finish in error.outcome.message
    assert isinstance(error, Charged)
    assert error.spent_microusd == fake.microusd
    assert len(fake.ledger) == 1


@pytest.mark.parametrize(
    ("block", "cause"),
    [
        ("PROHIBITED_CONTENT", Cause.REFUSED_POLICY),
        ("SAFETY", Cause.REFUSED_SAFETY),
        ("IMAGE_SAFETY", Cause.REFUSED_SAFETY),
        ("OTHER", Cause.REFUSED_POLICY),
        ("JAILBREAK", Cause.REFUSED_POLICY),
    ],
)
async def test_a_blocked_prompt_is_refused_and_free_where_no_usage_is_told(
    fake: FakeGemini, block: str, cause: Cause
) -> None:
    error = await ended(fake, Play(block=block, usage=False))

    assert error.outcome.cause is cause
    assert not isinstance(error, Charged)


@pytest.mark.filterwarnings("ignore:.*is not a valid FinishReason")
async def test_a_reason_nobody_knows_yet_is_an_answer_without_a_picture(fake: FakeGemini) -> None:
    error = await ended(fake, Play(finish="BRAND_NEW", text="Sorry"))

    assert (error.outcome.cause, error.outcome.said) == (Cause.TEXT_ONLY, "Sorry")


async def test_an_answer_of_words_alone_keeps_what_was_said(fake: FakeGemini) -> None:
    error = await ended(fake, Play(drawn=0, text="I cannot draw today."))

    assert error.outcome.cause is Cause.TEXT_ONLY
    assert error.outcome.said == "I cannot draw today."


async def test_what_was_drawn_in_thought_is_no_picture_of_the_answer(fake: FakeGemini) -> None:
    fake.plays.append(Play(interim=True))

    async with api(fake) as gemini:
        answer = await gemini.ask(request(), forget)

    assert [picture[:2] for picture in answer.pictures] == [b"\xff\xd8"]


@pytest.mark.parametrize(
    "play",
    [
        Play(fate=Fate.TRUNCATED),
        Play(fate=Fate.LOST),
        Play(body=b'{"candidates": [{"conte'),
        Play(body=b'{"candidates": [{"content": {"parts": [{"inlineData": {"data": 5}}]}}]}'),
        Play(body=b'{"candidates": 3}'),
        Play(refused=failure(504, "DEADLINE_EXCEEDED", "Deadline expired.")),
    ],
    ids=["truncated", "lost", "half a JSON", "odd JSON", "odder JSON", "504"],
)
async def test_an_answer_that_got_lost_may_have_been_billed(fake: FakeGemini, play: Play) -> None:
    error = await ended(fake, play)

    assert isinstance(error, Charged)
    assert (error.outcome.cause, error.spent_microusd) == (Cause.TRANSIENT, None)
    assert "<html>" not in error.outcome.message
    assert len(fake.asked_for("POST", "/v1")) == 1


async def test_a_page_of_a_gateway_is_an_error_like_others_and_not_billed(
    fake: FakeGemini,
) -> None:
    error = await ended(fake, Play(refused=html(502)))

    assert not isinstance(error, Charged)
    assert error.outcome.cause is Cause.TRANSIENT
    assert "<html>" not in error.outcome.message


async def test_an_answer_that_takes_too_long_may_have_been_billed(fake: FakeGemini) -> None:
    error = await ended(fake, Play(fate=Fate.HELD), read_seconds=0.2)

    assert isinstance(error, Charged)
    assert error.outcome.cause is Cause.TRANSIENT


async def test_a_host_that_is_not_there_was_sent_nothing() -> None:
    with FakeGemini() as gone:
        pass

    async with api(gone) as gemini:
        with pytest.raises(Ended) as caught:
            await gemini.ask(request(), forget)

    assert caught.value.outcome.cause is Cause.TRANSIENT
    assert not isinstance(caught.value, Charged)


async def test_pictures_to_go_by_and_a_mask_go_along_in_order(
    fake: FakeGemini, tmp_path: Path
) -> None:
    photo, mask = tmp_path / "photo.jpg", tmp_path / "mask.png"
    photo.write_bytes(picture(64, 64, 1, "JPEG"))
    mask.write_bytes(picture(64, 64, 2))

    async with api(fake) as gemini:
        await gemini.ask(request(references=(reference(photo, "image/jpeg"),), mask=mask), forget)

    parts = fake.asked_for("POST", "/v1")[0].json["contents"][0]["parts"]
    kinds = [part.get("inlineData", part.get("inline_data", {})) for part in parts]
    assert [kind.get("mime_type") or kind.get("mimeType") for kind in kinds] == [
        "image/jpeg",
        "image/png",
        None,
    ]
    assert parts[-1]["text"] == "a mill"


@dataclass(frozen=True)
class Local:
    path: Path
    media_type: str
    sha256: str
    size_bytes: int


def reference(path: Path, media_type: str, size_bytes: int = 0) -> Local:
    return Local(path, media_type, "", size_bytes or path.stat().st_size)


async def test_more_pictures_than_one_request_may_carry_are_not_sent(
    fake: FakeGemini, tmp_path: Path
) -> None:
    many = tuple(reference(tmp_path / f"{n}.png", "image/png", 6_000_000) for n in range(3))

    async with api(fake) as gemini:
        with pytest.raises(Ended, match="18 MB together"):
            await gemini.ask(request(references=many), forget)

    assert fake.asked == []


async def test_the_proxy_is_asked_in_the_one_version_it_speaks_and_costs_nothing(
    fake: FakeGemini,
) -> None:
    fake.proxy = True
    way = Way(kind="proxy", key="a-key-of-the-proxy-0123456789", base_url=fake.url)

    async with api(fake, way) as gemini:
        await gemini.check()
        answer = await gemini.ask(request(), forget)

    assert answer.spent_microusd == 0
    assert {asked.path.split("/")[1] for asked in fake.asked} == {"v1beta"}


async def test_an_express_key_reaches_vertex_without_a_project(fake: FakeGemini) -> None:
    way = Way(kind="express", key=KEY, base_url=fake.url)

    async with api(fake, way) as gemini:
        await gemini.check()
        await gemini.ask(request(), forget)

    (asked,) = fake.asked
    assert asked.path == (
        "/v1beta1/publishers/google/models/gemini-nano-banana-2.1:generateContent"
    )


async def test_a_good_key_and_a_listed_model_are_proven_without_a_picture(fake: FakeGemini) -> None:
    async with api(fake) as gemini:
        await gemini.check()

    assert fake.ledger == []


async def test_a_gateway_that_lists_no_models_is_good_enough(fake: FakeGemini) -> None:
    fake.lists = False

    async with api(fake) as gemini:
        await gemini.check()
        answer = await gemini.ask(request(), forget)

    assert answer.pictures


async def test_a_wrong_key_is_told_before_anything_is_asked(fake: FakeGemini) -> None:
    async with api(fake, Way(kind="api-key", key="AIza-wrong", base_url=fake.url)) as gemini:
        with pytest.raises(Ended) as caught:
            await gemini.check()

    assert caught.value.outcome.cause is Cause.KEY_REJECTED
    assert "AIza-wrong" not in str(caught.value)


async def test_a_model_that_google_lists_no_more_is_told_with_what_to_take(
    fake: FakeGemini,
) -> None:
    fake.models.remove("gemini-nano-banana-2.1")

    async with api(fake) as gemini:
        with pytest.raises(Ended, match="has no model gemini-nano") as caught:
            await gemini.check()

    assert caught.value.outcome.cause is Cause.RETIRED


async def test_a_model_of_vertex_alone_is_not_asked_of_the_other_host(fake: FakeGemini) -> None:
    async with api(fake) as gemini:
        with pytest.raises(Ended, match="only on Vertex"):
            await gemini.ask(request(model=model("gemini-3.1-flash-image")), forget)

    assert fake.asked == []


async def test_nothing_can_be_asked_about_an_earlier_request(fake: FakeGemini) -> None:
    async with api(fake) as gemini:
        with pytest.raises(Ended) as caught:
            await gemini.resume({}, request())

    assert caught.value.outcome.cause is Cause.AMBIGUOUS
    assert fake.asked == []


async def test_a_picture_is_enlarged_over_vertex(fake: FakeGemini, tmp_path: Path) -> None:
    small = tmp_path / "small.png"
    small.write_bytes(picture(64, 64, 1))
    way = Way(kind="express", key=KEY, base_url=fake.url)

    async with api(fake, way) as gemini:
        answer = await gemini.ask(
            Request(
                text="",
                model=model("imagen-4.0-upscale-preview"),
                operation=Operation.UPSCALE,
                factor=4.0,
                references=(reference(small, "image/png"),),
            ),
            forget,
        )

    assert fake.ledger[0].asked["parameters"]["upscaleConfig"]["upscaleFactor"] == "x4"
    assert answer.pictures[0][:4] == b"\x89PNG"


async def test_a_service_account_signs_in_and_goes_where_vertex_has_the_model(
    fake: FakeGemini, tmp_path: Path
) -> None:
    with FakeGoogle(Vertex(fake)) as google:
        access = Access(credentials=google.key_file(tmp_path))
        way = Way(
            kind="service-account", base_url=google.url, google=access, location="europe-west4"
        )

        async with api(fake, way) as gemini:
            await gemini.check()
            await gemini.ask(request(), forget)
            fake.models.append("gemini-3.1-flash-image")
            fake.plays.append(Play(usage=False))
            await gemini.ask(request(model=model("gemini-3.1-flash-image")), forget)

    assert [sale.location for sale in fake.ledger] == ["europe-west4", "global"]
    assert "/projects/example-project/" in google.calls[-1].path


async def test_a_service_account_that_gets_no_token_needs_a_new_key(
    fake: FakeGemini, tmp_path: Path
) -> None:
    with FakeGoogle(Vertex(fake)) as google:
        key = google.key_file(tmp_path, private_key=another_key())
        way = Way(kind="service-account", base_url=google.url, google=Access(credentials=key))

        async with api(fake, way) as gemini:
            with pytest.raises(Ended) as caught:
                await gemini.ask(request(), forget)

    assert caught.value.outcome.cause is Cause.KEY_REJECTED
    assert not isinstance(caught.value, Charged)
