"""What a whole run tells a person far away, and what it leaves in its logs folder."""

from __future__ import annotations

import base64
import json
import re
import socket
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from post_office import PASSWORD, Post

from farm.replay.scenario import FAST, Rule, Scenario

if TYPE_CHECKING:
    from house import Build, House

SECRET = "open-sesame"  # noqa: S105  # of these tests alone
SECRETS = {
    "a session cookie": re.compile(r"\bg\.account\d\.[0-9a-f]{6,}"),
    "an e-mail address": re.compile(r"[\w.+%-]+@[\w-]+\.[\w.-]+"),
    "the address of a picture": re.compile(r"googleusercontent\.com/[\w-]{1,12}/[\w-]{16,}"),
    "an address of messages": re.compile(PASSWORD),
    "a signing key": re.compile(SECRET),
}

PNG = b"\x89PNG\r\n"


def trail(house: House) -> list[dict[str, Any]]:
    text = (house.home / "logs" / "generation-log.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def secrets_in(folder: Path) -> set[str]:
    texts = {p: p.read_bytes().decode(errors="replace") for p in folder.rglob("*") if p.is_file()}
    assert texts
    return {
        f"{path.name}: {what}"
        for path, text in texts.items()
        for what, pattern in SECRETS.items()
        if pattern.search(text)
    }


@pytest.mark.long
async def test_a_sign_out_is_told_once_however_often_the_run_is_started(
    build: Build, post: Post
) -> None:
    rules = (Rule(play="signed_out", account="account1", n=(2,)),)
    house = await build(
        Scenario(defaults=FAST, rules=rules), FARM_NOTIFY=post.webhook, FARM_NOTIFY_SECRET=SECRET
    )
    path = str(house.prompts(3))

    codes = [(await house.farm("start", path)).code for _ in range(3)]

    assert codes == [3, 3, 3]
    assert Counter(message["occasion"] for message in post.got) == {"person": 1, "done": 2}
    (red,) = [message for message in post.got if message["occasion"] == "person"]
    assert (red["session"], red["cause"]) == ("account1", "signed_out")
    assert "farm login account1" in red["text"]
    assert base64.b64decode(red["screenshot"]["base64"]).startswith(PNG)


async def test_the_trail_holds_each_attempt_and_the_logs_hold_no_secret(
    build: Build, post: Post
) -> None:
    rules = (
        Rule(play="text_only", text="Row-2:", times=1),
        Rule(play="refusal", kind="policy", text="Row-3:"),
    )
    house = await build(
        Scenario(defaults=FAST, rules=rules),
        FARM_NOTIFY=f"{post.webhook} {post.service}",
        FARM_NOTIFY_SECRET=SECRET,
        FARM_LOG_LEVEL="debug",
    )
    asks = "Row-{n}: a boat with ann@example.com on its sail, number {n}."

    done = await house.farm("start", str(house.prompts(3, Description=asks)))

    assert done.code == 1, done.err
    causes = Counter((line["promptId"], line["cause"]) for line in trail(house))
    assert causes == dict.fromkeys(
        [("1", "made"), ("2", "text_only"), ("2", "made"), ("3", "refused.policy")], 1
    )
    made = [line for line in trail(house) if line["cause"] == "made"]
    assert {line["imagePath"].removeprefix("downloads/") for line in made} == set(house.saved())
    assert secrets_in(house.home / "logs") == set()
    assert [message["title"] for message in post.got] == [
        "farm: 2 made, 1 failed, 0 to review, 0 left"
    ] * 2


@pytest.mark.long
async def test_stats_say_what_the_trail_says(build: Build) -> None:
    rules = (Rule(play="text_only", text="Row-2:", times=1),)
    house = await build(Scenario(defaults=FAST, rules=rules))
    await house.farm("start", str(house.prompts(2)))

    said = json.loads((await house.farm("stats", "--since", "1h", "--json")).out)

    seconds = [line["durationSeconds"] for line in trail(house) if line["cause"] == "made"]
    assert said["by_cause"] == {"made": 2, "text_only": 1}
    assert said["by_session"] == {"account1": said["total"]}
    assert said["by_type"] == {"Regular": said["total"]}
    assert abs(said["seconds"]["average"] - sum(seconds) / 2) < 1
    assert said["images_per_hour"] > 0


@pytest.mark.long
async def test_a_server_that_never_answers_delays_the_end_by_seconds_at_most(
    build: Build,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}/{PASSWORD}"
        house = await build(
            Scenario(defaults=FAST),
            FARM_NOTIFY=f"webhook+http://{address} json://{address}?rto=300",
            FARM_NOTIFY_SECRET=SECRET,
        )

        done = await house.farm("start", str(house.prompts(1)), seconds=60)

    assert done.code == 0, done.err
    assert len(house.saved()) == 1
    assert done.err.count("the run ended before its messages were delivered") == 2
    assert PASSWORD not in done.err


async def test_an_address_that_cannot_be_ends_the_run_before_a_prompt_is_sent(build: Build) -> None:
    house = await build()

    done = await house.farm("start", str(house.prompts(1)), "--notify", f"slakc://{PASSWORD}")

    assert done.code == 2
    assert "slakc" in done.err
    assert PASSWORD not in done.err
    assert len(house.stand_in.log) == 0
