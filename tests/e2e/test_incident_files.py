"""A run that fails leaves its evidence, and the whole logs folder opens no account."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from house import Build, House
from playwright.async_api import async_playwright

from farm.browser.launch import find_browser
from farm.replay.scenario import parse_scenario

pytestmark = pytest.mark.timeout(150)

DRIFTED = """
[defaults]
delay_seconds = 0.1
first_delay_seconds = 0.1
[defaults.drift]
send-button = "knob"
send-button-container = "pad"
"Send message" = "Off it goes"
send = "rocket"
"""


async def cookies_of(house: House) -> list[str]:
    """Values the profile really holds."""
    async with async_playwright() as playwright:
        found = find_browser(house.environment.get("FARM_BROWSER", ""), playwright)
        context = await playwright.chromium.launch_persistent_context(
            house.home / "profiles" / "account1", executable_path=found.path, chromium_sandbox=False
        )
        values = [cookie.get("value", "") for cookie in await context.cookies()]
        await context.close()
    return values


def every_file(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in filter(Path.is_file, folder.rglob("*")):
        if path.name == "stand-in.jsonl":
            continue
        yield path.name, path.read_bytes()
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as inside:
                yield from ((f"{path.name}/{n}", inside.read(n)) for n in inside.namelist())


@pytest.mark.long
async def test_a_drifted_page_leaves_one_incident_that_names_the_role_and_nothing_private(
    build: Build,
) -> None:
    house = await build(parse_scenario(DRIFTED))
    prompts = house.prompts(2, Description="Row-{n}: a marmalade zeppelin over Quedlinburg.")

    run = await house.farm("start", str(prompts), "--trace", "--json")
    again = await house.farm("start")

    assert (run.code, again.code) == (3, 3)
    listed = json.loads((await house.farm("incidents", "--json")).out)["incidents"]
    (drift,) = [i for i in listed if i["cause"] == "drift"]
    assert (drift["role"], drift["count"], drift["session"]) == ("send", 2, "account1")
    shown: dict[str, Any] = json.loads((await house.farm("incidents", "show", "1", "--json")).out)
    names = {Path(path).name for path in shown["files"]}
    assert names >= {"screenshot.png", "page.html", "snapshot.json", "trace.zip", "index.html"}
    facts = json.loads((Path(shown["folder"]) / "incident.json").read_text(encoding="utf-8"))
    assert (facts["job"], facts["phase"], facts["missing"]) == ("prompts/1", "typing", {})
    (seen,) = [e for e in run.events if e["event"] == "incident_seen"]
    assert (seen["first"], Path(seen["screenshot"]).name) == (True, "screenshot.png")
    secrets = [*await cookies_of(house), "account1@"]
    prompts_words = ["zeppelin", "Quedlinburg", "marmalade"]
    assert len(secrets) > 2
    files = list(every_file(house.home / "logs"))
    assert [(n, s) for n, data in files for s in secrets if s.encode() in data] == []
    told = [(n, w) for n, data in files for w in prompts_words if w.encode() in data]
    assert {name for name, _ in told} == {"generation-log.jsonl"}  # it is the user's own record
