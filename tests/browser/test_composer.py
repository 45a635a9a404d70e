"""The prompt box of a real page: exact text, one click, and the truth about what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Route

from farm.errors import BrowserTimeout, Ended
from farm.model.causes import Cause
from farm.sites.base import Reading
from farm.sites.gemini.composer import Composer

if TYPE_CHECKING:
    from tests.browser.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PROMPT = "/imagine Size: 1920x1080px ||| Description: a red kite"
LONG = ("/imagine Description: " + "a very long winding river, " * 200)[:4000].strip()
BOTH = pytest.mark.parametrize("ui", ["2025", "2026"])
DEAF = """() => document.addEventListener("click", (event) => {
  if (event.target.closest(".send-button")) event.stopPropagation();
}, true)"""
TO_THE_CAPTCHA = """() => document.addEventListener("click", (event) => {
  if (!event.target.closest(".send-button")) return;
  event.stopPropagation();
  location.assign("/sorry/index?continue=https://gemini.google.com/app");
}, true)"""
TOUCHED = """() => {
  window.clicks = 0;
  document.addEventListener("click", (event) => {
    window.clicks += Boolean(event.target.closest(".send-button"));
  }, true);
}"""


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        PROMPT,
        """/imagine Description: "double", 'single', “curly” and `back` quotes, <b>&amp;\\n</b>""",
        "/imagine Description: a family 👩‍👩‍👧‍👦 under a 🏳️‍🌈 flag",
        "/imagine Description: 一只红色的风筝飞过富士山、空に赤い凧、빨간 연",
        LONG,
    ],
    ids=["delimiters", "quotes", "emoji", "cjk", "4000 characters"],
)
async def test_a_text_arrives_as_it_was_written(desk: Desk, ui: str, text: str) -> None:
    desk.play(ui=ui)

    _, sent = await desk.send(text)

    assert [entry.text for entry in desk.log] == [text]
    assert (sent.conversation, sent.turn) == (desk.log[0].conversation, desk.log[0].turn)


async def test_a_line_break_does_not_send_half_a_prompt(desk: Desk) -> None:
    await desk.send("/imagine Description: first line\nsecond line")

    assert [" ".join(entry.text.split()) for entry in desk.log] == [
        "/imagine Description: first line second line"
    ]


@BOTH
async def test_what_stood_in_the_box_is_not_sent(desk: Desk, ui: str) -> None:
    desk.play(ui=ui)
    composer = Composer(page=desk.page)
    await desk.page.new_chat()
    await composer.write("an abandoned draft\nof two lines")

    await composer.write(PROMPT)
    await composer.remember()
    await composer.send(PROMPT)

    assert [entry.text for entry in desk.log] == [PROMPT]


@pytest.mark.parametrize(("ui", "menu"), [("2025", "Tools"), ("2026", "Upload & tools")])
async def test_an_open_menu_is_closed_before_it_swallows_the_text(
    desk: Desk, ui: str, menu: str
) -> None:
    desk.play(ui=ui)
    await desk.page.new_chat()
    await desk.session.page.get_by_role("button", name=menu).click()

    await Composer(page=desk.page).write(PROMPT)

    assert (await desk.page.look()).composer_text == PROMPT


async def test_a_box_that_changes_the_text_is_not_sent(desk: Desk) -> None:
    desk.page.patience = replace(desk.page.patience, typed=0.3)
    await desk.page.new_chat()
    await desk.session.evaluate(
        """() => document.addEventListener("input", (event) => {
          event.target.firstChild.textContent = event.target.textContent.slice(0, 20);
        }, true)"""
    )

    with pytest.raises(Ended) as ended:
        await Composer(page=desk.page).write(PROMPT)

    assert ended.value.outcome.cause is Cause.NOT_ACCEPTED
    assert desk.log == []


class Breaks:
    """Makes one call to the browser time out, before or after it was carried out."""

    def __init__(self, desk: Desk, doing: str, *, carried_out: bool) -> None:
        self._run = desk.session.run
        self._doing, self._carried_out = doing, carried_out

    async def run(self, doing: str, action: Awaitable[Any], *, seconds: float = 30) -> Any:
        if doing != self._doing:
            return await self._run(doing, action, seconds=seconds)
        if self._carried_out:
            await action
        else:
            close: Callable[[], None] = action.close  # type: ignore[attr-defined]
            close()
        raise BrowserTimeout("no answer in time")


async def test_a_click_that_answers_too_late_is_not_repeated(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Breaks(desk, "send the prompt", carried_out=True)
    monkeypatch.setattr(desk.session, "run", broken.run)

    _, sent = await desk.send(PROMPT)

    assert len(desk.log) == 1
    assert sent.conversation == desk.log[0].conversation


async def test_a_click_that_never_happened_counts_as_not_accepted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Breaks(desk, "send the prompt", carried_out=False)
    monkeypatch.setattr(desk.session, "run", broken.run)

    with pytest.raises(Ended) as ended:
        await desk.send(PROMPT)

    assert ended.value.outcome.cause is Cause.NOT_ACCEPTED
    assert desk.log == []


@BOTH
async def test_a_page_that_ignores_the_click_is_clicked_once_and_nothing_was_sent(
    desk: Desk, ui: str
) -> None:
    desk.play(ui=ui)
    await desk.page.new_chat()
    await desk.session.evaluate(TOUCHED)
    await desk.session.evaluate(DEAF)
    composer = Composer(page=desk.page)
    await composer.write(PROMPT)
    await composer.remember()

    with pytest.raises(Ended) as ended:
        await composer.send(PROMPT)

    assert ended.value.outcome.cause is Cause.NOT_ACCEPTED
    assert await desk.session.evaluate("() => window.clicks") == 1
    assert desk.log == []


async def test_a_send_button_that_still_grows_is_waited_for(desk: Desk) -> None:
    composer = Composer(page=desk.page)
    await desk.page.new_chat()
    await desk.session.evaluate(
        """() => {
          const style = document.createElement("style");
          style.textContent = ".send-button { transition: transform .1s linear .7s !important }";
          document.head.append(style);
        }"""
    )

    await composer.write(PROMPT)
    await composer.remember()
    sent = await composer.send(PROMPT)

    assert sent is not None
    assert len(desk.log) == 1


async def test_a_request_that_left_is_never_called_unsent(desk: Desk) -> None:
    desk.play('[[rules]]\nplay = "send_ignored"')
    desk.page.patience = replace(desk.page.patience, accepted=1.5, refused=0.1)
    composer = Composer(page=desk.page)
    await desk.page.new_chat()
    await composer.write(PROMPT)
    await composer.remember()

    sent = await composer.send(PROMPT)

    assert sent is None


@BOTH
async def test_a_click_that_leads_to_a_captcha_is_not_watched_any_longer(
    desk: Desk, ui: str
) -> None:
    desk.play(ui=ui)
    desk.page.patience = replace(desk.page.patience, accepted=100, shut=0.5)
    composer = Composer(page=desk.page)
    await desk.page.new_chat()
    await desk.session.evaluate(TO_THE_CAPTCHA)
    await composer.write(PROMPT)
    await composer.remember()

    async with asyncio.timeout(30):
        sent = await composer.send(PROMPT)

    assert sent is None
    reading = await desk.page.look()
    assert reading.blocked is not None
    assert reading.blocked.cause is Cause.CHALLENGE


@BOTH
async def test_a_numbered_toast_at_send_is_a_refusal_of_the_page(desk: Desk, ui: str) -> None:
    desk.play('[[rules]]\nplay = "toast"\ncode = 1095', ui=ui)

    with pytest.raises(Ended) as ended:
        await desk.send(PROMPT)

    assert ended.value.outcome.cause is Cause.NOT_ACCEPTED
    assert "1095" in ended.value.outcome.said
    assert [entry.accepted for entry in desk.log] == [False]


async def test_the_same_text_in_an_older_turn_is_not_ours(desk: Desk) -> None:
    composer, first = await desk.send(PROMPT)
    await desk.page.watch(settled, 20)
    desk.beat.hold()

    await composer.write(PROMPT)
    await composer.remember()
    second = await composer.send(PROMPT)

    assert second is not None
    assert (second.conversation, second.turn) == (first.conversation, desk.log[1].turn)


@BOTH
async def test_the_image_mode_is_asserted_through_the_route(desk: Desk, ui: str) -> None:
    desk.play(ui=ui)

    reading = await desk.page.new_chat()

    assert reading.image_mode
    assert "/images" in reading.url


@BOTH
async def test_without_the_route_the_image_mode_is_chosen_in_the_menu(desk: Desk, ui: str) -> None:
    desk.play(ui=ui)
    desk.page.patience = replace(desk.page.patience, hydrate=1, menu=4)
    await desk.session.page.route("**/images?*", not_found)

    try:
        reading = await desk.page.new_chat()
        await desk.send(PROMPT, route="app")
    finally:
        await desk.session.page.unroute("**/images?*")

    assert (reading.image_mode, "/app" in reading.url) == (True, True)


@BOTH
async def test_a_route_that_leads_to_a_plain_chat_is_not_believed(desk: Desk, ui: str) -> None:
    desk.play(ui=ui)
    await desk.session.page.route("**/images?*", to_app)

    try:
        reading = await desk.page.new_chat()
        composer = Composer(page=desk.page)
        await composer.write(PROMPT)
        await composer.remember()
        await composer.send(PROMPT)
    finally:
        await desk.session.page.unroute("**/images?*")

    assert (reading.image_mode, "/app" in reading.url) == (True, True)
    assert [entry.image_mode for entry in desk.log] == [True]


def settled(reading: Reading) -> bool | None:
    return (bool(reading.turns) and reading.turns[-1].finished) or None


async def not_found(route: Route) -> None:
    await route.fulfill(status=404, content_type="text/html", body="<html><body>Not found</body>")


async def to_app(route: Route) -> None:
    await route.fulfill(status=302, headers={"location": "https://gemini.google.com/app?hl=en"})
