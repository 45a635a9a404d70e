"""A page and its snapshot without the person: what is not known to be public goes."""

from __future__ import annotations

from typing import Any

import pytest

from farm.privacy import Veil
from farm.sites.gemini.pack import load_pack
from farm.sites.gemini.redaction import Redaction, is_open, owners_names
from farm.sites.gemini.saved import Saved

PACK = load_pack()
APP = "https://gemini.google.com/app"
CHAT = f"{APP}/0123456789abcdef"
AVATAR = "https://lh3.googleusercontent.com/a/ACg8ocJsecretsecret=s32-c"
LIMIT = "You've reached your image limit, Eve"


@pytest.fixture
def redaction() -> Redaction:
    return Redaction(pack=PACK, veil=Veil.over(names=["Eve"]))


def html(redaction: Redaction, *children: Any, zone: str = "", tag: str = "div", **a: str) -> str:
    """The page of one element, without what stands around it."""
    page = Saved(redaction=redaction).page([tag, a, zone, list(children)])
    return page.removeprefix("<!doctype html>\n").strip()


@pytest.mark.parametrize(
    ("text", "zone", "kept"),
    [
        ("A trip with Otto", "private", "xxxxx"),
        ("New chat", "private", "New chat"),
        ("Google Account: Eve (eve@example.com)", "private", "Google Account: xxxxx"),
        ("check your usage of love", "private", "xxxxx"),
        ("Draw Otto", "query", "Prompt 1"),
        ("You said", "query", "You said"),
        ("Draw Otto", "box", "Prompt 1"),
        ("I can't draw Eve.", "own", "I can't draw [name]."),
        (LIMIT, "spoken", "You've reached your image limit, [name]"),
        ("Hello, Otto!", "", "xxxxx, xxxx!"),
        ("Otto asks: usage limit reached", "", " xxxx xxxx: usage limit xxxxxxx "),
        ("Otto likes boats", "answer", "xxxx xxxxx xxxxx"),
        ("New chat", "", "New chat"),
    ],
)
def test_of_each_zone_only_what_is_public_stays(
    redaction: Redaction, text: str, zone: str, kept: str
) -> None:
    assert redaction.text(text, zone) == kept


def test_nothing_inside_a_private_part_is_public_again(redaction: Redaction) -> None:
    dialog = ["div", {"title": "Otto"}, "spoken", ["Delete the chat with Otto?"]]

    page = html(redaction, dialog, zone="private")

    assert page == '<div><div title="xxxxx">xxxxx</div></div>'


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("onclick", "go('otto')", ""),
        ("jslog", "123;otto", ""),
        ("nonce", "r4nd0m", ""),
        ("srcset", AVATAR, ""),
        ("content", "otto", ""),
        ("data-email", "eve@example.com", " data-email"),
        ("data-otto", "otto", " data-otto"),
        ("data-index", "3", ' data-index="3"'),
        ("class", "send-button mat", ' class="send-button mat"'),
        ("data-test-id", "send-button", ' data-test-id="send-button"'),
        ("data-test-id", "x" * 201, " data-test-id"),
        ("id", "r_0123456789abcdef", ' id="r_a000000000000001"'),
        ("aria-checked", "true", ' aria-checked="true"'),
        ("href", f"{CHAT}?hl=en", f' href="{APP}/a000000000000001"'),
        ("href", "mailto:eve@example.com", ""),
        ("href", "/app/0123456789abcdef", ' href="/app/a000000000000001"'),
    ],
)
def test_of_attributes_what_selectors_need_stays(
    redaction: Redaction, name: str, value: str, kept: str
) -> None:
    assert html(redaction, **{name: value}) == f"<div{kept}></div>"


def test_a_picture_keeps_its_kind_and_whether_it_had_come(redaction: Redaction) -> None:
    gone = "https://lh3.googleusercontent.com/gg/AbCdEf=s1024"

    shown = html(redaction, tag="img", src=AVATAR, **{"*picture": "300"})
    missing = html(redaction, tag="img", src=gone, **{"*picture": "0"})

    assert 'src="https://lh3.googleusercontent.com/a/ACgpicture-1=s1024-rj"' in shown
    assert 'src="https://lh3.googleusercontent.com/gg/never-2=s1024-rj"' in missing


def test_a_known_secret_leaves_no_attribute_and_no_text() -> None:
    secret = "sidvalue.withoutdigits"  # noqa: S105  # made up
    redaction = Redaction(pack=PACK, veil=Veil.over(secrets=[secret]))

    page = html(redaction, secret, zone="spoken", **{"class": secret, "aria-label": secret})

    assert secret not in page


def snapshot(**changes: Any) -> dict[str, Any]:
    src = "https://lh3.googleusercontent.com/gg/secret=s1024-rj"
    turn = {
        "id": "0123456789abcdef", "has_query": True, "query": "Draw Otto", "uploads": 0,
        "strangers": [{"src": src, "complete": True, "width": 1024, "height": 572}],
    }  # fmt: skip
    plain: dict[str, Any] = {
        "url": f"{CHAT}?hl=en", "title": "Otto - Google Gemini", "language": "en", "matched": {},
        "composer": {"text": "Draw Otto", "placeholder": "Ask Gemini", "name": "", "enabled": True},
        "conversations": {"listed": True, "links": [CHAT]}, "images": [AVATAR],
        "turns": [{**turn, "answer": None}], "toasts": [LIMIT], "bare": "Hello, Otto!",
    }  # fmt: skip
    return plain | changes


def test_page_and_snapshot_speak_of_the_same_things_by_the_same_names(
    redaction: Redaction,
) -> None:
    page = html(redaction, ["p", {}, "query", ["Draw Otto"]], id="0123456789abcdef")

    told = redaction.snapshot(snapshot())

    (turn,) = told["turns"]
    assert f'id="{turn["id"]}"' in page
    assert f">{turn['query']}<" in page
    assert told["composer"]["text"] == turn["query"] == "Prompt 1"
    assert told["url"] == told["conversations"]["links"][0] == f"{APP}/a000000000000001"


def test_of_a_snapshot_nothing_private_stays(redaction: Redaction) -> None:
    told = str(redaction.snapshot(snapshot(novelty=["Otto", 3], toasts=[LIMIT])))

    assert [word for word in ("Otto", "Eve", "0123456789abcdef", "secret") if word in told] == []
    assert "reached your image limit" in told
    assert "'novelty': ['xxxx', 3]" in told


def test_prompts_stay_when_they_are_asked_for() -> None:
    redaction = Redaction(pack=PACK, veil=Veil(), with_prompts=True)

    assert redaction.snapshot(snapshot())["composer"]["text"] == "Draw Otto"


@pytest.mark.parametrize(
    ("url", "is_other"),
    [
        (APP, False),
        ("https://gemini.google.com/sorry/index", True),
        ("https://www.google.com/sorry/index", True),
        ("https://consent.google.com/m", True),
        ("https://accounts.google.com/v3/signin/identifier", False),
    ],
)
def test_a_page_of_another_kind_is_known_by_its_address(url: str, *, is_other: bool) -> None:
    assert is_open(url, PACK) is is_other


@pytest.mark.parametrize(
    ("label", "names"),
    [
        ("Google Account: Eve Lee  \n(eve@example.com)", ("Eve Lee",)),
        ("Google-Konto: Eve Lee (eve@example.com)", ("Eve Lee",)),
        ("", ()),
    ],
)
def test_the_owners_name_is_read_from_the_accounts_mark(label: str, names: tuple[str, ...]) -> None:
    assert tuple(name.strip() for name in owners_names([label], PACK)) == names
