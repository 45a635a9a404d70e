"""`farm images …` as a user types it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from typer.testing import CliRunner, Result

from farm.cli.app import app
from farm.cli.images import ctrl_c
from farm.cli.running import INTERRUPTED
from farm.errors import UsageError
from farm.model.images import Image, Maker
from farm.model.jobs import Phase
from farm.model.prompts import Prompt, SourceRow
from farm.model.recipes import Recipe, parse_formats
from farm.steps.base import Facts, Wish
from farm.steps.derive import derive
from farm.steps.keeper import measure
from farm.store.engine import open_store

WAIT_SECONDS = 30
WEBP = parse_formats("webp")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def noisy(path: Path, width: int = 80, height: int = 60, **options: Any) -> Path:
    PIL.Image.effect_noise((width, height), 90).convert("RGB").save(path, **options)
    return path


def images(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["images", *words])
    if isinstance(result.exception, UsageError):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def told(*words: str, code: int = 0) -> Any:
    return json.loads(images(*words, "--json", code=code).stdout)


def test_resize_makes_every_size_under_its_name(folder: Path) -> None:
    noisy(folder / "a.png")

    said = images("resize", ".", "--preset", "OG", "--size", "20x10px", "--jobs", "1")

    sizes = {path.name: measure(path) for path in Path("derived").iterdir()}
    assert sizes == {"a-og.png": (1200, 630), "a-20x10.png": (20, 10)}
    assert "2 copies made of 1 pictures in derived." in said.stdout
    assert "is less sharp than it could be" in said.stderr


def test_convert_uses_all_cores_and_says_what_it_made(folder: Path) -> None:
    for name in "abcd":
        noisy(folder / f"{name}.png")

    said = told("convert", ".", "--to", "webp:60 jpeg", "--jobs", "2")

    assert [fate["original"] for fate in said["pictures"]] == ["a.png", "b.png", "c.png", "d.png"]
    for fate in said["pictures"]:
        for file in fate["files"]:
            data = Path(file["path"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == file["sha256"]


def test_a_second_run_makes_nothing_and_force_makes_it_anew(folder: Path) -> None:
    noisy(folder / "a.png")
    convert = ("convert", "a.png", "--to", "webp", "--out", "web", "--jobs", "1")

    first, second, third = images(*convert), images(*convert), images(*convert, "--force")

    assert "1 copies made" in first.stdout
    assert "1 were there already" in second.stdout
    assert "1 copies made" in third.stdout


def test_one_bad_file_is_told_and_the_others_are_made(folder: Path) -> None:
    noisy(folder / "a.png")
    (folder / "b.png").write_text("no picture")

    said = images("convert", ".", "--to", "webp", "--jobs", "1", code=1)

    assert "b.png is no picture of a kind farm reads." in said.stderr
    assert "1 could not be made." in said.stdout
    assert Path("derived/a.webp").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("resize", "."), "Which size?"),
        (("resize", ".", "--size", "wide"), "is not a size"),
        (("resize", ".", "--preset", "poster"), "there are hero"),
        (("resize", ".", "--preset", "og", "--fit", "off"), "Which size?"),
        (("resize", ".", "--preset", "og", "--focus", "face"), "is no focus"),
        (("resize", ".", "--preset", "og", "--background", "nothing"), "color"),
        (("convert", ".", "--to", ""), "Into what?"),
        (("convert", ".", "--to", "gif"), "no format"),
        (("convert", "gone", "--to", "webp"), "neither a file nor a folder"),
        (("verify", ".", "--size", "0x0"), "between 1 and"),
    ],
)
def test_a_wrong_use_says_what_would_be_right(
    folder: Path, words: tuple[str, ...], why: str
) -> None:
    noisy(folder / "a.png")

    with pytest.raises(UsageError, match=why):
        images(*words)


def test_verify_finds_every_kind_of_trouble(folder: Path) -> None:
    good = noisy(folder / "good.png", 600, 400)
    (folder / "twin.png").write_bytes(good.read_bytes())
    noisy(folder / "icon.png", 64, 64)
    PIL.Image.open(good).save(folder / "copy.jpg", quality=90)
    (folder / "half.png").write_bytes(good.read_bytes()[:-20])

    said = told("verify", ".", "--size", "600x400", "--jobs", "1", code=1)

    problems = {one["path"]: " ".join(one["problems"]) for one in said["files"]}
    assert problems["good.png"] == problems["copy.jpg"] == ""
    assert "is cut off" in problems["half.png"]
    for part in ("bytes; a picture of full size has over", "under 500 px", "50% off"):
        assert part in problems["icon.png"]
    assert said["duplicates"] == [["good.png", "twin.png"]]
    assert ["copy.jpg", "good.png"] in said["look_alikes"]


def test_verify_is_content_with_good_pictures(folder: Path) -> None:
    noisy(folder / "good.png", 600, 400)

    said = images("verify", ".", "--size", "660x400", "--jobs", "1")

    assert "1 pictures: 1 whole, 0 with problems." in said.stdout
    assert "warning" not in said.stdout


def test_a_proportion_that_is_a_little_off_is_only_a_warning(folder: Path) -> None:
    noisy(folder / "good.avif", 600, 400, quality=99)

    said = images("verify", ".", "--size", "720x400", "--jobs", "1")

    assert "720x400px was asked for: the proportion of 600x400px is 20% off." in said.stdout


def test_show_tells_how_a_copy_came_to_be(folder: Path) -> None:
    wish = Wish(
        recipe=Recipe(formats=WEBP),
        facts=Facts(queue="heroes", prompt={"id": "12"}, text="A mill", backend="web"),
    )
    derive(noisy(folder / "a.png"), folder, "a", wish)

    shown, as_json = images("show", "a.webp").stdout, told("show", "a.webp")

    for line in ("webp, 80x60px, RGB", "prompt: heroes/12", "text sent: A mill", "backend: web"):
        assert line in shown
    assert as_json["files"][0]["facts"]["queue"] == "heroes"


async def keep(home: Path, digest: str) -> None:
    """The picture as what a run made of one row."""
    row = SourceRow(prompt=Prompt(id="12", filename="a", description="A mill"), row=1)
    async with open_store(home / "farm.db") as store:
        await store.add("heroes", [row], "/q.csv")
        claim = await store.claim("w", "alice", ["any"])
        assert claim is not None
        facts = {Phase.TYPING: {"text": "Draw a mill"}, Phase.SAVED: {"sha256": digest}}
        for phase in (Phase.TYPING, Phase.SENDING, Phase.SENT, Phase.READY, Phase.SAVED):
            claim = await store.step(claim, phase, facts.get(phase, {}))
        image = Image(
            path="a.png",
            sha256=digest,
            size_bytes=1,
            width_px=80,
            height_px=60,
            media_type="image/png",
            source="s0",
            maker=Maker(backend="web", account="alice"),
        )
        await store.complete(claim, [image])


def test_show_of_an_original_asks_the_queue_wherever_the_file_is_now(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARM_HOME", str(folder))
    data = noisy(folder / "a.png").read_bytes()
    asyncio.run(keep(folder, hashlib.sha256(data).hexdigest()))
    (folder / "a.png").rename(folder / "moved.png")

    shown, as_json = images("show", "moved.png").stdout, told("show", "moved.png")

    for line in ("prompt: heroes/12", "text sent: Draw a mill", "backend: web", "the queue; the"):
        assert line in shown
    assert as_json["files"][0]["stored"] is True


def test_show_makes_no_queue_where_there_is_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARM_HOME", str(folder))
    noisy(folder / "a.png")

    images("show", "a.png")

    assert [path.name for path in folder.iterdir()] == ["a.png"]


def test_show_of_an_original_that_nobody_knows_points_at_its_copy(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARM_HOME", str(folder))
    derive(noisy(folder / "a.png"), folder / "derived", "a", Wish(recipe=Recipe(formats=WEBP)))

    assert "farm images show derived/a.webp" in images("show", "a.png").stdout


def test_show_tells_of_content_credentials(folder: Path) -> None:
    data = noisy(folder / "a.png").read_bytes()
    (folder / "a.png").write_bytes(data + b"jumb c2pa")

    assert "content credentials: a C2PA manifest" in images("show", "a.png").stdout


def test_show_of_no_picture_is_a_problem(folder: Path) -> None:
    (folder / "a.png").write_text("no picture")

    said = images("show", "a.png", code=1)

    assert "no picture of a kind farm reads" in said.stderr


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for one process there")
def test_ctrl_c_leaves_whole_files_only(folder: Path) -> None:
    picture = noisy(folder / "0.png", 400, 300)
    for number in range(1, 400):
        (folder / f"{number}.png").write_bytes(picture.read_bytes())
    farm = str(Path(sys.executable).with_name("farm"))
    command = [farm, "images", "convert", ".", "--to", "avif:90", "--jobs", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
        begun = time.monotonic()
        while not list(folder.glob("derived/*.avif")):
            assert time.monotonic() - begun < WAIT_SECONDS
            assert run.poll() is None

        run.send_signal(signal.SIGINT)
        _, stderr = run.communicate(timeout=WAIT_SECONDS)

    left = list(Path("derived").iterdir())
    assert (run.returncode, len(left) < 400) == (INTERRUPTED, True)
    assert b"no file is left half" in stderr
    for path in left:
        with PIL.Image.open(path) as whole:
            whole.load()


def test_a_ctrl_c_that_got_lost_is_heeded_at_the_next_step() -> None:
    with ctrl_c() as heed:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

        with pytest.raises(KeyboardInterrupt):
            heed()
