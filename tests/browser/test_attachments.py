"""References beside a prompt: through the page's own button, whole, once, and nothing left over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fake_pictures import picture

from farm.errors import Ended
from farm.model.causes import Cause
from farm.replay.plays import Condition
from farm.sites.gemini.answers import Answer
from farm.sites.gemini.attachments import Attachments
from farm.sites.gemini.composer import Composer

if TYPE_CHECKING:
    from tests.browser.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PROMPT = "/imagine Description: a red kite like the one in the picture"
BOTH = pytest.mark.parametrize("ui", ["2025", "2026"])
ONE_BY_ONE = """() => {
  const click = HTMLInputElement.prototype.click;
  HTMLInputElement.prototype.click = function () { this.multiple = false; click.call(this); };
}"""
RENAMED = {"upload-card-button": "plus", "Open upload file menu": "Plus"}
NO_DIALOG = "() => { HTMLInputElement.prototype.click = function () {}; }"


@pytest.fixture
def kites(tmp_path: Path) -> list[Path]:
    """Two pictures to go by."""
    paths = [tmp_path / "one.png", tmp_path / "two.jpg"]
    for path, colour, kind in zip(paths, ["red", "blue"], ["PNG", "JPEG"], strict=True):
        path.write_bytes(picture(colour, kind))
    return paths


@pytest.fixture(autouse=True)
def patient(desk: Desk) -> Iterator[None]:
    desk.page.patience = replace(desk.page.patience, upload=6, attached=0.1, menu=2)
    yield
    desk.stand_in.world.account("first").mend(Condition.UPLOAD_CONSENT)


def hashes(paths: list[Path]) -> tuple[str, ...]:
    return tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in paths)


async def send_with(desk: Desk, files: list[Path]) -> Composer:
    """Attach, write and send, as a hand does."""
    composer = Composer(page=desk.page, references=len(files))
    await desk.page.new_chat()
    await Attachments(page=desk.page).put(files)
    await composer.write(PROMPT)
    await composer.remember()
    assert await composer.send(PROMPT) is not None
    return composer


@BOTH
async def test_references_go_along_with_the_prompt_byte_for_byte(
    desk: Desk, ui: str, kites: list[Path]
) -> None:
    desk.play(ui=ui)

    await send_with(desk, kites)

    assert [(entry.text, entry.files) for entry in desk.log] == [(PROMPT, hashes(kites))]


@BOTH
async def test_a_picture_sent_along_is_never_taken_for_the_answer(
    desk: Desk, ui: str, kites: list[Path]
) -> None:
    desk.play(ui=ui)

    composer = await send_with(desk, kites)
    turn = await Answer(page=desk.page, find=lambda r: composer.own_turn(r, PROMPT)).images(20)

    assert turn is not None
    assert (turn.uploads, len(turn.images)) == (2, 1)
    assert desk.log[0].files == hashes(kites)


@BOTH
async def test_what_was_attached_before_is_taken_out_first(
    desk: Desk, ui: str, kites: list[Path]
) -> None:
    desk.play(ui=ui)
    await desk.page.new_chat()
    attachments = Attachments(page=desk.page)
    await attachments.put(kites)

    await attachments.put(kites[1:])

    assert (await desk.page.look()).attachments.total == 1
    await attachments.put([])
    assert (await desk.page.look()).attachments.total == 0


@BOTH
async def test_nothing_is_written_before_a_slow_upload_is_done(
    desk: Desk, ui: str, kites: list[Path]
) -> None:
    desk.play('[[rules]]\nplay = "upload_slow"\ndelay_seconds = 1.2\ntimes = 1', ui=ui)
    await desk.page.new_chat()

    await Attachments(page=desk.page).put(kites)

    there = (await desk.page.look()).attachments
    assert (there.total, there.pending) == (2, 0)


@pytest.mark.parametrize(("ui", "play"), [("2025", "upload_broken"), ("2026", "upload_refused")])
async def test_an_upload_that_fails_once_is_repeated_and_goes_along_once(
    desk: Desk, ui: str, play: str, kites: list[Path]
) -> None:
    desk.play(f'[[rules]]\nplay = "{play}"\ntimes = 1', ui=ui)

    await send_with(desk, kites)

    assert [sorted(entry.files) for entry in desk.log] == [sorted(hashes(kites))]


async def test_a_picture_the_page_never_takes_ends_the_try_with_the_pages_words(
    desk: Desk, kites: list[Path]
) -> None:
    desk.play('[[rules]]\nplay = "upload_refused"')

    with pytest.raises(Ended) as ended:
        await send_with(desk, kites[:1])

    assert ended.value.outcome.cause is Cause.NOT_ACCEPTED
    assert "type isn't supported" in ended.value.outcome.message
    assert desk.log == []


async def test_an_upload_that_never_ends_is_given_up_and_nothing_is_sent(
    desk: Desk, kites: list[Path]
) -> None:
    desk.play('[[rules]]\nplay = "upload_slow"\ndelay_seconds = 60')
    desk.page.patience = replace(desk.page.patience, upload=0.5)

    with pytest.raises(Ended) as ended:
        await send_with(desk, kites[:1])

    assert ended.value.outcome.cause is Cause.NOT_ACCEPTED
    assert desk.log == []


async def test_the_agreement_of_the_first_upload_is_the_persons(
    desk: Desk, kites: list[Path]
) -> None:
    desk.play('[[rules]]\nplay = "upload_consent"\ntimes = 1', ui="2026")

    with pytest.raises(Ended) as ended:
        await send_with(desk, kites)

    assert ended.value.outcome.cause is Cause.CHALLENGE
    assert desk.stand_in.world.account("first").has(Condition.UPLOAD_CONSENT, 0)


async def test_a_dialog_for_one_file_is_opened_for_each(desk: Desk, kites: list[Path]) -> None:
    await desk.page.new_chat()
    await desk.session.evaluate(ONE_BY_ONE)

    await Attachments(page=desk.page).put(kites)

    assert (await desk.page.look()).attachments.total == 2


async def test_without_a_dialog_the_pages_own_input_is_used(desk: Desk, kites: list[Path]) -> None:
    desk.play(ui="2026")
    await desk.page.new_chat()
    await desk.session.evaluate(NO_DIALOG)

    await Attachments(page=desk.page).put(kites)

    assert (await desk.page.look()).attachments.total == 2


@pytest.mark.parametrize(
    ("drift", "role"),
    [
        ({**RENAMED, "add_2": "cross"}, "upload_menu"),
        (
            {
                "images-files-uploader": "files",
                "uploader-images-files-button-advanced": "files",
                "Upload files": "Files",
                "menuitem": "item",
            },
            "upload_item",
        ),
    ],
)
async def test_a_menu_farm_does_not_know_is_drift_and_says_which_part(
    desk: Desk, drift: dict[str, str], role: str, kites: list[Path]
) -> None:
    desk.play(drift=drift)

    with pytest.raises(Ended) as ended:
        await send_with(desk, kites)

    assert (ended.value.outcome.cause, ended.value.outcome.role) == (Cause.DRIFT, role)
    assert desk.log == []


async def test_a_button_that_lost_its_names_is_known_by_its_icon(
    desk: Desk, kites: list[Path]
) -> None:
    desk.play(drift=RENAMED)

    await send_with(desk, kites)

    assert [entry.files for entry in desk.log] == [hashes(kites)]


async def test_a_box_that_lost_a_reference_is_not_sent(desk: Desk, kites: list[Path]) -> None:
    composer = Composer(page=desk.page, references=2)
    await desk.page.new_chat()
    await Attachments(page=desk.page).put(kites)
    await composer.write(PROMPT)
    await desk.session.evaluate(
        """() => {
          const tile = document.querySelector("uploader-file-preview");
          tile.querySelector("button").click();
        }"""
    )

    with pytest.raises(Ended) as ended:
        await composer.remember()

    assert ended.value.outcome.cause is Cause.NOT_ACCEPTED
    assert desk.log == []


async def test_a_row_without_references_sends_no_file_of_an_earlier_one(
    desk: Desk, kites: list[Path]
) -> None:
    await desk.page.new_chat()
    await Attachments(page=desk.page).put(kites)
    composer = Composer(page=desk.page)

    await Attachments(page=desk.page).put([])
    await composer.write(PROMPT)
    await composer.remember()
    await composer.send(PROMPT)

    assert [entry.files for entry in desk.log] == [()]
