"""Deliveries to a webhook: what arrives, and what its answers mean."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from loopback import Asked, Fate, Loopback, Reply, reply

from farm.clock import SystemClock
from farm.deliver.base import Delivered, Later, Never, Parcel
from farm.deliver.webhook import Webhook
from farm.signing import signed

SECRET = b"open-sesame"
CONTENT = b"a hill\r\n--with lines\r\n"


class Receiver(Loopback):
    """Answers as it is told, then with a link."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Reply] = []

    def answer(self, asked: Asked) -> Reply:  # noqa: ARG002  # tests read what was asked
        if self.answers:
            return self.answers.pop(0)
        return reply({"link": "https://cms.example.org/7", "id": "7"}, 201)


@dataclass(kw_only=True)
class Desk:
    receiver: Receiver
    parcel: Parcel
    remembered: list[Any] = field(default_factory=list)

    def put(self) -> Delivered:
        target = Webhook(
            place="webhook:127.0.0.1#1",
            url=f"{self.receiver.url}/in/hunter22",
            secret=SECRET,
            clock=SystemClock(),
            on_this_machine=True,
        )
        return target.put(self.parcel, self.remembered.append)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    file = tmp_path / "x.png"
    file.write_bytes(CONTENT)
    parcel = Parcel(
        file=file,
        name='hé"ro.png',
        folder="Generated Images/blog/2026-11-21",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        key="farm-7-1",
        about={"job": 7, "queue": "blog", "prompt": {"description": "A hill"}},
    )
    with Receiver() as receiver:
        yield Desk(receiver=receiver, parcel=parcel)


def test_facts_and_file_arrive_in_one_request(desk: Desk) -> None:
    made = desk.put()

    (asked,) = desk.receiver.asked
    head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
    parts: Any = message_from_bytes(head + asked.body).get_payload()
    facts = json.loads(parts[0].get_payload(decode=True))
    assert facts == {
        "job": 7,
        "queue": "blog",
        "prompt": {"description": "A hill"},
        "name": 'hé"ro.png',
        "folder": "Generated Images/blog/2026-11-21",
        "sha256": desk.parcel.sha256,
        "size_bytes": len(CONTENT),
        "media_type": "image/png",
    }
    assert parts[1].get_payload(decode=True) == CONTENT
    assert (made.link, made.remote_id) == ("https://cms.example.org/7", "7")


def test_a_receiver_can_prove_whom_it_is_from(desk: Desk) -> None:
    desk.put()

    (asked,) = desk.receiver.asked
    at = int(asked.headers["webhook-timestamp"])
    proof = signed("farm-7-1", at, asked.body, SECRET)["webhook-signature"]
    assert asked.headers["webhook-signature"] == proof


def test_every_try_has_the_same_key(desk: Desk) -> None:
    desk.receiver.answers = [Reply(status=503)]
    with pytest.raises(Later):
        desk.put()

    desk.put()

    keys = [asked.headers["idempotency-key"] for asked in desk.receiver.asked]
    assert keys == ["farm-7-1", "farm-7-1"]


def test_an_answer_without_json_is_good_enough(desk: Desk) -> None:
    desk.receiver.answers = [Reply(status=200, body=b"thank you")]

    assert desk.put() == Delivered(link="", remote_id="")


@pytest.mark.parametrize(
    ("answer", "person", "after"),
    [
        (Reply(status=503, headers={"Retry-After": "30"}), False, 30.0),
        (Reply(status=429), False, 0.0),
        (Reply(fate=Fate.LOST), False, 0.0),
        (Reply(status=301, headers={"Location": "https://x"}), True, 0.0),
        (Reply(status=401), True, 0.0),
        (Reply(status=404), True, 0.0),
    ],
)
def test_an_answer_says_whether_time_or_a_person_helps(
    desk: Desk, answer: Reply, person: bool, after: float
) -> None:
    desk.receiver.answers = [answer]

    with pytest.raises(Later) as told:
        desk.put()

    assert (told.value.person, told.value.after_seconds) == (person, after)
    assert "hunter22" not in str(told.value)


def test_a_file_that_is_too_large_is_never_taken(desk: Desk) -> None:
    desk.receiver.answers = [Reply(status=413)]

    with pytest.raises(Never, match="413"):
        desk.put()
