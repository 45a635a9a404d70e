"""The stand-in as a real browser meets it."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import re
import shutil
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import (
    Browser,
    BrowserContext,
    Download,
    Error,
    Page,
    async_playwright,
    expect,
)

from farm.replay.log import Submission, read_log
from farm.replay.scenario import Scenario, parse_scenario
from farm.replay.stand_in import StandIn

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PROMPT = "/imagine Size: 1920x1080px ||| Description: a red kite row-07"
SIGN_IN = "https://accounts.google.com/ServiceLogin?auto=1&account={}"
APP = "https://gemini.google.com/app"
IMAGES = "https://gemini.google.com/images"
QUICK = {
    "delay_seconds": 0.3,
    "first_delay_seconds": 0.1,
    "footer_seconds": 0.15,
    "hydrate_seconds": 0,
    "sidebar_seconds": 0.05,
    "account_seconds": 0.05,
    "mode_seconds": 0.05,
}
SEND = {"2025": "button.send-button.submit", "2026": "gem-icon-button.send-button.submit button"}
STOP = {"2025": "button.send-button.stop", "2026": "gem-icon-button.send-button.stop button"}
DOWNLOAD_BUTTON = '[data-test-id="download-generated-image-button"]'
LOADED = "generated-image img.image.loaded"
COMPLETE = ".response-footer.complete"
BOTH = pytest.mark.parametrize("ui", ["2025", "2026"])


async def file_bytes(download: Download) -> bytes:
    return await asyncio.to_thread(Path(await download.path()).read_bytes)


class Beat:
    """Lets answers go on step by step: first sign, image, end."""

    def __init__(self) -> None:
        self._steps = asyncio.Semaphore(0)

    async def sleep(self, _seconds: float) -> None:
        await self._steps.acquire()

    def step(self) -> None:
        self._steps.release()


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A page of the stand-in in a browser context of its own."""

    stand_in: StandIn
    context: BrowserContext
    page: Page
    ui: str = "2025"
    seen: int = 0  # submissions of earlier visits

    @property
    def log(self) -> list[Submission]:
        """What the site received in this visit."""
        return self.stand_in.log[self.seen :]

    async def send(self, text: str = PROMPT) -> None:
        await self.page.locator("rich-textarea .ql-editor").fill(text)
        await self.page.locator(SEND[self.ui]).click()

    async def make(self, text: str = PROMPT) -> None:
        """Send a prompt and wait for its image, button and end."""
        await self.send(text)
        await self.attached(f"model-response:last-of-type {LOADED}")
        await self.attached(DOWNLOAD_BUTTON)
        await self.attached(COMPLETE)

    async def attached(self, selector: str) -> None:
        await self.page.wait_for_selector(selector, state="attached", timeout=8000)

    async def source(self) -> str:
        return cast("str", await self.page.locator(LOADED).last.get_attribute("src"))

    async def s0(self) -> bytes:
        url = (await self.source()).replace("=s1024-rj", "=s0")
        answer = await self.context.request.get(url)
        assert answer.ok, answer.status
        return await answer.body()

    async def clicked_download(self) -> bytes:
        async with self.page.expect_download() as coming:
            await self.page.locator(DOWNLOAD_BUTTON).last.click(force=True)
        download = await coming.value
        assert download.suggested_filename.startswith("Gemini_Generated_Image_")
        return await file_bytes(download)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    found = os.environ.get("FARM_BROWSER") or shutil.which("chromium") or None
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox"] if as_root else []
        )
        yield browser
        await browser.close()


@dataclass(kw_only=True)
class Street:
    """One stand-in and one page, for visits that need none of their own: each has its account."""

    stand_in: StandIn
    context: BrowserContext
    page: Page
    visits: int = 0

    async def visit(self, rules: str = "", *, ui: str = "2025") -> Visit:
        """The page as a new account finds it, on a site that plays other rules."""
        self.visits += 1
        self.stand_in.world.change_scenario(quick(rules, ui=ui))
        await self.context.request.get(SIGN_IN.format(f"visitor-{self.visits}"), max_redirects=0)
        await self.page.goto(IMAGES)
        seen = len(self.stand_in.log)
        return Visit(stand_in=self.stand_in, context=self.context, page=self.page, ui=ui, seen=seen)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def street(chromium: Browser) -> AsyncIterator[Street]:
    async with visiting(chromium) as visit:
        yield Street(stand_in=visit.stand_in, context=visit.context, page=visit.page)


