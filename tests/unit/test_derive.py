"""Copies of real picture files: their pixels, their colours, their bytes."""

from __future__ import annotations

import hashlib
import io
import pickle
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import PIL.Image
import PIL.ImageCms
import pytest

from farm.errors import NoPicture, SaveFailed
from farm.model.images import Derivative
from farm.model.prompts import Size
from farm.model.recipes import CopyFormat, Focus, Format, Recipe, Resize
from farm.steps.base import Derived, Wish
from farm.steps.derive import derive
from farm.steps.formats import LEAST_QUALITY, Label, encode

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
NEAR = 12  # what lossy formats may add to a colour
PNG = (CopyFormat(Format.PNG),)
Make = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "day"


@pytest.fixture
def make(folder: Path) -> Make:
    def save(image: PIL.Image.Image, name: str = "a.png", **options: Any) -> Path:
        folder.mkdir(exist_ok=True)
        image.save(folder / name, **options)
        return folder / name

    return save


def stripes(*colours: tuple[int, ...], mode: str = "RGB") -> PIL.Image.Image:
    """Upright stripes of 40 by 60 pixels each."""
    image = PIL.Image.new(mode, (40 * len(colours), 60))
    for number, colour in enumerate(colours):
        image.paste(colour, (40 * number, 0, 40 * number + 40, 60))
    return image


def copies(original: Path, *, size: str = "", **changes: Any) -> Derived:
    wish = Wish(recipe=Recipe(**changes), size=Size.parse(size) if size else None)
    return derive(original, original.parent / "derived", "a", wish)


def only(derived: Derived) -> PIL.Image.Image:
    (file,) = derived.files
    with PIL.Image.open(file.path) as picture:
        picture.load()
        assert (file.width_px, file.height_px) == picture.size
    return picture


def seen(image: PIL.Image.Image, *at: tuple[int, int]) -> list[tuple[int, ...]]:
    shown = image.convert("RGB")
    pixels = [shown.getpixel(place) for place in at]
    assert all(isinstance(pixel, tuple) for pixel in pixels)
    return [pixel for pixel in pixels if isinstance(pixel, tuple)]


