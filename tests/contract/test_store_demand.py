"""What open jobs ask for, as far as a price depends on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from farm.model.causes import Cause
from farm.model.demand import Demand
from farm.model.operations import Operation
from farm.model.prompts import ImageType, Size

if TYPE_CHECKING:
    from tests.contract.conftest import Desk

LANES = ("any", "any+references", "gemini", "fal+references")


async def add(desk: Desk, *wishes: dict[str, Any]) -> None:
    rows = [desk.row(f"row-{n}", number=n, **wish) for n, wish in enumerate(wishes, 1)]
    await desk.store.add("q", rows, "q.csv")


async def only(desk: Desk) -> Demand:
    (demand,) = await desk.store.demands(LANES)
    return demand


async def test_jobs_that_ask_for_the_same_are_one_demand(desk: Desk) -> None:
    await add(desk, *[{"size": Size(1920, 1080), "description": "x" * n} for n in range(50)])

    demand = await only(desk)

    assert (demand.jobs, demand.size, demand.operation) == (50, Size(1920, 1080), "generate")
    assert demand.chars >= 49
    assert demand.row == "row-1"


async def test_whatever_a_price_depends_on_tells_them_apart(desk: Desk) -> None:
    wishes: list[dict[str, Any]] = [
        {},
        {"size": Size(1024, 1024)},
        {"model": "gpt-image-2"},
        {"image_type": ImageType.HERO},
        {"backend": "gemini"},
        {"references": ("/a.png",)},
        {"references": ("/a.png", "/b.png")},
    ]
    await add(desk, *wishes, *wishes)

    demands = await desk.store.demands(LANES)

    assert [demand.jobs for demand in demands] == [2] * len(wishes)
    assert sorted(demand.references for demand in demands) == [0, 0, 0, 0, 0, 1, 2]
    assert {demand.model for demand in demands} == {"", "gpt-image-2"}


async def test_what_is_enlarged_is_told_by_its_picture_and_factor(desk: Desk) -> None:
    twice = {"operation": Operation.UPSCALE, "factor": 2.0, "backend": "fal"}
    await add(desk, twice | {"references": ("/a.png",)}, twice | {"references": ("/b.png",)})

    demands = await desk.store.demands(LANES)

    assert {(demand.original, demand.factor) for demand in demands} == {
        ("/a.png", 2.0),
        ("/b.png", 2.0),
    }
    assert [demand.prompt.references for demand in demands] == [(d.original,) for d in demands]


async def test_only_open_jobs_of_these_lanes_are_asked_for(desk: Desk) -> None:
    await add(desk, {}, {}, {}, {"backend": "openai"}, {"mask": "/m.png", "references": ("/a",)})
    await desk.complete(await desk.claim())
    await desk.store.fail(await desk.claim(), Cause.TIMEOUT, "no image", 3600)

    demand = await only(desk)

    assert demand.jobs == 2
