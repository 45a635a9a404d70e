"""`farm spend`: where the money went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.jobs import with_farm
from farm.cli.options import AsJson
from farm.cli.render import say, say_json, say_table
from farm.model.money import Spending, in_dollars

if TYPE_CHECKING:
    from farm.wiring.opened import Farm


class By(StrEnum):
    """What sums are made of."""

    DAY = "day"
    BACKEND = "backend"
    MODEL = "model"
    ACCOUNT = "account"


def spend(
    *,
    days: Annotated[
        int, typer.Option(min=1, metavar="N", help="Of the last N days, today included.")
    ] = 30,
    by: Annotated[By, typer.Option(help="One line for each.")] = By.DAY,
    as_json: AsJson = False,
) -> None:
    """Show what the image APIs took, by day, backend, model or key.

    `open` is set aside for requests that farm never heard of again: they may have been billed, so
    they count against your budgets. `estimated` requests were settled at farm's own price.

    \b
    Examples:
      farm spend
      farm spend --by model --days 7
      farm spend --json
    """

    async def work(farm: Farm) -> tuple[Sequence[Spending], str]:
        today = datetime.fromtimestamp(farm.clock.now()).astimezone().date()
        since = today - timedelta(days=days - 1)
        return await farm.store.spendings(since=f"{since}"), f"{today}"

    spendings, today = with_farm(work)
    if as_json:
        total = {"spent": _spent(spendings), "open": _open(spendings)}
        say_json({"spendings": [asdict(one) for one in spendings], "total_microusd": total})
        return
    if not spendings:
        say(f"Nothing was spent in the last {days} days.")
        return
    say_table((by.value, "requests", "spent", "open", "estimated"), _lines(spendings, by))
    so_far = [one for one in spendings if one.day == today]
    say(f"today: {in_dollars(_spent(so_far))}  all: {in_dollars(_spent(spendings))}")


def _lines(spendings: Sequence[Spending], by: By) -> list[tuple[str, ...]]:
    groups: defaultdict[str, list[Spending]] = defaultdict(list)
    for one in spendings:
        groups[str(getattr(one, by.value)) or "-"].append(one)
    return [
        (
            name,
            str(sum(one.requests for one in group)),
            in_dollars(_spent(group)),
            in_dollars(_open(group)) if _open(group) else "",
            str(sum(one.estimated for one in group) or ""),
        )
        for name, group in sorted(groups.items())
    ]


def _spent(spendings: Sequence[Spending]) -> int:
    return sum(one.spent_microusd for one in spendings)


def _open(spendings: Sequence[Spending]) -> int:
    return sum(one.open_microusd for one in spendings)
