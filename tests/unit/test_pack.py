"""A selector pack is checked when it is read, and can be mended at home."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from farm.errors import InputError, UsageError
from farm.model.causes import Cause
from farm.sites.gemini.candidates import named, unbalanced
from farm.sites.gemini.pack import load_pack, shipped_pack
from farm.sites.gemini.words import fold

SHIPPED = shipped_pack().read_text(encoding="utf-8")


@pytest.fixture
def pack_file(tmp_path: Path) -> Path:
    path = tmp_path / "gemini.toml"
    path.write_text(SHIPPED, encoding="utf-8")
    return path


def test_the_shipped_pack_is_good() -> None:
    pack = load_pack()

    assert pack.route("conversation", id="0123") == "https://gemini.google.com/app/0123"
    assert pack.known.codes[1096] is None
    assert pack.known.codes[1037] is Cause.LIMITED_QUOTA


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("version = 1", "version = 9", "version: must be 1"),
        ('origin = "https', 'origins = "https', "origin: is missing"),
        ('conversation = "/app/{id}"', "conversation = 5", "routes.conversation: must be a str"),
        ("[roles.lightbox]", "[roles.lihgtbox]", "roles.lihgtbox: is not a role"),
        ("[roles.lightbox]", "[roles.lihgtbox]", "roles.lightbox: is missing"),
        ('required = "page"', 'required = "always"', "roles.composer.required: must be one of"),
        (
            'css = ".ql-clipboard"',
            'css = ".ql-clipboard["',
            "roles.composer_decoy.candidates[0]: css",
        ),
        ('css = ".ql-clipboard"', 'cs = ".ql-clipboard"', "'cs' is not a key of a candidate"),
        ('css = ".ql-clipboard", ui = "any"', 'css = ".ql-clipboard", ui = "2031"', "ui '2031'"),
        ('name = "sign_in"', 'name = "sing_in"', "name 'sing_in' is not a key in [names]"),
        (
            'name = "account", how = "starts"',
            'name = "account", how = "ends"',
            "how must be one of",
        ),
        ('[texts."refused.safety"]', '[texts."refused.saftey"]', "'refused.saftey' is not a cause"),
        (
            '"/limit resets/"',
            '"/limit (resets/"',
            "texts.limited.quota.en: '/limit (resets/' is not",
        ),
        ("1003 =", "abc =", "failures.codes.abc: must be a number"),
        ('1003 = "refused.policy"', '1003 = "oops"', "failures.codes.1003: 'oops' is not a cause"),
        ("(?P<id>[0-9a-f]{8,})", "([0-9a-f]{8,})", "urls.conversation: needs a group"),
        ("short_reply_characters = 400", 'short_reply_characters = "400"', "must be a int"),
        ('placeholders = ["Describe', 'placeholders = ["", "Describe', "must hold only strings"),
    ],
)
def test_a_wrong_pack_is_named_by_file_and_key(
    pack_file: Path, old: str, new: str, finding: str
) -> None:
    assert old in SHIPPED
    pack_file.write_text(SHIPPED.replace(old, new), encoding="utf-8")

    with pytest.raises(InputError) as caught:
        load_pack(pack_file)

    assert str(pack_file) in str(caught.value)
    assert finding in str(caught.value)


def test_all_findings_are_told_at_once(pack_file: Path) -> None:
    broken = SHIPPED.replace("version = 1", "version = 2").replace("[routes]", "[roads]")
    pack_file.write_text(broken, encoding="utf-8")

    with pytest.raises(InputError) as caught:
        load_pack(pack_file)

    assert len(caught.value.problems) == 4


@pytest.mark.parametrize("content", [b"[roles", b"\xff\xfe\x00"])
def test_a_file_that_is_no_toml_is_named(pack_file: Path, content: bytes) -> None:
    pack_file.write_bytes(content)

    with pytest.raises(InputError, match="not a TOML file"):
        load_pack(pack_file)


def test_a_missing_pack_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="FARM_SELECTORS"):
        load_pack(tmp_path / "none.toml")


def test_a_folder_stands_for_the_pack_in_it(pack_file: Path) -> None:
    assert load_pack(pack_file.parent).stamps[0].path == pack_file


# --- the local override --------------------------------------------------------------------------


def test_an_override_puts_candidates_before_the_shipped_ones(pack_file: Path) -> None:
    local = pack_file.with_name("gemini.local.toml")
    local.write_text('[roles.turn]\nprepend = [{ css = "chat-turn", ui = "any" }]', "utf-8")

    pack = load_pack(pack_file)

    assert [c.css for c in pack.candidates("turn")][:2] == [
        "chat-turn",
        "div.conversation-container",
    ]


def test_an_override_replaces_lists_and_keeps_the_other_keys(pack_file: Path) -> None:
    local = pack_file.with_name("other.toml")
    local.write_text(
        '[roles.composer]\ncandidates = [{ css = "prompt-box", ui = "any" }]\n'
        '[texts."limited.quota"]\nmine = ["No more paint"]',
        "utf-8",
    )

    pack = load_pack(pack_file, local)

    assert pack.css("composer") == "prompt-box"
    assert pack.roles["composer"].required == "page"
    assert [p.search("no more paint") is not None for p in pack.texts(Cause.LIMITED_QUOTA)][-1]
    assert len(pack.texts(Cause.LIMITED_QUOTA)) > 1


def test_a_wrong_override_names_both_files(pack_file: Path) -> None:
    local = pack_file.with_name("gemini.local.toml")
    local.write_text('[roles.turn]\ncandidates = ["chat-turn"]', "utf-8")

    with pytest.raises(InputError) as caught:
        load_pack(pack_file)

    assert str(local) in str(caught.value)
    assert "roles.turn.candidates[0]: must be a table of strings" in str(caught.value)


def test_a_pack_is_stale_once_an_override_appears(pack_file: Path) -> None:
    pack = load_pack(pack_file)
    before = pack.stale

    pack_file.with_name("gemini.local.toml").write_text("version = 1", "utf-8")

    assert (before, pack.stale, load_pack(pack_file).stale) == (False, True, False)


def test_a_pack_is_stale_once_its_override_changed(pack_file: Path) -> None:
    local = pack_file.with_name("gemini.local.toml")
    local.write_text("version = 1", "utf-8")
    pack = load_pack(pack_file)

    local.write_text("version = 1 ", "utf-8")
    os.utime(local, (1, 1))

    assert pack.stale


def test_a_touched_file_with_the_same_words_is_not_stale(pack_file: Path) -> None:
    pack = load_pack(pack_file)

    os.utime(pack_file, (1, 1))

    assert not pack.stale


# --- what the pack answers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://accounts.google.com/v3/signin/identifier", Cause.SIGNED_OUT),
        ("https://www.google.com/sorry/index?continue=x", Cause.CHALLENGE),
        ("https://gemini.google.com/sorry", Cause.CHALLENGE),
        ("https://consent.google.com/m?continue=x", Cause.CHALLENGE),
        ("https://gemini.google.com/app?to=https://accounts.google.com/", None),
        ("https://gemini.google.com/sorryful", None),
    ],
)
def test_an_address_alone_can_prove_a_cause(url: str, expected: Cause | None) -> None:
    assert load_pack().cause_of_url(url) is expected


def test_network_marks_tell_submissions_and_image_bytes() -> None:
    pack = load_pack()
    service = "https://gemini.google.com/_/BardChatUi/data/assistant.lamda.BardFrontendService"

    assert pack.is_submission(f"{service}/StreamGenerate?bl=x&rt=c")
    assert not pack.is_submission("https://gemini.google.com/_/BardChatUi/data/batchexecute")
    assert pack.is_image_bytes("https://lh3.googleusercontent.com/rd-gg-dl/abc=s1024-rj")
    assert not pack.is_image_bytes("https://lh3.googleusercontent.com/a/default-user=s32")


@pytest.mark.parametrize(
    ("mode", "lite"),
    [
        ("Flash-Lite", True),
        ("3.5 Flash‑Lite", True),
        ("flash lite", True),
        ("3.6 Flash", False),
        ("Pro", False),
        ("", False),
    ],
)
def test_a_mode_without_images_is_known_by_its_name(mode: str, *, lite: bool) -> None:
    assert load_pack().makes_no_images(mode) is lite


def test_a_name_is_looked_for_in_both_attributes_and_escaped() -> None:
    css = named("button", ['Say "x"'], "^=")

    assert css == ':is(button):is([aria-label^="Say \\"x\\"" i], [arialabel^="Say \\"x\\"" i])'


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ('a[href="("]', False),
        (":is(a, b):not([c])", False),
        ("a[b", True),
        (":is(a", True),
        ("a)", True),
        (":is(a]", True),
        ('a[b="c]', True),
    ],
)
def test_a_selector_with_open_brackets_or_quotes_is_unbalanced(css: str, *, expected: bool) -> None:
    assert unbalanced(css) is expected


def test_folding_makes_typographic_text_plain() -> None:
    assert fold("  can’t\u00a0 \u202f“see”\u200b\n it ") == 'can\'t "see" it'
