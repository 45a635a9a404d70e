"""Evidence of a real page on the stand-in: useful, and without anything that opens an account."""

from __future__ import annotations

import io
import json
import os
import signal
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image

from farm.browser.launch import LaunchOptions, is_root
from farm.browser.profiles import browsers_on, make_profile
from farm.browser.session import BrowserSession
from farm.clock import SystemClock
from farm.incidents import Incidents
from farm.model.causes import Cause
from farm.model.incidents import Incident, Sighting
from farm.model.outcomes import Outcome
from farm.replay.scenario import parse_scenario
from farm.replay.stand_in import StandIn
from farm.sites.gemini.composer import Composer
from farm.sites.gemini.evidence import PageEvidence
from farm.sites.gemini.pack import load_pack
from farm.sites.gemini.page import GeminiPage
from farm.sites.gemini.scripts import OBSERVE_JS
from farm.steps.cover import COLOUR, cover

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWNER = "Wilhelmina"
OLDER = "Paint a zanzibar quokka juggling marzipan for Ottilie"
PROMPT = "Draw the clandestine rhododendron of Brunhilde at dusk"
TOKEN = "AFWLbD0x7Kd2Qm90ZpT4vB8nYc1LrHs6"  # noqa: S105  # made up
SIGN_IN = f"https://accounts.google.com/ServiceLogin?auto=1&account={OWNER}"
QUICK = """
[defaults]
delay_seconds = 0.2
first_delay_seconds = 0.1
footer_seconds = 0.1
hydrate_seconds = 0
sidebar_seconds = 0.02
account_seconds = 0.02
mode_seconds = 0.02
"""
DRIFT = Outcome(cause=Cause.DRIFT, role="send", message="The page has no send that farm knows.")
PLANT = """token => {
  const noise = document.createElement("template");  // as a script's text, which this page forbids
  noise.append(JSON.stringify({ SNlM0e: token, mail: "eve@example.com" }));
  document.head.append(noise);
  const extra = document.createElement("div");
  extra.setAttribute("jslog", token);
  extra.setAttribute("data-blob", token.repeat(20));
  extra.setAttribute("data-email", "eve@example.com");
  extra.setAttribute("title", "Chats of Ottilie");
  extra.innerText = "Hello Wilhelmina, eve@example.com, shall we go on with Ottilie?";
  document.querySelector("main").append(extra);
  console.log("signed in as eve@example.com", document.cookie, token);
  console.warn(`https://gemini.google.com/x?at=${token}#${token}`);
  return fetch(`/_/nothing/${token}?at=${token}`).then(() => true, () => true);
}"""


