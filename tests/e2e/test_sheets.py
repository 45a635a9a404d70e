"""Prompts from a Google Sheet, results back into it, through the installed command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fake_google import FakeGoogle
from fake_sheets import FakeSheets

from farm.replay.scenario import FAST, Scenario

if TYPE_CHECKING:
    from house import Build

ID = "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"
ADDRESS = f"https://docs.google.com/spreadsheets/d/{ID}/edit?gid=0#gid=0"


@pytest.mark.long
async def test_a_sheet_is_drawn_once_shows_it_and_draws_again_what_says_regen(
    build: Build,
) -> None:
    books = FakeSheets()
    prompts = [[f"Row-{n}: a paper boat number {n}.", f"picture-{n}.png"] for n in (1, 2)]
    tab = books.sheet(ID, ["Description", "Image Filename"], *prompts)
    with FakeGoogle(books) as google:
        house = await build(Scenario(defaults=FAST), FARM_GOOGLE_ENDPOINT=google.url)
        google.key_file(house.home)
        house.environment["GOOGLE_APPLICATION_CREDENTIALS"] = "service-account.json"

        killed = await house.start("start", f"sheets:{ID}", "--json")
        await killed.until(lambda line: '"state": "completed"' in line)
        await killed.kill()
        first = await house.farm("start", ADDRESS, "--json")
        tab.rows[1][tab.rows[0].index("Status")] = "REGEN"
        second = await house.farm("start", f"sheets:{ID}/Sheet1", "--json")

    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert [len(house.submissions(n)) for n in (1, 2)] == [2, 1]
    assert len(house.saved()) == 3
    assert tab.column("Status") == ["COMPLETED"] * 2
    assert tab.column("Prompt ID") == ["2", "3"]
    assert all((house.home / path).is_file() for path in tab.column("Generated Image Path"))
    assert len(set(tab.rows[0])) == len(tab.rows[0])
