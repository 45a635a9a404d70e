"""Small copies of images, for pages that show many."""

from pathlib import Path

import PIL.Image

from farm.steps.thumbnail import thumbnail


def test_a_thumbnail_fits_its_square_upright_and_keeps_transparency(tmp_path: Path) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    PIL.Image.new("RGB", (800, 400)).save(tmp_path / "turned.jpg", exif=exif)
    PIL.Image.new("RGBA", (800, 400)).save(tmp_path / "clear.png")

    for name, size, mode in (("turned.jpg", (100, 200), "RGB"), ("clear.png", (200, 100), "RGBA")):
        data = thumbnail(tmp_path / name, 200)
        assert data is not None
        (tmp_path / "small.webp").write_bytes(data)
        with PIL.Image.open(tmp_path / "small.webp") as small:
            assert (small.size, small.mode) == (size, mode)


def test_what_is_no_picture_has_no_thumbnail(tmp_path: Path) -> None:
    (tmp_path / "x.svg").write_text("<svg/>")

    assert thumbnail(tmp_path / "x.svg", 200) is None
