"""Answers on a real page: pictures of our own turn, and the truth when there are none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from farm.errors import Ended, Interrupted
from farm.model.causes import Cause
from farm.sites.base import Reading, Turn
from farm.sites.gemini.answers import Answer
from farm.sites.gemini.history import History, turn_with

if TYPE_CHECKING:
    from tests.browser.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PROMPT = "/imagine Size: 1920x1080px ||| Description: a red kite"
BOTH = pytest.mark.parametrize(("ui", "image_src"), [("2025", "https"), ("2026", "blob")])


def rule(play: str, more: str = "") -> str:
    return f'[[rules]]\nplay = "{play}"\n{more}\n'


async def ask(desk: Desk, text: str = PROMPT) -> Answer:
    """Send a prompt; the answer that is watched for it."""
    composer, _ = await desk.send(text)
    return Answer(page=desk.page, find=lambda reading: composer.own_turn(reading, text))


async def pictures(desk: Desk, seconds: float = 30) -> Turn:
    turn = await (await ask(desk)).images(seconds)
    assert turn is not None
    assert all(image.loaded for image in turn.images)
    assert turn.id == desk.log[-1].turn
    return turn


@BOTH
async def test_a_picture_comes_back_with_our_turn(desk: Desk, ui: str, image_src: str) -> None:
    desk.play(ui=ui, image_src=image_src)

    turn = await pictures(desk)

    (image,) = turn.images
    assert image.src.startswith(image_src)
    assert max(image.width_px, image.height_px) == 1024


@BOTH
async def test_two_pictures_come_back_together(desk: Desk, ui: str, image_src: str) -> None:
    desk.play(rule("two_images"), ui=ui, image_src=image_src)

    turn = await pictures(desk)

    assert len({image.src for image in turn.images}) == 2


@pytest.mark.parametrize("kind", ["before", "after"])
async def test_an_older_picture_drawn_again_beside_ours_is_not_ours(desk: Desk, kind: str) -> None:
    await pictures(desk)
    desk.play(rule("stale_image", f'kind = "{kind}"'))
    seen: list[Reading] = []
    composer, _ = await desk.send("/imagine Description: another kite")

    def find(reading: Reading) -> Turn | None:
        seen.append(reading)
        return composer.own_turn(reading, "/imagine Description: another kite")

    turn = await Answer(page=desk.page, find=find).images(30)

    assert turn is not None
    assert len(seen[-1].turns) == 2
    assert (turn.id, len(turn.images)) == (desk.log[0].turn, 1)


async def test_web_pictures_uploads_and_thumbnails_in_our_turn_are_no_results(desk: Desk) -> None:
    desk.play(rule("decoys"))

    turn = await pictures(desk)

    assert [image.download for image in turn.images] == [True]


async def test_a_stop_button_that_stays_does_not_hide_a_finished_picture(desk: Desk) -> None:
    desk.play(rule("stop_stuck"))

    turn = await pictures(desk)

    assert len(turn.images) == 1
    assert (await desk.page.look()).generating


async def test_a_picture_after_the_end_of_its_answer_is_waited_for(desk: Desk) -> None:
    desk.play(rule("slow_image"), footer_seconds=0.8)
    desk.page.patience = replace(desk.page.patience, late_image=0)

    turn = await pictures(desk)

    assert len(turn.images) == 1


@BOTH
async def test_a_picture_without_a_button_is_taken_once_its_answer_ended(
    desk: Desk, ui: str, image_src: str
) -> None:
    desk.play(rule("no_button"), ui=ui, image_src=image_src)
    desk.page.patience = replace(desk.page.patience, stuck_stop=600)

    turn = await pictures(desk)

    assert [image.download for image in turn.images] == [False]


@BOTH
async def test_a_picture_is_not_taken_while_its_answer_may_bring_more(
    desk: Desk, ui: str, image_src: str
) -> None:
    desk.play(ui=ui, image_src=image_src)
    desk.page.patience = replace(desk.page.patience, stuck_stop=600)
    desk.beat.hold()
    answer = await ask(desk)
    desk.beat.step(2)
    await desk.page.watch(shows_picture, 20)

    early = await answer.images(0.5)
    desk.beat.step()
    late = await answer.images(20)

    assert early is None
    assert late is not None


def shows_picture(reading: Reading) -> bool | None:
    return any(image.loaded for turn in reading.turns for image in turn.images) or None


@BOTH
async def test_the_hidden_mark_of_a_stop_is_no_stop_and_the_shown_one_is(
    desk: Desk, ui: str, image_src: str
) -> None:
    desk.play(ui=ui, image_src=image_src)
    turn = await pictures(desk)
    hidden = await desk.session.page.locator(".stopped-draft-message[hidden]").count()
    desk.play(rule("stopped"), ui=ui)

    with pytest.raises(Ended) as ended:
        await (await ask(desk)).images(20)

    assert (hidden, turn.stopped) == (1, False)
    assert ended.value.outcome.cause is Cause.STOPPED


@pytest.mark.parametrize(
    ("play", "kind", "cause"),
    [
        ("refusal", "policy", Cause.REFUSED_POLICY),
        ("refusal", "person", Cause.REFUSED_PERSON),
        ("quota", "tomorrow", Cause.LIMITED_QUOTA),
        ("throttle", "", Cause.LIMITED_THROTTLE),
        ("transient", "sorry", Cause.TRANSIENT),
        ("text_only", "", Cause.TEXT_ONLY),
        ("placeholder_error", "", Cause.PLACEHOLDER),
    ],
)
@pytest.mark.parametrize("ui", ["2025", "2026"])
async def test_an_answer_without_a_picture_says_why(
    desk: Desk, ui: str, play: str, kind: str, cause: Cause
) -> None:
    desk.play(rule(play, f'kind = "{kind}"'), ui=ui)

    with pytest.raises(Ended) as ended:
        await (await ask(desk)).images(20)

    assert ended.value.outcome.cause is cause
    assert not isinstance(ended.value, Interrupted)


async def test_a_prompt_that_vanishes_from_the_page_gives_nothing(desk: Desk) -> None:
    desk.play(rule("dropped"))
    answer = await ask(desk)

    assert await answer.images(600) is None


async def test_the_answer_is_not_taken_from_a_neighbour_when_our_prompt_vanishes(
    desk: Desk,
) -> None:
    await pictures(desk)
    desk.play(rule("stale_image", "times = 1") + rule("dropped"))
    desk.beat.hold()
    answer = await ask(desk, "/imagine Description: another kite")
    await desk.session.evaluate("(id) => document.getElementById(id).remove()", desk.log[0].turn)
    desk.beat.step(3)

    assert await answer.images(600) is None


async def test_an_answer_that_never_ends_is_given_up_and_found_again_by_opening_its_chat(
    desk: Desk,
) -> None:
    desk.beat.hold()
    _, sent = await desk.send(PROMPT)
    answer = Answer(page=desk.page, find=lambda reading: turn_with(reading, PROMPT, sent.turn))
    timed_out = await answer.images(0.5)

    own = await History(page=desk.page).reopen(sent, PROMPT)
    desk.beat.step(3)
    turn = await answer.images(60)

    assert timed_out is None
    assert own is not None
    assert turn is not None
    assert (turn.id, len(turn.images)) == (sent.turn, 1)
    assert len(desk.log) == 1


async def test_a_page_that_no_longer_serves_us_leaves_the_answer_open(desk: Desk) -> None:
    desk.page.patience = replace(desk.page.patience, vanished=20)
    desk.beat.hold()
    answer = await ask(desk)
    desk.play(rule("challenge", 'at = "load"'))
    await desk.session.goto("https://gemini.google.com/app")

    with pytest.raises(Interrupted) as ended:
        await answer.images(20)

    assert ended.value.outcome.cause is Cause.CHALLENGE
