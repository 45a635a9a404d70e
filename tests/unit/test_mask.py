"""Masks: white may change, and a hole says the same to others."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from farm.steps.mask import NoMask, hole_mask


def saved(path: Path, picture: Image.Image) -> Path:
    picture.save(path)
    return path


def hole(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as found:
        assert found.format == "PNG"
        assert found.mode == "RGBA"
        return found.getchannel("A")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return saved(tmp_path / "photo.jpg", Image.new("RGB", (200, 100), "red"))


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P", "RGBA"])
def test_white_becomes_a_hole_and_black_stays(tmp_path: Path, photo: Path, mode: str) -> None:
    drawn = Image.new("RGB", (200, 100), "black")
    drawn.paste("white", (0, 0, 100, 100))

    found = hole(hole_mask(saved(tmp_path / "mask.png", drawn.convert(mode)), photo))

    assert (found.getpixel((50, 50)), found.getpixel((150, 50))) == (0, 255)


def test_a_mask_with_holes_of_its_own_is_taken_as_it_is(tmp_path: Path, photo: Path) -> None:
    drawn = Image.new("RGBA", (200, 100), "white")
    drawn.paste((255, 255, 255, 0), (0, 0, 100, 100))

    found = hole(hole_mask(saved(tmp_path / "mask.png", drawn), photo))

    assert (found.getpixel((50, 50)), found.getpixel((150, 50))) == (0, 255)


def test_a_smaller_mask_is_brought_to_the_pictures_size(tmp_path: Path, photo: Path) -> None:
    small = saved(tmp_path / "mask.png", Image.new("L", (50, 25), 255))

    assert hole(hole_mask(small, photo)).size == (200, 100)


def test_a_mask_of_another_proportion_is_none(tmp_path: Path, photo: Path) -> None:
    square = saved(tmp_path / "mask.png", Image.new("L", (100, 100), 255))

    with pytest.raises(NoMask, match="100x100 px, the picture 200x100"):
        hole_mask(square, photo)


def test_what_is_no_picture_is_no_mask(tmp_path: Path, photo: Path) -> None:
    text = tmp_path / "mask.png"
    text.write_text("no picture")

    with pytest.raises(NoMask, match="cannot be read"):
        hole_mask(text, photo)
