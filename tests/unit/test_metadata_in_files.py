"""What copies say of how they came to be, read back by farm, by Pillow and by exiftool."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from farm.errors import NoPicture
from farm.model.prompts import ImageType, Prompt, Size
from farm.model.recipes import CopyFormat, Format, Recipe, Resize
from farm.steps import xmp
from farm.steps.base import Derived, Facts, Wish
from farm.steps.derive import derive
from farm.steps.metadata import SOFTWARE, facts_from, facts_in, label_of, published, read_facts

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
PROMPT = Prompt(
    id="12",
    image_type=ImageType.HERO,
    filename="mill.png",
    size=Size(120, 60),
    description='A <mill> & "roses" ]]> – 水車\x01',
    title="Éolienne",
    references=("/home/someone/mill.jpg", "https://example.org/mill.jpg"),
)
FACTS = Facts(
    queue="heroes",
    prompt=PROMPT.to_payload() | {"extra": {"Client": "Private Ltd"}},
    text="Draw a <mill>\nwith 水車 🌹",
    backend="gemini",
    account="studio",
    model="nano-banana-2",
    made_at=1_800_000_000.25,
    original_sha256="ab" * 32,
)
EVERY = tuple(CopyFormat(format_) for format_ in Format)


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "mill.png"
    PIL.Image.effect_noise((120, 80), 80).convert("RGB").save(path)
    return path


def made_from(original: Path, facts: Facts | None, **changes: Any) -> dict[str, Path]:
    recipe = Recipe(**{"formats": EVERY, **changes})
    made = derive(original, original.parent / "derived", "mill", Wish(recipe=recipe, facts=facts))
    return {file.kind: Path(file.path) for file in made.files}


def packet_of(path: Path) -> bytes:
    with PIL.Image.open(path) as picture:
        found = picture.info.get("xmp") or picture.info["XML:com.adobe.xmp"]
    return found.encode() if isinstance(found, str) else found


@pytest.mark.parametrize("format_", Format)
def test_the_row_comes_back_out_of_every_format(original: Path, format_: Format) -> None:
    found = read_facts(made_from(original, FACTS)[format_])

    assert found is not None
    assert replace(found, prompt={}) == replace(FACTS, prompt={})
    again = Prompt.from_payload(found.prompt)
    assert replace(again, references=()) == replace(PROMPT, references=())


@pytest.mark.parametrize("format_", Format)
def test_it_survives_farms_own_conversion(original: Path, format_: Format) -> None:
    first = made_from(original, FACTS)["webp"]

    second = made_from(first, None, formats=(CopyFormat(format_),), resize=Resize.OFF)

    if format_ is Format.WEBP:
        first = first.parent / "mill.webp"
    assert read_facts(second[format_]) == read_facts(first)


@pytest.mark.parametrize("format_", Format)
def test_pillow_reads_the_standard_fields(original: Path, format_: Format) -> None:
    path = made_from(original, FACTS)[format_]

    with PIL.Image.open(path) as picture:
        exif = picture.getexif()
        more = exif.get_ifd(0x8769)
        xmp_fields = picture.getxmp()["xmpmeta"]["RDF"]["Description"]
    assert exif[0x0131] == SOFTWARE
    assert more[0x9003] == "2027:01:15 08:00:00"
    assert more[0x9286] == b"UNICODE\0" + FACTS.text.encode("utf-16-be")
    assert xmp_fields["DigitalSourceType"] == TRAINED
    assert xmp_fields["CreatorTool"] == SOFTWARE
    assert xmp_fields["description"]["Alt"]["li"]["text"].startswith(
        'A <mill> & "roses" ]]> – 水車'
    )


def test_a_png_says_it_in_its_own_texts_too(original: Path) -> None:
    with PIL.Image.open(made_from(original, FACTS)["png"]) as picture:
        texts = dict(picture.info)

    assert texts["Comment"] == FACTS.text
    assert texts["Source"] == "gemini nano-banana-2 studio"
    assert texts["Prompt ID"] == "12"


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_exiftool_reads_it_after_each_conversion(original: Path) -> None:
    paths = made_from(original, FACTS)

    told = json.loads(
        subprocess.run(
            ["exiftool", "-json", "-G0", *map(str, paths.values())],
            capture_output=True,
            check=True,
        ).stdout
    )

    assert len(told) == len(Format)
    for one in told:
        assert one["EXIF:UserComment"] == FACTS.text
        assert one["EXIF:ImageDescription"].startswith('A <mill> & "roses" ]]> – 水車')
        assert one["EXIF:Software"] == SOFTWARE
        assert one["EXIF:DateTimeOriginal"] == "2027:01:15 08:00:00"
        assert one["XMP:DigitalSourceType"] == TRAINED
        assert one["XMP:Title"] == "Éolienne"
        assert (one["XMP:Account"], str(one["XMP:PromptId"])) == ("studio", "12")
        assert "ExifTool:Warning" not in one


def test_what_is_private_stays_at_home(original: Path) -> None:
    private = replace(FACTS, account="someone@example.org")

    for path in made_from(original, private, sidecar=False).values():
        data = path.read_bytes()
        for secret in (b"Private Ltd", b"/home/someone", b"someone@"):
            assert secret not in data
        assert secret.decode().encode("utf-16-be") not in data


def test_a_reference_is_named_without_its_folder() -> None:
    assert published(FACTS).prompt["references"] == ["mill.jpg", "https://example.org/mill.jpg"]


def test_without_metadata_a_copy_says_nothing(original: Path) -> None:
    for path in made_from(original, FACTS, metadata=False).values():
        assert read_facts(path) is None
        with PIL.Image.open(path) as picture:
            assert dict(picture.getexif()) == {}


def test_a_picture_that_farm_did_not_make_is_never_marked_as_made_by_a_model(
    tmp_path: Path,
) -> None:
    exif = PIL.Image.Exif()
    exif[0x010F] = "Camera"
    photograph = tmp_path / "photograph.jpg"
    PIL.Image.new("RGB", (60, 40)).save(photograph, exif=exif, xmp=xmp.packet({"dc:title": "Sea"}))

    for path in made_from(photograph, None).values():
        assert xmp.properties(packet_of(path)) == {"dc:title": "Sea"}
        with PIL.Image.open(path) as picture:
            assert picture.getexif()[0x010F] == "Camera"


def test_a_prompt_too_long_for_a_jpeg_is_cut_off_there_and_said(original: Path) -> None:
    endless = replace(FACTS, text="水" * 40_000)

    paths = made_from(original, endless)
    label, doubt = label_of(endless, Format.JPEG)

    assert "too long for the metadata of a jpeg" in doubt
    assert (read_facts(paths["jpeg"]), len(label.xmp) < 65_000) == (None, True)
    assert xmp.properties(packet_of(paths["jpeg"]))["Iptc4xmpExt:DigitalSourceType"] == TRAINED
    whole = read_facts(paths["webp"])
    assert whole is not None
    assert whole.text == endless.text


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"no xml",
        b"<x/>",
        xmp.packet({"farm:facts": '{"queue": "&a;"}'})
        .replace(b"&amp;", b"&")
        .replace(b"<x:xmpmeta", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x:xmpmeta', 1),
        xmp.packet({"farm:facts": "{not json"}),
        xmp.packet({"farm:facts": "[1]"}),
        xmp.packet({"farm:facts": '{"queue": 7}'}),
        xmp.packet({"farm:facts": '{"prompt": "text"}'}),
        xmp.packet({"farm:facts": '{"made_at": true}'}),
        xmp.packet({"farm:facts": "[" * 100_000}),
    ],
)
def test_a_packet_that_is_not_farms_says_nothing(packet: bytes) -> None:
    assert facts_in(packet) is None


def test_facts_that_a_newer_farm_added_are_passed_by() -> None:
    assert facts_from({"queue": "q", "weather": "fine"}) == Facts(queue="q")


def test_what_xml_cannot_hold_does_not_break_the_packet() -> None:
    said = xmp.properties(xmp.packet({"dc:title": "a\x00b\ud800c\uffff"}))

    assert said == {"dc:title": "a\ufffdb\ufffdc\ufffd"}


def derived_with_sidecar(original: Path) -> Derived:
    recipe = Recipe(formats=EVERY[:2], sidecar=True)
    return derive(original, original.parent / "derived", "mill", Wish(recipe=recipe, facts=FACTS))


def test_the_file_beside_it_knows_the_whole_row(original: Path) -> None:
    derived_with_sidecar(original)
    path = original.parent / "derived" / "mill.json"

    said = json.loads(path.read_text(encoding="utf-8"))

    assert read_facts(path) == FACTS
    assert said["original"]["path"] == "../mill.png"
    assert [copy["path"] for copy in said["copies"]] == ["mill.webp", "mill.avif"]


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not installed")
def test_sha256sum_checks_the_checksums(original: Path) -> None:
    folder = Path(derived_with_sidecar(original).files[-1].path).parent

    command = ["sha256sum", "--strict", "-c", "mill.sha256"]
    checked = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)

    assert checked.stdout == "../mill.png: OK\nmill.webp: OK\nmill.avif: OK\nmill.json: OK\n"


def test_a_file_beside_it_that_is_broken_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mill.json"
    path.write_text("{")

    with pytest.raises(NoPicture):
        read_facts(path)