@asynccontextmanager
async def visiting(
    chromium: Browser,
    rules: str = "",
    *,
    ui: str = "2025",
    defaults: Mapping[str, object] = {},
    account: str = "first",
    at: str = IMAGES,
    **options: Any,
) -> AsyncIterator[Visit]:
    """A quick stand-in and a page on it, signed in unless the account is empty."""
    scenario = quick(rules, ui=ui, **defaults)
    async with StandIn.open(scenario=scenario, **options) as stand_in:
        context = await chromium.new_context(
            proxy={"server": stand_in.proxy_url}, ignore_https_errors=True
        )
        try:
            page = await context.new_page()
            if account:
                await context.request.get(SIGN_IN.format(account), max_redirects=0)
            await page.goto(at)
            yield Visit(stand_in=stand_in, context=context, page=page, ui=ui)
        finally:
            await context.close()


def quick(rules: str, **defaults: object) -> Scenario:
    """These rules, played without delay."""
    return parse_scenario(f"[defaults]\n{toml({**QUICK, **defaults})}\n{rules}")


def toml(table: Mapping[str, object]) -> str:
    return "\n".join(f"{key} = {json.dumps(value)}" for key, value in table.items())


def rule(play: str, **keys: object) -> str:
    return f"[[rules]]\n{toml({'play': play, **keys})}"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def control(stand_in: StandIn, method: str, path: str, body: str = "") -> Any:
    return await asyncio.to_thread(_control, stand_in, method, path, body)


def _control(stand_in: StandIn, method: str, path: str, body: str) -> Any:
    request = urllib.request.Request(  # noqa: S310  # loopback
        stand_in.control_url + path, data=body.encode() or None, method=method
    )
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310  # loopback
        said = answer.read()
    return json.loads(said) if said else None


@BOTH
async def test_a_prompt_becomes_an_image_while_the_button_says_stop(
    chromium: Browser, ui: str
) -> None:
    beat = Beat()
    async with visiting(chromium, ui=ui, sleep=beat.sleep) as visit:
        await visit.send()
        await expect(visit.page.locator(STOP[ui])).to_have_attribute("aria-label", "Stop response")
        await expect(visit.page).to_have_url(f"{APP}/{visit.stand_in.log[0].conversation}")
        assert await visit.page.locator("model-response").count() == 0

        beat.step()
        await visit.attached("generated-image .placeholder.loading")
        beat.step()
        await visit.attached(f"model-response:has(.response-footer.animated) {LOADED}")
        await expect(visit.page.locator(STOP[ui])).to_have_count(1)
        beat.step()

        await visit.attached(f"model-response:has({COMPLETE}):has(message-actions) {LOADED}")
        await expect(visit.page.locator(STOP[ui])).to_have_count(0)
        assert (visit.stand_in.log[0].text, visit.stand_in.log[0].image_mode) == (PROMPT, True)


@BOTH
async def test_both_ways_to_the_full_size_give_what_the_log_says(street: Street, ui: str) -> None:
    visit = await street.visit(ui=ui)
    await visit.make()

    s0, original = await visit.s0(), await visit.clicked_download()

    logged = visit.log[0].images[0]
    assert sha256(s0) == logged.sha256_s0
    assert sha256(original) == logged.sha256_original
    assert visit.stand_in.originals[visit.log[0].n] == {sha256(s0), sha256(original)}
    assert Image.open(io.BytesIO(s0)).size == Image.open(io.BytesIO(original)).size