def alike(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(abs(a - b) <= NEAR for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("focus", "colours"),
    [
        (Focus(0.0, 0.5), [RED, RED]),
        (Focus(0.5, 0.5), [GREEN, GREEN]),
        (Focus(1.0, 0.5), [BLUE, BLUE]),
        (Focus(0.25, 0.5), [RED, GREEN]),
    ],
)
def test_a_cut_keeps_what_the_focus_says(
    make: Make, focus: Focus, colours: list[tuple[int, ...]]
) -> None:
    original = make(stripes(RED, GREEN, BLUE))

    made = only(copies(original, size="20x30", resize=Resize.COVER, focus=focus))

    assert made.size == (20, 30)
    assert seen(made, (5, 15), (15, 15)) == colours


def test_what_is_contained_stands_in_the_middle_of_its_background(make: Make) -> None:
    original = make(stripes(RED, GREEN))

    made = only(copies(original, size="40x60", resize=Resize.CONTAIN, background="blue"))

    assert seen(made, (20, 5), (5, 30), (35, 30), (20, 55)) == [BLUE, RED, GREEN, BLUE]


def test_a_transparent_background_stays_transparent_where_the_format_can(make: Make) -> None:
    original = make(stripes(RED, GREEN))

    made = copies(
        original,
        size="40x60",
        resize=Resize.CONTAIN,
        background="transparent",
        formats=(CopyFormat(Format.PNG), CopyFormat(Format.JPEG)),
    )

    with PIL.Image.open(made.files[0].path) as png, PIL.Image.open(made.files[1].path) as jpeg:
        assert png.getpixel((20, 5)) == (*WHITE, 0)
        assert alike(seen(jpeg, (20, 5))[0], WHITE)


def test_enlarging_is_done_and_said(make: Make) -> None:
    original = make(stripes(RED, GREEN))

    made = copies(original, size="160x120", resize=Resize.COVER)

    assert only(made).size == (160, 120)
    assert made.warnings == (
        "80x60px was enlarged 2.00 times to make 160x120px: it is less sharp than it could be.",
    )


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_cameras_rotation_is_applied_and_then_gone(make: Make, orientation: int) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    original = make(stripes(RED, BLUE), "a.jpg", exif=exif, quality=95)

    made = only(copies(original, formats=PNG))

    expected = {3: [BLUE, RED], 6: [RED, BLUE], 8: [BLUE, RED]}[orientation]
    ends = [(10, 30), (70, 30)] if orientation == 3 else [(30, 10), (30, 70)]
    assert all(alike(*pair) for pair in zip(seen(made, *ends), expected, strict=True))
    assert 0x0112 not in made.getexif()


def deep_png(value: int) -> PIL.Image.Image:
    return PIL.Image.new("I;16", (40, 60), value)


@pytest.mark.parametrize(
    ("image", "colour"),
    [
        (PIL.Image.new("1", (40, 60), 1), WHITE),
        (PIL.Image.new("L", (40, 60), 100), (100, 100, 100)),
        (PIL.Image.new("LA", (40, 60), (100, 255)), (100, 100, 100)),
        (deep_png(25_700), (100, 100, 100)),  # 100 of 255 in 16 bits
        (stripes(RED).convert("P"), RED),
        (PIL.Image.new("RGBA", (40, 60), (*GREEN, 255)), GREEN),
    ],
    ids=["1", "L", "LA", "I;16", "P", "RGBA"],
)
@pytest.mark.parametrize("format_", Format)
def test_every_kind_of_pixels_keeps_its_colour_in_every_format(
    make: Make, image: PIL.Image.Image, colour: tuple[int, ...], format_: Format
) -> None:
    original = make(image)

    made = only(copies(original, formats=(CopyFormat(format_),)))

    assert made.mode == "RGB"
    assert alike(seen(made, (20, 30))[0], colour)


def test_print_colours_become_colours_of_a_screen(make: Make) -> None:
    original = make(PIL.Image.new("CMYK", (40, 60), (0, 255, 255, 0)), "a.jpg", quality=95)

    made = only(copies(original, formats=PNG))

    red, green, blue = seen(made, (20, 30))[0]
    assert (red > 200, green < 60, blue < 60) == (True, True, True)


@pytest.mark.parametrize("format_", [Format.WEBP, Format.AVIF, Format.PNG])
def test_transparency_is_kept_where_the_format_can(make: Make, format_: Format) -> None:
    original = make(stripes((*RED, 0), (*GREEN, 255), mode="RGBA"))

    made = only(copies(original, formats=(CopyFormat(format_),)))

    assert made.mode == "RGBA"
    assert made.getchannel("A").getpixel((10, 30)) == 0


def test_transparency_becomes_background_in_a_jpeg(make: Make) -> None:
    original = make(stripes((*RED, 0), (*GREEN, 255), mode="RGBA"))

    made = only(copies(original, formats=(CopyFormat(Format.JPEG),), background="#0000ff"))

    assert alike(seen(made, (10, 30))[0], BLUE)


def test_a_palette_with_a_transparent_colour_keeps_it(make: Make) -> None:
    image = stripes(RED, GREEN).convert("P")
    original = make(image, transparency=image.getpixel((10, 30)))

    made = only(copies(original, formats=PNG))

    assert [made.getpixel((10, 30)), made.getpixel((60, 30))] == [(*RED, 0), (*GREEN, 255)]


def wide_gamut_profile() -> bytes:
    """sRGB's curves with red and green exchanged: whoever ignores it shows wrong colours."""
    data = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()
    return data.replace(b"rXYZ", b"tXYZ").replace(b"gXYZ", b"rXYZ").replace(b"tXYZ", b"gXYZ")


def unnamed(profile: bytes) -> bytes:
    """The same profile, no longer called sRGB."""
    text = "sRGB built-in".encode("utf-16-be")
    assert text in profile
    return profile.replace(text, "Swap built-in".encode("utf-16-be"))


def test_a_foreign_colour_profile_is_reckoned_into_the_pixels(make: Make) -> None:
    original = make(stripes(RED), icc_profile=unnamed(wide_gamut_profile()))

    made = only(copies(original, formats=PNG))

    assert alike(seen(made, (20, 30))[0], GREEN)
    assert "icc_profile" not in made.info


@pytest.mark.parametrize("format_", Format)
def test_a_profile_can_be_kept_instead(make: Make, format_: Format) -> None:
    profile = unnamed(wide_gamut_profile())
    original = make(stripes(RED), icc_profile=profile)

    made = only(copies(original, formats=(CopyFormat(format_),), keep_profile=True))

    assert alike(seen(made, (20, 30))[0], RED)
    assert made.info["icc_profile"] == profile


def test_a_broken_profile_is_left_out_and_said(make: Make) -> None:
    original = make(stripes(RED), icc_profile=b"no profile at all")

    made = copies(original, formats=PNG)

    assert seen(only(made), (20, 30)) == [RED]
    assert "colour profile is broken" in made.warnings[0]


def test_of_an_animation_the_first_picture_is_used(make: Make) -> None:
    original = make(stripes(RED), "a.gif", save_all=True, append_images=[stripes(BLUE)])

    made = copies(original, formats=PNG)

    assert seen(only(made), (20, 30)) == [RED]
    assert made.warnings == ("a.gif is animated: only its first picture is used.",)


def test_the_original_is_only_read(make: Make) -> None:
    original = make(stripes(RED, GREEN))
    before = original.read_bytes(), original.stat().st_mtime_ns

    copies(original, size="20x30", resize=Resize.COVER, formats=PNG, sidecar=True)

    assert (original.read_bytes(), original.stat().st_mtime_ns) == before


def test_a_copy_is_never_made_over_its_original(make: Make) -> None:
    original = make(stripes(RED))
    wish = Wish(recipe=Recipe(formats=PNG))

    with pytest.raises(NoPicture, match="is the image itself"):
        derive(original, original.parent, "a", wish)


def test_the_same_image_gives_the_same_bytes_again(make: Make) -> None:
    original = make(noise(200, 120))
    every = tuple(CopyFormat(format_) for format_ in Format)
    wished: dict[str, Any] = {"formats": every, "resize": Resize.COVER, "sidecar": True}

    first = copies(original, size="100x100", **wished)
    again = copies(original, size="100x100", **wished)

    assert first == again
    assert [file.kind for file in first.files] == [
        "webp", "avif", "jpeg", "png", "sidecar", "checksum",
    ]  # fmt: skip
    for file in first.files:
        assert hashlib.sha256(Path(file.path).read_bytes()).hexdigest() == file.sha256


def test_a_resized_copy_without_a_wished_format_keeps_its_own(make: Make) -> None:
    original = make(stripes(RED, GREEN), "a.webp", lossless=True)

    (file,) = copies(original, size="20x20", resize=Resize.COVER).files

    assert (file.kind, file.media_type, Path(file.path).name) == ("size", "image/webp", "a.webp")


def test_nothing_wished_makes_nothing(make: Make, folder: Path) -> None:
    original = make(stripes(RED))

    assert copies(original).files == ()
    assert list(folder.iterdir()) == [original]


def test_wish_and_result_go_through_a_pool(make: Make) -> None:
    made = copies(make(stripes(RED)), formats=PNG)

    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301  # our own
    assert isinstance(made.files[0], Derivative)


def noise(width: int, height: int) -> PIL.Image.Image:
    return PIL.Image.effect_noise((width, height), 80).convert("RGB")


@pytest.mark.parametrize("format_", [Format.WEBP, Format.AVIF, Format.JPEG])
def test_the_quality_goes_down_just_until_the_copy_fits(format_: Format) -> None:
    image = noise(160, 120)
    at = {q: encode(image, CopyFormat(format_, q), Label())[0] for q in (60, 61, 90)}

    data, excess = encode(image, CopyFormat(format_, 90), Label(), len(at[60]))

    assert (excess, len(data) <= len(at[60]) < len(at[90])) == ("", True)
    assert data in (at[60], at[61])  # two neighbouring qualities may come out alike


def test_a_copy_that_cannot_fit_is_made_as_small_as_it_may_look_and_said() -> None:
    image = noise(160, 120)

    data, excess = encode(image, CopyFormat(Format.JPEG, 90), Label(), 1024)

    assert data == encode(image, CopyFormat(Format.JPEG, LEAST_QUALITY), Label())[0]
    assert "where 1 were asked for" in excess


def test_a_png_gives_up_no_pixel_for_a_smaller_file() -> None:
    image = noise(80, 60)

    data, excess = encode(image, CopyFormat(Format.PNG), Label(), 1024)

    with PIL.Image.open(io.BytesIO(data)) as made:
        assert made.tobytes() == image.tobytes()
    assert "choose webp or avif" in excess


def claiming(width: int, height: int) -> bytes:
    """A small PNG whose header tells of a huge picture."""
    stream = io.BytesIO()
    stripes(RED).save(stream, "PNG")
    data = stream.getvalue()
    header = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no picture of a kind farm reads"),
        (b"<html>no</html>", "no picture of a kind farm reads"),
        (claiming(8000, 8000), "too large to be true"),
        (claiming(60_000, 60_000), "does not decode"),
        (claiming(50, 60), "does not decode"),
    ],
    ids=["empty", "page", "large", "bomb", "lie"],
)
def test_what_is_no_picture_is_refused_before_anything_is_written(
    folder: Path, data: bytes, said: str
) -> None:
    folder.mkdir()
    (folder / "a.png").write_bytes(data)

    with pytest.raises(NoPicture, match=said):
        copies(folder / "a.png", formats=PNG)

    assert not (folder / "derived").exists()


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
def test_half_a_picture_is_refused(make: Make, name: str) -> None:
    original = make(noise(300, 200), name)
    original.write_bytes(original.read_bytes()[:-40])

    with pytest.raises(NoPicture):
        copies(original, formats=PNG)


def test_a_picture_that_is_gone_is_said_so(folder: Path) -> None:
    with pytest.raises(NoPicture, match="is not there"):
        copies(folder / "a.png", formats=PNG)


def test_a_folder_that_cannot_be_made_is_a_save_that_failed(make: Make, folder: Path) -> None:
    original = make(stripes(RED))
    (folder / "derived").write_text("in the way")

    with pytest.raises(SaveFailed):
        copies(original, formats=PNG)
