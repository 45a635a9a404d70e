"""The shelf gives the selector pack as its files stand, and looks at them seldom."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from farm.errors import UsageError
from farm.sites.gemini.shelf import CHECK_SECONDS, PackShelf
from farm.testing.clock import FakeClock

REPAIR = '[roles.composer]\nprepend = [{ css = "prompt-area", ui = "any" }]\n'


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def shelf(tmp_path: Path, clock: FakeClock) -> PackShelf:
    return PackShelf(path=None, local=tmp_path / "gemini.local.toml", clock=clock)


def test_a_repair_is_in_use_soon_after_its_file_is_written(
    shelf: PackShelf, clock: FakeClock
) -> None:
    before = shelf().css("composer")
    shelf.local.write_text(REPAIR, encoding="utf-8")
    clock.time += CHECK_SECONDS

    after = shelf().css("composer")

    assert "prompt-area" not in before
    assert after.startswith("prompt-area")


def test_the_files_are_not_looked_at_on_every_look_at_the_page(
    shelf: PackShelf, clock: FakeClock
) -> None:
    before = shelf()
    shelf.local.write_text(REPAIR, encoding="utf-8")
    clock.time += CHECK_SECONDS / 2

    assert shelf() is before


def test_a_pack_that_did_not_change_is_not_read_again(shelf: PackShelf, clock: FakeClock) -> None:
    before = shelf()
    clock.time += CHECK_SECONDS

    assert shelf() is before


def test_a_repair_taken_back_is_forgotten(shelf: PackShelf, clock: FakeClock) -> None:
    shelf.local.write_text(REPAIR, encoding="utf-8")
    shelf()
    shelf.local.unlink()
    clock.time += CHECK_SECONDS

    assert "prompt-area" not in shelf().css("composer")


def test_a_file_that_turned_bad_is_told_and_the_last_good_pack_stays(
    shelf: PackShelf, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    before = shelf()
    shelf.local.write_text("[roles.composer\n", encoding="utf-8")
    clock.time += CHECK_SECONDS

    with caplog.at_level(logging.WARNING):
        after = shelf()

    assert after is before
    assert "gemini.local.toml" in caplog.text


def test_a_bad_file_is_told_once_and_not_at_every_look(
    shelf: PackShelf, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    shelf()
    shelf.local.write_text("[roles.composer\n", encoding="utf-8")

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            clock.time += CHECK_SECONDS
            shelf()

    assert len(caplog.records) == 1


def test_a_bad_file_that_is_mended_is_used(shelf: PackShelf, clock: FakeClock) -> None:
    shelf()
    shelf.local.write_text("[roles.composer\n", encoding="utf-8")
    clock.time += CHECK_SECONDS
    shelf()
    shelf.local.write_text(REPAIR, encoding="utf-8")
    clock.time += CHECK_SECONDS

    assert shelf().css("composer").startswith("prompt-area")


def test_without_ever_a_good_pack_the_first_look_says_what_is_wrong(shelf: PackShelf) -> None:
    shelf.local.write_text("[roles.composer\n", encoding="utf-8")

    with pytest.raises(UsageError, match=r"gemini\.local\.toml"):
        shelf()