@BOTH
async def test_a_second_click_stops_the_answer(chromium: Browser, ui: str) -> None:
    async with visiting(chromium, ui=ui, sleep=Beat().sleep) as visit:
        await visit.page.locator("rich-textarea .ql-editor").fill(PROMPT)
        await visit.page.locator(SEND[ui]).dblclick()

        stopped = visit.page.locator(".stopped-draft-message:not([hidden])")
        await expect(stopped).to_have_text("You stopped this response")
        await visit.attached(COMPLETE)
        assert await visit.page.locator("generated-image").count() == 0
        assert visit.stand_in.log[0].outcome == "cut"


async def test_the_old_send_button_is_disabled_and_scaled_away_while_the_box_is_empty(
    street: Street,
) -> None:
    visit = await street.visit()
    button = visit.page.locator("button.send-button")

    await expect(button).to_have_attribute("aria-disabled", "true")
    await expect(button).to_have_css("transform", "matrix(0, 0, 0, 0, 0, 0)")


async def test_the_new_send_button_is_absent_while_the_box_is_empty(street: Street) -> None:
    visit = await street.visit(ui="2026")
    await visit.attached("rich-textarea .ql-editor")
    assert await visit.page.locator(".send-button").count() == 0

    await visit.page.locator("rich-textarea .ql-editor").fill("kite")

    await visit.attached('gem-icon-button.submit button[aria-label="Send message"]')


async def test_only_typed_text_counts_as_text(street: Street) -> None:
    visit = await street.visit()
    editor = visit.page.locator("rich-textarea .ql-editor")
    await editor.evaluate("box => { box.innerText = 'written past the editor' }")
    await expect(visit.page.locator(".send-button-container.disabled")).to_have_count(1)

    with pytest.raises(Error, match="TrustedHTML"):
        await editor.evaluate("box => { box.innerHTML = '<p>kite</p>' }")


async def test_shift_enter_makes_a_line_and_enter_sends(street: Street) -> None:
    visit = await street.visit()
    await visit.page.locator("rich-textarea .ql-editor").click()
    await visit.page.keyboard.insert_text("one")
    await visit.page.keyboard.press("Shift+Enter")
    await visit.page.keyboard.insert_text("two")
    await visit.page.keyboard.press("Enter")
    await visit.attached("model-response")

    assert visit.log[0].text == "one\ntwo"
    assert await visit.page.locator("p.query-text-line").all_text_contents() == ["one", "two"]


async def test_signed_out_the_composer_answers_in_words_only(chromium: Browser) -> None:
    async with visiting(chromium, account="", at=APP) as visit:
        link = visit.page.get_by_role("link", name="Sign in")
        await expect(link).to_have_attribute(
            "href",
            "https://accounts.google.com/ServiceLogin?"
            "continue=https%3A%2F%2Fgemini.google.com%2Fapp",
        )
        await visit.attached('[data-test-id="conversations-list-signed-out"] .sign-in-button')

        await visit.send("Draw an image of a kite")

        await visit.attached('.markdown:has-text("Are you signed in?")')
        assert visit.stand_in.log[0].account == ""


async def test_signing_in_is_a_page_with_a_button(chromium: Browser) -> None:
    async with visiting(chromium, account="", at="https://accounts.google.com/ServiceLogin") as v:
        await v.page.get_by_label("Account name").fill("second")
        await v.page.get_by_role("button", name="Next").click()

        await v.attached('a[aria-label="Google Account: second (second@example.com)"]')
        cookies = {cookie["name"]: cookie for cookie in await v.context.cookies(APP)}
        assert {"SID", "__Secure-1PSID"} <= cookies.keys()
        assert all(cookie["secure"] and cookie["httpOnly"] for cookie in cookies.values())


async def test_other_hosts_are_refused(chromium: Browser) -> None:
    async with visiting(chromium) as visit:
        with pytest.raises(Error, match="ERR_TUNNEL_CONNECTION_FAILED"):
            await visit.page.goto("https://example.com/")


