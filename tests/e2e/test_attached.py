"""The installed command in a browser that a person runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from house import Build, House
from visited import Visited, visited

from farm.replay.scenario import parse_scenario

OWN_TAB = "https://gemini.google.com/app?hl=en"
SIGN_IN = f"https://accounts.google.com/ServiceLogin?auto=1&account=alice&continue={OWN_TAB}"
QUICK = "[defaults]\ndelay_seconds = {}\nfirst_delay_seconds = 0.1\nfooter_seconds = 0.1"


@dataclass(kw_only=True)
class Visit:
    """A house whose one profile is a running browser."""

    house: House
    theirs: Visited


async def visit(build: Build, delay_seconds: float) -> AsyncIterator[Visit]:
    house = await build(parse_scenario(QUICK.format(delay_seconds)), accounts=0)
    folder = house.home / "their-browser"
    async with visited(folder, house.stand_in.proxy_url, SIGN_IN) as theirs:
        await theirs.until([OWN_TAB])
        profile = house.home / "profiles" / "alice"
        profile.mkdir(parents=True, mode=0o700)
        (profile / "farm-profile.toml").write_text(f'cdp = "{theirs.endpoint}"\n')
        yield Visit(house=house, theirs=theirs)


@pytest.fixture
async def quick(build: Build) -> AsyncIterator[Visit]:
    async for one in visit(build, 0.3):
        yield one


@pytest.fixture
async def slow(build: Build) -> AsyncIterator[Visit]:
    async for one in visit(build, 30):
        yield one


async def test_two_prompts_make_two_images_and_the_person_keeps_browser_and_tab(
    quick: Visit,
) -> None:
    house = quick.house

    done = await house.farm("start", str(house.prompts(2)), "--json")

    assert done.code == 0, done.err
    saved = set(house.saved().values())
    for n in (1, 2):
        assert len(house.submissions(n)) == 1
        assert saved & house.originals(n)
    assert quick.theirs.process.is_running()
    assert await quick.theirs.tabs() == [OWN_TAB]


@pytest.mark.long
async def test_a_browser_killed_while_an_answer_is_due_is_gone_and_nothing_is_sent_twice(
    slow: Visit,
) -> None:
    house = slow.house
    running = await house.start("start", str(house.prompts(1)), "--json")
    async with asyncio.timeout(60):
        while not house.submissions(1):  # noqa: ASYNC110  # the site tells nobody
            await asyncio.sleep(0.1)

    slow.theirs.kill()
    done = await running.end()

    assert done.code == 3, done.err
    (session,) = json.loads((await house.farm("status", "--json")).out)["sessions"]
    assert session["cause"] == "browser_gone"
    assert "Start it with --remote-debugging-port" in session["message"]
    assert len(house.submissions(1)) == 1


async def test_the_list_of_profiles_names_the_running_browser(quick: Visit) -> None:
    said = await quick.house.farm("profiles", "list", "--json")

    (profile,) = json.loads(said.out)["profiles"]
    assert (profile["name"], profile["attaches_to"]) == ("alice", quick.theirs.endpoint)


async def test_the_doctor_looks_at_it_in_a_tab_of_its_own(quick: Visit) -> None:
    said = await quick.house.farm("doctor", "alice", "--json")

    report = json.loads(said.out)
    (page,) = [s for s in report["sections"] if s["name"] == "page of alice"]
    assert said.code == 0, said.out
    assert page["findings"][0]["what"] == "signed in: page and cookies agree"
    assert await quick.theirs.tabs() == [OWN_TAB]


async def test_an_endpoint_without_a_browser_is_broken_and_says_how_to_start_one(
    build: Build,
) -> None:
    house = await build(accounts=0)
    house.environment["FARM_PROFILE_ALICE_CDP"] = "http://127.0.0.1:9"

    said = await house.farm("doctor", "--json")

    (page,) = [s for s in json.loads(said.out)["sections"] if s["name"] == "page of alice"]
    assert said.code == 2
    assert "Start it with --remote-debugging-port=9" in page["findings"][0]["what"]
