"""`farm replay serve`: the stand-in alone, to look at with one's own eyes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from farm.cli.interrupts import Interrupts, catching
from farm.cli.options import AsJson, open_settings
from farm.cli.render import complain, say, say_json

replay = typer.Typer(
    name="replay",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""The stand-in for Gemini: a local double of its pages.

\b
Examples:
  farm replay serve
""",
)


@replay.callback()
def _group() -> None:
    """Keep `serve` a sub-command though it is the only one."""


@replay.command()
def serve(
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="PORT", help="Listen here; 0 takes any.")
    ] = 0,
    scenario: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What shall happen to which prompt (TOML)."),
    ] = None,
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write each submission there, as JSON.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the stand-in until Ctrl-C and say how to point a browser at it.

    Farm itself uses it through the same two settings that any proxy would need.

    \b
    Examples:
      farm replay serve --port 8899
      farm replay serve --scenario quota.toml --log submissions.jsonl
      FARM_PROXY_SERVER=http://127.0.0.1:8899 FARM_IGNORE_HTTPS_ERRORS=1 farm start prompts.csv
    """
    open_settings()
    asyncio.run(_serve(port, scenario, log, as_json=as_json))


async def _serve(port: int, scenario: Path | None, log: Path | None, *, as_json: bool) -> None:
    from farm.replay.stand_in import StandIn

    stop = asyncio.Event()
    async with StandIn.open(port=port, scenario=scenario, log_path=log) as stand_in:
        url = stand_in.proxy_url
        if as_json:
            say_json({"proxy": url})
        else:
            say(f"The stand-in answers for gemini.google.com through the proxy {url}")
            say("To look at it:")
            say(f"  chromium --proxy-server={url} --ignore-certificate-errors \\")
            say("    --user-data-dir=/tmp/farm-look https://gemini.google.com/app")
            complain("Ctrl-C ends it.")
        with catching(Interrupts(soften=stop.set, force=stop.set)):
            await stop.wait()
