"""What open jobs ask for, counted by the database: a hundred thousand rows are a few groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from farm.model.demand import Demand
from farm.model.jobs import OPEN_STATES
from farm.model.operations import Operation
from farm.model.prompts import ImageType, Size
from farm.store.database import Database
from farm.store.records import AnyRow
from farm.store.schema import in_state, jobs

_ASKS: Final = jobs.c.payload


class SqlDemand:
    """Read-only looks at what is still to be drawn."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def demands(self, lanes: Sequence[str]) -> tuple[Demand, ...]:
        """Open jobs that stand in these lanes, those alike counted together."""
        asked = _asked(self._database.dialect_name).where(jobs.c.lane.in_(lanes)).subquery("asked")
        alike = [column for column in asked.c if column.name not in {"chars", "row"}]
        counted = sa.select(
            *alike,
            sa.func.count().label("jobs"),
            sa.func.max(asked.c.chars).label("chars"),
            sa.func.min(asked.c.row).label("row"),
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(counted.group_by(*alike))).all()
        return tuple(_demand_of(row) for row in rows)


def _asked(dialect: str) -> sa.Select[Any]:
    # Named in a subquery: PostgreSQL takes two parameters of the same value for different groups.
    pictures = (
        sa.func.json_array_length(_ASKS["references"])
        if dialect == "postgresql"
        else sa.func.json_array_length(_ASKS, "$.references")
    )
    operation = sa.func.coalesce(_ASKS["operation"].as_string(), Operation.GENERATE.value)
    enlarged = operation == Operation.UPSCALE.value
    return sa.select(
        jobs.c.lane,
        _ASKS["image_type"].as_string().label("image_type"),
        sa.func.coalesce(_ASKS["size"].as_string(), "").label("size"),
        sa.func.coalesce(_ASKS["model"].as_string(), "").label("model"),
        operation.label("operation"),
        _ASKS["factor"].as_float().label("factor"),
        sa.func.coalesce(pictures, 0).label("references"),
        sa.case((enlarged, _ASKS[("references", 0)].as_string()), else_="").label("original"),
        _ASKS["mask"].as_string().is_not(None).label("has_mask"),
        sa.func.length(sa.cast(_ASKS, sa.Text)).label("chars"),
        jobs.c.prompt_id.label("row"),
    ).where(in_state(*sorted(OPEN_STATES)))


def _demand_of(row: AnyRow) -> Demand:
    return Demand(
        jobs=row.jobs,
        lane=row.lane,
        image_type=ImageType(row.image_type),
        size=Size.parse(row.size) if row.size else None,
        model=row.model,
        operation=Operation(row.operation),
        factor=row.factor,
        references=row.references,
        original=row.original or "",
        has_mask=bool(row.has_mask),
        chars=row.chars,
        row=row.row,
    )
