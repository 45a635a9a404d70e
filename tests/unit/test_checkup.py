"""What looks at a page say about a role and about the account, for every kind of page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from farm.model.causes import Cause
from farm.model.outcomes import Outcome
from farm.sites.base import PageImage, Reading, SendButton, SignIn, Turn
from farm.sites.gemini.checkup import (
    NEEDED,
    USEFUL,
    Account,
    Look,
    Mark,
    RoleFinding,
    check_account,
    check_roles,
)
from farm.sites.gemini.pack import load_pack
from farm.sites.gemini.page import SIGN_IN_COOKIES

PACK = load_pack()
ALL = dict.fromkeys([*NEEDED, *USEFUL], 0)
PICTURE = "https://lh3.googleusercontent.com/gg/token=s1024-rj"
CHAT = Reading(
    url="https://gemini.google.com/app?hl=en",
    conversation="",
    language="en",
    ui="2025",
    sign_in=SignIn.IN,
    composer=True,
    composer_text="",
    send=SendButton.DISABLED,
    generating=False,
    image_mode=False,
    mode_label="Flash",
    turns=(),
    baseline=frozenset(),
    conversations=("c1",),
    conversations_listed=True,
    blocked=None,
    notice=None,
)
SHOWN = PageImage(src=PICTURE, loaded=True, width_px=1024, height_px=572, download=True)
DRAWN = Turn(
    id="r1", index=0, query="A boat", text="", started=True, finished=True, stopped=False,
    images=(SHOWN,), pending_images=0, failed_images=0, outcome=None,
)  # fmt: skip
TALK = replace(CHAT, conversation="c1", turns=(DRAWN,))
TEXT_TALK = replace(TALK, turns=(replace(DRAWN, images=(), text="A boat."),))


def look(
    reading: Reading, *lost: str, matched: Mapping[str, int] = ALL, images: tuple[str, ...] = ()
) -> Look:
    found: dict[str, Any] = {role: i for role, i in matched.items() if role not in lost}
    snapshot = {"matched": found, "images": list(images)}
    return Look(snapshot=snapshot, reading=reading, opened=reading.conversation)


def check(role: str, *looks: Look) -> RoleFinding:
    return next(one for one in check_roles(looks, PACK) if one.role == role)


def test_every_role_of_the_pack_gets_a_mark_in_its_order() -> None:
    found = check_roles([look(CHAT), look(TALK)], PACK)

    assert [one.role for one in found] == list(PACK.roles)
    assert {one.mark for one in found} == {Mark.OK, Mark.INCONCLUSIVE}


def test_a_later_candidate_is_drift_and_the_worst_look_counts() -> None:
    later = look(TALK, matched={**ALL, "composer": 2})

    found = check("composer", look(CHAT), later)

    assert (found.mark, found.candidate, found.generation) == (Mark.DRIFT, 2, "any")
    assert found.why == "found by candidate 3 of 5"


def test_the_first_candidate_of_a_later_generation_is_no_drift() -> None:
    index = next(i for i, c in enumerate(PACK.candidates("tools_menu")) if c.ui == "2026")

    found = check("tools_menu", look(CHAT, matched={"tools_menu": index}))

    assert (found.mark, found.generation) == (Mark.OK, "2026")


@pytest.mark.parametrize("role", sorted(NEEDED))
def test_what_farm_needs_is_missing_where_the_page_must_show_it(role: str) -> None:
    found = check(role, look(CHAT, role), look(TALK, role))

    assert (found.mark, found.needed) == (Mark.MISSING, True)


@pytest.mark.parametrize("role", ["turn", "query", "answer", "image", "actions"])
def test_roles_of_a_turn_are_inconclusive_without_a_conversation(role: str) -> None:
    assert check(role, look(CHAT, role)).mark is Mark.INCONCLUSIVE


def test_image_roles_are_inconclusive_in_a_talk_without_a_picture() -> None:
    assert check("generated_image", look(TEXT_TALK, "generated_image")).mark is Mark.INCONCLUSIVE


def test_a_pictures_address_alone_tells_that_its_frame_is_no_longer_known() -> None:
    unknown = look(TEXT_TALK, "generated_image", images=(PICTURE,))

    assert check("generated_image", unknown).mark is Mark.MISSING


def test_an_uploaded_picture_is_no_proof_of_a_generated_one() -> None:
    uploaded = look(
        TEXT_TALK,
        "generated_image",
        matched={**ALL, "uploaded_image": 0},
        images=(PICTURE,),
    )

    assert check("generated_image", uploaded).mark is Mark.INCONCLUSIVE


def test_the_page_of_2026_needs_no_send_button_while_its_box_is_empty() -> None:
    empty, typed = replace(CHAT, ui="2026"), replace(CHAT, ui="2026", composer_text="A boat")

    assert check("send", look(empty, "send")).mark is Mark.INCONCLUSIVE
    assert check("send", look(typed, "send")).mark is Mark.MISSING


def test_a_blocked_page_proves_nothing_missing() -> None:
    sorry = Outcome(cause=Cause.CHALLENGE, message="A captcha.")

    found = check("composer", look(replace(CHAT, blocked=sorry), "composer"))

    assert (found.mark, found.why) == (Mark.INCONCLUSIVE, "the page is blocked")


def test_a_used_up_allowance_hides_no_missing_role() -> None:
    limited = Outcome(cause=Cause.LIMITED_QUOTA, message="Tomorrow.")

    assert check("composer", look(replace(CHAT, blocked=limited), "composer")).mark is Mark.MISSING


def test_without_any_look_nothing_is_missing() -> None:
    assert {one.mark for one in check_roles([], PACK)} == {Mark.INCONCLUSIVE}


OUT, IN, UNKNOWN = SignIn.OUT, SignIn.IN, SignIn.UNKNOWN


@pytest.mark.parametrize(
    ("marks", "listed", "cookies", "account"),
    [
        ((IN, IN), True, SIGN_IN_COOKIES, Account.IN),
        ((UNKNOWN, IN), True, SIGN_IN_COOKIES, Account.IN),
        ((IN,), True, {"NID"}, Account.UNKNOWN),
        ((UNKNOWN,), False, SIGN_IN_COOKIES, Account.ROT),
        ((UNKNOWN,), False, {"SID"}, Account.OUT),
        ((OUT,), False, SIGN_IN_COOKIES, Account.OUT),
        ((OUT,), True, SIGN_IN_COOKIES, Account.ROT),
        ((OUT,), True, set(), Account.OUT),
        ((OUT, IN), False, SIGN_IN_COOKIES, Account.OUT),
        ((), False, SIGN_IN_COOKIES, Account.ROT),
    ],
)
def test_cookies_and_marks_together_tell_rot_from_a_sign_out(
    marks: tuple[SignIn, ...], listed: bool, cookies: set[str], account: Account
) -> None:
    conversations = ("c1",) if listed else ()
    looks = [look(replace(CHAT, sign_in=mark, conversations=conversations)) for mark in marks]

    assert check_account(looks, cookies) is account