async def test_image_addresses_change_with_every_load_and_need_the_owners_cookies(
    chromium: Browser,
) -> None:
    async with visiting(chromium) as visit:
        await visit.make()
        first = await visit.source()
        await visit.page.reload()
        await visit.attached(LOADED)

        assert await visit.source() != first
        await visit.context.clear_cookies()
        assert (await visit.context.request.get(await visit.source())).status == 403
        unknown = "https://lh3.googleusercontent.com/gg/unknown=s0"
        assert (await visit.context.request.get(unknown)).status == 404


async def test_a_blob_source_is_revoked_and_came_through_the_download_hosts(
    chromium: Browser,
) -> None:
    async with visiting(chromium, defaults={"image_src": "blob"}) as visit:
        async with visit.page.expect_response(
            lambda r: "/rd-gg-dl/" in r.url and "lh3.google" in r.url
        ) as coming:
            await visit.make()
        url = (await coming.value).url

        source = await visit.source()
        assert source.startswith("blob:https://gemini.google.com/")
        with pytest.raises(Error, match="Failed to fetch"):
            await visit.page.evaluate("url => fetch(url).then(() => 1)", source)
        answer = await visit.context.request.get(url.replace("=s1024-rj?alr=yes", "=s0"))
        assert sha256(await answer.body()) == visit.stand_in.log[0].images[0].sha256_s0


async def test_an_answer_goes_on_when_its_page_is_gone(chromium: Browser) -> None:
    beat = Beat()
    async with visiting(chromium, sleep=beat.sleep) as visit:
        await visit.send()
        await visit.attached("user-query")
        address = visit.page.url
        await visit.page.close()

        page = await visit.context.new_page()
        await page.goto(address)

        await page.wait_for_selector(STOP["2025"])
        beat.step()
        beat.step()
        await page.wait_for_selector(LOADED)
        assert len(visit.stand_in.log) == 1


async def test_a_new_chat_is_not_disturbed_by_the_answer_left_behind(chromium: Browser) -> None:
    beat = Beat()
    async with visiting(chromium, sleep=beat.sleep) as visit:
        await visit.send()
        await visit.attached("user-query")
        await visit.page.get_by_role("link", name="New chat").click()
        async with visit.page.expect_response("**/_/mode"):  # the old answer's stream has ended
            for _ in range(3):
                beat.step()

        await expect(visit.page).to_have_url(APP)
        await expect(visit.page.locator("user-query")).to_have_count(0)


async def test_the_side_bar_lists_chats_late_and_one_title_reads_like_a_refusal(
    street: Street,
) -> None:
    visit = await street.visit(ui="2026")
    await visit.make()
    titles = visit.page.locator('conversations-list a[data-test-id="conversation"]')
    assert await titles.count() == 0

    await visit.page.get_by_role("button", name="Open sidebar").click()

    await expect(titles).to_have_text(["A Red Kite Row-07", "Image Generation Request Denied"])


async def test_the_image_mode_is_a_tool_that_stays_chosen(chromium: Browser) -> None:
    async with visiting(chromium, at=APP) as visit:
        editor = visit.page.locator("rich-textarea .ql-editor")
        await expect(editor).to_have_attribute("data-placeholder", "Ask Gemini")
        await visit.page.get_by_role("button", name="Tools").click()
        await visit.page.get_by_role("menuitemcheckbox", name="Create image").click()
        await visit.make()

        await expect(editor).to_have_attribute("data-placeholder", "Describe your image")
        await expect(visit.page.get_by_role("button", name="Deselect Images")).to_be_visible()


async def test_the_address_switches_the_language_and_no_structure(chromium: Browser) -> None:
    async with visiting(chromium, at=f"{APP}?hl=de") as visit:
        editor = visit.page.locator("rich-textarea .ql-editor")
        await expect(editor).to_have_attribute("aria-label", "Einen Prompt für Gemini eingeben")
        await visit.make()

        await expect(visit.page.locator("thumb-up-button button")).to_have_attribute(
            "aria-label", "Gute Antwort"
        )
        assert await visit.page.locator("html").get_attribute("lang") == "de"


