"""OpenAI through its own library against a double of its images API."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from fake_openai import KEY, FakeOpenAi, Play, blocked, failure
from loopback import Fate, Reply
from pictures import picture
from PIL import Image

from farm.backends.api import Charged, Request
from farm.backends.openai import Account, OpenAiApi
from farm.catalogue import load_catalogue
from farm.errors import Ended
from farm.model.causes import Cause
from farm.model.models import Model
from farm.model.operations import Operation
from farm.model.prompts import Size
from farm.testing.clock import FakeClock

TODAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
MIDNIGHT = NOON + 12 * 3600


@dataclass(frozen=True)
class Local:
    path: Path
    media_type: str
    sha256: str = ""
    size_bytes: int = 1


def model(name: str = "") -> Model:
    return load_catalogue().take(name, "openai", TODAY)


def request(**fields: Any) -> Request:
    usual = {"text": "a mill", "model": model(), "canvas": Size(1536, 1024), "quality": "medium"}
    return Request(**{**usual, **fields})


async def forget(_facts: Mapping[str, Any]) -> None:
    raise AssertionError("OpenAI has nothing to remember a request by")


def api(fake: FakeOpenAi, key: str = KEY, read_seconds: float = 30.0) -> OpenAiApi:
    return OpenAiApi(
        account=Account(key=key, base_url=fake.base),
        model=model(),
        clock=FakeClock(time=NOON),
        today=lambda: TODAY,
        read_seconds=read_seconds,
    )


@pytest.fixture
def fake() -> Iterator[FakeOpenAi]:
    with FakeOpenAi() as running:
        yield running


async def ended(fake: FakeOpenAi, play: Play, read_seconds: float = 30.0) -> Ended:
    fake.plays.append(play)
    async with api(fake, read_seconds=read_seconds) as openai:
        with pytest.raises(Ended) as caught:
            await openai.ask(request(), forget)
    return caught.value


async def test_one_request_brings_the_pictures_with_their_price(fake: FakeOpenAi) -> None:
    async with api(fake) as openai:
        answer = await openai.ask(request(count=2), forget)

    (sale,) = fake.ledger
    assert sale.asked == {
        "model": "gpt-image-2.5-flare",
        "prompt": "a mill",
        "n": 2,
        "size": "1536x1024",
        "quality": "medium",
    }
    assert len(set(answer.pictures)) == 2
    assert answer.spent_microusd == fake.microusd > 20_000
    assert answer.id == "req_1"


@pytest.mark.parametrize(
    ("refused", "cause", "reset_at"),
    [
        (blocked(), Cause.REFUSED_SAFETY, None),
        (failure(400, "content_policy_violation", "No."), Cause.REFUSED_POLICY, None),
        (failure(429, "insufficient_quota", "You exceeded your quota."), Cause.NO_CREDIT, None),
        (failure(400, "billing_hard_limit_reached", "Reached."), Cause.NO_CREDIT, None),
        (failure(401, "invalid_api_key", "Incorrect."), Cause.KEY_REJECTED, None),
        (failure(403, "", "Your organization must be verified."), Cause.KEY_REJECTED, None),
        (failure(403, "unsupported_country_region_territory", "No."), Cause.REGION, None),
        (failure(404, "model_not_found", "It does not exist."), Cause.RETIRED, None),
        (failure(400, "invalid_value", "Invalid size."), Cause.UNSUPPORTED, None),
        (failure(500, "", "The server had an error."), Cause.TRANSIENT, None),
        (failure(503, "", "Overloaded."), Cause.TRANSIENT, None),
        (failure(409, "", "Conflict."), Cause.TRANSIENT, None),
        (failure(429, "rate_limit_exceeded", "Slow down."), Cause.LIMITED_THROTTLE, None),
        (
            failure(429, "rate_limit_exceeded", "Limit 5 images per min. Try again in 1m12.5s."),
            Cause.LIMITED_THROTTLE,
            None,
        ),
        (
            failure(429, "rate_limit_exceeded", "Please try again in 1m12.5s."),
            Cause.LIMITED_THROTTLE,
            NOON + 72.5,
        ),
        (
            failure(429, "rate_limit_exceeded", "Slow down.", headers={"retry-after": "9"}),
            Cause.LIMITED_THROTTLE,
            NOON + 9,
        ),
        (
            failure(429, "rate_limit_exceeded", "x", headers={"x-ratelimit-reset-images": "12s"}),
            Cause.LIMITED_THROTTLE,
            NOON + 12,
        ),
        (
            failure(429, "rate_limit_exceeded", "Limit reached on requests per day (RPD)."),
            Cause.LIMITED_QUOTA,
            MIDNIGHT,
        ),
    ],
)
async def test_an_error_has_a_name_and_a_moment_and_costs_nothing(
    fake: FakeOpenAi, refused: Reply, cause: Cause, reset_at: float | None
) -> None:
    error = await ended(fake, Play(refused=refused))

    assert (error.outcome.cause, error.outcome.reset_at) == (cause, reset_at)
    assert not isinstance(error, Charged)
    assert len(fake.asked) == 1  # the library would try again, even without credit


async def test_what_moderation_found_is_told(fake: FakeOpenAi) -> None:
    error = await ended(fake, Play(refused=blocked()))

    assert "(violence)" in error.outcome.message


async def test_a_retired_model_names_what_to_take(fake: FakeOpenAi) -> None:
    fake.models.remove("gpt-image-2")

    async with api(fake) as openai:
        with pytest.raises(Ended, match="has no model gpt-image-2 ") as caught:
            await openai.ask(request(model=model("gpt-image-2")), forget)

    assert caught.value.outcome.cause is Cause.RETIRED


@pytest.mark.parametrize(
    "play",
    [
        Play(fate=Fate.TRUNCATED),
        Play(fate=Fate.LOST),
        Play(body=b'{"data": [{"b64'),
        Play(body=b'{"data": [{"b64_json": "%%%"}]}'),
        Play(body=b'{"data": 3}'),
        Play(drawn=0),
        Play(refused=failure(504, "", "Gateway timeout.")),
    ],
    ids=[
        "truncated",
        "lost",
        "half a JSON",
        "no base64",
        "odd JSON",
        "no picture",
        "504",
    ],
)
async def test_an_answer_that_got_lost_may_have_been_billed(fake: FakeOpenAi, play: Play) -> None:
    error = await ended(fake, play)

    assert isinstance(error, Charged)
    assert (error.outcome.cause, error.spent_microusd) == (Cause.TRANSIENT, None)
    assert "<html>" not in error.outcome.message
    assert len(fake.asked) == 1


async def test_a_page_of_a_gateway_is_an_error_like_others_and_not_billed(
    fake: FakeOpenAi,
) -> None:
    error = await ended(fake, Play(refused=Reply(status=502, body=b"<html>Bad gateway</html>")))

    assert not isinstance(error, Charged)
    assert error.outcome.cause is Cause.TRANSIENT
    assert "<html>" not in error.outcome.message


async def test_an_answer_that_takes_too_long_may_have_been_billed(fake: FakeOpenAi) -> None:
    error = await ended(fake, Play(fate=Fate.HELD), read_seconds=0.2)

    assert isinstance(error, Charged)
    assert error.outcome.cause is Cause.TRANSIENT


async def test_a_host_that_is_not_there_was_sent_nothing() -> None:
    with FakeOpenAi() as gone:
        pass

    async with api(gone) as openai:
        with pytest.raises(Ended) as caught:
            await openai.ask(request(), forget)

    assert caught.value.outcome.cause is Cause.TRANSIENT
    assert not isinstance(caught.value, Charged)


async def test_a_mask_becomes_a_hole(fake: FakeOpenAi, tmp_path: Path) -> None:
    photo, other, mask = tmp_path / "a.png", tmp_path / "b.jpg", tmp_path / "mask.png"
    photo.write_bytes(picture(128, 64, 1))
    other.write_bytes(picture(64, 64, 2, "JPEG"))
    white = Image.new("L", (128, 64), 0)
    white.paste(255, (0, 0, 64, 64))
    white.save(mask)

    async with api(fake) as openai:
        await openai.ask(
            request(
                operation=Operation.INSERT,
                references=(Local(photo, "image/png"), Local(other, "image/jpeg")),
                mask=mask,
            ),
            forget,
        )

    (sale,) = fake.ledger
    assert sale.pictures == (photo.read_bytes(), other.read_bytes())
    hole = Image.open(io.BytesIO(sale.mask)).getchannel("A")
    assert (hole.getpixel((10, 10)), hole.getpixel((100, 10))) == (0, 255)


async def test_a_good_key_and_a_listed_model_are_proven_without_a_picture(fake: FakeOpenAi) -> None:
    async with api(fake) as openai:
        await openai.check()

    assert fake.ledger == []


async def test_a_wrong_key_is_told_and_not_repeated(fake: FakeOpenAi) -> None:
    async with api(fake, key="sk-wrong-0123456789") as openai:
        with pytest.raises(Ended) as caught:
            await openai.check()

    assert caught.value.outcome.cause is Cause.KEY_REJECTED
    assert "sk-wrong" not in caught.value.outcome.message


async def test_a_model_that_is_listed_no_more_is_told(fake: FakeOpenAi) -> None:
    fake.models.remove("gpt-image-2.5-flare")

    async with api(fake) as openai:
        with pytest.raises(Ended, match="has no model gpt-image-2"):
            await openai.check()


async def test_a_gateway_without_a_list_of_models_proves_nothing_and_passes(
    fake: FakeOpenAi,
) -> None:
    fake.lists = False

    async with api(fake) as openai:
        await openai.check()

    assert len(fake.asked) == 1


async def test_nothing_can_be_asked_about_an_earlier_request(fake: FakeOpenAi) -> None:
    async with api(fake) as openai:
        with pytest.raises(Ended) as caught:
            await openai.resume({}, request())

    assert caught.value.outcome.cause is Cause.AMBIGUOUS
    assert fake.asked == []
