"""What a run may cost, from its queue and its models."""

from __future__ import annotations

from pathlib import Path

from farm.clock import SystemClock
from farm.config import load_settings
from farm.model.events import RunOptions
from farm.model.prompts import Prompt, SourceRow
from farm.store.engine import open_store
from farm.wiring.opened import Farm
from farm.wiring.quoting import quote_of


async def test_rows_without_a_price_are_named_with_their_model(tmp_path: Path) -> None:
    environ = {"FARM_BACKENDS": "openai", "OPENAI_API_KEY": "k"}
    settings = load_settings(environ=environ, cwd=tmp_path)
    prompts = [
        Prompt(id="cheap", filename="a", description="A hill"),
        Prompt(id="new", filename="b", description="A hill", model="gpt-image-2.6-flare"),
    ]
    async with open_store(tmp_path / "farm.db") as store:
        rows = [SourceRow(prompt=prompt, row=n) for n, prompt in enumerate(prompts)]
        await store.add("q", rows, "/q.csv")

        quote = await quote_of(
            Farm(settings=settings, store=store, clock=SystemClock()), RunOptions()
        )

    assert quote is not None
    assert (quote.images, quote.unknown) == (1, 1)
    assert str(quote).endswith(
        "Nobody knows what 1 image costs: row new by openai gpt-image-2.6-flare."
    )