async def test_a_rule_may_set_how_one_page_looks(chromium: Browser) -> None:
    rules = rule("ok", at="load", n=2, ui="2026", language="ja")
    async with visiting(chromium, rules) as visit:
        await visit.attached("toolbox-drawer")
        await visit.page.goto(APP)

        editor = visit.page.locator("rich-textarea .ql-editor")
        await expect(editor).to_have_attribute("aria-label", "Gemini へのプロンプトを入力")
        assert await visit.page.locator("toolbox-drawer").count() == 0


async def test_each_of_two_images_has_a_button_of_its_own(street: Street) -> None:
    visit = await street.visit(rule("two_images"))
    await visit.make()
    await expect(visit.page.locator(DOWNLOAD_BUTTON)).to_have_count(2)

    second = await visit.clicked_download()

    hashes = [image.sha256_original for image in visit.log[0].images]
    assert sha256(second) == hashes[1] != hashes[0]


async def test_a_landing_page_shows_thumbnails_of_earlier_images(street: Street) -> None:
    visit = await street.visit()
    await visit.make()
    await visit.page.goto(IMAGES)

    thumbnail = visit.page.locator("img.thumbnail")

    await expect(thumbnail).to_have_attribute("src", re.compile("lh3.*/gg/.*=s256-rj"))
    await visit.page.wait_for_function("() => document.querySelector('.thumbnail').naturalWidth")
    await visit.make("another kite")
    await expect(thumbnail).to_have_count(0)


def said(text: str) -> str:
    return f'model-response:has(message-actions) .markdown[aria-busy="false"]:has-text("{text}")'


ENDINGS: dict[str, tuple[dict[str, Any], str]] = {
    "stopped": ({}, ".stopped-draft-message:not([hidden])"),
    "quota": ({}, said("as soon as your limit resets")),
    "quota, older words": ({"kind": "tomorrow"}, said("come back tomorrow")),
    "quota_banner": ({}, 'gemini-quota-banner:has-text("Continuing with Flash-Lite")'),
    "refusal": ({}, said("may go against my guidelines")),
    "refusal, person": ({"kind": "person"}, said("depict some public figures")),
    "refusal, third_party": ({"kind": "third_party"}, said("third-party content providers")),
    "refusal, safety": ({"kind": "safety"}, said("safety filters kicked in")),
    "refusal, language_model": ({"kind": "language_model"}, said("just a language model")),
    "transient": ({}, said("I encountered an error doing what you asked")),
    "transient, hard_time": ({"kind": "hard_time"}, said("a hard time fulfilling")),
    "throttle": ({}, said("a lot of requests right now")),
    "numbered": ({"code": 1060}, said("Something went wrong (1060)")),
    "text_only": ({}, said("a calm foreground")),
    "flash_lite": ({}, said("image creation isn't available in your location")),
    "signed_out": ({}, said("Are you signed in?")),
    "toast, after": ({"kind": "after"}, 'mat-snack-bar-container:has-text("wrong (1095)")'),
    "placeholder_error": ({}, f"{COMPLETE} >> xpath=../../.. >> .placeholder.error"),
    "no_button": ({}, f"model-response:has({COMPLETE}):not(:has({DOWNLOAD_BUTTON})) {LOADED}"),
    "button_menu": ({}, f"{DOWNLOAD_BUTTON}.mat-mdc-menu-trigger"),
    "two_images": ({}, 'single-image[data-image-attachment-index="0"] .image.loaded'),
    "stop_stuck": ({}, f"main:has({COMPLETE}):has({LOADED}) {STOP['2025']}"),
    "timeout": ({}, f"main:has({STOP['2025']}) .response-footer.animated"),
    "decoys": ({}, f"model-response:has({LOADED}) img.licensed-image[alt$=', AI generated']"),
}


@pytest.mark.parametrize("name", ENDINGS)
async def test_an_answer_ends_as_its_rule_says(street: Street, name: str) -> None:
    keys, selector = ENDINGS[name]
    visit = await street.visit(rule(name.partition(",")[0], **keys))
    await visit.send()

    await visit.attached(selector)

    entry = visit.log[0]
    assert (entry.accepted, entry.outcome) == (True, name.partition(",")[0])


