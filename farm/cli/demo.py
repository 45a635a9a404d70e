"""`farm demo`: the whole way from prompts to proven files, on the stand-in."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from farm.cli.apart import apart
from farm.cli.find import all_jobs
from farm.cli.options import AsJson, Headed, KeepOpen, SlowMo, open_settings
from farm.cli.running import run_and_show
from farm.config import Settings
from farm.errors import UsageError
from farm.model.events import RunOptions

PACE_SECONDS = 1.0
MARK = "farm-demo"  # a folder without it was not made here, and is never emptied
PROMPTS = "prompts.csv"


def demo(
    *,
    sessions: Annotated[
        int, typer.Option(min=1, max=8, metavar="N", help="How many browsers to drive at once.")
    ] = 2,
    headed: Headed = False,
    slow_mo: SlowMo = 0,
    keep_open: KeepOpen = False,
    as_json: AsJson = False,
) -> None:
    """See farm make twelve images, on a stand-in for Gemini.

    Real browser sessions, no account, no internet. Queue and profiles of the demo live in `demo/`,
    its images in the downloads folder; each demo begins by removing what the one before left.

    \b
    Examples:
      farm demo
      farm demo --headed --slow-mo 300
      farm demo --sessions 4 --json
    """
    mine = open_settings(log_file=True)
    settings = replace(apart(mine, "demo"), downloads_dir=mine.downloads_dir)
    asyncio.run(forget(settings))
    options = RunOptions(
        sources=(str(put_prompts(settings.home)),),
        sessions=sessions,
        headed=headed,
        pace_seconds=PACE_SECONDS,
        replay=True,
        slow_mo_ms=slow_mo,
        keep_open=keep_open,
    )
    raise typer.Exit(run_and_show(settings, options, as_json=as_json))


async def forget(settings: Settings) -> None:
    """Remove what the demo before left: its own folder and the images its queue names."""
    if not settings.home.exists():
        return
    if not (settings.home / MARK).exists():
        raise UsageError(f"{settings.home} was not made by farm; move it away for the demo.")
    from farm.wiring.opened import open_farm

    async with open_farm(settings) as farm:
        jobs = await all_jobs(farm.store)
    for job in jobs:
        if job.image_path:
            (settings.downloads_dir / job.image_path).unlink(missing_ok=True)
    shutil.rmtree(settings.home)


def put_prompts(home: Path) -> Path:
    """The example prompts, copied to where their results may stand beside them."""
    home.mkdir(parents=True)
    (home / MARK).touch()
    return Path(shutil.copy(example(), home / PROMPTS))


def example() -> Path:
    """The example prompts: inside an installed farm, or beside the package in a clone."""
    package = Path(str(resources.files("farm")))
    installed = package / "data" / "examples" / PROMPTS
    return installed if installed.is_file() else package.parent / "examples" / PROMPTS