@dataclass
class Once:
    """A book in which everything is new."""

    async def note_incident(self, sighting: Sighting) -> Incident:
        s = sighting
        return Incident(
            id=1, key=s.key, cause=s.cause, role=s.role, session=s.session, job_id=s.job_id,
            message=s.message, folder="", first_at=s.at, last_at=s.at, count=1,
        )  # fmt: skip

    async def file_incident(self, incident_id: int, folder: str) -> None:
        """Nothing to remember."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[GeminiPage]:
    """A page that holds everything that must not be kept: two chats of a signed-in person."""
    pack, profile = load_pack(), make_profile(tmp_path_factory.mktemp("profiles"), "first")
    async with StandIn.open(scenario=parse_scenario(QUICK)) as stand_in:
        session = BrowserSession(
            profile=profile,
            options=LaunchOptions(
                asked_browser=os.environ.get("FARM_BROWSER", ""),
                proxy_server=stand_in.proxy_url,
                ignore_https_errors=True,
                root=is_root(),
                trace=True,
            ),
            observe_js=OBSERVE_JS,
        )
        page = GeminiPage(session=session, pack=lambda: pack, clock=SystemClock())
        async with session:
            await session.goto(SIGN_IN)
            for text in (OLDER, PROMPT):
                await page.open_signed_in("images")
                composer = Composer(page=page)
                await composer.write(text)
                await composer.remember()
                await composer.send(text)
                await page.watch(lambda r: bool(r.turns and r.turns[-1].images) or None, 20)
            await page.press("sidebar_open")
            await page.watch(lambda r: bool(r.conversations) or None, 9)
            await Composer(page=page).write(PROMPT)
            await session.page.evaluate(PLANT, TOKEN)
            yield page


def witness(page: GeminiPage, logs: Path, *, with_prompts: bool = False) -> Incidents:
    evidence = PageEvidence(page=page, paint=cover, with_prompts=with_prompts)
    return Incidents(
        book=Once(), evidence=evidence, logs=logs, clock=SystemClock(), session="first",
        tell=lambda _event: None,
    )  # fmt: skip


def every_byte(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder, and every file in a zip there."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes()
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as inside:
                for name in inside.namelist():
                    yield f"{path.name}/{name}", inside.read(name)


async def test_nothing_private_stands_in_any_file_of_an_incident(
    page: GeminiPage, tmp_path: Path
) -> None:
    cookies = [c.get("value", "") for c in await page.session.page.context.cookies()]
    words = [w for text in (OLDER, PROMPT) for w in text.split() if len(w) > 6]
    ids = (await page.look()).conversations
    secrets = [*cookies, *words, *ids, OWNER, TOKEN, "Ottilie", "eve@example.com", "@example"]

    incident = await witness(page, tmp_path).witness(DRIFT, None)

    assert incident is not None
    assert len(cookies) > 1
    assert len(ids) > 1
    found = [
        (name, secret)
        for name, data in every_byte(tmp_path)
        for secret in secrets
        if secret.casefold().encode() in data.lower()
    ]
    assert found == []
    assert {name for name, _ in every_byte(tmp_path)} >= {
        "screenshot.png", "page.html", "snapshot.json", "reading.json", "console.txt",
        "network.txt", "trace.zip", "trace.zip/trace.trace", "incident.json", "index.html",
    }  # fmt: skip


async def test_what_helps_to_repair_a_pack_is_kept(page: GeminiPage, tmp_path: Path) -> None:
    incident = await witness(page, tmp_path).witness(DRIFT, None)

    assert incident is not None
    files = dict(every_byte(tmp_path / incident.folder))
    html, reading = files["page.html"].decode(), json.loads(files["reading.json"])
    assert 'class="conversation-container message-actions-hover-boundary"' in html
    assert 'fonticon="send"' in html
    assert 'aria-label="Enter a prompt for Gemini"' in html
    assert html.count("<generated-image") == 1
    assert "GET 404 https://gemini.google.com/_/nothing/*" in files["network.txt"].decode()
    assert "log: signed in as" in files["console.txt"].decode()
    assert reading["changed_by_redaction"] == []
    assert reading["composer_text"] == reading["turns"][-1]["query"] == "Prompt 1"
    assert json.loads(files["incident.json"])["url"] == "https://gemini.google.com/app/*"


async def test_side_bar_account_and_prompts_are_painted_over_in_the_picture(
    page: GeminiPage, tmp_path: Path
) -> None:
    boxes = {role: await box_of(page, role) for role in ("sidebar", "query", "account_mark")}

    incident = await witness(page, tmp_path).witness(DRIFT, None)

    assert incident is not None
    files = dict(every_byte(tmp_path / incident.folder))
    with Image.open(io.BytesIO(files["screenshot.png"])) as picture:
        colours = {
            role: picture.crop(box).convert("RGB").getcolors() for role, box in boxes.items()
        }
    grey = tuple(bytes.fromhex(COLOUR[1:]))
    assert {role: [c for _, c in found or []] for role, found in colours.items()} == {
        role: [grey] for role in boxes
    }


async def box_of(page: GeminiPage, role: str) -> tuple[int, int, int, int]:
    box = await page.locate(role).first.bounding_box()
    assert box is not None
    left, top = max(0, box["x"]), max(0, box["y"])
    right, bottom = min(1280, left + box["width"]), min(900, top + box["height"])
    return int(left) + 1, int(top) + 1, int(right) - 1, int(bottom) - 1


async def test_a_prompt_is_kept_when_it_is_asked_for(page: GeminiPage, tmp_path: Path) -> None:
    incident = await witness(page, tmp_path, with_prompts=True).witness(DRIFT, None)

    assert incident is not None
    files = dict(every_byte(tmp_path / incident.folder))
    assert PROMPT.encode() in files["page.html"]
    assert OLDER.encode() not in files["page.html"]
    assert OWNER.encode() not in files["page.html"]


async def test_a_refusal_leaves_a_picture_and_what_farm_read(
    page: GeminiPage, tmp_path: Path
) -> None:
    refused = Outcome(cause=Cause.REFUSED_POLICY, message="Gemini refused.", said="I can't")

    incident = await witness(page, tmp_path).witness(refused, None)

    assert incident is not None
    assert set(dict(every_byte(tmp_path / incident.folder))) == {
        "screenshot.png", "reading.json", "incident.json", "index.html",
    }  # fmt: skip


async def test_of_a_dead_browser_the_last_lines_are_kept_and_the_rest_is_named(
    page: GeminiPage, tmp_path: Path
) -> None:
    for process in browsers_on(page.session.profile.path):
        os.kill(process.pid, signal.SIGKILL)
    await page.session.gone.wait()

    incident = await witness(page, tmp_path).witness(DRIFT, None)

    assert incident is not None
    files = dict(every_byte(tmp_path / incident.folder))
    facts: dict[str, Any] = json.loads(files["incident.json"])
    assert set(facts["missing"]) == {
        "screenshot.png", "page.html", "snapshot.json", "reading.json", "trace.zip",
    }  # fmt: skip
    assert "GET 404" in files["network.txt"].decode()
    assert TOKEN.encode() not in b"".join(files.values())