@pytest.mark.parametrize("play", ["toast", "send_ignored"])
async def test_a_prompt_that_is_not_taken_stays_in_the_box(street: Street, play: str) -> None:
    visit = await street.visit(rule(play, times=1))
    async with visit.page.expect_response("**/StreamGenerate"):
        await visit.send()

    editor = visit.page.locator("rich-textarea .ql-editor")
    await expect(editor).to_have_text(PROMPT)
    await expect(visit.page.locator("mat-snack-bar-container")).to_have_count(
        1 if play == "toast" else 0
    )
    assert [entry.accepted for entry in visit.log] == [False]
    await visit.page.locator(SEND["2025"]).click()
    await visit.attached(LOADED)


async def test_a_slow_image_comes_after_the_answer_says_it_is_complete(chromium: Browser) -> None:
    beat = Beat()
    async with visiting(chromium, rule("slow_image"), sleep=beat.sleep) as visit:
        await visit.send()
        beat.step()
        beat.step()
        await visit.attached(f"model-response:has({COMPLETE}) .placeholder.loading")

        beat.step()

        await visit.attached(f"model-response:has({COMPLETE}) {LOADED}")


async def test_a_dropped_query_is_accepted_and_then_gone(chromium: Browser) -> None:
    beat = Beat()
    async with visiting(chromium, rule("dropped"), sleep=beat.sleep) as visit:
        await visit.send()
        await visit.attached("user-query")

        beat.step()
        beat.step()

        await expect(visit.page.locator("user-query")).to_have_count(0)
        assert visit.stand_in.log[0].accepted


async def test_a_stale_image_is_drawn_again_outside_our_turn(chromium: Browser) -> None:
    rules = rule("stale_image", marker="second", kind="after")
    async with visiting(chromium, rules) as visit:
        await visit.make()
        older = await visit.source()
        await visit.page.goto(IMAGES)

        await visit.send("second kite")

        ours = visit.page.locator(f".conversation-container:has-text('second kite') {LOADED}")
        await expect(ours).to_have_count(1)
        again = visit.page.locator(f".conversation-container:has-text('row-07') {LOADED}")
        await expect(again).to_have_count(1)
        assert await again.get_attribute("src") != older


FAULTS: dict[str, Callable[[bytes, bytes], bool]] = {
    "preview_only": lambda s0, full: s0 == full and Image.open(io.BytesIO(s0)).width == 1024,
    "small": lambda s0, full: len(s0) < 50_000 and len(full) < 50_000,
    "wrong_orientation": lambda s0, _: Image.open(io.BytesIO(s0)).size == (768, 1408),
    "truncated": lambda s0, full: not s0.endswith(b"\xff\xd9") and not full.endswith(b"\xff\xd9"),
}


@pytest.mark.parametrize("play", FAULTS)
async def test_a_spoiled_image_is_spoiled_on_every_way(street: Street, play: str) -> None:
    visit = await street.visit(rule(play))
    await visit.make()

    assert FAULTS[play](await visit.s0(), await visit.clicked_download())


async def test_forbidden_s0_leaves_the_button(street: Street) -> None:
    visit = await street.visit(rule("s0_forbidden"))
    await visit.make()

    url = (await visit.source()).replace("=s1024-rj", "=s0")
    assert (await visit.context.request.get(url)).status == 403
    logged = visit.log[0].images[0]
    assert sha256(await visit.clicked_download()) == logged.sha256_original


async def test_a_duplicate_has_the_bytes_of_an_earlier_submission(chromium: Browser) -> None:
    async with visiting(chromium, rule("duplicate", n=2)) as visit:
        await visit.make()
        await visit.page.goto(IMAGES)
        await visit.make("another kite")

        first, second = visit.stand_in.log
        assert second.images == first.images
        assert sha256(await visit.s0()) == first.images[0].sha256_s0


