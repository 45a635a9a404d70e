"""What a snapshot says: one row per fact or trap of the page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from farm.model.causes import Cause
from farm.model.outcomes import Outcome
from farm.sites.base import Reading, SendButton, SignIn, Turn
from farm.sites.gemini.pack import load_pack
from farm.sites.gemini.reading import read

PACK = load_pack()
NOW = datetime(2026, 7, 25, 9, 30, tzinfo=UTC).timestamp()
APP = "https://gemini.google.com/app"
PREVIEW = "https://lh3.googleusercontent.com/gg/t0k3n=s1024-rj"
QUOTA = "I can create more images as soon as your limit resets. Check your usage in Settings."
DOUBT = (
    "Are you signed in? I can search for images, but can't seem to create any for you right now. "
    "It's also possible that image creation isn't available in your location yet."
)
THROTTLE = (
    "I couldn't do that because I'm getting a lot of requests right now. Please try again later."
)


def snapshot(**changes: Any) -> dict[str, Any]:
    """An idle page of a signed-in account, with changes."""
    return {
        "url": APP,
        "title": "Google Gemini",
        "language": "en",
        "matched": {},
        "broken": [],
        "sign_in_mark": False,
        "account_mark": True,
        "composer": box(),
        "send": "disabled",
        "stop": False,
        "mode": {"label": "Flash", "picker": "", "text": ""},
        "tools": {"image_chip": False, "chips": [], "image_checked": False},
        "conversations": {"listed": True, "links": []},
        "attachments": [],
        "images": [],
        "turns": [],
        "quota_banners": [],
        "banners": [],
        "toasts": [],
        "cookie_dialogs": [],
        "dialogs": [],
        "bare": "",
    } | changes


def box(text: str = "", placeholder: str = "Ask Gemini") -> dict[str, Any]:
    return {"text": text, "placeholder": placeholder, "name": "", "enabled": True}


def answer(text: str = "", **changes: Any) -> dict[str, Any]:
    """A settled answer."""
    return {
        "text": text,
        "footer_done": True,
        "footer_busy": False,
        "busy": False,
        "actions": True,
        "thinking": False,
        "progress": False,
        "stopped": [],
        "stray_failed": 0,
        "strangers": [],
        "frames": [],
    } | changes


def frame(**changes: Any) -> dict[str, Any]:
    """A generated image with its picture."""
    images = [{"src": PREVIEW, "complete": True, "width": 1024, "height": 572, "marked": True}]
    return {"images": images, "download": True, "failed": False, "pending": False} | changes


def unloaded() -> dict[str, Any]:
    images = [{"src": PREVIEW, "complete": False, "width": 0, "height": 0, "marked": False}]
    return frame(images=images, download=False)


def talk(*answers: dict[str, Any] | None, **changes: Any) -> dict[str, Any]:
    """A page with one turn for each answer."""
    turns: list[dict[str, Any]] = [
        {
            "id": f"t{i}",
            "has_query": True,
            "query": "A red\nlighthouse",
            "uploads": 0,
            "answer": a,
            "strangers": [],
        }
        for i, a in enumerate(answers)
    ]
    return snapshot(turns=turns, **changes)


def reading(page: dict[str, Any]) -> Reading:
    return read(page, PACK, NOW, UTC)


def only_turn(page: dict[str, Any]) -> Turn:
    (turn,) = reading(page).turns
    return turn


def cause(outcome: Outcome | None) -> Cause | None:
    return outcome.cause if outcome else None


# --- what an answer means ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (QUOTA, Cause.LIMITED_QUOTA),
        ("You’ve reached your image limit for today.", Cause.LIMITED_QUOTA),
        ("You’ve hit your usage limit.", Cause.LIMITED_QUOTA),
        (THROTTLE, Cause.LIMITED_THROTTLE),
        (f"{THROTTLE} {QUOTA}", Cause.LIMITED_THROTTLE),
        (f"Sorry, something went wrong. {QUOTA}", Cause.LIMITED_QUOTA),
        ("Sorry, something went wrong. Please try your request again.", Cause.TRANSIENT),
        ("SOMETHING WENT WRONG (1099)", Cause.TRANSIENT),
        ("Something went wrong (1037).", Cause.LIMITED_QUOTA),
        ("Something went wrong (1060)", Cause.LIMITED_IP),
        ("Something went wrong (1003)", Cause.REFUSED_POLICY),
        ("Something went wrong (4711)", Cause.TRANSIENT),
        ("Here is one of 1905. Something went wrong (1096)", Cause.TEXT_ONLY),
        ("The tower (1060) stands in the north.", Cause.TEXT_ONLY),
        ("The keeper said: come back tomorrow.", Cause.TEXT_ONLY),
        ("He saw that something went wrong with the lamp.", Cause.TEXT_ONLY),
        ("The speed limit reached by ships is low.", Cause.TEXT_ONLY),
        ("Shall I make more images today?", Cause.TEXT_ONLY),
        ("Es tut mir leid, das geht heute nicht.", Cause.TEXT_ONLY),
        (f"{QUOTA} " + "The sea is wide. " * 30, Cause.TEXT_ONLY),
        ("I encountered an error doing what you asked. " * 12, Cause.TEXT_ONLY),
        ("Response stopped", Cause.STOPPED),
        ("", Cause.TEXT_ONLY),
    ],
)
def test_a_finished_answer_without_image_is_named(text: str, expected: Cause) -> None:
    turn = only_turn(talk(answer(text)))

    assert cause(turn.outcome) is expected


@pytest.mark.parametrize(
    ("mode", "sign_in_mark", "expected"),
    [
        ("3.5 Flash-Lite", True, Cause.WRONG_MODE),
        ("Flash", True, Cause.SIGNED_OUT),
        ("Flash", False, Cause.SIGNED_OUT),
        ("", False, Cause.SIGNED_OUT),
    ],
)
def test_a_doubt_about_the_sign_in_is_settled_by_the_marks_around_it(
    mode: str, sign_in_mark: bool, expected: Cause
) -> None:
    page = talk(answer(DOUBT), sign_in_mark=sign_in_mark, mode=labelled(mode))

    outcome = only_turn(page).outcome

    assert cause(outcome) is expected
    assert outcome is not None
    assert outcome.said.startswith("Are you signed in?")


def labelled(label: str, picker: str = "", text: str = "") -> dict[str, str]:
    return {"label": label, "picker": picker, "text": text}


def test_pictures_win_over_every_text() -> None:
    turn = only_turn(talk(answer(QUOTA, frames=[frame()], stopped=["You stopped this response"])))

    assert turn.finished
    assert turn.outcome is None
    assert [i.src for i in turn.images] == [PREVIEW]


@pytest.mark.parametrize(
    ("text", "src", "expected"),
    [
        ("", PREVIEW, Cause.DRIFT),
        ("Here is your image.", "blob:https://gemini.google.com/1", Cause.DRIFT),
        ("", "https://encrypted-tbn0.gstatic.com/images?q=1", Cause.TEXT_ONLY),
        ("I can create more images as soon as your limit resets.", PREVIEW, Cause.LIMITED_QUOTA),
    ],
)
def test_a_picture_in_an_unknown_part_of_an_answer_is_drift(
    text: str, src: str, expected: Cause
) -> None:
    stranger = {"src": src, "complete": True, "width": 1024, "height": 572, "marked": True}

    turn = only_turn(talk(answer(text, strangers=[stranger])))

    assert turn.images == ()
    assert cause(turn.outcome) is expected


def test_a_picture_beside_every_part_that_could_be_an_answer_is_drift() -> None:
    stranger = {"src": PREVIEW, "complete": True, "width": 1024, "height": 572, "marked": True}
    page = talk(None)
    page["turns"][0]["strangers"] = [stranger]

    outcome = only_turn(page).outcome

    assert outcome is not None
    assert (outcome.cause, outcome.role) == (Cause.DRIFT, "answer")


def test_an_unfinished_answer_means_nothing_yet() -> None:
    turn = only_turn(talk(answer(QUOTA, busy=True)))

    assert (turn.finished, turn.outcome) == (False, None)


def test_an_empty_stopped_answer_looks_finished_and_is_stopped() -> None:
    turn = only_turn(talk(answer(stopped=["你已让系统停止这条回答"])))

    assert (turn.finished, turn.stopped, cause(turn.outcome)) == (True, True, Cause.STOPPED)


def test_a_frame_with_an_error_is_no_picture() -> None:
    turn = only_turn(talk(answer(frames=[frame(images=[], failed=True)])))

    assert (turn.failed_images, turn.pending_images) == (1, 0)
    assert cause(turn.outcome) is Cause.PLACEHOLDER


def test_a_limit_explains_a_frame_with_an_error() -> None:
    turn = only_turn(talk(answer(QUOTA, frames=[frame(images=[], failed=True)])))

    assert cause(turn.outcome) is Cause.LIMITED_QUOTA


def test_an_empty_answer_of_a_mode_without_images_is_the_modes_fault() -> None:
    turn = only_turn(talk(answer(), mode=labelled("Flash-Lite")))

    assert cause(turn.outcome) is Cause.WRONG_MODE


@pytest.mark.parametrize("frames", [[unloaded()], [frame(images=[])], [frame(), unloaded()]])
def test_a_frame_that_still_waits_for_its_picture_is_pending(frames: list[dict[str, Any]]) -> None:
    turn = only_turn(talk(answer(frames=frames)))

    assert (turn.pending_images, turn.outcome) == (1, None)


def test_a_picture_of_one_pixel_is_not_loaded() -> None:
    tiny = [{"src": PREVIEW, "complete": True, "width": 1, "height": 1, "marked": True}]

    turn = only_turn(talk(answer(frames=[frame(images=tiny)])))

    assert [i.loaded for i in turn.images] == [False]


# --- when an answer is finished ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "finished"),
    [
        ({}, True),
        ({"actions": False}, True),
        ({"actions": False, "busy": None}, True),
        ({"footer_done": False}, True),
        ({"footer_done": False, "actions": False}, False),
        ({"footer_done": False, "busy": None}, True),
        ({"footer_done": False, "thinking": True}, False),
        ({"footer_done": False, "progress": True}, False),
        ({"footer_busy": True, "footer_done": False}, False),
        ({"busy": True}, False),
        ({"thinking": True}, True),
    ],
)
def test_an_answer_is_finished_when_its_marks_say_so(
    changes: dict[str, Any], *, finished: bool
) -> None:
    turn = only_turn(talk(answer("Text.", **changes)))

    assert turn.finished is finished


def test_a_stop_button_keeps_only_the_newest_answer_open() -> None:
    page = talk(answer("One."), answer("Two."), stop=True, send="stop")

    assert [t.finished for t in reading(page).turns] == [True, False]


def test_a_turn_without_an_answer_has_not_started() -> None:
    turn = only_turn(talk(None))

    assert (turn.started, turn.finished, turn.query) == (False, False, "A red lighthouse")


# --- the page around the turns -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, SignIn.IN),
        ({"account_mark": False}, SignIn.UNKNOWN),
        ({"sign_in_mark": True}, SignIn.OUT),
        ({"url": "https://accounts.google.com/v3/signin/identifier"}, SignIn.OUT),
    ],
)
def test_only_marks_and_address_prove_a_sign_in(changes: dict[str, Any], expected: SignIn) -> None:
    page = snapshot(**changes)

    assert reading(page).sign_in is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"sign_in_mark": True}, Cause.SIGNED_OUT),
        ({"url": "https://consent.google.com/m?continue=x"}, Cause.CHALLENGE),
        ({"url": "https://gemini.google.com/sorry/index"}, Cause.CHALLENGE),
        ({"url": "https://gemini.google.com/app?q=/sorry"}, None),
        ({"bare": "Gemini isn’t currently supported in your country."}, Cause.REGION),
        ({"bare": "… unusual traffic from your computer network."}, Cause.CHALLENGE),
        ({"cookie_dialogs": ["Before you continue to Google"]}, Cause.CHALLENGE),
        ({"mode": labelled("Flash-Lite")}, Cause.WRONG_MODE),
        ({"mode": labelled("", "Open mode picker, currently Flash‑Lite")}, Cause.WRONG_MODE),
        (
            {"quota_banners": ["Limit reached."], "mode": labelled("Flash-Lite")},
            Cause.LIMITED_QUOTA,
        ),
        ({"quota_banners": ["Get more images with a plan"]}, None),
        ({"quota_banners": ["한도"], "language": "ko"}, Cause.LIMITED_QUOTA),
        ({"banners": ["You've reached your limit"]}, Cause.LIMITED_QUOTA),
        ({"banners": ["Try the new colours"]}, None),
    ],
)
def test_what_blocks_the_whole_page_is_named(
    changes: dict[str, Any], expected: Cause | None
) -> None:
    page = snapshot(**changes)

    assert cause(reading(page).blocked) is expected


def test_a_quota_banner_tells_when_the_limit_ends() -> None:
    text = "Some features aren't available until your limit resets on Jul 25 at 2:18\u202fPM."

    blocked = reading(snapshot(quota_banners=[text])).blocked

    assert blocked is not None
    assert blocked.reset_at == datetime(2026, 7, 25, 14, 18, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("toast", "expected"),
    [
        ("Something went wrong (13)", Cause.TRANSIENT),
        ("Something went wrong", Cause.TRANSIENT),
        ("Something went wrong (1060)", Cause.LIMITED_IP),
        ("Something went wrong (1096)", None),
        ("You need to sign in with your Google Account to see some features", Cause.SIGNED_OUT),
        ("Downloading full size…", None),
        ("Link copied (13)", None),
    ],
)
def test_a_toast_is_named_by_its_number_and_words(toast: str, expected: Cause | None) -> None:
    page = snapshot(toasts=[toast])

    assert cause(reading(page).notice) is expected


@pytest.mark.parametrize(
    ("toast", "expected"),
    [
        ("Ein Fehler ist aufgetreten (1095)", Cause.TRANSIENT),
        ("Ein Fehler ist aufgetreten (1060).", Cause.LIMITED_IP),
        ("Ein Fehler ist aufgetreten (1096)", None),
        ("Datei gespeichert (2)", None),
        ("In voller Größe heruntergeladen (1024)", None),
    ],
)
def test_in_an_unread_language_a_known_number_at_the_end_speaks(
    toast: str, expected: Cause | None
) -> None:
    page = snapshot(toasts=[toast], language="de")

    assert cause(reading(page).notice) is expected


def test_the_text_of_a_lightbox_is_no_notice() -> None:
    dialog = {"heading": "", "text": "Something went wrong", "lightbox": True}

    assert reading(snapshot(dialogs=[dialog])).notice is None


@pytest.mark.parametrize(
    ("changes", "proven"),
    [
        ({}, False),
        ({"url": "https://gemini.google.com/images"}, True),
        ({"url": "https://gemini.google.com/u/2/images?hl=en"}, True),
        ({"url": "https://gemini.google.com/app?next=/images"}, False),
        ({"tools": {"image_chip": True, "chips": [], "image_checked": False}}, True),
        (
            {"tools": {"image_chip": False, "chips": ["Deselect Canvas"], "image_checked": False}},
            False,
        ),
        (
            {"tools": {"image_chip": False, "chips": ["Bild abwählen"], "image_checked": False}},
            True,
        ),
        ({"composer": box(placeholder="이미지를 설명하세요")}, True),
    ],
)
def test_the_image_mode_must_be_proven(changes: dict[str, Any], *, proven: bool) -> None:
    page = snapshot(**changes)

    assert reading(page).image_mode is proven


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{APP}/0123456789abcdef", "0123456789abcdef"),
        (f"{APP}/0123456789abcdef?hl=en#a1b2", "0123456789abcdef"),
        ("https://gemini.google.com/u/1/app/0123456789abcdef", "0123456789abcdef"),
        ("https://gemini.google.com/gem/helper/0123456789abcdef", "0123456789abcdef"),
        (APP, ""),
        ("https://gemini.google.com/images", ""),
    ],
)
def test_the_conversation_stands_in_the_address(url: str, expected: str) -> None:
    assert reading(snapshot(url=url)).conversation == expected


def test_conversations_keep_their_order_and_are_listed_once() -> None:
    links = [f"{APP}/bbbbbbbbbbbbbbbb", f"{APP}/aaaaaaaaaaaaaaaa", f"{APP}/bbbbbbbbbbbbbbbb", APP]

    found = reading(snapshot(conversations={"listed": True, "links": links}))

    assert found.conversations == ("bbbbbbbbbbbbbbbb", "aaaaaaaaaaaaaaaa")


def test_the_baseline_holds_only_sources_that_generated_images_have() -> None:
    blob = "blob:https://gemini.google.com/00000000-0000"
    found = reading(snapshot(images=[PREVIEW, blob, "https://www.gstatic.com/logo.svg", "data:,"]))

    assert found.baseline == {PREVIEW, blob}


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, ()),
        ({"composer": None}, ("composer",)),
        ({"composer": None, "bare": "Not available in your country"}, ()),
        ({"composer": box("text"), "send": "absent"}, ("send",)),
        ({"composer": box("text"), "send": "stop", "stop": True}, ()),
        (
            {
                "turns": [
                    {
                        "id": "",
                        "has_query": False,
                        "query": "",
                        "uploads": 0,
                        "answer": None,
                        "strangers": [],
                    }
                ]
            },
            ("query",),
        ),
    ],
)
def test_a_part_that_must_be_there_is_missed(
    changes: dict[str, Any], missing: tuple[str, ...]
) -> None:
    page = snapshot(**changes)

    assert reading(page).missing == missing


def test_a_later_candidate_of_its_generation_is_drift_and_a_generations_first_is_not() -> None:
    found = reading(snapshot(matched={"app": 1, "composer": 2, "stop": 1}))

    assert found.drifted == ("composer",)
    assert found.ui == "2025"


def test_the_send_button_is_what_a_click_would_do() -> None:
    page = snapshot(send="stop", stop=True)

    assert reading(page).send is SendButton.STOP
