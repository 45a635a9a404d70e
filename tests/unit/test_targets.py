"""Which targets there are, and what is wrong with the others."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from farm.config import Settings, load_settings
from farm.deliver.base import Never, names_for
from farm.deliver.drive import Drive
from farm.deliver.filesystem import FileSystem
from farm.deliver.gcs import Gcs
from farm.deliver.local import Local
from farm.deliver.s3 import S3
from farm.deliver.targets import target_of, targets_of
from farm.deliver.webhook import Webhook
from farm.errors import FarmError, UsageError
from farm.model.deliveries import folder_of, place_of, site_of
from farm.model.prompts import Prompt
from farm.testing.clock import FakeClock


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return load_settings({"home": str(tmp_path), "notify_secret": "open-sesame"})


@pytest.mark.parametrize(
    ("text", "kind", "place"),
    [
        ("drive:1AbC_d-9", Drive, "drive:1AbC_d-9"),
        ("drive:RO", Drive, "drive:RO"),
        ("https://drive.google.com/drive/u/1/folders/1AbC?usp=x", Drive, "drive:1AbC"),
        ("gs://bucket/some/folder/", Gcs, "gs://bucket/some/folder/"),
        ("s3://my.bucket", S3, "s3://my.bucket"),
        ("memory://there", FileSystem, "memory://there"),
        ("ftp://me:hunter22@host:21/in?x=hunter22", FileSystem, "ftp://me@host:21/in"),
    ],
)
def test_a_target_is_known_by_its_form(
    settings: Settings, text: str, kind: type, place: str
) -> None:
    target = target_of(text, settings, FakeClock())

    assert isinstance(target, kind)
    assert target.place == place
    assert "hunter22" not in repr(target)


@pytest.mark.parametrize("text", ["out", "./out", "file://out"])
def test_a_relative_folder_starts_at_home(settings: Settings, text: str) -> None:
    target = target_of(text, settings, FakeClock())

    assert isinstance(target, Local)
    assert target.place == str(settings.home / "out")


def test_a_webhook_shows_nothing_but_its_host(settings: Settings) -> None:
    target = target_of("webhook+https://example.org/in/hunter22", settings, FakeClock())

    assert isinstance(target, Webhook)
    assert target.place.startswith("webhook:example.org#")
    assert "hunter22" not in repr(target)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("drive:", "drive:FOLDER_ID"),
        ("drive:what is this", "drive:FOLDER_ID"),
        ("gs:///x", "names no bucket"),
        ("s3://B/x", "names no bucket"),
        ("nonsense://host", "nonsense:// is unknown"),
        ("smb://me:hunter22@host/in", "driver that is not installed"),
        ("webhook+http://example.org/x", "without TLS"),
        ("webhook:example.org#12345678", "whole address"),
    ],
)
def test_what_is_no_target_is_said_before_anything_begins(
    settings: Settings, text: str, why: str
) -> None:
    with pytest.raises(UsageError, match=why) as told:
        target_of(text, settings, FakeClock())

    assert "hunter22" not in str(told.value)


def test_a_file_is_no_folder(settings: Settings) -> None:
    (settings.home / "out").touch()

    with pytest.raises(UsageError, match="is a file"):
        target_of("out", settings, FakeClock())


def test_a_webhook_needs_a_secret(tmp_path: Path) -> None:
    settings = load_settings({"home": str(tmp_path)})

    with pytest.raises(UsageError, match="FARM_NOTIFY_SECRET"):
        target_of("webhook+https://example.org/x", settings, FakeClock())


def test_a_key_that_is_none_is_said_before_anything_begins(tmp_path: Path) -> None:
    settings = load_settings({"home": str(tmp_path), "google_credentials": "missing.json"})

    with pytest.raises(FarmError, match=r"missing\.json cannot be read") as told:
        target_of("drive:1AbC", settings, FakeClock())

    assert told.value.exit_code == 2


@pytest.mark.parametrize(
    ("module", "text"), [("boto3", "s3://b3b"), ("google.cloud.storage", "gs://b3b")]
)
def test_a_missing_package_is_named_with_its_remedy(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, module: str, text: str
) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)

    with pytest.raises(UsageError, match=r'pip install "gemini-farm\[(s3|gcs)\]"'):
        target_of(text, settings, FakeClock())


def test_the_same_place_twice_is_one_target(tmp_path: Path) -> None:
    settings = load_settings({"home": str(tmp_path), "deliver": "out ./out drive:1AbC"})

    targets = targets_of(settings, FakeClock())

    assert list(targets) == [str(tmp_path / "out"), "drive:1AbC"]


def test_a_place_is_a_target_by_itself_where_it_has_no_secret(settings: Settings) -> None:
    for text in ("out", "drive:1AbC", "s3://my.bucket/x", "gs://bucket/x", "memory://there"):
        place = place_of(text, settings.home)

        assert target_of(place, settings, FakeClock()).place == place


@pytest.mark.parametrize(
    ("site", "folder"),
    [
        ("blog", "Generated Images/blog/2026-11-21"),
        ("a/b\\c", "Generated Images/a-b-c/2026-11-21"),
        ("..", "Generated Images/images/2026-11-21"),
        (" \u200b. ", "Generated Images/images/2026-11-21"),
    ],
)
def test_a_site_is_one_folder(site: str, folder: str) -> None:
    assert folder_of(site, date(2026, 11, 21)) == folder


def test_the_rows_site_comes_before_the_settings_and_the_queues() -> None:
    own = Prompt(id="1", filename="x", description="y", extra={"SITE": " shop "})
    none = Prompt(id="1", filename="x", description="y", extra={"Site": ""})

    assert [site_of(own, "q", "blog"), site_of(none, "q", "blog"), site_of(none, "q")] == [
        "shop",
        "blog",
        "q",
    ]


def test_a_name_that_is_taken_gets_a_number() -> None:
    names = names_for("hero.tar.png")

    assert [next(names) for _ in range(3)] == ["hero.tar.png", "hero.tar-2.png", "hero.tar-3.png"]
    with pytest.raises(Never):
        list(names)


@pytest.mark.parametrize(
    "text",
    [
        "drive:1AbC, gs://bucket/x,/mnt/my,disk",
        "drive:1AbC gs://bucket/x /mnt/my,disk",
        "drive:1AbC,gs://bucket/x,/mnt/my,disk",
        '"drive:1AbC" "gs://bucket/x" "/mnt/my,disk"',
    ],
)
def test_targets_stand_between_commas_or_blanks(tmp_path: Path, text: str) -> None:
    settings = load_settings({"home": str(tmp_path), "deliver": text})

    assert settings.deliver == ("drive:1AbC", "gs://bucket/x", "/mnt/my,disk")


def test_a_folder_with_a_blank_stands_in_quotes(tmp_path: Path) -> None:
    settings = load_settings({"home": str(tmp_path), "deliver": '"/mnt/my disk" drive:1AbC'})

    assert settings.deliver == ("/mnt/my disk", "drive:1AbC")


@pytest.mark.parametrize("text", ["gdrive:1AbC", "s3:bucket/a", "foo:bar"])
def test_a_misspelt_target_is_no_folder(text: str, tmp_path: Path) -> None:
    settings = load_settings(environ={}, cwd=tmp_path)

    with pytest.raises(UsageError, match="is no target"):
        target_of(text, settings, FakeClock())
