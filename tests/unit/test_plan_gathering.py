"""What `farm plan` finds out about who makes which rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from farm.clock import SystemClock
from farm.config import load_settings
from farm.model.hours import ALWAYS
from farm.model.plan import Facts
from farm.model.prompts import Prompt, SourceRow
from farm.plan import Asked, gather
from farm.store.engine import open_store
from farm.store.facade import Store

WEB, GEMINI = frozenset({"web"}), frozenset({"gemini"})
ROWS: Sequence[dict[str, Any]] = (
    {},
    {"backend": "web"},
    {"backend": "gemini"},
    {"backend": "fal"},
    {"mask": "mask.png", "references": ("a.png",)},
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A queue with a row of each kind."""
    async with open_store(tmp_path / "farm.db") as opened:
        rows = [
            SourceRow(
                prompt=Prompt(id=f"p{n}", filename=f"p{n}", description="A hill", **more), row=n
            )
            for n, more in enumerate(ROWS)
        ]
        await opened.add("q", rows, "/q.csv")
        yield opened


async def facts(store: Store, tmp_path: Path, **settings: str) -> Facts:
    environ = {f"FARM_{key.upper()}": value for key, value in settings.items()}
    known = load_settings(environ=environ, cwd=tmp_path)
    profiles = ["alice"] if "web" in known.backends else []
    asked = Asked(profiles=profiles)
    return await gather(known, store, asked, clock=SystemClock(), zone=UTC)


async def test_the_page_alone_makes_what_names_it_and_what_names_nobody(
    store: Store, tmp_path: Path
) -> None:
    found = await facts(store, tmp_path)

    assert found.in_queue == 2
    assert found.left_out == {"gemini": 1, "fal": 1, "any+mask+references": 1}
    assert found.only == {}


async def test_page_and_api_share_what_names_nobody(store: Store, tmp_path: Path) -> None:
    found = await facts(store, tmp_path, backends="web,openai")

    assert found.in_queue == 3
    assert found.only == {WEB: 1, frozenset({"openai"}): 1}
    assert [known.session.name for known in found.accounts] == ["alice", "openai-1", "openai-2"]
    assert list(found.lacking) == ["openai"]


async def test_a_fallback_is_reckoned_with_the_rows_that_name_it(
    store: Store, tmp_path: Path
) -> None:
    found = await facts(store, tmp_path, fallback="gemini")

    assert found.only == {WEB: 2, GEMINI: 1}
    assert found.stand_by == ("gemini",)


async def test_an_api_has_as_many_sessions_as_its_schedule_ever_lets_work(
    store: Store, tmp_path: Path
) -> None:
    found = await facts(store, tmp_path, backends="gemini", api_schedule="00:00-08:00=3")

    hours = [known.allowance.hours for known in found.accounts]
    assert hours[:2] == [ALWAYS, ALWAYS]
    assert str(hours[2]) == "00:00-08:00=3"
