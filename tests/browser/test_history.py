"""Looking back: our prompt is found where it stands, or its absence is proven."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Route

from farm.sites.gemini.composer import Sent
from farm.sites.gemini.history import NEWEST, History

if TYPE_CHECKING:
    from tests.browser.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

BOTH = pytest.mark.parametrize("ui", ["2025", "2026"])


def prompt(name: str) -> str:
    return f"/imagine Size: 1920x1080px ||| Description: {name}"


def standing(desk: Desk) -> frozenset[str]:
    """Every conversation the account has."""
    return frozenset(desk.stand_in.world.account("first").conversations)


async def search(desk: Desk, text: str, others: frozenset[str] = frozenset()) -> Sent | None:
    """Where the prompt stands; None when its absence is proven."""
    found = await History(page=desk.page).search(text, others)
    assert found.proven
    return found.sent


@BOTH
async def test_our_prompt_is_found_whether_the_side_bar_is_open_or_folded(
    desk: Desk, ui: str
) -> None:
    desk.play(ui=ui)
    before = standing(desk)
    _, sent = await desk.send(prompt(f"a kite over {ui}"))
    await desk.send(prompt(f"a boat under {ui}"))

    found = await search(desk, prompt(f"a kite over {ui}"), before)

    assert found == sent


@BOTH
async def test_a_prompt_that_was_never_sent_is_proven_absent(desk: Desk, ui: str) -> None:
    desk.play(ui=ui)
    before = standing(desk)
    await desk.send(prompt("a boat"))

    assert await search(desk, prompt("a kite nobody sent"), before) is None
    assert len(desk.log) == 1


async def test_conversations_of_others_and_from_before_are_not_ours(desk: Desk) -> None:
    text = prompt("the same words twice")
    before = standing(desk)
    _, theirs = await desk.send(text)

    unknown = await search(desk, text, before)
    known = await search(desk, text, before | {theirs.conversation})

    assert unknown == theirs
    assert known is None


async def test_of_two_conversations_with_our_text_the_one_nobody_owns_is_ours(desk: Desk) -> None:
    text = prompt("the same words in two rows")
    before = standing(desk)
    _, first = await desk.send(text)
    _, second = await desk.send(text)

    found = await search(desk, text, before | {second.conversation})

    assert found == first


async def test_neither_a_beginning_of_our_prompt_nor_one_that_goes_on_is_ours(desk: Desk) -> None:
    beginning = prompt("a very long row of lamps, " * 12 + "at night")
    ours = f"{beginning} and in the rain"
    before = standing(desk)
    await desk.send(beginning)
    await desk.send(f"{ours} until the morning")

    assert await search(desk, ours, before) is None


@BOTH
async def test_a_list_that_is_not_shown_proves_nothing(desk: Desk, ui: str) -> None:
    drift = {"conversations-list": "chats-list", "conversation": "chat", "Open sidebar": "Chats"}
    menu = {"chat-app-side-nav-menu-button": "chats-button"}
    desk.play(ui=ui, drift={**drift, **menu, "conversation-items-container": "items"})
    desk.page.patience = replace(desk.page.patience, menu=0.5, listed=0.5)

    found = await History(page=desk.page).search(prompt("a kite nobody sent"), frozenset())

    assert (found.sent, found.proven) == (None, False)


async def test_a_conversation_that_does_not_open_proves_nothing(desk: Desk) -> None:
    before = standing(desk)
    await desk.send(prompt("a boat"))
    (conversation,) = standing(desk) - before
    desk.page.patience = replace(desk.page.patience, hydrate=2)
    await desk.session.page.route(f"**/_/chats/{conversation}", never_told)

    try:
        found = await History(page=desk.page).search(prompt("a kite"), before)
    finally:
        await desk.session.page.unroute(f"**/_/chats/{conversation}")

    assert (found.sent, found.proven) == (None, False)


async def test_a_list_that_lags_behind_a_fresh_prompt_is_loaded_again(desk: Desk) -> None:
    text = prompt("a fresh kite")
    before = standing(desk)
    _, sent = await desk.send(text)
    stale = [{"id": one, "title": "An older chat"} for one in sorted(before)]
    calls = 0

    async def lag(route: Route) -> None:
        nonlocal calls
        calls += 1
        await (route.fulfill(json=stale) if calls == 1 else route.continue_())

    await desk.session.page.route("**/_/chats", lag)
    try:
        found = await search(desk, text, before)
    finally:
        await desk.session.page.unroute("**/_/chats")

    assert found == sent
    assert calls > 1


async def test_only_the_newest_conversations_are_opened(desk: Desk) -> None:
    before = standing(desk)
    account = desk.stand_in.world.account("first")
    for _ in range(NEWEST):
        await desk.send(prompt("a boat"))
    account_pages = account.pages

    assert await search(desk, prompt("a kite"), frozenset()) is None

    assert standing(desk) > before
    assert account.pages - account_pages == 2 * (NEWEST + 1)


async def never_told(route: Route) -> None:
    await route.fulfill(status=200, json={"id": "x", "title": "", "turns": [], "watch": False})


@BOTH
async def test_a_conversation_opens_again_at_our_turn(desk: Desk, ui: str) -> None:
    desk.play(ui=ui)
    text = prompt("a kite to come back to")
    _, sent = await desk.send(text)
    await desk.session.goto("about:blank")

    own = await History(page=desk.page).reopen(sent, text)

    assert own is not None
    assert own.id == sent.turn


async def test_a_conversation_that_lost_our_turn_says_so(desk: Desk) -> None:
    _, sent = await desk.send(prompt("a boat"))
    desk.page.patience = replace(desk.page.patience, hydrate=2)

    assert await History(page=desk.page).reopen(sent, prompt("a kite")) is None
