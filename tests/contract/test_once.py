"""One picture now: `farm generate`, `edit` and `upscale` over the doubles of the providers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import fake_fal
import fake_gemini
import fake_openai
import fake_sdwebui
import pytest
from fake_gemini import FakeGemini
from loopback import Fate
from pictures import picture
from PIL import Image
from typer.testing import CliRunner, Result

from farm.backends.seats import Seat
from farm.cli.app import app
from farm.config import load_settings
from farm.errors import FarmError
from farm.model.causes import Cause
from farm.model.jobs import Job, JobState
from farm.model.lanes import once_lane, session_lane
from farm.model.prompts import Prompt, SourceRow
from farm.steps.look import look
from farm.steps.metadata import read_facts
from farm.store.engine import open_store
from farm.wiring.once import QUEUE, release_left
from farm.wiring.opened import open_farm

COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    monkeypatch.setenv("FARM_API_PACE_SECONDS", "0")
    monkeypatch.setenv("FARM_RETRY_WAIT_SECONDS", "0.2")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def gemini(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGemini]:
    assert home
    with FakeGemini() as fake:
        monkeypatch.setenv("GEMINI_API_KEY", fake_gemini.KEY)
        monkeypatch.setenv("FARM_GEMINI_BASE_URL", fake.url)
        yield fake


def farm(*arguments: str) -> Result:
    """The command, with the exit code that `farm` would leave with."""
    result = CliRunner().invoke(app, list(arguments))
    if isinstance(result.exception, FarmError):
        result.exit_code = result.exception.exit_code
    elif result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def told(result: Result) -> Any:
    return json.loads(result.stdout)


def jobs() -> list[Job]:
    async def look_at() -> list[Job]:
        async with open_store(load_settings().database_url) as store:
            return list((await store.page(limit=100)).jobs)

    return asyncio.run(look_at())


def added() -> None:
    rows = "Prompt ID,Description,Image Filename\n1,A boat,boat.png\n"
    Path("rows.csv").write_text(rows)
    assert farm("add", "rows.csv").exit_code == 0


def test_a_picture_is_made_paid_and_told(gemini: FakeGemini, home: Path) -> None:
    result = farm("generate", "A cat wearing a hat", "--json")

    assert result.exit_code == 0
    found = told(result)
    (job,) = found["jobs"]
    assert Path(job["images"][0]["file"]).is_file()
    assert job["images"][0]["image"]["maker"]["backend"] == "gemini"
    assert found["spent_microusd"] == gemini.microusd > 0
    assert found["spent_microusd"] <= found["estimated_microusd"]
    assert [sale.text for sale in gemini.ledger] == ["A cat wearing a hat."]
    log = (home / "logs" / "generation-log.jsonl").read_text().splitlines()
    assert json.loads(log[0])["queue"] == "generate"


def test_people_read_model_price_output_size_time_and_cost(gemini: FakeGemini) -> None:
    result = farm("generate", "A cat", "-o", "cat.jpg")

    words = [line.split()[0] for line in result.stdout.splitlines()]
    assert words == ["Model", "Price", "Output", "Original", "Size", "Time", "Cost"]
    assert fake_gemini.KEY not in result.output
    assert gemini.ledger


def test_only_its_own_jobs_are_made(gemini: FakeGemini) -> None:
    added()

    farm("generate", "A cat", "-n", "3")

    assert sorted((job.queue, job.state.value) for job in jobs()) == [
        *[("generate", "completed")] * 3,
        ("rows", "pending"),
    ]
    assert len(gemini.ledger) == 3


def test_the_file_asked_for_has_the_size_and_the_format_of_its_name(gemini: FakeGemini) -> None:
    result = farm("generate", "A cat", "--size", "960x540", "-o", "out/cat.webp", "-n", "2")

    assert result.exit_code == 0
    for name in ("cat-1.webp", "cat-2.webp"):
        with Image.open(Path("out", name)) as made:
            assert (made.format, made.size) == ("WEBP", (960, 540))
    facts = read_facts(Path("out/cat-1.webp"))
    assert facts is not None
    assert (facts.backend, facts.text) == ("gemini", "A cat.")
    assert gemini.ledger[0].asked


def test_without_a_change_the_file_asked_for_is_the_original(gemini: FakeGemini) -> None:
    found = told(farm("generate", "A cat", "-o", "cat.jpg", "--json"))

    original = Path(found["jobs"][0]["images"][0]["file"])
    assert gemini.ledger
    assert Path("cat.jpg").read_bytes() == original.read_bytes()


def test_a_file_that_is_there_is_written_over_only_with_force(gemini: FakeGemini) -> None:
    Path("cat.jpg").write_text("mine")

    refused = farm("generate", "A cat", "-o", "cat.jpg")
    bought = len(gemini.ledger)
    forced = farm("generate", "A cat", "-o", "cat.jpg", "--force")

    assert (refused.exit_code, bought) == (2, 0)
    assert forced.exit_code == 0
    assert Path("cat.jpg").read_bytes() != b"mine"


def test_a_price_above_the_users_bound_is_agreed_to_first(
    gemini: FakeGemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARM_CONFIRM_ABOVE", "0.05")

    refused = farm("generate", "A cat", "-n", "2")
    bought, queued = len(gemini.ledger), jobs() if Path("farm.db").exists() else []
    agreed = farm("generate", "A cat", "-n", "2", "--yes")

    assert (refused.exit_code, bought, queued) == (2, 0, [])
    assert "--yes" in str(refused.exception)
    assert (agreed.exit_code, len(gemini.ledger)) == (0, 2)


def test_what_costs_nobody_knows_is_agreed_to_first(gemini: FakeGemini) -> None:
    gemini.models.append("gemini-9")

    result = farm("generate", "A cat", "--backend", "gemini", "--model", "gemini-9")

    assert result.exit_code == 2
    assert "not known" in str(result.exception)


def test_a_budget_stops_before_anything_is_sent_and_the_job_waits_for_everybody(
    gemini: FakeGemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARM_BUDGET_DAY", "0.01")

    result = farm("generate", "A cat")

    assert (result.exit_code, gemini.ledger) == (3, [])
    assert "budget" in result.stdout
    (job,) = jobs()
    assert (job.state in {JobState.PENDING, JobState.DELAYED}, job.lane) == (True, "gemini")


def test_a_refusal_is_exit_code_one_and_says_why(gemini: FakeGemini) -> None:
    gemini.plays.append(fake_gemini.Play(finish="IMAGE_SAFETY"))

    result = farm("generate", "A cat", "--json")

    (job,) = told(result)["jobs"]
    assert result.exit_code == 1
    assert job["job"]["state"] == "failed"
    assert job["job"]["cause"].startswith("refused.")
    assert job["job"]["message"]


def test_a_key_that_is_not_taken_queues_nothing(
    gemini: FakeGemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-not-a-key-0123456789abcdefghij")

    result = farm("generate", "A cat")

    assert (result.exit_code, gemini.ledger, jobs()) == (2, [], [])
    assert Cause.KEY_REJECTED in str(result.exception)
    assert "FARM_GEMINI_API_KEY" in str(result.exception)


def test_what_a_try_waits_for_is_told_beside_the_json(gemini: FakeGemini) -> None:
    gemini.plays.append(fake_gemini.Play(refused=fake_gemini.html(502)))

    result = farm("generate", "A cat", "--json")

    assert told(result)["exit_code"] == 0
    assert "try 1 (transient): Gemini answered 502" in result.stderr
    assert "Tried again in 0:0" in result.stderr


def test_a_key_on_the_command_line_is_taken_with_a_warning(
    gemini: FakeGemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GEMINI_API_KEY")

    result = farm("generate", "A cat", "--auth", "api-key", "--api-key", fake_gemini.KEY)

    assert result.exit_code == 0
    assert "history" in result.stderr
    assert fake_gemini.KEY not in result.output
    assert len(gemini.ledger) == 1


def test_with_nothing_set_up_it_is_said_what_is_missing(home: Path) -> None:
    assert home
    result = farm("generate", "A cat")

    assert result.exit_code == 2
    for word in ("GEMINI_API_KEY", "OPENAI_API_KEY", "FAL_KEY", "FARM_SDWEBUI_URL"):
        assert word in str(result.exception)


def test_pictures_to_go_by_are_sent_along(gemini: FakeGemini) -> None:
    for name in ("a.png", "b.png"):
        Path(name).write_bytes(picture(640, 640, name))

    farm("generate", "Both together", "--image", "a.png", "--image", "b.png")

    assert gemini.ledger[0].pictures == 2


def test_a_retired_model_is_answered_with_what_to_take(gemini: FakeGemini) -> None:
    result = farm("generate", "A cat", "--model", "gemini-3-pro-image-preview")

    assert (result.exit_code, gemini.ledger) == (2, [])
    assert "gemini-3-pro-image instead" in str(result.exception)


def test_a_model_of_another_backend_is_told_before_anybody_is_asked_to_agree(
    gemini: FakeGemini,
) -> None:
    result = farm("generate", "A cat", "--backend", "gemini", "--model", "gpt-image-2", "--yes")

    assert (result.exit_code, gemini.asked) == (2, [])
    assert "gpt-image-2 is a model of openai, not of gemini." in str(result.exception)


def test_the_seeds_switch_says_who_draws(
    gemini: FakeGemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGE_GENERATION_MODEL_PROVIDER", "OpenAI")
    monkeypatch.setenv("IMAGE_GENERATION_MODEL_ID", "gpt-image-2")
    with fake_openai.FakeOpenAi() as openai:
        monkeypatch.setenv("OPENAI_API_KEY", fake_openai.KEY)
        monkeypatch.setenv("FARM_OPENAI_BASE_URL", openai.base)

        result = farm("generate", "A cat", "--json")

    assert (told(result)["backend"], told(result)["model"]) == ("openai", "gpt-image-2")
    assert gemini.asked == []


def test_sessions_of_a_command_are_shown_while_it_lives(gemini: FakeGemini, home: Path) -> None:
    gemini.plays.append(fake_gemini.Play(refused=fake_gemini.quota("GenerateRequestsPerDay")))
    farm("generate", "A cat")
    seat = Seat(home, "once", 1)
    seat.take()

    while_it_lives = told(farm("status", "--json"))["sessions"]
    seat.leave()

    assert [session["name"] for session in while_it_lives] == ["once-1-gemini-1"]
    assert told(farm("status", "--json"))["sessions"] == []
    assert "once-1" not in farm("backends", "gemini").stdout


@pytest.fixture
def room(home: Path) -> Path:
    (home / "room.png").write_bytes(picture(1024, 768, "room"))
    with Image.new("L", (1024, 768)) as mask:
        mask.paste(255, (100, 100, 400, 400))
        mask.save(home / "mask.png")
    return home


def test_an_edit_goes_to_one_who_can_and_says_what_was_done(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert room
    with fake_openai.FakeOpenAi() as fake:
        monkeypatch.setenv("OPENAI_API_KEY", fake_openai.KEY)
        monkeypatch.setenv("FARM_OPENAI_BASE_URL", fake.base)
        result = farm(
            "edit", "room.png", "--mode", "insert", "--mask", "mask.png",
            "--prompt", "A red armchair", "-o", "new.png",
        )  # fmt: skip

    assert result.exit_code == 0, result.output
    assert fake.ledger[0].mask
    assert look(Path("new.png")).xmp["Iptc4xmpExt:DigitalSourceType"] == COMPOSITE
    with Image.open("new.png") as made:
        assert made.size == (1024, 768)


@pytest.mark.parametrize(
    ("mask", "why"),
    [
        (Image.new("L", (1024, 768), 0), "no white"),
        (Image.new("L", (512, 512), 255), "512x512 px, the picture 1024x768"),
    ],
)
def test_a_mask_that_is_none_costs_nothing(
    room: Path, gemini: FakeGemini, mask: Image.Image, why: str
) -> None:
    mask.save(room / "bad.png")

    result = farm("edit", "room.png", "--mode", "remove", "--mask", "bad.png")

    assert (result.exit_code, gemini.asked, jobs()) == (2, [], [])
    assert why in str(result.exception)


def test_comfyuis_own_graph_for_backgrounds_wants_a_mask(room: Path) -> None:
    assert room
    result = farm(
        "edit", "room.png", "--mode", "background", "--prompt", "A moon", "--backend", "comfyui"
    )

    assert (result.exit_code, jobs()) == (2, [])
    assert "name a mask" in str(result.exception)


def test_another_factor_than_asked_is_told(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert room
    with fake_sdwebui.FakeSdWebui() as fake:
        monkeypatch.setenv("FARM_SDWEBUI_URL", fake.url)
        fake.plays.append(fake_sdwebui.Play(body=b64encode(picture(1536, 1152, "large")).decode()))
        result = farm("upscale", "room.png", "--factor", "x2", "--json")

    assert told(result)["exit_code"] == 0
    assert "Enlarged by x1.5 and not by x2" in result.stderr


def test_a_mask_is_asked_for_before_anything_is_sent(room: Path) -> None:
    assert room
    result = farm("edit", "room.png", "--mode", "remove")

    assert result.exit_code == 2
    assert "--mask" in str(result.exception)


def test_an_upscale_passes_by_who_cannot(
    gemini: FakeGemini, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert room
    with fake_sdwebui.FakeSdWebui() as fake:
        monkeypatch.setenv("FARM_SDWEBUI_URL", fake.url)
        result = farm("upscale", "room.png", "--factor", "x2", "--json")

    assert result.exit_code == 0, result.output
    assert told(result)["backend"] == "sdwebui"
    assert [one.act for one in fake.drawn] == ["extra-single-image"]
    assert gemini.ledger == []


def test_nobody_who_can_is_told_with_what_each_lacks(gemini: FakeGemini, room: Path) -> None:
    assert room
    result = farm("upscale", "room.png")

    assert (result.exit_code, gemini.ledger) == (2, [])
    assert "Vertex" in str(result.exception)
    assert "FAL_KEY" in str(result.exception)


def test_what_a_killed_command_left_is_left_to_everybody(gemini: FakeGemini, home: Path) -> None:
    gemini.plays.append(fake_gemini.Play(fate=Fate.HELD))
    command = Path(sys.executable).with_name("farm")
    process = subprocess.Popen([command, "generate", "A cat", "-n", "3"], stdout=subprocess.DEVNULL)
    _until(lambda: len(gemini.ledger) >= 2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    lanes = {job.lane.partition(":")[0] for job in jobs() if job.state is JobState.PENDING}

    moved = asyncio.run(_release(home))

    assert lanes <= {"once"}
    assert moved >= 1
    open_lanes = {job.lane for job in jobs() if job.state is JobState.PENDING}
    assert open_lanes <= {"gemini"}


def test_what_a_living_command_is_about_to_make_is_left_to_it(home: Path) -> None:
    row = Prompt(id="1", filename="a.png", description="A cat", backend=once_lane(1))
    asyncio.run(_queue(home, row))
    seat = Seat(home, "once", 1)
    seat.take()
    while_it_lives = asyncio.run(_release(home))
    seat.leave()

    assert while_it_lives == 0
    assert asyncio.run(_release(home)) == 1


async def _queue(home: Path, prompt: Prompt) -> None:
    async with open_farm(replace(load_settings(), home=home)) as opened:
        await opened.store.add(QUEUE, [SourceRow(prompt=prompt, row=1)], QUEUE)


async def _release(home: Path) -> int:
    async with open_farm(replace(load_settings(), home=home)) as opened:
        return await release_left(opened)


def _until(done: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_a_command_bought_and_did_not_get_keeps_no_other_one_waiting(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home
    monkeypatch.setenv("FARM_MAX_WAIT_SECONDS", "0")
    with fake_fal.FakeFal() as fake:
        monkeypatch.setenv("FAL_KEY", fake_fal.KEY)
        monkeypatch.setenv("FARM_FAL_BASE_URL", fake.url)
        fake.plays.append(fake_fal.Play(status_url="http://198.51.100.7/status"))
        late = farm("generate", "A cat", "--backend", "fal")
        next_one = farm("generate", "A dog", "--backend", "fal")

    assert (late.exit_code, next_one.exit_code) == (3, 0)
    assert [(job.state, job.lane) for job in jobs() if job.prompt.description == "A cat"] == [
        (JobState.PENDING, session_lane("fal-1"))
    ]


def test_fal_is_taken_by_the_name_of_its_model(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home
    with fake_fal.FakeFal() as fake:
        monkeypatch.setenv("FAL_KEY", fake_fal.KEY)
        monkeypatch.setenv("FARM_FAL_BASE_URL", fake.url)
        result = farm("generate", "A cat", "--model", "flux-schnell", "--json")

    assert result.exit_code == 0, result.output
    assert told(result)["model"] == "fal-ai/flux/schnell"
    assert len(fake.accepted) == 1
    assert os.environ["FAL_KEY"] == fake_fal.KEY
