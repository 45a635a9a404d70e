"""The images the stand-in makes, and how its image URLs are read."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from farm.replay.gallery import Gallery, Wanted, split
from farm.replay.pictures import Forms, Subject, make, sha256, shape_for
from farm.replay.plays import Fault

PROMPT = "/imagine Size: 1920x1080px ||| Description: a red kite"


def subject(
    text: str = PROMPT, *, n: int = 1, fault: Fault | None = None, kind: str = "jpeg"
) -> Subject:
    return Subject(text=text, account="first", n=n, index=0, fault=fault, type=kind)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("Size: 1920x1080px ||| …", (1408, 768)),
        ("Size: 1200x630px", (1408, 768)),
        ("Size: 1080x1080px", (1408, 1408)),
        ("Size: 1080×1920px", (768, 1408)),
        ("Size: 800x600px", (1408, 1056)),
        ("Size: 1000x1500px", (960, 1440)),
        ("a kite without a size", (1408, 768)),
    ],
)
def test_the_shape_is_the_supported_one_nearest_to_the_asked_size(
    text: str, shape: tuple[int, int]
) -> None:
    assert shape_for(text) == shape


def test_equal_subjects_give_equal_bytes_and_others_do_not() -> None:
    assert make(subject()) == make(subject())
    assert make(subject(n=1)).original != make(subject(n=2)).original


def test_the_three_forms_are_as_heavy_and_as_large_as_real_ones() -> None:
    forms = make(subject())

    assert opened(forms.original).size == opened(forms.s0).size == (1408, 768)
    assert opened(forms.preview).size == (1024, 559)
    assert len(forms.original) > len(forms.s0) > len(forms.preview) > 50_000
    assert opened(forms.preview).getexif()[0x0131] == "Picasa"


def test_an_original_may_be_a_png_while_its_other_forms_stay_jpeg() -> None:
    forms = make(subject(kind="png"))

    assert [opened(data).format for data in (forms.original, forms.s0)] == ["PNG", "JPEG"]


def test_a_small_image_is_under_every_lower_bound() -> None:
    forms = make(subject(fault=Fault.SMALL))

    assert max(opened(forms.original).size) < 500
    assert len(forms.original) < 50_000


def test_a_truncated_image_does_not_decode() -> None:
    forms = make(subject(fault=Fault.TRUNCATED))

    with pytest.raises(OSError, match="truncated"):
        opened(forms.original)
    assert opened(forms.preview).size == (1024, 559)


def test_a_preview_only_image_has_no_larger_form() -> None:
    forms = make(subject(fault=Fault.PREVIEW_ONLY))

    assert forms.original == forms.s0 == forms.preview


@pytest.mark.parametrize("size", ["1920x1080", "1080x1080", "1080x1920"])
def test_a_wrongly_oriented_image_is_off_by_more_than_a_third(size: str) -> None:
    text = f"Size: {size}px"
    asked = shape_for(text)
    forms = make(subject(text, fault=Fault.WRONG_ORIENTATION))

    off = (forms.width / forms.height) / (asked[0] / asked[1])

    assert off < 0.7 or off > 1.4


@pytest.mark.parametrize(
    ("name", "token", "wanted"),
    [
        ("abc=s1024-rj", "abc", Wanted(suffix="s1024-rj", size_px=1024, download=False)),
        ("abc=s0", "abc", Wanted(suffix="s0", size_px=0, download=False)),
        ("abc=d-I", "abc", Wanted(suffix="d-I", size_px=None, download=True)),
        ("abc=s0-d-I", "abc", Wanted(suffix="s0-d-I", size_px=0, download=True)),
        ("a=b=w200-h100", "a=b", Wanted(suffix="w200-h100", size_px=200, download=False)),
        ("a=b", "a=b", Wanted(suffix="", size_px=None, download=False)),
    ],
)
def test_an_image_address_ends_in_what_is_asked_for(name: str, token: str, wanted: Wanted) -> None:
    assert split(name) == (token, wanted)


async def test_the_gallery_gives_the_form_that_the_address_asks_for(tmp_path: Path) -> None:
    forms: Forms = make(subject())
    gallery = Gallery(tmp_path, lambda: "token")
    picture = await gallery.make(subject())

    given = {s: (await gallery.read(picture, split(f"t={s}")[1]))[0] for s in ("s0", "d-I", "s64")}

    assert sha256(given["s0"]) == sha256(forms.s0) == picture.logged.sha256_s0
    assert sha256(given["d-I"]) == sha256(forms.original) == picture.logged.sha256_original
    assert max(opened(given["s64"]).size) == 64


async def test_a_copied_picture_has_the_bytes_of_the_earlier_one(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path, lambda: "token")
    earlier = await gallery.make(subject(n=1))

    copied = await gallery.copy(earlier, subject("another", n=2, fault=Fault.DUPLICATE))

    assert (copied.n, copied.logged) == (2, earlier.logged)
