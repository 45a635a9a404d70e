"""The full-size file behind a picture of our turn, and never another picture's."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import APIResponse

from farm.errors import BrowserGone, NetworkError
from farm.model.images import RawImage
from farm.replay.log import LoggedImage
from farm.sites.base import Turn
from farm.sites.gemini.answers import Answer
from farm.sites.gemini.originals import Originals
from farm.steps.keeper import measure

if TYPE_CHECKING:
    from tests.browser.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PROMPT = "/imagine Size: 1920x1080px ||| Description: a red kite"
SOURCES = pytest.mark.parametrize("image_src", ["https", "blob"])


async def made(desk: Desk, text: str = PROMPT) -> Turn:
    """The finished turn of a prompt."""
    composer, _ = await desk.send(text)
    answer = Answer(page=desk.page, find=lambda reading: composer.own_turn(reading, text))
    turn = await answer.images(30)
    assert turn is not None
    return turn


async def fetch(desk: Desk, turn: Turn, folder: Path) -> tuple[RawImage, ...]:
    parts = [folder / f"{n}.part" for n in range(len(turn.images))]
    return await Originals(page=desk.page, measure=measure).of(turn, parts)


async def fetched(desk: Desk, folder: Path) -> tuple[RawImage, LoggedImage]:
    """The one picture of a prompt, and what the site knows of it."""
    (raw,) = await fetch(desk, await made(desk), folder)
    (logged,) = desk.log[0].images
    return raw, logged


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def rule(play: str) -> str:
    return f'[[rules]]\nplay = "{play}"\n'


@SOURCES
@pytest.mark.parametrize("ui", ["2025", "2026"])
async def test_the_address_gives_every_pixel(
    desk: Desk, tmp_path: Path, ui: str, image_src: str
) -> None:
    desk.play(ui=ui, image_src=image_src)

    raw, logged = await fetched(desk, tmp_path)

    assert (raw.sha256, raw.source, raw.full_size) == (logged.sha256_s0, "s0", True)
    assert measure(raw.part) == (logged.width, logged.height)
    assert max(raw.preview_px) == 1024


@SOURCES
async def test_where_the_address_is_forbidden_the_button_gives_the_file(
    desk: Desk, tmp_path: Path, image_src: str
) -> None:
    desk.play(rule("s0_forbidden"), image_src=image_src)

    raw, logged = await fetched(desk, tmp_path)

    assert (raw.sha256, raw.source) == (logged.sha256_original, "button")
    assert raw.full_size
    assert names(tmp_path) == [raw.part.name]


@pytest.mark.parametrize("ui", ["2025", "2026"])
async def test_of_a_menu_of_sizes_the_whole_one_is_taken(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ui: str
) -> None:
    desk.play(rule("button_menu"), ui=ui)
    turn = await made(desk)
    forbid_addresses(desk, monkeypatch)

    (raw,) = await fetch(desk, turn, tmp_path)

    assert (raw.sha256, raw.source) == (desk.log[0].images[0].sha256_original, "button")


@SOURCES
async def test_only_a_preview_is_never_called_full_size(
    desk: Desk, tmp_path: Path, image_src: str
) -> None:
    desk.play(rule("preview_only"), image_src=image_src)

    raw, logged = await fetched(desk, tmp_path)

    assert raw.sha256 == logged.sha256_preview
    assert not raw.full_size
    assert names(tmp_path) == [raw.part.name]


@SOURCES
async def test_two_pictures_keep_their_order(desk: Desk, tmp_path: Path, image_src: str) -> None:
    desk.play(rule("two_images"), image_src=image_src)

    raws = await fetch(desk, await made(desk), tmp_path)

    assert [raw.sha256 for raw in raws] == [image.sha256_s0 for image in desk.log[0].images]
    assert [raw.part.name for raw in raws] == ["0.part", "1.part"]


async def test_two_pictures_behind_buttons_keep_their_order(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.play(rule("two_images"))
    turn = await made(desk)
    forbid_addresses(desk, monkeypatch)

    raws = await fetch(desk, turn, tmp_path)

    assert [raw.sha256 for raw in raws] == [image.sha256_original for image in desk.log[0].images]


@pytest.mark.parametrize("kind", ["before", "after"])
async def test_a_blob_is_not_taken_for_an_older_picture_that_was_loaded_too(
    desk: Desk, tmp_path: Path, kind: str
) -> None:
    desk.play(image_src="blob")
    await made(desk)
    desk.play(f'[[rules]]\nplay = "stale_image"\nkind = "{kind}"', image_src="blob")

    turn = await made(desk, "/imagine Description: a green boat")
    (raw,) = await fetch(desk, turn, tmp_path)

    assert raw.sha256 == desk.log[0].images[0].sha256_s0


async def test_without_a_button_the_address_is_enough(desk: Desk, tmp_path: Path) -> None:
    desk.play(rule("no_button"))

    raw, logged = await fetched(desk, tmp_path)

    assert raw.sha256 == logged.sha256_s0


async def test_an_address_that_fails_once_is_asked_again(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = await made(desk)
    get, tries = desk.session.get, list[str]()

    async def failing(url: str, headers: Mapping[str, str], seconds: float) -> APIResponse:
        tries.append(url)
        if len(tries) == 1:
            raise NetworkError("the line was cut")
        return await get(url, headers, seconds)

    monkeypatch.setattr(desk.session, "get", failing)

    (raw,) = await fetch(desk, turn, tmp_path)

    assert raw.source == "s0"
    assert tries[0] == tries[1]


async def test_neither_address_nor_button_is_a_failure_of_the_network(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.play(rule("no_button"))
    turn = await made(desk)
    forbid_addresses(desk, monkeypatch)

    with pytest.raises(NetworkError, match="neither the picture's address nor its button"):
        await fetch(desk, turn, tmp_path)


@pytest.mark.parametrize("act", ["fetch an image", "hover over the picture"])
async def test_a_browser_that_dies_meanwhile_is_gone_and_no_bad_file(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    desk.play(rule("s0_forbidden"))
    turn = await made(desk)
    run = desk.session.run

    async def dying(doing: str, action: Awaitable[Any], *, seconds: float = 30) -> Any:
        result = await run(doing, action, seconds=seconds)
        if doing == act:
            raise BrowserGone("the browser is gone")
        return result

    monkeypatch.setattr(desk.session, "run", dying)

    with pytest.raises(BrowserGone):
        await fetch(desk, turn, tmp_path)


def forbid_addresses(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on no image address is answered; what the page itself loads still is."""
    get = desk.session.get

    async def elsewhere(_url: str, headers: Mapping[str, str], seconds: float) -> APIResponse:
        return await get("https://lh3.googleusercontent.com/gg/unknown=s0", headers, seconds)

    monkeypatch.setattr(desk.session, "get", elsewhere)
