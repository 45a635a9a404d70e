"""A name template that asks for a column no row has is refused before anything is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.config import load_settings
from farm.errors import UsageError
from farm.model.prompts import Prompt, SourceRow
from farm.wiring.names import prove_names
from farm.wiring.opened import open_farm


async def prove(home: Path, template: str, *extras: str) -> None:
    settings = load_settings({"name_template": template}, environ={}, cwd=home)
    rows = [
        SourceRow(prompt=Prompt(id=f"{n}", filename="", description="d", extra={name: "x"}), row=n)
        for n, name in enumerate(extras, 1)
    ]
    async with open_farm(settings) as farm:
        if rows:
            await farm.store.add("q", rows, "/q.csv")
        await prove_names(farm, ["q"])


async def test_any_column_of_a_row_may_be_asked_for(tmp_path: Path) -> None:
    await prove(tmp_path, "{date}/{Client Name}/{id}", "client_name")


async def test_a_column_that_no_row_has_is_named_with_the_one_that_is_meant(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no row has a column 'clint'. Did you mean {client}"):
        await prove(tmp_path, "{clint}/{id}", "Client")


async def test_columns_that_no_row_has_are_all_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        await prove(tmp_path, "{clint}/{brnd}/{id}", "Client")

    assert "no row has a column 'brnd' or 'clint'." in str(refused.value)
    assert "There are: {author}, {backend}, {client}, {date}," in str(refused.value)


async def test_an_empty_queue_says_nothing_of_its_columns(tmp_path: Path) -> None:
    await prove(tmp_path, "{anything}")
