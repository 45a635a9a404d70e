"""Which files are meant, what their copies are called, and that nobody's file is written over."""

from __future__ import annotations

from pathlib import Path

import PIL.Image
import pytest

from farm.errors import UsageError
from farm.model.prompts import Size
from farm.model.recipes import Recipe, Resize, parse_formats
from farm.steps.orders import Order, carry_out, find_pictures, orders_of

WEBP = Recipe(formats=parse_formats("webp"))


def put(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.new("RGB", (40, 30), "teal").save(path)


def ordered(
    *paths: Path, recipe: Recipe = WEBP, out: Path | None = None, force: bool = False
) -> tuple[Order, ...]:
    return orders_of(find_pictures(paths), recipe, sizes={"": None}, out=out, force=force)


def names(orders: tuple[Order, ...], root: Path) -> list[str]:
    return [(order.out / order.stem).relative_to(root).as_posix() for order in orders]


def test_a_folder_means_every_picture_in_it_but_copies_and_hidden_ones(tmp_path: Path) -> None:
    put(tmp_path / "b" / "2.webp", tmp_path / "b" / "1.JPG", tmp_path / "a.png")
    put(tmp_path / "b" / "derived" / "1.webp", tmp_path / ".parts" / "3.png", tmp_path / ".4.png")
    (tmp_path / "notes.txt").write_text("no picture")

    found = find_pictures([tmp_path])

    assert [each.path.name for each in found] == ["a.png", "1.JPG", "2.webp"]


def test_a_file_named_twice_is_meant_once(tmp_path: Path) -> None:
    put(tmp_path / "a.png")

    found = find_pictures([tmp_path, tmp_path / "a.png", tmp_path / "." / "a.png"])

    assert len(found) == 1


def test_a_folder_of_copies_is_meant_when_it_is_named(tmp_path: Path) -> None:
    put(tmp_path / "derived" / "a.png")

    assert len(find_pictures([tmp_path / "derived"])) == 1


def test_a_path_that_leads_nowhere_is_a_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        find_pictures([tmp_path / "gone"])


def test_copies_stand_beside_their_originals_or_in_the_same_order_elsewhere(
    tmp_path: Path,
) -> None:
    put(tmp_path / "in" / "a.png", tmp_path / "in" / "deep" / "a.png")

    beside = ordered(tmp_path / "in")
    elsewhere = ordered(tmp_path / "in", out=tmp_path / "out")

    assert names(beside, tmp_path) == ["in/derived/a", "in/deep/derived/a"]
    assert names(elsewhere, tmp_path) == ["out/a", "out/deep/a"]


def test_pictures_of_one_name_are_told_apart_by_their_extensions(tmp_path: Path) -> None:
    put(tmp_path / "a.jpg", tmp_path / "A.png", tmp_path / "b.png")

    orders = ordered(tmp_path)

    assert names(orders, tmp_path) == ["derived/A-png", "derived/a-jpg", "derived/b"]


def test_names_that_cannot_be_told_apart_are_a_wrong_use(tmp_path: Path) -> None:
    put(tmp_path / "one" / "a.png", tmp_path / "two" / "a.png")

    with pytest.raises(UsageError, match="the same names"):
        ordered(tmp_path / "one", tmp_path / "two", out=tmp_path / "out")


def test_every_size_has_a_name_of_its_own(tmp_path: Path) -> None:
    put(tmp_path / "a.png")
    recipe = Recipe(resize=Resize.COVER)
    sizes = {"og": Size(20, 10), "8x8": Size(8, 8)}

    orders = orders_of(find_pictures([tmp_path]), recipe, sizes=sizes, out=None)

    assert names(orders, tmp_path) == ["derived/a-og", "derived/a-8x8"]
    assert [Path(f.path).name for o in orders for f in carry_out(o).files] == [
        "a-og.png",
        "a-8x8.png",
    ]


def test_only_what_is_missing_is_made(tmp_path: Path) -> None:
    put(tmp_path / "a.png")
    (tmp_path / "derived").mkdir()
    (tmp_path / "derived" / "a.webp").write_bytes(b"somebody's own")
    (order,) = ordered(tmp_path / "a.png", recipe=Recipe(formats=parse_formats("webp png")))

    fate = carry_out(order)
    again = carry_out(order)

    assert [file.kind for file in fate.files] == ["png"]
    assert fate.kept == (str(tmp_path / "derived" / "a.webp"),)
    assert (len(again.files), len(again.kept)) == (0, 2)
    assert (tmp_path / "derived" / "a.webp").read_bytes() == b"somebody's own"


def test_force_writes_over_copies_but_never_over_the_original(tmp_path: Path) -> None:
    put(tmp_path / "a.webp")
    before = (tmp_path / "a.webp").read_bytes()
    (tmp_path / "derived").mkdir()
    (tmp_path / "derived" / "a.webp").write_bytes(b"old")

    (over_copy,) = ordered(tmp_path / "a.webp", force=True)
    (over_itself,) = ordered(tmp_path / "a.webp", out=tmp_path, force=True)

    assert len(carry_out(over_copy).files) == 1
    assert "is the image itself" in carry_out(over_itself).problem
    assert (tmp_path / "a.webp").read_bytes() == before


def test_what_cannot_be_made_is_a_problem_and_no_end(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    (order,) = ordered(tmp_path / "a.png")

    fate = carry_out(order)

    assert "no picture of a kind farm reads" in fate.problem
