"""How a row's size is put to a model, what the model cannot do, what it costs."""

from __future__ import annotations

from datetime import date

import pytest

from farm.catalogue import load_catalogue
from farm.model.fitting import Order, canvas, estimate, fitted, misfit, nearest_ratio
from farm.model.models import Model, Price, Rates, Sides
from farm.model.operations import Operation
from farm.model.prompts import Size

TODAY = date(2026, 11, 20)
OPENAI = Sides(step=16, longest=3840, least_pixels=655_360, most_pixels=8_294_400, widest=3.0)


def model(name: str) -> Model:
    found = load_catalogue().find(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("size", "ratio"),
    [
        (Size(1920, 1080), "16:9"),
        (Size(1200, 630), "16:9"),
        (Size(1080, 1920), "9:16"),
        (Size(1080, 1350), "4:5"),
        (Size(1000, 1000), "1:1"),
        (Size(3440, 1440), "21:9"),
    ],
)
def test_the_nearest_ratio_is_the_one_that_cuts_least(size: Size, ratio: str) -> None:
    assert nearest_ratio(size.ratio, model("gemini-3-pro-image").ratios) == ratio


@pytest.mark.parametrize(
    ("size", "tier"),
    [
        (None, "1K"),
        (Size(512, 512), "1K"),
        (Size(1365, 768), "1K"),
        (Size(1024, 1024), "1K"),
        (Size(1920, 1080), "2K"),
        (Size(3840, 2160), "4K"),
        (Size(9000, 5000), "4K"),
    ],
)
def test_the_smallest_class_that_is_large_enough_is_bought(size: Size | None, tier: str) -> None:
    assert fitted(model("gemini-nano-banana-2.1"), Order(size=size)).tier == tier


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        (Size(1920, 1080), Size(1920, 1088)),
        (Size(1024, 1024), Size(1024, 1024)),
        (Size(400, 400), Size(816, 816)),
        (Size(3840, 2160), Size(3840, 2160)),
        (Size(10_000, 10_000), Size(2880, 2880)),
        (Size(5000, 1000), Size(3840, 1280)),
    ],
)
def test_a_canvas_keeps_the_proportion_within_what_the_model_takes(asked: Size, made: Size) -> None:
    assert canvas(OPENAI, asked) == made


def test_every_canvas_is_one_that_the_model_takes() -> None:
    for width in range(100, 9000, 173):
        for height in range(100, 9000, 211):
            made = canvas(OPENAI, Size(width, height))
            longer, shorter = (
                max(made.width_px, made.height_px),
                min(made.width_px, made.height_px),
            )

            assert made.width_px % 16 == made.height_px % 16 == 0
            assert longer <= 3840
            assert longer <= 3 * shorter
            assert 655_360 * 0.95 <= longer * shorter <= 8_294_400


def test_an_automatic_quality_is_the_models_usual_one_and_so_has_a_price() -> None:
    flare = model("gpt-image-2.5-flare")

    assert fitted(flare, Order(quality="auto")).quality == "medium"
    assert fitted(flare, Order(quality="max")).quality == "max"
    assert fitted(model("gemini-3-pro-image"), Order(quality="max")).quality == ""


@pytest.mark.parametrize(
    ("name", "order", "why"),
    [
        ("imagen-4", Order(), "Take gemini-nano-banana-2.1 instead"),
        ("gemini-2.5-flash-image", Order(reference_bytes=(1,) * 4), "takes 3 reference pictures"),
        ("gemini-3-pro-image", Order(reference_bytes=(9_000_000,)), "up to 7 MB"),
        ("gemini-3-pro-image", Order(operation=Operation.UPSCALE), "cannot upscale"),
        ("gpt-image-2", Order(operation=Operation.INSERT, reference_bytes=(1,)), "needs a mask"),
        ("gpt-image-2", Order(operation=Operation.OUTPAINT), "needs a picture"),
        ("gpt-image-2", Order(mask=True), "needs the picture"),
        ("gpt-image-2", Order(count=11), "makes 10 pictures"),
        ("gpt-image-2", Order(chars=32_001), "takes 32000 characters"),
        ("gemini-3-pro-image", Order(size=Size(4000, 500)), "far from every proportion"),
        (
            "imagen-4.0-upscale-preview",
            Order(operation=Operation.UPSCALE, reference_bytes=(1,), factor=8),
            "x2, x3, x4, not x8",
        ),
    ],
)
def test_what_a_model_cannot_do_is_said(name: str, order: Order, why: str) -> None:
    assert why in misfit(model(name), order, TODAY)


def test_what_a_model_can_do_has_no_misfit() -> None:
    order = Order(
        size=Size(1920, 1080), operation=Operation.REMOVE, reference_bytes=(1000,), mask=True
    )

    assert misfit(model("gemini-nano-banana-2.1"), order, TODAY) == ""
    assert misfit(model("gpt-image-2.5-sunburst"), order, TODAY) == ""


def test_an_estimate_is_no_less_than_what_the_picture_and_its_thoughts_cost() -> None:
    nano = model("gemini-nano-banana-2.1")

    small = estimate(nano, Order(size=Size(1024, 1024), chars=300), TODAY)
    large = estimate(nano, Order(size=Size(3840, 2160), chars=300), TODAY)

    assert small is not None
    assert large is not None
    assert 33_600 < small < 46_000
    assert large - small == 75_600 - 33_600


def priced(**fields: object) -> Model:
    return Model(backend="x", id="m", **fields)  # type: ignore[arg-type]


def test_megapixels_that_were_begun_count() -> None:
    flux = priced(
        sides=Sides(most_pixels=16_000_000, longest=8000),
        prices=(Price(valid_from=TODAY, image=30_000, further=15_000, reference=1_000),),
    )

    assert estimate(flux, Order(size=Size(1024, 1024)), TODAY) == 30_000
    assert estimate(flux, Order(size=Size(1024, 1032)), TODAY) == 45_000
    assert estimate(flux, Order(size=Size(2048, 2048), count=2), TODAY) == 150_000
    assert estimate(flux, Order(reference_bytes=(1, 1)), TODAY) == 32_000


def test_an_enlarged_picture_is_paid_by_what_comes_out() -> None:
    seedvr = priced(
        operations=(Operation.UPSCALE,), prices=(Price(valid_from=TODAY, image=1000, further=1000),)
    )
    order = Order(operation=Operation.UPSCALE, size=Size(1024, 1024), factor=4)

    assert estimate(seedvr, order, TODAY) == 16_000


def test_the_newest_price_that_holds_is_taken() -> None:
    changing = priced(
        prices=(
            Price(valid_from=date(2026, 1, 1), image=1),
            Price(valid_from=date(2026, 11, 1), image=2),
            Price(valid_from=date(2027, 1, 1), image=3),
        )
    )

    assert estimate(changing, Order(), TODAY) == 2
    assert estimate(changing, Order(), date(2025, 1, 1)) is None


def test_what_runs_at_home_is_free_and_what_nobody_priced_is_unknown() -> None:
    assert estimate(priced(free=True), Order(), TODAY) == 0
    assert estimate(priced(), Order(), TODAY) is None


def test_words_and_pictures_that_are_read_are_paid() -> None:
    reading = priced(
        references=3,
        prices=(Price(valid_from=TODAY, image=0),),
        rates=(Rates(valid_from=TODAY, text_in=1_000_000, image_in=2_000_000),),
    )

    assert estimate(reading, Order(chars=30, reference_bytes=(1,)), TODAY) == 10 + 2 * 1300
