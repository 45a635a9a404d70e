"""Copies look alike in 64 bits, other pictures do not."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import PIL.Image
import PIL.ImageDraw
import pytest
from PIL.Image import Transpose

from farm.model.images import NEAR_BITS
from farm.steps.perceptual import near_twins, perceptual_hash, perceptual_of

Image = PIL.Image.Image


def scene(seed: int, *, mirrored: bool = False) -> Image:
    """Shapes on a ground; a mirrored one has no trace of half of the waves."""
    roll = random.Random(seed)  # noqa: S311  # repeatable, not secret
    image = PIL.Image.new("RGB", (352, 192), tuple(roll.randbytes(3)))
    brush = PIL.ImageDraw.Draw(image)
    for _ in range(roll.randrange(5, 12)):
        x, y = roll.randrange(300), roll.randrange(160)
        box = (x, y, x + roll.randrange(20, 150), y + roll.randrange(20, 120))
        shape = brush.ellipse if roll.random() < 0.5 else brush.rectangle
        shape(box, fill=tuple(roll.randbytes(3)))
    if mirrored:
        half = image.crop((0, 0, 176, 192))
        image.paste(half.transpose(Transpose.FLIP_LEFT_RIGHT), (176, 0))
    return image


SCENES = [*map(scene, range(12)), *(scene(seed, mirrored=True) for seed in range(20, 26))]


def saved(format_: str, quality: int) -> Callable[[Image], Image]:
    def copy(image: Image) -> Image:
        stream = io.BytesIO()
        image.save(stream, format_, quality=quality)
        with PIL.Image.open(stream) as again:
            return again.convert("RGB")

    return copy


COPIES: dict[str, Callable[[Image], Image]] = {
    "webp": saved("WEBP", 60),
    "avif": saved("AVIF", 60),
    "jpeg": saved("JPEG", 70),
    "half": lambda image: image.resize((176, 96)),
    "third": lambda image: image.resize((117, 64)),
}


def distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_looks_like_its_picture(copy: str) -> None:
    apart = [distance(perceptual_hash(s), perceptual_hash(COPIES[copy](s))) for s in SCENES]

    assert max(apart) <= NEAR_BITS


def test_a_narrow_cut_is_mostly_recognized() -> None:
    cuts = [scene.crop((0, 4, 352, 188)).resize((300, 157)) for scene in SCENES]

    pairs = zip(map(perceptual_hash, SCENES), map(perceptual_hash, cuts), strict=True)

    assert sum(distance(*pair) > NEAR_BITS for pair in pairs) <= len(SCENES) / 8


def test_different_pictures_look_different() -> None:
    hashes = [perceptual_hash(each) for each in SCENES]

    assert min(distance(*pair) for pair in combinations(hashes, 2)) > NEAR_BITS


def test_a_mirrored_or_turned_picture_is_another_one() -> None:
    hashes = [
        perceptual_hash(SCENES[0]),
        perceptual_hash(SCENES[0].transpose(Transpose.FLIP_LEFT_RIGHT)),
        perceptual_hash(SCENES[0].transpose(Transpose.ROTATE_180)),
    ]

    assert list(near_twins(hashes)) == []


def test_twins_are_told_as_pairs_of_places() -> None:
    hashes = ["0000000000000000", "ffffffffffffffff", "0000000000000007", "fffffffffffffff0"]

    assert list(near_twins(hashes)) == [(0, 2), (1, 3)]


def test_a_picture_of_one_colour_has_a_hash(tmp_path: Path) -> None:
    PIL.Image.new("RGB", (64, 64), "teal").save(tmp_path / "a.jpg")

    assert perceptual_of(tmp_path / "a.jpg") == "0" * 16


def test_what_is_transparent_is_seen_on_white() -> None:
    clear = SCENES[0].copy()
    clear.putalpha(0)

    assert perceptual_hash(clear) == "0" * 16
