"""What rows ask for beside one picture: brands, templates, variations, twins, references."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from pathlib import Path

import pytest

from farm.errors import InputError
from farm.model.operations import Operation
from farm.model.prompts import ImageType, Prompt, Size
from farm.model.sources import SourceOptions
from farm.sources.base import Batch
from farm.sources.errand import Errand
from farm.sources.kinds import source_of
from farm.sources.rows import check
from farm.sources.table import cells_of

PNG = b"\x89PNG\r\n\x1a\n"
HEROES = "id,type,file,size,title,author,description\n"
BRANDS = """\
[tech]
suffix = "Clean, modern."
negative = ["blurry", "watermark"]
colors = "#2563eb"
typography = "Sans"
"""


def read(text: str, tmp_path: Path, **options: object) -> Batch:
    path = tmp_path / "p.csv"
    path.write_text(text, encoding="utf-8")
    errand = Errand(
        source=str(path),
        options=SourceOptions(**options),  # type: ignore[arg-type]  # a table of options
        brands=tmp_path / "brands.toml",
        home=tmp_path,
    )
    return source_of(errand).read()


def prompts(text: str, tmp_path: Path, **options: object) -> list[Prompt]:
    return [row.prompt for row in read(text, tmp_path, **options).rows]


def problems(text: str, tmp_path: Path, **options: object) -> list[str]:
    with pytest.raises(InputError) as refused:
        read(text, tmp_path, **options)
    return [problem.removeprefix(f"{tmp_path}/p.csv, ") for problem in refused.value.problems]


def test_a_hero_brings_its_twin_without_title_and_author(tmp_path: Path) -> None:
    text = f"{HEROES}7,Hero,hero-mill.png,1920x1080px,A Mill,The Desk,a mill\n8,,,,,,a pond\n"

    hero, twin, pond = prompts(text, tmp_path, with_og=True)

    assert (hero.id, hero.title, pond.id) == ("7", "A Mill", "8")
    assert asdict(twin) == asdict(hero) | {
        "id": "7-og",
        "image_type": ImageType.HERO_OG,
        "filename": "hero-mill-og.jpg",
        "size": asdict(Size(1200, 630)),
        "title": "",
        "author": "",
    }


def test_variations_are_numbered_in_id_and_name_and_stand_in_their_row(tmp_path: Path) -> None:
    text = "id,title,variations,with og,type,description\n,A Mill,3,yes,hero,a mill\nx,,,,,a pond\n"

    rows = read(text, tmp_path).rows

    assert [(row.row, row.prompt_id, row.prompt.filename) for row in rows] == [
        (1, "1", "hero-a-mill.png"),
        (1, "1-og", "hero-a-mill-og.jpg"),
        (1, "1-v2", "hero-a-mill-v2.png"),
        (1, "1-v2-og", "hero-a-mill-v2-og.jpg"),
        (1, "1-v3", "hero-a-mill-v3.png"),
        (1, "1-v3-og", "hero-a-mill-v3-og.jpg"),
        (2, "x", "image-x.png"),
    ]
    assert rows[0].prompt.extra == {}


def test_a_row_has_its_own_word_on_variations_and_twins(tmp_path: Path) -> None:
    text = "id,type,variations,with og,description\na,hero,1,no,x\nb,hero,,,y\n"

    read_back = prompts(text, tmp_path, variations=2, with_og=True)

    assert [p.id for p in read_back] == ["a", "b", "b-og", "b-v2", "b-v2-og"]


def test_a_twin_that_has_a_row_of_its_own_is_not_made_again(tmp_path: Path) -> None:
    text = "type,file,description\nHero,hero-a.png,x\nHero-OG,HERO-a-og.jpg,y\n"

    assert [p.id for p in prompts(text, tmp_path, with_og=True)] == ["1", "2"]


def test_results_that_are_read_again_ask_for_nothing_more(tmp_path: Path) -> None:
    (tmp_path / "brands.toml").write_text(BRANDS)
    text = "id,type,brand,variations,with og,Prompt Template,City\na,hero,tech,2,yes,{City},Rome\n"
    first = prompts(text, tmp_path)
    stream = io.StringIO()
    writer = csv.writer(stream)
    names = ["id", "type", "file", "size", "colors", "typography", "description", "negative prompt"]
    writer.writerow([*names, "City", "Brand"])
    for p in first:
        seeds = [p.id, p.image_type, p.filename, p.size or "", p.colors, p.typography]
        writer.writerow([*seeds, p.description, p.negative, *p.extra.values()])

    again = prompts(stream.getvalue(), tmp_path, variations=2, with_og=True, brand="tech")

    assert again == first
    assert [p.id for p in first] == ["a", "a-og", "a-v2", "a-v2-og"]


def test_a_brand_adds_its_suffix_and_what_its_rows_leave_open(tmp_path: Path) -> None:
    (tmp_path / "brands.toml").write_text(BRANDS)
    text = (
        "description,colors,negative prompt,Brand\n"
        "a mill,,,Tech\na pond!,#111,fog,tech\na plain one,,,\n"
    )

    mill, pond, plain = prompts(text, tmp_path)

    assert (mill.description, mill.colors, mill.typography, mill.negative) == (
        "a mill. Clean, modern.",
        "#2563eb",
        "Sans",
        "blurry, watermark",
    )
    assert (pond.description, pond.colors, pond.negative) == (
        "a pond! Clean, modern.",
        "#111",
        "fog, blurry, watermark",
    )
    assert (plain.description, plain.extra) == ("a plain one", {"Brand": ""})
    assert prompts("description\nx\n", tmp_path, brand="tech")[0].description.endswith("modern.")


@pytest.mark.parametrize(
    ("brands", "said"),
    [
        (BRANDS, "brands.toml has no brand 'teck'; did you mean tech."),
        ("[tech]\nsufix = 'x'\n", "[tech]: sufix is not known"),
        ("suffix = 'x'\n", "suffix is no table"),
        ("[tech]\nsuffix = 1\n", "suffix must be a text"),
        ("[tech\n", "cannot be read"),
    ],
)
def test_a_brand_that_is_not_there_or_wrong_is_told(tmp_path: Path, brands: str, said: str) -> None:
    (tmp_path / "brands.toml").write_text(brands)

    (problem,) = problems("description,brand\nx,teck\n", tmp_path)

    assert said in problem


def test_without_a_file_of_brands_the_column_is_only_kept_and_the_option_refused(
    tmp_path: Path,
) -> None:
    batch = read("description,brand\nx,tech\n", tmp_path)

    assert batch.rows[0].prompt.extra == {"Brand": "tech"}
    assert "Brand changes nothing" in batch.warnings[0]
    assert "there is no" in problems("description\nx\n", tmp_path, brand="tech")[0]


def test_names_in_braces_are_filled_and_all_other_braces_stay(tmp_path: Path) -> None:
    text = (
        'City,title,file,description\nRome,"In {City}",hero-{city}.png,'
        '"{title}, {{City}} {""a"": {""b"": 1}} {} {1} { x }"\n'
    )

    (filled,) = prompts(text, tmp_path, templates=True)

    assert filled.description == 'In Rome, {City} {"a": {"b": 1}} {} {1} { x }'
    assert (filled.title, filled.filename) == ("In Rome", "hero-Rome.png")


def test_a_name_that_no_column_has_is_an_error_of_its_row(tmp_path: Path) -> None:
    text = "City,description\nRome,{City}\nOslo,{Citty} and {x}\n"

    (problem,) = problems(text, tmp_path, templates=True)
    assert problem == (
        "row 2, Description: {Citty} names no column; did you mean {city}? "
        "write {{Citty}} to keep it as it is."
    )


def test_braces_are_left_alone_and_told_of_where_nobody_asked(tmp_path: Path) -> None:
    batch = read("City,description\nRome,{City} {other}\nOslo,x\n", tmp_path)

    assert batch.rows[0].prompt.description == "{City} {other}"
    (warning,) = batch.warnings
    assert "rows 1: columns named in braces stay as they are" in warning


def test_a_column_called_template_is_filled_unasked(tmp_path: Path) -> None:
    assert prompts("City,Prompt Template\nRome,in {City}\n", tmp_path)[0].description == "in Rome"


def test_references_begin_at_the_folder_of_their_source(tmp_path: Path) -> None:
    (tmp_path / "my pictures").mkdir()
    for name in ("a.png", "my pictures/b.jpg"):
        (tmp_path / name).write_bytes(PNG)
    text = 'Description,Reference Images\nx,"a.png; my pictures/b.jpg\nhttps://x.org/c.png"\ny,\n'

    one, other = prompts(text, tmp_path)

    assert one.references == (
        str(tmp_path / "a.png"),
        str(tmp_path / "my pictures" / "b.jpg"),
        "https://x.org/c.png",
    )
    assert (one.lane, other.lane) == ("any+references", "any")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("lost.png", "'lost.png' does not exist (looked for "),
        ("http://x.org/a.png", "is neither a path nor an https address"),
        ("file:///etc/passwd", "is neither a path nor an https address"),
        ("data:image/png;base64", "is neither a path nor an https address"),
        ("https://", "is no whole https address"),
        (".", "is a folder"),
        ("a" * 5000, "does not exist"),
    ],
)
def test_a_reference_that_cannot_be_had_is_an_error_with_row_and_column(
    tmp_path: Path, cell: str, said: str
) -> None:
    (problem,) = problems(f"Description,References\nx,\ny,{cell}\n", tmp_path)

    assert problem.startswith("row 2, Reference Images: ")
    assert said in problem


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"", "'it.png' is empty"),
        (b"<!doctype html>", "'it.png' is no picture; farm takes PNG, JPEG, WebP, GIF, BMP, TIFF"),
        (b"%PDF-1.7", "is no picture"),
        (b"\0\0\0\x1cftypheic\0\0\0\0mif1heic", "is no picture"),
    ],
)
@pytest.mark.parametrize("column", ["Reference Images", "Mask"])
def test_a_file_that_is_no_picture_is_told_before_anything_is_queued(
    tmp_path: Path, column: str, head: bytes, said: str
) -> None:
    (tmp_path / "it.png").write_bytes(head)

    (problem,) = problems(f"Description,{column}\nx,\ny,it.png\n", tmp_path)

    assert problem.startswith(f"row 2, {column}: ")
    assert said in problem


@pytest.mark.parametrize(
    "head",
    [
        b"GIF89a",
        b"BM6",
        b"II*\0",
        b"MM\0*",
        b"\0\0\0\x20ftypavif",
        b"\0\0\0\x20ftypmif1\0\0\0\0avif",
    ],
)
def test_a_picture_that_becomes_a_png_later_is_let_be(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "it").write_bytes(head)

    assert len(prompts("Description,Reference Images\nx,it\n", tmp_path)) == 1


@pytest.mark.parametrize(
    ("backend", "model", "said"),
    [
        ("openai", "gemini-3-pro-image", "is a model of gemini, not of openai; write gemini into"),
        ("vertex", "gpt-image-2", "is a model of openai, not of gemini"),
        ("web", "gpt-image-2", "not of web; the page draws with the one that is chosen there"),
        ("openai", "imagen-4", "and imagen-4.0-generate-001 was shut down on 2026-08-17. Take"),
        ("openai", "gpt-imgae-2", "did you mean gpt-image-2? write openai:gpt-imgae-2 if it is a"),
        ("gemini", "painter", "is no model that farm knows; write gemini:painter if it is a new"),
        ("", "gemini-3-pro-imge", "did you mean gemini-3-pro-image? write gemini:gemini-3-pro"),
        ("", "gemini:gpt-image-2", "is a model of openai, not of gemini"),
        ("", "openai:dall-e-3", "was shut down"),
        ("openai", "sdwebui:sdxl", "is a model of sdwebui, and Backend says openai"),
        ("gemini", "x" * 101, "has 101 characters; the limit is 100"),
    ],
)
def test_a_model_that_its_backend_has_not_is_told_with_a_remedy(
    tmp_path: Path, backend: str, model: str, said: str
) -> None:
    (problem,) = problems(f"Description,Backend,Model\nx,,\ny,{backend},{model}\n", tmp_path)

    assert problem.startswith("row 2, Model: ")
    assert said in problem


@pytest.mark.parametrize(
    ("backend", "model", "meant"),
    [
        ("", "sdwebui:sdxl.safetensors", ("sdwebui", "sdxl.safetensors")),
        ("sdwebui", "sdwebui: sdxl", ("sdwebui", "sdxl")),
        ("comfyui", "flux-dev", ("comfyui", "flux-dev")),
        ("fal", "fal-ai/some/thing-new", ("fal", "fal-ai/some/thing-new")),
        ("", "openai:gpt-image-9", ("openai", "gpt-image-9")),
        ("", "vertex:nano-banana-pro", ("gemini", "nano-banana-pro")),
        ("web", "nano-banana", ("web", "nano-banana")),
        ("", "sdxl.safetensors", ("", "sdxl.safetensors")),
        ("", "gpt-image-2", ("", "gpt-image-2")),
    ],
)
def test_a_model_may_name_its_backend_and_may_be_new(
    tmp_path: Path, backend: str, model: str, meant: tuple[str, str]
) -> None:
    (prompt,) = prompts(f"Description,Backend,Model\nx,{backend},{model}\n", tmp_path)

    assert (prompt.backend, prompt.model) == meant


def test_a_model_of_the_users_own_list_is_known(tmp_path: Path) -> None:
    own = '[[model]]\nbackend = "openai"\nid = "painter"\n'
    (tmp_path / "models.toml").write_text(own)

    assert len(prompts("Description,Backend,Model\nx,openai,painter\n", tmp_path)) == 1


def test_a_broken_list_of_models_is_told_where_a_row_names_one(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text("[[model]")

    (problem,) = problems("Description,Model\nx,gpt-image-2\n", tmp_path)

    assert "models.toml cannot be read" in problem


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("Backend", "opnai", "is no backend; did you mean openai?"),
        ("Model", "gpt-image-1", "was shut down on 2026-10-23. Take gpt-image-2.5-flare instead"),
        ("Model", "Imagen-4", "Take gemini-nano-banana-2.1 instead"),
        ("Variations", "many", "is no number from 1 to 99"),
        ("Variations", "100", "is no number from 1 to 99"),
        ("Variations", "0", "is no number from 1 to 99"),
        ("With OG", "perhaps", "is neither yes nor no"),
        ("Operation", "uppscale", "is no operation; did you mean upscale?"),
        ("Upscale Factor", "big", "is no number such as 2 or x4"),
        ("Upscale Factor", "nan", "must be above 1"),
        ("Seed", "1.5", "is no whole number"),
        ("Seed", "-1", "must be between 0"),
        ("Mask", "https://x.org/m.png", "must be the path of one picture"),
    ],
)
def test_each_of_farms_own_columns_says_what_it_takes(
    tmp_path: Path, column: str, cell: str, said: str
) -> None:
    (problem,) = problems(f"Description,{column}\nx,{cell}\n", tmp_path)

    assert problem.startswith(f"row 1, {column}: ")
    assert said in problem


def test_farms_own_columns_become_part_of_the_prompt(tmp_path: Path) -> None:
    (tmp_path / "m.png").write_bytes(PNG)
    text = (
        "Description,Negative Prompt,Backend,Model,Operation,Mask,Upscale Factor,Seed\n"
        "x,fog,OpenAI,gpt-image-2,Insert,m.png,x4,42\n"
    )

    (prompt,) = prompts(text, tmp_path)

    assert (prompt.negative, prompt.backend, prompt.model) == ("fog", "openai", "gpt-image-2")
    assert (prompt.operation, prompt.mask) == (Operation.INSERT, str(tmp_path / "m.png"))
    assert (prompt.factor, prompt.seed, prompt.lane) == (4.0, 42, "openai+mask")


def test_what_a_completed_row_asks_for_is_nobodys_business(tmp_path: Path) -> None:
    text = "Description,Status,Seed,References\n,COMPLETED,abc,lost.png\nx,,,\n"

    batch = read(text, tmp_path, templates=True, variations=2)

    assert [row.prompt_id for row in batch.rows] == ["2", "2-v2"]


def test_an_id_that_a_variation_makes_too_long_is_told_as_that_of_its_row() -> None:
    cells = cells_of("p.csv", "id,description\n" + "x" * 98 + ",a\n")

    with pytest.raises(InputError, match=r"row 1, Prompt ID: has 101 characters"):
        check(cells, Errand(source="p.csv", options=SourceOptions(variations=2)))
