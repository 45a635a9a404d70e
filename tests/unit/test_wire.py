"""The wire to an API: bounded, tried once, and the key goes where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from loopback import Asked, Fate, Loopback, Reply, reply

from farm.backends.wire import Astray, NoAnswer, Said, Wire, origin_of

LAST = "/whole"


class Anything(Loopback):
    """Answers by path, and leads on where it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.replies: dict[str, Reply] = {LAST: reply({"fine": True})}

    def answer(self, asked: Asked) -> Reply:
        return self.replies.get(asked.path, reply({"detail": "Not Found"}, 404))


@pytest.fixture
def server() -> Iterator[Anything]:
    with Anything() as server:
        yield server


def leads(to: str) -> Reply:
    return Reply(status=302, headers={"Location": to})


async def asked(server: Anything, path: str = LAST, **more: Any) -> Said:
    headers = {"Authorization": "Key secret"}
    async with Wire(origins=(server.url,), headers=headers, read_seconds=0.4) as wire:
        return await wire.ask("GET", f"{server.url}{path}", **more)


async def picture(server: Anything, path: str, allowed: Callable[[str, str], bool]) -> Said:
    headers = {"Authorization": "Key secret"}
    async with Wire(origins=(server.url,), headers=headers) as wire:
        return await wire.picture(f"{server.url}{path}", allowed, seconds=5)


async def test_an_answer_that_is_no_json_is_told_as_none(server: Anything) -> None:
    server.replies[LAST] = Reply(status=502, body=b"<html>")

    said = await asked(server)

    assert (said.status, said.value, said.fields) == (502, None, {})


async def test_a_key_goes_to_its_own_origin_alone(server: Anything) -> None:
    with Anything() as other:
        async with Wire(origins=(other.url,), headers={"Authorization": "Key secret"}) as wire:
            with pytest.raises(Astray, match="gets no key"):
                await wire.ask("GET", f"{server.url}{LAST}")

    assert server.asked == []


async def test_this_machine_may_be_called_by_another_of_its_names(server: Anything) -> None:
    async with Wire(origins=(server.url.replace("127.0.0.1", "localhost"),)) as wire:
        said = await wire.ask("GET", f"{server.url}{LAST}")

    assert said.ok


async def test_an_api_that_leads_elsewhere_is_not_followed(server: Anything) -> None:
    server.replies["/moved"] = leads(LAST)

    said = await asked(server, "/moved")

    assert (said.status, len(server.asked)) == (302, 1)


async def test_a_body_is_read_up_to_its_bound(server: Anything) -> None:
    server.replies[LAST] = Reply(body=b"x" * 5000)

    with pytest.raises(NoAnswer, match="more than 4_999 bytes") as caught:
        await asked(server, most_bytes=4999)

    assert caught.value.taken


@pytest.mark.parametrize(
    ("fate", "slow"), [(Fate.HELD, True), (Fate.LOST, False), (Fate.TRUNCATED, False)]
)
async def test_what_was_sent_without_a_whole_answer_may_have_been_taken(
    server: Anything, fate: Fate, slow: bool
) -> None:
    server.replies[LAST] = Reply(body=b"x" * 5000, fate=fate)

    with pytest.raises(NoAnswer) as caught:
        await asked(server)

    assert (caught.value.taken, caught.value.slow) == (True, slow)


async def test_nobody_there_means_nothing_was_taken() -> None:
    with Anything() as gone:
        pass

    with pytest.raises(NoAnswer) as caught:
        await asked(gone)

    assert not caught.value.taken


async def test_every_request_has_a_connection_of_its_own(server: Anything) -> None:
    async with Wire(origins=(server.url,)) as wire:
        for _ in range(3):
            await wire.ask("GET", f"{server.url}{LAST}")

    assert server.connections == 3


async def test_a_picture_is_asked_for_without_a_key(server: Anything) -> None:
    server.replies["/moved"] = leads(LAST)

    said = await picture(server, "/moved", lambda origin, _host: origin == server.url)

    assert said.fields == {"fine": True}
    assert [a.headers.get("authorization") for a in server.asked] == [None, None]


async def test_a_picture_that_leads_to_a_place_it_may_not_is_not_fetched(
    server: Anything,
) -> None:
    with Anything() as other:
        server.replies["/moved"] = leads(f"{other.url}{LAST}")
        with pytest.raises(Astray, match="where no picture is to lie"):
            await picture(server, "/moved", lambda origin, _host: origin == server.url)

    assert other.asked == []


async def test_a_picture_that_leads_in_circles_is_given_up(server: Anything) -> None:
    server.replies["/moved"] = leads("/moved")

    with pytest.raises(Astray, match="leads on more than 5 times"):
        await picture(server, "/moved", lambda *_: True)

    assert len(server.asked) == 6


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("120", 1120.0),
        ("Thu, 01 Jan 1970 00:30:00 GMT", 1800.0),
        ("", None),
        ("soon", None),
    ],
)
def test_when_to_come_back_is_read_in_both_forms(text: str, at: float | None) -> None:
    said = Said(status=429, headers={"retry-after": text}, body=b"")

    assert said.retry_at(1000.0) == at


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://queue.fal.run/a/b?c=d", "https://queue.fal.run"),
        ("http://ada:secret@127.0.0.1:7860/x", "http://127.0.0.1:7860"),
        ("http://[::1]:8188", "http://[::1]:8188"),
        ("https://queue.fal.run@evil.example/", "https://evil.example"),
        ("https://fal.media.evil.example", "https://fal.media.evil.example"),
    ],
)
def test_an_origin_is_where_a_request_would_go(url: str, origin: str) -> None:
    assert origin_of(url)[0] == origin
