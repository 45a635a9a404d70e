import random
import unicodedata
from datetime import UTC, datetime

import pytest

from farm.model.prompts import Prompt
from farm.naming import MAX_NAME_BYTES, dated_folder, image_name

ALPHABET = [*"aZ9é名 .-_~/\\:*?\"<>|\n\0\x7f\u202e\u200d\ud800'$%&", "con", ".png", "..", "e\u0301"]


def asked(filename: str, **changes: str) -> Prompt:
    return Prompt(**({"id": "7", "description": "d", "filename": filename} | changes))  # type: ignore[arg-type]  # text columns only


def name_for(filename: str, media_type: str = "image/png", *used: str) -> str:
    return image_name(asked(filename), media_type, lambda name: name.casefold() in used)


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("hero-garden.png", "hero-garden.png"),
        ("Hero Garden.PNG", "Hero-Garden.png"),
        ("photo.jpg", "photo.png"),
        ("v1.2-diagram", "v1.2-diagram.png"),
        ("../../etc/passwd", "etc-passwd.png"),
        ("..\\..\\boot.ini", "boot.ini.png"),
        ("/etc/cron.d/x.png", "etc-cron.d-x.png"),
        ("C:\\x.png", "C-x.png"),
        (".hidden.png", "hidden.png"),
        ("-rf.png", "rf.png"),
        ("trailing. .png", "trailing.png"),
        ("con.png", "image-con.png"),
        ("NUL.tar.png", "image-NUL.tar.png"),
        ("com¹.png", "image-com¹.png"),
        ("console.png", "console.png"),
        ("a\0b\nc.png", "a-b-c.png"),
        ("gpj\u202egnp.exe", "gpjgnp.exe.png"),
        ("cafe\u0301.png", "café.png"),
        ("名前.webp", "名前.png"),
        ("a?*|<>b.png", "a-b.png"),
        ("...", "image-7.png"),
    ],
)
def test_a_hostile_name_becomes_a_plain_one(filename: str, name: str) -> None:
    assert name_for(filename) == name


@pytest.mark.parametrize(
    ("filename", "media_type", "name"),
    [
        ("a.png", "image/jpeg", "a.jpg"),
        ("a.jpeg", "image/jpeg", "a.jpeg"),
        ("a.JPEG", "image/jpeg", "a.jpeg"),
        ("a.jpeg", "image/webp", "a.webp"),
    ],
)
def test_the_extension_tells_the_true_type(filename: str, media_type: str, name: str) -> None:
    assert name_for(filename, media_type) == name


def test_a_name_in_use_gets_the_next_free_number() -> None:
    assert name_for("a.png", "image/png", "a.png", "a-2.png") == "a-3.png"


def test_without_a_usable_name_the_title_speaks() -> None:
    assert image_name(asked("??", title="Glass garden"), "image/png", lambda _: False) == (
        "Glass-garden.png"
    )


def test_a_long_name_is_cut_between_characters_and_keeps_its_suffix() -> None:
    name = name_for("名" * 100 + ".png", "image/png", "名" * 38 + ".png")

    assert name == "名" * 38 + "-2.png"
    assert len(name.encode()) <= MAX_NAME_BYTES


def test_no_wish_leaves_the_folder_or_breaks_a_file_system() -> None:
    roll = random.Random(3)  # noqa: S311  # repeatable, not secret

    for _ in range(5_000):
        wish = "".join(roll.choices(ALPHABET, k=roll.randint(0, 80)))
        name = name_for(wish)
        assert 4 < len(name.encode()) <= MAX_NAME_BYTES, wish
        assert not set(name) & set('/\\:*?"<>|\0\n '), wish
        assert name[0] not in ".-~", wish
        assert name.endswith(".png"), wish
        assert name.split(".", maxsplit=1)[0].lower() != "con", wish
        assert unicodedata.is_normalized("NFC", name), wish


def test_review_images_have_their_own_folder() -> None:
    day = datetime(2026, 11, 21, 23, 59, tzinfo=UTC)

    assert dated_folder(day) == "2026-11-21"
    assert dated_folder(day, review=True) == "2026-11-21/review"