@pytest.mark.parametrize(
    ("play", "where", "button"),
    [
        ("challenge", "https://gemini.google.com/sorry/index", "Continue"),
        ("consent", "https://consent.google.com/m", "Accept all"),
    ],
)
@pytest.mark.parametrize("at", ["load", "send"])
async def test_a_blocked_account_meets_a_page_for_a_person_until_it_is_mended(
    street: Street, play: str, where: str, button: str, at: str
) -> None:
    visit = await street.visit(rule(play, at=at, times=1))
    if at == "send":
        await visit.send()
    await visit.page.wait_for_url(f"{where}*")

    for box in await visit.page.get_by_role("checkbox").all():
        await box.check()
    await visit.page.get_by_role("button", name=button).click()

    await visit.page.wait_for_url(APP)
    await visit.attached("rich-textarea")


async def test_another_country_gets_a_page_without_a_composer(street: Street) -> None:
    visit = await street.visit(rule("region"))
    await visit.attached('h1:has-text("supported in your country")')

    assert await visit.page.locator("rich-textarea").count() == 0


async def test_a_signed_out_account_comes_back_by_signing_in(chromium: Browser) -> None:
    rules = rule("signed_out", at="load", n=2, kind="redirect")
    async with visiting(chromium, rules) as visit:
        await visit.page.goto(APP)
        assert visit.page.url.startswith("https://accounts.google.com/ServiceLogin?continue=")
        await visit.page.goto(APP)
        await expect(visit.page.get_by_role("link", name="Sign in")).to_be_visible()

        await visit.page.goto(SIGN_IN.format("first"))

        await visit.attached('a[aria-label^="Google Account: first"]')


async def test_on_the_small_model_the_label_says_so_and_the_picker_mends_it(
    street: Street,
) -> None:
    visit = await street.visit(rule("flash_lite", at="load", times=1), ui="2026")
    picker = visit.page.get_by_role("button", name="Open mode picker, currently Flash-Lite")
    await picker.click()
    await visit.page.get_by_role("menuitem", name="3.6 Flash").click()

    await visit.attached('[aria-label="Open mode picker, currently Flash"]')
    await visit.make()
    assert visit.log[0].mode == "Flash"


async def test_a_limit_leaves_the_small_model_and_the_label_tells(street: Street) -> None:
    visit = await street.visit(rule("quota_banner", times=1))
    await visit.send()

    label = visit.page.locator('[data-test-id="logo-pill-label-container"]')
    await expect(label).to_have_text("Flash-Lite")
    await visit.send("Draw another image")
    await visit.attached(said("image creation isn't available in your location"))
    assert [entry.mode for entry in visit.log] == ["Flash", "Flash-Lite"]


async def test_a_reload_stops_a_fragile_answer(chromium: Browser) -> None:
    async with visiting(chromium, rule("fragile"), sleep=Beat().sleep) as visit:
        await visit.send()
        await visit.attached("user-query")

        await visit.page.reload()

        await visit.attached(".stopped-draft-message:not([hidden])")
        assert visit.stand_in.log[0].outcome == "cut"


async def test_a_stuck_stop_button_goes_with_a_reload(street: Street) -> None:
    visit = await street.visit(rule("stop_stuck"))
    await visit.make()
    await expect(visit.page.locator(STOP["2025"])).to_have_count(1)

    await visit.page.reload()

    await visit.attached(LOADED)
    await expect(visit.page.locator(STOP["2025"])).to_have_count(0)


async def test_the_choice_of_resolutions_leads_to_the_original(street: Street) -> None:
    visit = await street.visit(rule("button_menu"))
    await visit.make()
    await visit.page.locator(DOWNLOAD_BUTTON).click(force=True)
    async with visit.page.expect_download() as coming:
        await visit.page.locator(".download-menu-item").first.click()

    data = await file_bytes(await coming.value)
    assert sha256(data) == visit.log[0].images[0].sha256_original


