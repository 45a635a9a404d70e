"""Masks: white may change; what lets nothing change, or fits no picture, is none."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from farm.errors import Ended
from farm.model.causes import Cause
from farm.references import fitted_mask
from farm.steps.mask import NoMask, hole_mask, white_mask


def saved(path: Path, picture: Image.Image) -> Path:
    picture.save(path)
    return path


def opened(data: bytes, mode: str) -> Image.Image:
    with Image.open(io.BytesIO(data)) as found:
        assert (found.format, found.mode) == ("PNG", mode)
        return found.copy()


def half_white() -> Image.Image:
    drawn = Image.new("RGB", (200, 100), "black")
    drawn.paste("white", (0, 0, 100, 100))
    return drawn


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return saved(tmp_path / "photo.jpg", Image.new("RGB", (200, 100), "red"))


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P", "RGBA"])
def test_white_stays_white_in_every_mode(tmp_path: Path, photo: Path, mode: str) -> None:
    mask = saved(tmp_path / "mask.png", half_white().convert(mode))

    found = opened(white_mask(mask, photo), "L")

    assert (found.getpixel((50, 50)), found.getpixel((150, 50))) == (255, 0)


def test_holes_in_a_mask_are_what_may_change(tmp_path: Path, photo: Path) -> None:
    drawn = Image.new("RGBA", (200, 100), "white")
    drawn.paste((255, 255, 255, 0), (0, 0, 100, 100))

    found = opened(white_mask(saved(tmp_path / "mask.png", drawn), photo), "L")

    assert (found.getpixel((50, 50)), found.getpixel((150, 50))) == (255, 0)


def test_white_becomes_a_hole_for_who_wants_one(tmp_path: Path) -> None:
    white = saved(tmp_path / "mask.png", half_white().convert("L"))

    found = opened(hole_mask(white), "RGBA").getchannel("A")

    assert (found.getpixel((50, 50)), found.getpixel((150, 50))) == (0, 255)


def test_a_smaller_mask_is_brought_to_the_pictures_size(tmp_path: Path, photo: Path) -> None:
    small = saved(tmp_path / "mask.png", Image.new("L", (50, 25), 255))

    assert opened(white_mask(small, photo), "L").size == (200, 100)


def test_a_mask_of_another_proportion_is_none(tmp_path: Path, photo: Path) -> None:
    square = saved(tmp_path / "mask.png", Image.new("L", (100, 100), 255))

    with pytest.raises(NoMask, match="100x100 px, the picture 200x100"):
        white_mask(square, photo)


def test_a_mask_without_any_white_is_none(tmp_path: Path, photo: Path) -> None:
    black = saved(tmp_path / "mask.png", Image.new("L", (200, 100), 0))

    with pytest.raises(NoMask, match="no white"):
        white_mask(black, photo)


def test_what_is_no_picture_is_no_mask(tmp_path: Path, photo: Path) -> None:
    text = tmp_path / "mask.png"
    text.write_text("no picture")

    with pytest.raises(NoMask, match="cannot be read"):
        white_mask(text, photo)


def test_a_row_with_a_mask_that_is_none_must_change(tmp_path: Path, photo: Path) -> None:
    black = saved(tmp_path / "mask.png", Image.new("L", (200, 100), 0))

    with pytest.raises(Ended) as caught:
        fitted_mask(tmp_path / "downloads", black, photo)

    assert caught.value.outcome.cause is Cause.UNSUPPORTED
    assert "white where it may change" in caught.value.outcome.message
