import hashlib
import io
import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from farm.errors import Ended
from farm.model.causes import Cause
from farm.model.images import RawImage
from farm.model.media import sniff
from farm.model.prompts import Prompt, Size
from farm.steps.base import MAX_PIXELS
from farm.steps.verify import MAX_BYTES, MIN_BYTES, verify

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}


@cache
def picture(width: int, height: int, media_type: str = "image/jpeg", **options: Any) -> bytes:
    """A noisy picture, so that no codec makes it small."""
    roll = random.Random(width * height)  # noqa: S311  # repeatable, not secret
    noise = PIL.Image.frombytes("RGB", (300, 200), roll.randbytes(300 * 200 * 3))
    stream = io.BytesIO()
    noise.resize((width, height)).save(stream, FORMATS[media_type], **options)
    return stream.getvalue()


def claiming(width: int, height: int) -> bytes:
    """A small PNG whose header tells of a huge picture."""
    data = picture(300, 300, "image/png")
    header = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


@pytest.fixture
def raw_of(tmp_path: Path) -> Callable[..., RawImage]:
    def put(data: bytes, **changes: Any) -> RawImage:
        part = tmp_path / "1-1.part"
        part.write_bytes(data)
        facts: dict[str, Any] = {
            "part": part,
            "sha256": hashlib.sha256(data).hexdigest(),
            "size_bytes": len(data),
            "source": "s0",
            "preview_px": (0, 0),
            "full_size": True,
        }
        return RawImage(**(facts | changes))

    return put


def asked(size: str = "") -> Prompt:
    return Prompt(
        id="1", filename="a.png", description="d", size=Size.parse(size) if size else None
    )


def cause_of(raw: RawImage, prompt: Prompt | None = None, **options: Any) -> Cause:
    with pytest.raises(Ended) as ended:
        verify(raw, prompt or asked(), **options)
    return ended.value.outcome.cause


@pytest.mark.parametrize("media_type", FORMATS)
def test_a_whole_picture_is_proven_with_its_true_type(
    raw_of: Callable[..., RawImage], media_type: str
) -> None:
    raw = raw_of(picture(1408, 768, media_type), preview_px=(1024, 559))

    proof = verify(raw, asked("1920x1080px"))

    assert (proof.width_px, proof.height_px, proof.media_type) == (1408, 768, media_type)
    assert (proof.sha256, proof.size_bytes) == (raw.sha256, raw.size_bytes)
    assert proof.warnings == ()


@pytest.mark.parametrize("media_type", FORMATS)
@pytest.mark.parametrize("missing", [1, 4, 12, 1000, 60_000])
def test_a_cut_off_file_is_unreadable(
    raw_of: Callable[..., RawImage], media_type: str, missing: int
) -> None:
    whole = picture(1408, 768, media_type)

    assert cause_of(raw_of(whole[:-missing])) is Cause.UNREADABLE


def test_a_png_with_a_flipped_bit_is_unreadable(raw_of: Callable[..., RawImage]) -> None:
    data = bytearray(picture(800, 600, "image/png"))
    data[len(data) // 2] ^= 1

    assert cause_of(raw_of(bytes(data))) is Cause.UNREADABLE


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><title>Sorry</title>" + b" " * MIN_BYTES, "web page"),
        (b'{"error": 403}' + b" " * MIN_BYTES, "JSON"),
        (b"GIF89a" + bytes(MIN_BYTES), "unknown kind"),
        (b"\x89PNG\r\n\x1a\n" + bytes(MIN_BYTES), "cut off"),
        (b"\xff\xd8\xff" + bytes(MIN_BYTES), "does not decode"),
        (b"RIFF\0\0\0\0WEBP" + bytes(MIN_BYTES), "does not decode"),
    ],
)
def test_what_is_no_picture_is_unreadable_and_named(
    raw_of: Callable[..., RawImage], data: bytes, words: str
) -> None:
    with pytest.raises(Ended, match=words) as ended:
        verify(raw_of(data), asked())

    assert ended.value.outcome.cause is Cause.UNREADABLE


def test_an_extension_is_never_trusted() -> None:
    assert sniff(picture(10, 10, "image/webp")) == "image/webp"
    assert sniff(b"II*\0") is None


