"""What the queue's own pictures would cost at each model."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from farm.catalogue import load_catalogue
from farm.model.costs import Cost, costs
from farm.model.demand import Demand, demands_of
from farm.model.operations import Operation
from farm.model.prompts import ImageType, Prompt, Size

TODAY = date(2026, 11, 21)
LITTLE = Demand(
    jobs=100,
    lane="any",
    image_type=ImageType.REGULAR,
    size=Size(1024, 1024),
    model="",
    operation=Operation.GENERATE,
    factor=None,
    references=0,
    original="",
    has_mask=False,
    chars=0,
)
LARGE = replace(LITTLE, jobs=10, size=Size(3840, 2160))


def at(*demands: Demand, home: Path | None = None) -> dict[str, Cost]:
    return {cost.model: cost for cost in costs(demands, load_catalogue(home), TODAY)}


def test_each_size_is_reckoned_at_its_own_price() -> None:
    little, large = at(LITTLE), at(LARGE)

    both = at(LITTLE, LARGE)

    for model in ("gemini-3-pro-image", "gpt-image-2", "fal-ai/nano-banana-pro"):
        one, other = little[model].microusd, large[model].microusd
        assert one is not None
        assert other is not None
        assert both[model].microusd == one + other
        assert other / 10 > one / 100


def test_jobs_that_a_model_cannot_make_are_counted_and_not_reckoned() -> None:
    with_pictures = replace(LITTLE, jobs=7, references=3)

    found = at(LITTLE, with_pictures)["fal-ai/flux/schnell"]

    assert (found.jobs, found.unable) == (100, 7)
    assert found.microusd == at(LITTLE)["fal-ai/flux/schnell"].microusd


def test_who_can_make_all_for_least_comes_first_and_the_unknown_after_the_known() -> None:
    found = costs([LITTLE], load_catalogue(), TODAY)

    prices = [cost.microusd for cost in found]
    known = [price for price in prices if price is not None]
    assert known == sorted(known) == prices[: len(known)]
    assert len(known) < len(prices)


def test_models_of_yesterday_and_ones_own_machine_are_not_offered() -> None:
    assert not {"gpt-image-1", "gpt-image-1-mini", "loaded", "graph"} & at(LITTLE).keys()


def test_a_batch_costs_half_where_there_is_one() -> None:
    found = at(LITTLE)

    gemini, fal = found["gemini-3-pro-image"], found["fal-ai/flux/dev"]

    assert gemini.microusd is not None
    assert gemini.batch_microusd == gemini.microusd // 2
    assert fal.batch_microusd is None


def test_a_price_of_the_users_own_list_is_told(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text(
        '[[model]]\nbackend = "fal"\nid = "fal-ai/own"\n'
        "price = [{ valid_from = 2026-01-01, usd = 0.5 }]\n"
    )

    assert at(LITTLE, home=tmp_path)["fal-ai/own"].microusd == 50_000_000


def test_rows_of_a_file_are_counted_by_what_their_price_depends_on() -> None:
    rows = [
        Prompt(id=str(n), filename="a.png", description="x" * n, size=Size(1024, 1024))
        for n in range(1, 4)
    ]
    other = replace(rows[0], id="9", references=("/a.png",))

    found = demands_of([*rows, other])

    assert [(one.jobs, one.references, one.lane) for one in found] == [
        (3, 0, "any"),
        (1, 1, "any+references"),
    ]
    assert found[0].chars > found[1].chars - 40
