"""Sessions that stop for a reason, and go on without a restart once it is mended."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from signed_in import sign_in

from farm.errors import ProfileInUse
from farm.replay.plays import Condition
from farm.replay.scenario import FAST, Rule, Scenario

if TYPE_CHECKING:
    from house import Build, House, Running

SIGNED_OUT_LATER = Rule(play="signed_out", kind="redirect", account="account1", at="load", n=(3,))
LATELY_RENAMED = {
    "send-button": "launcher",
    "send-button-container": "launch-pad",
    "input-container": "entry-box",
    "send": "rocket",
    "Send message": "Launch",
}
REPAIR = """\
[roles.send]
prepend = [{ css = "button.launcher:not(.stop)", ui = "any" }]
[roles.stop]
prepend = [{ css = "button.launcher.stop", ui = "any" }]
"""


def accepted(house: House, rows: int) -> list[int]:
    """How many submissions the site accepted, by row."""
    return [sum(s.accepted for s in house.submissions(n)) for n in range(1, rows + 1)]


def state_of(line: str, name: str, state: str) -> bool:
    return f'"name": "{name}"' in line and f'"state": "{state}"' in line


async def sign_in_between_looks(house: House, name: str) -> None:
    """As a person does: again, if farm looks at the profile just then."""
    while True:
        try:
            return await sign_in(house.home / "profiles", name, house.stand_in.proxy_url)
        except ProfileInUse:
            await asyncio.sleep(1)


async def until_state(running: Running, name: str, state: str) -> None:
    await running.until(lambda line: state_of(line, name, state))


async def test_a_signed_out_session_turns_green_after_a_sign_in_while_the_other_works(
    build: Build,
) -> None:
    house = await build(Scenario(defaults=FAST, rules=(SIGNED_OUT_LATER,)), accounts=2)
    running = await house.start(
        "start", str(house.prompts(10)), "--sessions", "2", "--pace", "4", "--json"
    )
    await until_state(running, "account1", "needs_person")

    await sign_in_between_looks(house, "account1")
    await until_state(running, "account1", "busy")
    done = await running.end()

    assert done.code == 0, done.err
    assert accepted(house, 10) == [1] * 10
    assert len(house.saved()) == 10


async def test_a_pack_that_is_repaired_lets_a_running_session_go_on(build: Build) -> None:
    house = await build(Scenario(defaults=FAST), FARM_PERSON_WAIT_SECONDS="60")
    running = await house.start("start", str(house.prompts(4)), "--json")
    await running.until(lambda line: '"state": "completed"' in line)

    world = house.stand_in.world
    world.scenario = replace(world.scenario, defaults=replace(FAST, drift=LATELY_RENAMED))
    await until_state(running, "account1", "stopped")
    assert '"drift"' in running.lines[-1]
    assert "no send" in running.lines[-1]
    (house.home / "selectors").mkdir(exist_ok=True)
    (house.home / "selectors" / "gemini.local.toml").write_text(REPAIR)
    done = await running.end()

    assert done.code == 0, done.err
    assert accepted(house, 4) == [1] * 4
    assert len(house.saved()) == 4


@pytest.mark.parametrize("kind", ["resets", pytest.param("tomorrow", marks=pytest.mark.long)])
async def test_a_false_limit_costs_one_more_prompt_and_a_true_one_rests(
    build: Build, kind: str
) -> None:
    false = Rule(play="quota", kind=kind, times=1, for_seconds=0.1)
    house = await build(Scenario(defaults=FAST, rules=(false,)))

    done = await house.farm("start", str(house.prompts(2)))

    assert done.code == 0, done.err
    assert len(house.saved()) == 2
    assert sorted(accepted(house, 2)) == [1, 2]  # the job whose answer was the limit went again


@pytest.mark.long
async def test_a_true_limit_rests_the_session_and_a_user_may_wake_it(build: Build) -> None:
    house = await build(Scenario(defaults=replace(FAST, quota_images=2, window_seconds=1e6)))
    first = await house.farm("start", str(house.prompts(3)))
    told = await house.farm("status", "--json")
    house.stand_in.world.account("account1").mend(Condition.QUOTA)
    world = house.stand_in.world
    world.scenario = replace(world.scenario, defaults=FAST)

    still = await house.farm("start")
    woken = await house.farm("profiles", "wake", "account1")
    done = await house.farm("start")

    assert first.code == still.code == 3, first.out + first.err
    assert "limited.quota" in told.out
    assert (woken.code, done.code) == (0, 0), woken.err + done.err
    assert len(house.saved()) == 3


@pytest.mark.long
async def test_two_sessions_at_sorry_rest_together_and_one_alone_needs_a_person(
    build: Build,
) -> None:
    house = await build(Scenario(defaults=FAST), accounts=2)
    for name in ("account1", "account2"):
        house.stand_in.world.account(name).suffer(Condition.CHALLENGE, 0.0, None)

    done = await house.farm("start", str(house.prompts(2)), "--sessions", "2", "--json")

    states = {s["name"]: (s["state"], s["cause"]) for s in sessions_of(done.events)}
    assert done.code == 3
    assert ("resting", "limited.ip") in states.values()
    assert (await house.jobs())["1"]["attempts"] == 0


def sessions_of(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event["session"] for event in events if event["event"] == "session_changed"]


async def test_a_refusal_is_put_in_the_users_other_words_once(build: Build) -> None:
    refused = Rule(play="refusal", kind="policy", text="weapon")
    house = await build(
        Scenario(defaults=FAST, rules=(refused,)), FARM_ON_REFUSAL="policy=substitute"
    )
    (house.home / "substitutions.toml").write_text('[words]\nweapon = "tool"\n')
    prompts = house.prompts(1, Description="Row-{n}: a Weapon and another weapon in a museum.")

    done = await house.farm("start", str(prompts))

    texts = [entry.text for entry in house.submissions(1)]
    assert done.code == 0, done.err
    assert ["weapon" in text for text in texts] == [True, False]
    assert "a Tool and another tool" in texts[1]


async def test_a_refusal_may_be_handed_to_another_backends_lane(build: Build) -> None:
    house = await build(Scenario(defaults=FAST, rules=(Rule(play="refusal", kind="person"),)))
    await house.farm("add", str(house.prompts(1)))
    set_ = await house.farm("queue", "refusals", "person=lane:gemini", "--queue", "prompts")

    done = await house.farm("start")

    job = (await house.jobs())["1"]
    assert (set_.code, done.code) == (0, 3), set_.err + done.err
    assert (job["state"], job["lane"], job["cause"]) == ("pending", "gemini", "refused.person")


async def test_an_image_whose_file_was_lost_is_fetched_without_drawing(build: Build) -> None:
    house = await build(Scenario(defaults=FAST))
    await house.farm("start", str(house.prompts(2)))
    before = house.saved()
    lost = next(name for name in before if "picture-1." in name)
    (house.home / "downloads" / lost).unlink()

    done = await house.farm("fetch", "1", "2", "--json")

    assert done.code == 0, done.out + done.err
    assert '"stood": true' in done.out
    assert house.saved().keys() == before.keys()
    assert set(house.saved().values()) <= house.originals(1) | house.originals(2)
    assert accepted(house, 2) == [1, 1]
