"""`farm doctor` on the stand-in: what is well, what drifted, what is broken, and what it leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from farm.browser.profiles import hold, make_profile
from farm.replay.scenario import FAST, Scenario

if TYPE_CHECKING:
    from house import Build, Finished, House

    from farm.replay.scenario import Ui

TURN_ROLES = {"turn", "query", "query_line", "answer", "generated_image", "image"}
RENAMED_BOX = {"rich-textarea": "prompt-area", "input-container": "entry-box"}
LOST_BOX = {
    **RENAMED_BOX,
    "input-area-v2": "area",
    "textbox": "none",
    "ql-editor": "editor",
    "Enter a prompt for Gemini": "Hello",
}
NEW_FACE = {
    "https://accounts.google.com/SignOutOptions": "https://myaccount.google.com/",
    "https://lh3.googleusercontent.com/ogw/account1=s32-c-mo": "https://example.com/face.png",
    "Google Account: account1 (account1@example.com)": "You",
}


def findings(done: Finished, section: str) -> list[dict[str, str]]:
    report = json.loads(done.out)
    return [f for s in report["sections"] if s["name"] == section for f in s["findings"]]


def told(done: Finished, section: str, level: str) -> str:
    return "\n".join(f["what"] for f in findings(done, section) if f["level"] == level)


def roles(done: Finished) -> dict[str, dict[str, Any]]:
    sections = {s["name"]: s for s in json.loads(done.out)["sections"]}
    return {role["role"]: role for role in sections["page of account1"]["roles"]}


async def examine(house: House, *arguments: str) -> Finished:
    return await house.farm("doctor", *arguments, "--json")


@pytest.mark.parametrize("ui", [pytest.param("2025", marks=pytest.mark.long), "2026"])
async def test_a_farm_that_works_is_found_well_down_to_the_roles_of_a_turn(
    build: Build, ui: Ui
) -> None:
    house = await build(Scenario(defaults=replace(FAST, ui=ui)))
    assert (await house.farm("start", str(house.prompts(1)))).code == 0
    before = (house.home / "farm.db").read_bytes(), len(house.stand_in.log)

    done = await examine(house)

    found = roles(done)
    assert done.code == 0, done.out
    assert {role for role in TURN_ROLES if found[role]["mark"] == "ok"} == TURN_ROLES
    assert {role["mark"] for role in found.values()} == {"ok", "inconclusive"}
    assert "signed in" in told(done, "page of account1", "ok")
    assert "a picture's original comes from" in told(done, "page of account1", "ok")
    assert ((house.home / "farm.db").read_bytes(), len(house.stand_in.log)) == before
    assert house.browsers() == []


@pytest.mark.parametrize("ui", [pytest.param("2025", marks=pytest.mark.long), "2026"])
async def test_a_renamed_part_is_drift_while_a_later_candidate_finds_it(
    build: Build, ui: Ui
) -> None:
    house = await build(Scenario(defaults=replace(FAST, ui=ui, drift=RENAMED_BOX)))

    done = await examine(house)

    assert done.code == 1, done.out
    assert roles(done)["composer"]["mark"] == "drift"
    assert "drift: composer found by candidate 3 of 5" in told(done, "page of account1", "warning")


async def test_a_needed_part_that_nothing_finds_is_missing_by_its_name(build: Build) -> None:
    house = await build(Scenario(defaults=replace(FAST, drift=LOST_BOX)))

    done = await examine(house)

    assert done.code == 2
    assert "missing: composer" in told(done, "page of account1", "broken")


async def test_a_renamed_send_button_is_named(build: Build) -> None:
    drift = {"send-button": "launcher", "send-button-container": "pad", "Send message": "Launch"}
    house = await build(Scenario(defaults=replace(FAST, drift=drift)))

    done = await examine(house)

    assert done.code == 1
    assert roles(done)["send"]["mark"] == "drift"


async def test_a_profile_that_is_signed_out_is_to_be_signed_in(build: Build) -> None:
    house = await build(Scenario(defaults=FAST), accounts=0)
    make_profile(house.home / "profiles", "account1")

    done = await examine(house)

    (finding,) = [f for f in findings(done, "page of account1") if f["level"] == "broken"]
    assert (done.code, finding["todo"]) == (2, "farm login account1")
    assert roles(done)["turn"]["mark"] == "inconclusive"


@pytest.mark.long
async def test_an_account_mark_that_was_renamed_is_rot_and_no_sign_out(build: Build) -> None:
    house = await build(Scenario(defaults=replace(FAST, drift=NEW_FACE)))

    done = await examine(house)

    assert done.code == 1, done.out
    assert "signed in by its cookies" in told(done, "page of account1", "warning")
    assert roles(done)["account_mark"]["mark"] == "missing"


async def test_a_broken_override_is_named_and_no_page_is_opened(build: Build) -> None:
    house = await build(Scenario(defaults=FAST))
    (house.home / "selectors").mkdir()
    override = house.home / "selectors" / "gemini.local.toml"
    override.write_text('[roles.send]\nprepend = [{ css = "button[", ui = "2031" }]\n')

    done = await examine(house)

    assert done.code == 2
    assert "roles.send.candidates[0]" in told(done, "selectors", "broken")
    assert "selector pack" in told(done, "pages", "note")


async def test_a_selector_that_no_browser_understands_is_found_by_trying_it(build: Build) -> None:
    house = await build(Scenario(defaults=FAST), accounts=0)
    (house.home / "selectors").mkdir()
    override = house.home / "selectors" / "gemini.local.toml"
    override.write_text('[roles.send]\nprepend = [{ css = "button:shiny(1)", ui = "any" }]\n')

    done = await examine(house, "--offline")

    assert "roles.send.candidates[0] is no selector" in told(done, "selectors", "broken")


async def test_a_profile_in_use_is_told_and_left_alone(build: Build) -> None:
    house = await build(Scenario(defaults=FAST))
    with hold(make_profile(house.home / "profiles", "account1")):
        done = await examine(house)

    assert done.code == 0, done.out
    assert "account1: in use by process" in told(done, "profiles", "note")
    assert findings(done, "page of account1") == []


async def test_no_profile_and_an_unknown_one_are_told_with_the_way_to_make_them(
    build: Build,
) -> None:
    house = await build(accounts=0)

    none, unknown = await examine(house), await examine(house, "bob", "--offline")

    assert (none.code, unknown.code) == (2, 2)
    assert findings(none, "profiles")[0]["todo"] == "farm login alice"
    assert findings(unknown, "profiles")[0]["todo"] == "farm login bob"


async def test_without_a_browser_everything_else_is_still_examined(build: Build) -> None:
    house = await build()
    house.environment["FARM_BROWSER"] = "/nonexistent"

    done = await examine(house)

    assert done.code == 2
    assert "/nonexistent" in told(done, "browser", "broken")
    assert "not looked at without a browser" in told(done, "pages", "note")
    assert "were not tried" in told(done, "selectors", "note")


async def test_offline_leaves_the_site_alone_and_a_person_reads_plain_lines(build: Build) -> None:
    house = await build()

    done = await house.farm("doctor", "--offline")

    assert done.code == 0, done.out
    assert done.out.startswith("environment\n  ok    farm ")
    assert "page of" not in done.out
    assert done.out.endswith("\nAll well.\n")
