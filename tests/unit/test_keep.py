import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from farm.errors import SaveFailed
from farm.model.images import Image, RawImage
from farm.steps.base import Proof
from farm.steps.keep import Place, keep, part_path, sweep_parts

DAY = "2026-11-21"

RACER = """
import hashlib, os, sys
from pathlib import Path
from farm.model.images import RawImage
from farm.steps.base import Proof
from farm.steps.keep import Place, keep, part_path

downloads, me, links = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
if links == "without":
    def refuse(*_):
        raise OSError(1, "no hard links on this disk")
    os.link = refuse

def name(taken):
    numbers = (f"Hero-{n}.png" for n in range(2, 999))
    return next(n for n in ["hero.png", *numbers] if not taken(n))

sys.stdin.readline()
for number in range(25):
    data = f"{me}:{number}".encode() * 1000
    part = part_path(downloads, me, number)
    part.write_bytes(data)
    sha = hashlib.sha256(data).hexdigest()
    raw = RawImage(part=part, sha256=sha, size_bytes=len(data), source="s0",
                   preview_px=(0, 0), full_size=True)
    proof = Proof(sha256=sha, size_bytes=len(data), width_px=1, height_px=1,
                  media_type="image/png", perceptual="0" * 16)
    image = keep(raw, proof, Place(downloads=downloads, folder="2026-11-21", name=name))
    print(image.path, sha, flush=True)
"""


def numbered(stem: str) -> Callable[[Callable[[str], bool]], str]:
    def name(taken: Callable[[str], bool]) -> str:
        wishes = (f"{stem}.png" if n == 1 else f"{stem}-{n}.png" for n in range(1, 99))
        return next(wish for wish in wishes if not taken(wish))

    return name


def kept(downloads: Path, data: bytes, *, stem: str = "hero", folder: str = DAY) -> Image:
    part = part_path(downloads, 1, 1)
    part.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    raw = RawImage(
        part=part,
        sha256=sha256,
        size_bytes=len(data),
        source="s0",
        preview_px=(0, 0),
        full_size=True,
    )
    proof = Proof(
        sha256=sha256,
        size_bytes=len(data),
        width_px=4,
        height_px=3,
        media_type="image/png",
        perceptual="0" * 16,
    )
    return keep(raw, proof, Place(downloads=downloads, folder=folder, name=numbered(stem)))


def test_the_original_stands_byte_for_byte_under_its_name(tmp_path: Path) -> None:
    image = kept(tmp_path, b"pixels")

    assert image.path == "2026-11-21/hero.png"
    assert (tmp_path / image.path).read_bytes() == b"pixels"
    assert list((tmp_path / ".parts").iterdir()) == []


def test_another_image_of_that_name_gets_a_number(tmp_path: Path) -> None:
    first = kept(tmp_path, b"one")
    second = kept(tmp_path, b"two")

    assert [first.path, second.path] == ["2026-11-21/hero.png", "2026-11-21/hero-2.png"]
    assert (tmp_path / first.path).read_bytes() == b"one"


def test_names_that_differ_in_case_only_are_one_name(tmp_path: Path) -> None:
    kept(tmp_path, b"one", stem="HERO")

    assert kept(tmp_path, b"two").path == "2026-11-21/hero-2.png"


def test_keeping_the_same_bytes_again_finds_the_first_file(tmp_path: Path) -> None:
    kept(tmp_path, b"other")
    first = kept(tmp_path, b"pixels")

    again = kept(tmp_path, b"pixels")

    assert again == first
    assert len(list((tmp_path / DAY).iterdir())) == 2


@pytest.mark.parametrize("folder", ["../out", "a/../../out", "linked", "linked/review"])
def test_no_folder_leads_out_of_the_downloads(tmp_path: Path, folder: str) -> None:
    downloads = tmp_path / "downloads"
    outside = tmp_path / "outside"
    downloads.mkdir()
    outside.mkdir()
    (downloads / "linked").symlink_to(outside, target_is_directory=True)

    with pytest.raises(SaveFailed, match="leads out of the downloads folder"):
        kept(downloads, b"pixels", folder=folder)

    assert list(outside.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["downloads", "outside"]


def test_a_dangling_link_under_the_wished_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / DAY).mkdir()
    (tmp_path / DAY / "hero.png").symlink_to(tmp_path / "elsewhere")

    image = kept(tmp_path, b"pixels")

    assert image.path == "2026-11-21/hero-2.png"
    assert not (tmp_path / "elsewhere").exists()


def test_a_place_that_cannot_be_written_is_named_and_the_bytes_stay(tmp_path: Path) -> None:
    (tmp_path / DAY).write_text("a file where the folder should be")

    with pytest.raises(SaveFailed, match=DAY):
        kept(tmp_path, b"pixels")

    assert [part.read_bytes() for part in (tmp_path / ".parts").iterdir()] == [b"pixels"]


@pytest.mark.parametrize("links", ["with", "without"])
def test_processes_racing_for_one_name_all_keep_their_image(tmp_path: Path, links: str) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path), str(number), links],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]

    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = "".join(racer.communicate(timeout=60)[0] for racer in racers).split()

    paths, hashes = said[::2], said[1::2]
    found = [hashlib.sha256((tmp_path / path).read_bytes()).hexdigest() for path in paths]
    assert len(set(paths)) == 75
    assert found == hashes
    assert len(list((tmp_path / DAY).iterdir())) == 75


def test_only_parts_nobody_writes_any_more_are_swept(tmp_path: Path) -> None:
    old, young = part_path(tmp_path, 1, 1), part_path(tmp_path, 2, 1)
    for part in (old, young):
        part.write_bytes(b"half")
    os.utime(old, (1000, 1000))

    swept = sweep_parts(tmp_path, before=2000)

    assert swept == 1
    assert list((tmp_path / ".parts").iterdir()) == [young]


def test_sweeping_a_folder_that_never_was_is_nothing(tmp_path: Path) -> None:
    assert sweep_parts(tmp_path, before=2000) == 0