@pytest.mark.parametrize("side", [int(MAX_PIXELS**0.5) + 1, 10_000, 20_000])
def test_a_decompression_bomb_is_refused_by_its_header(
    raw_of: Callable[..., RawImage], side: int
) -> None:
    with pytest.raises(Ended, match=r"too large|memory") as ended:
        verify(raw_of(claiming(side, side)), asked())

    assert ended.value.outcome.cause is Cause.UNREADABLE


def test_bytes_that_changed_on_disk_are_unreadable(raw_of: Callable[..., RawImage]) -> None:
    raw = raw_of(picture(1408, 768))
    raw.part.write_bytes(picture(1400, 768))

    assert cause_of(raw) is Cause.UNREADABLE


def test_a_vanished_file_is_unreadable(raw_of: Callable[..., RawImage]) -> None:
    raw = raw_of(picture(1408, 768))
    raw.part.unlink()

    assert cause_of(raw) is Cause.UNREADABLE


def test_a_file_over_twenty_megabytes_is_unreadable(raw_of: Callable[..., RawImage]) -> None:
    assert cause_of(raw_of(picture(1408, 768) + bytes(MAX_BYTES))) is Cause.UNREADABLE


def test_a_logo_of_fifty_kilobytes_is_too_small(raw_of: Callable[..., RawImage]) -> None:
    data = picture(640, 400, quality=5)
    assert len(data) <= MIN_BYTES

    assert cause_of(raw_of(data)) is Cause.TOO_SMALL


def test_an_apis_own_answer_may_be_a_small_file_or_a_large_one(
    raw_of: Callable[..., RawImage],
) -> None:
    small = verify(replace(raw_of(picture(640, 400, quality=5)), source="api"), asked())
    large = verify(replace(raw_of(picture(1408, 768) + bytes(MAX_BYTES)), source="api"), asked())

    assert (small.width_px, large.width_px) == (640, 1408)
    assert all("unusual" in proof.warnings[0] for proof in (small, large))


@pytest.mark.parametrize(("size", "enough"), [((499, 499), False), ((500, 120), True)])
def test_one_side_must_have_five_hundred_pixels(
    raw_of: Callable[..., RawImage], size: tuple[int, int], *, enough: bool
) -> None:
    raw = raw_of(picture(*size, "image/png"))

    if enough:
        assert verify(raw, asked()).width_px == size[0]
    else:
        assert cause_of(raw) is Cause.TOO_SMALL


def test_a_preview_is_never_proven(raw_of: Callable[..., RawImage]) -> None:
    assert cause_of(raw_of(picture(1408, 768), full_size=False)) is Cause.PREVIEW_ONLY


@pytest.mark.parametrize("preview", [(1024, 1024), (559, 1024), (1024, 585)])
def test_a_picture_unlike_the_preview_is_not_ours(
    raw_of: Callable[..., RawImage], preview: tuple[int, int]
) -> None:
    assert cause_of(raw_of(picture(1408, 768), preview_px=preview)) is Cause.MISMATCH


def test_a_rotation_mark_counts_as_the_browser_shows_it(raw_of: Callable[..., RawImage]) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    raw = raw_of(picture(1408, 768, exif=exif.tobytes()), preview_px=(559, 1024))

    proof = verify(raw, asked("1080x1920px"))

    assert (proof.width_px, proof.height_px) == (768, 1408)


def test_bytes_of_another_job_are_refused(raw_of: Callable[..., RawImage]) -> None:
    with pytest.raises(Ended, match="job 41") as ended:
        verify(raw_of(picture(1408, 768)), asked(), duplicate_of=41)

    assert ended.value.outcome.cause is Cause.DUPLICATE


@pytest.mark.parametrize(
    ("size", "warned"),
    [("1408x768", False), ("1550x768", True), ("1260x768", True), ("1500x768", False), ("", False)],
)
def test_a_proportion_a_little_off_is_a_warning(
    raw_of: Callable[..., RawImage], size: str, *, warned: bool
) -> None:
    proof = verify(raw_of(picture(1408, 768)), asked(size))

    assert bool(proof.warnings) is warned


@pytest.mark.parametrize("size", ["768x1408", "1080x1080", "2600x768"])
def test_a_proportion_far_off_needs_a_person(raw_of: Callable[..., RawImage], size: str) -> None:
    assert cause_of(raw_of(picture(1408, 768)), asked(size)) is Cause.WRONG_ORIENTATION
