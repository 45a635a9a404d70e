import random
import unicodedata
from datetime import UTC, datetime

import pytest

from farm.model.jobs import Job, JobState
from farm.model.name_template import NameTemplate
from farm.model.prompts import Prompt
from farm.naming import MAX_NAME_BYTES, image_folder, image_name, name_values

JOB = Job(
    id=1, queue="autumn", version=1, state=JobState.COMPLETED, lane="any", priority=0,
    not_before=None, attempts=1, max_attempts=3, crashes=0, cause=None, message="",
    image_path="", session="alice", updated_at=0.0, completed_at=None, source="p.csv", row=1,
    prompt=Prompt(
        id="7", filename="mill.png", description="d", extra={"Client Name": "A/B", "Date": "never"}
    ),
)  # fmt: skip
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

    values = name_values(JOB, day)

    assert image_folder(NameTemplate(), values) == "2026-11-21"
    assert image_folder(NameTemplate(), values, review=True) == "2026-11-21/review"


def test_a_template_puts_images_where_the_row_says() -> None:
    template = NameTemplate("{date}/{client_name}/{Prompt ID}-{filename}")
    values = name_values(JOB, datetime(2026, 11, 21, tzinfo=UTC))

    folder = image_folder(template, values)
    name = image_name(JOB.prompt, "image/webp", lambda _: False, stem=template.stem(values))

    assert (folder, name) == ("2026-11-21/A-B", "7-mill.webp")


def test_a_row_names_no_folder_outside_and_none_of_farms_own() -> None:
    template = NameTemplate("{client}/{filename}")

    folders = [
        image_folder(template, {"client": text})
        for text in ("../../etc", "..", "review", "derived", "con", " ", "C:\\x")
    ]

    assert folders == ["etc", "", "folder-review", "folder-derived", "image-con", "", "C-x"]


@pytest.mark.parametrize(
    "text",
    ["/etc/{id}", "~/{id}", "C:\\{id}", "../{id}", "a//{id}", "{id", "id}", "{}", "a/{ }", ""],
)
def test_a_pattern_that_names_nothing_or_leads_out_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must stay below|needs its"):
        NameTemplate(text)