async def test_an_open_menu_swallows_keystrokes_until_escape(street: Street) -> None:
    visit = await street.visit(ui="2026")
    editor = visit.page.locator("rich-textarea .ql-editor")
    await editor.click()
    await visit.page.get_by_role("button", name="Upload & tools").click()
    await editor.focus()
    await visit.page.keyboard.insert_text("lost")
    await visit.page.keyboard.press("Escape")
    await visit.page.keyboard.insert_text("kept")

    await expect(editor).to_have_text("kept")


async def test_control_renames_any_token_of_the_page(chromium: Browser) -> None:
    async with visiting(chromium) as visit:
        drift = {"drift": {"rich-textarea": "prompt-area", "Tools": "Extras", "send": "rocket"}}
        await control(visit.stand_in, "PATCH", "/defaults", json.dumps(drift))
        await visit.page.goto(APP)

        await visit.attached("prompt-area .ql-editor")
        await visit.attached('mat-icon[fonticon="rocket"]')
        await visit.attached('button[aria-label="Extras"]')
        assert await visit.page.locator("rich-textarea").count() == 0


async def test_control_freezes_the_network(chromium: Browser) -> None:
    async with visiting(chromium) as visit:
        await control(visit.stand_in, "PUT", "/network/frozen")
        with pytest.raises(Error, match="Timeout"):
            await visit.context.request.get(APP, timeout=400)
        assert (await control(visit.stand_in, "GET", "/state"))["frozen"] is True

        await control(visit.stand_in, "DELETE", "/network/frozen")

        await visit.page.goto(APP)


async def test_control_cuts_every_connection_and_mends_the_network(chromium: Browser) -> None:
    async with visiting(chromium) as visit:
        await visit.page.goto(APP)
        await control(visit.stand_in, "PUT", "/network/cut")
        with pytest.raises(Error, match=r"ECONNRESET|hang up|ended"):
            await visit.context.request.get(APP)
        assert (await control(visit.stand_in, "GET", "/state"))["cut"] is True

        await control(visit.stand_in, "DELETE", "/network/cut")

        await visit.page.goto(APP)


async def test_control_sets_a_quota_that_ends_with_its_window(chromium: Browser) -> None:
    async with visiting(chromium) as visit:
        quota = {"quota_images": 1, "window_seconds": 3600}
        await control(visit.stand_in, "PATCH", "/accounts/first", json.dumps(quota))
        await visit.make()
        await visit.send("another kite")
        await visit.attached(said("as soon as your limit resets"))
        state = await control(visit.stand_in, "GET", "/state")
        assert [account["conditions"] for account in state["accounts"]] == [["quota"]]

        await control(visit.stand_in, "DELETE", "/accounts/first/conditions/quota")
        await visit.page.goto(IMAGES)

        await visit.make("a third kite")
        assert [s["outcome"] for s in await control(visit.stand_in, "GET", "/log")] == [
            "ok",
            "quota",
            "ok",
        ]


async def test_a_stand_in_goes_on_where_an_earlier_one_was_ended(
    chromium: Browser, tmp_path: Path
) -> None:
    kept: dict[str, Any] = {"state_dir": tmp_path / "state", "log_path": tmp_path / "log.jsonl"}
    async with visiting(chromium, rule("slow", n=2, delay_seconds=60), **kept) as visit:
        await visit.make()
        await visit.page.goto(IMAGES)
        await visit.send("a second kite")
        await visit.attached("user-query")
        finished, running = (entry.conversation for entry in visit.stand_in.log)

    async def at_once(_seconds: float) -> None:
        await asyncio.sleep(0)

    async with visiting(chromium, at=f"{APP}/{finished}", sleep=at_once, **kept) as visit:
        await visit.attached(LOADED)
        assert sha256(await visit.s0()) == visit.stand_in.log[0].images[0].sha256_s0
        await visit.page.goto(f"{APP}/{running}")
        await visit.attached(LOADED)
        await visit.page.goto(IMAGES)
        await visit.make("a third kite")

    assert [entry.n for entry in read_log(tmp_path / "log.jsonl")] == [1, 2, 3]
