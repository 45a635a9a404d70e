"""`farm og` and `farm rerun`: what an image's file still tells."""

from __future__ import annotations

import json
from pathlib import Path

import PIL.Image
import pytest
from typer.testing import CliRunner, Result

from farm.cli.app import app
from farm.errors import UsageError
from farm.model.prompts import ImageType, Prompt, Size
from farm.model.recipes import Recipe, parse_formats
from farm.steps.base import Facts, Wish
from farm.steps.derive import derive

ROW = Prompt(
    id="7",
    image_type=ImageType.HERO,
    filename="hero-garden.png",
    size=Size(1920, 1080),
    description="a garden under glass",
    title='The "Glass" Garden',
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FARM_HOME", str(tmp_path))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def picture(path: Path, width: int, height: int) -> Path:
    PIL.Image.effect_noise((width, height), 60).convert("RGB").save(path)
    return path


def copy_of(original: Path, prompt: Prompt) -> Path:
    facts = Facts(queue="heroes", prompt=prompt.to_payload(), original_sha256="00")
    wish = Wish(recipe=Recipe(formats=parse_formats("webp")), facts=facts)
    return Path(derive(original, original.parent, "copy", wish).files[0].path)


def test_of_several_twins_the_picture_that_most_networks_show_is_taken(home: Path) -> None:
    picture(home / "hero.png", 192, 108)
    for suffix in ("avif", "json", "sha256", "webp", "png"):
        picture(home / "twin.png", 1200, 630).rename(home / f"hero-og.{suffix}")

    said = json.loads(run("og", "hero.png", "--json").stdout)

    assert said["url"] == "hero-og.png"


def test_the_twin_of_a_hero_is_told_with_the_heros_title(home: Path) -> None:
    hero = copy_of(picture(home / "hero.png", 192, 108), ROW)
    picture(hero.with_name(f"{hero.stem}-og.jpg"), 1200, 630)

    said = run("og", str(hero))

    assert "The &quot;Glass&quot; Garden" in said.stdout


def test_the_twin_of_a_hero_is_what_networks_are_shown(home: Path) -> None:
    picture(home / "hero-garden.png", 192, 108)
    picture(home / "hero-garden-og.jpg", 1200, 630)

    said = run(
        "og", "hero-garden.png", "--base-url", "https://example.org/images", "--title", '"Q"'
    )

    assert said.stdout.splitlines() == [
        '<meta property="og:image" content="https://example.org/images/hero-garden-og.jpg" />',
        '<meta property="og:image:type" content="image/jpeg" />',
        '<meta property="og:image:width" content="1200" />',
        '<meta property="og:image:height" content="630" />',
        '<meta property="og:title" content="&quot;Q&quot;" />',
        '<meta name="twitter:card" content="summary_large_image" />',
        '<meta name="twitter:image" content="https://example.org/images/hero-garden-og.jpg" />',
        '<meta name="twitter:title" content="&quot;Q&quot;" />',
    ]
    assert said.stderr == ""


def test_another_size_is_told_and_the_title_stands_in_the_file(home: Path) -> None:
    copy = copy_of(picture(home / "a.png", 640, 480), ROW)

    said = run("og", str(copy))

    assert "The &quot;Glass&quot; Garden" in said.stdout
    assert "640x480px; networks show 1200x630px" in said.stderr
    assert "--base-url" in said.stderr


def test_a_row_is_queued_again_from_its_copy_alone(home: Path) -> None:
    copy = copy_of(picture(home / "a.png", 64, 48), ROW)

    said = json.loads(run("rerun", str(copy), "--json").stdout)
    listed = json.loads(run("queue", "list", "--json").stdout)

    assert [one["queued"] for one in said["rerun"]] == [True]
    (job,) = listed["jobs"]
    assert (job["queue"], job["state"]) == ("rerun", "pending")
    assert job["prompt"]["description"] == "a garden under glass"


def test_what_is_queued_already_is_not_queued_twice(home: Path) -> None:
    copy = copy_of(picture(home / "a.png", 64, 48), ROW)
    run("rerun", str(copy))

    said = run("rerun", str(copy))

    assert "waits for its image already" in said.stdout
    assert len(json.loads(run("queue", "list", "--json").stdout)["jobs"]) == 1


def test_a_file_that_says_nothing_is_named(home: Path) -> None:
    picture(home / "a.png", 64, 48)

    said = run("rerun", "a.png", "gone.png")

    assert said.exit_code == 2
    assert "a.png: It says nothing of its row" in said.stderr
    assert "gone.png: It cannot be read: No such file" in said.stderr


def test_an_image_that_is_not_there_has_no_tags() -> None:
    with pytest.raises(UsageError, match="is not there"):
        run("og", "gone.png")
