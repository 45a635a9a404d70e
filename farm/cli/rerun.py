"""`farm rerun`: the row of an image once more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from farm.cli.jobs import with_farm
from farm.cli.options import AsJson
from farm.cli.render import complain, say, say_json
from farm.cli.shapes import job_label

if TYPE_CHECKING:
    from farm.wiring.opened import Farm
    from farm.wiring.rerun import Rerun


def rerun(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="Images that farm made.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Queue the rows of images again: originals, or copies that carry their row.

    An image made anew gets a name of its own; the old file stays. Copies carry their row with
    them, so this works on another machine as well.

    \b
    Examples:
      farm rerun downloads/2026-11-21/hero.png
      farm rerun derived/*.webp && farm start
    """

    async def work(farm: Farm) -> list[Rerun]:
        from farm.wiring.rerun import rerun as queue_again

        return await queue_again(farm, files)

    found = with_farm(work)
    if as_json:
        say_json({"rerun": [_shape(one) for one in found]})
    else:
        for one in found:
            _tell(one)
    if any(one.problem for one in found):
        raise typer.Exit(2)


def _tell(one: Rerun) -> None:
    if one.problem or one.job is None:
        complain(f"{one.file}: {one.problem}")
        return
    what = "queued again: farm start" if one.queued else "it waits for its image already"
    changed = " Its row has changed since, and the newer one is drawn." if one.changed else ""
    say(f"{one.file}: {job_label(one.job)}: {what}.{changed}")


def _shape(one: Rerun) -> dict[str, object]:
    return {
        "file": str(one.file),
        "job": job_label(one.job) if one.job else None,
        "queued": one.queued,
        "changed": one.changed,
        "problem": one.problem,
    }
