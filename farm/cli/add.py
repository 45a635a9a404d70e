"""`farm add`: prompts into the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from farm.cli.jobs import with_farm
from farm.cli.options import AsJson
from farm.cli.render import say, say_json
from farm.cli.shapes import plain
from farm.cli.sources import (
    Brand,
    Format,
    Mapped,
    Sources,
    Templates,
    Variations,
    WithOg,
    reading_of,
)

if TYPE_CHECKING:
    from farm.wiring.opened import Farm


def add(
    files: Sources,
    *,
    queue: Annotated[
        str, typer.Option(metavar="NAME", help="Queue name instead of the file's.")
    ] = "",
    mapped: Mapped = None,
    kind: Format = "",
    templates: Templates = False,
    brand: Brand = "",
    variations: Variations = 1,
    with_og: WithOg = False,
    as_json: AsJson = False,
) -> None:
    """Add prompt files to the queue.

    Adding a file again adds nothing twice and picks up what changed in it.

    \b
    Examples:
      farm add prompts.csv
      farm add april.csv may.csv --queue spring
      farm add prompts.md --with-og --variations 2
      farm add - --format txt --queue ideas < ideas.txt
    """
    from farm.wiring.intake import named

    reading = reading_of(
        mapped,
        kind=kind,
        templates=templates,
        brand=brand,
        variations=variations,
        with_og=with_og,
    )

    async def work(farm: Farm) -> list[dict[str, Any]]:
        done = []
        for source in files:
            known_as, name = await named(farm, source, queue)
            added = await farm.import_source(known_as, name, reading)
            done.append({"file": source, "queue": name, **plain(added)})
        return done

    _say_added(with_farm(work), as_json=as_json)


def _say_added(done: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    if as_json:
        say_json({"files": done})
        return
    for a in done:
        say(
            f"{a['file']}: {a['new']} new, {a['changed']} changed, {a['unchanged']} unchanged "
            f"in queue {a['queue']}"
        )
        if a["outdated"]:
            say(f"  {a['outdated']} rows changed after they were completed; to draw those again:")
            say("  set their Status to REGEN, or: farm queue retry ID")
